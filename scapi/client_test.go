package scapi

import (
	"strings"
	"testing"
)

func TestNewRefusesWhatIsNoConsole(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		o    Options
		text string
	}{
		{"no URL", Options{}, "http"},
		{"another scheme", Options{URL: "ftp://sc.test"}, "http:// or https://"},
		{"no host", Options{URL: "https:///rest"}, "no host"},
		{"a password in the URL", Options{URL: "https://u:s3cret@sc.test"}, "user information"},
		{"a query", Options{URL: "https://sc.test?x=s3cret"}, "query"},
		{"nonsense", Options{URL: "https://s3cret\x7f"}, "not a URL"},
		{"an unknown API", Options{URL: "https://sc.test", API: "soap"}, `"soap"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := New(test.o)
			if err == nil || !strings.Contains(err.Error(), test.text) || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestTheBaseURLKeepsPortAndPrefix(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"https://sc.test":              "https://sc.test/sc4/request.php",
		"https://sc.test/":             "https://sc.test/sc4/request.php",
		"https://sc.test:8443/a/b/":    "https://sc.test:8443/a/b/sc4/request.php",
		"http://[2001:db8::1]:80/pre/": "http://[2001:db8::1]:80/pre/sc4/request.php",

		"https://sc.test/rest":                 "https://sc.test/sc4/request.php",
		"https://sc.test/rest/":                "https://sc.test/sc4/request.php",
		"https://sc.test/pre/rest":             "https://sc.test/pre/sc4/request.php",
		"https://sc.test:8443/request.php":     "https://sc.test:8443/sc4/request.php",
		"https://sc.test/pre/sc4/request.php/": "https://sc.test/pre/sc4/request.php",
		"https://sc.test/interest":             "https://sc.test/interest/sc4/request.php",
		"https://sc.test/rest/system":          "https://sc.test/rest/system/sc4/request.php",
	} {
		c, err := New(Options{URL: url})
		if err != nil {
			t.Fatal(err)
		}
		if got := c.endpoint(way{RPC, "/sc4/request.php"}).String(); got != want {
			t.Errorf("%s: %s, want %s", url, got, want)
		}
	}
}
