package sctest_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// recordingOf writes a recording by hand: what a REST console was asked, and answered.
func recordingOf(t *testing.T) *sctest.Replayed {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"recording.json": `{"format":1,"dialect":"rest","version":"6.4.0","recorded":1772446830,"accounts":[{"name":"account-1","kind":"administrator"},{"name":"account-2","kind":"organization"}]}`,
		"exchanges.jsonl": `{"account":0,"call":"GET /system","status":200,"took":0,"bytes":2,"answer":{"response":{"version":""}}}
{"account":0,"session":true,"call":"GET /feed","status":200,"took":0,"bytes":2,"answer":{"n":1}}
{"account":0,"session":true,"call":"GET /feed","status":200,"took":0,"bytes":2,"answer":{"n":2}}
{"account":1,"session":true,"call":"GET /feed","status":403,"took":0,"bytes":2,"answer":{"n":3}}
{"account":1,"session":true,"call":"GET /scanResult","query":{"startTime":"1769854830","endTime":"1772446830"},"status":200,"took":0,"bytes":2,"answer":{"n":4}}
{"account":1,"session":true,"call":"GET /job","status":404,"took":0,"bytes":2,"text":"404 Not Found"}
`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := sctest.Replay(dir)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAReplayAnswersAsWasRecorded(t *testing.T) {
	t.Parallel()
	c := recordingOf(t)
	ask := func(method, path, body, token string) (int, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, "http://console.example/rest"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(token, "key ") {
			r.Header.Set("x-apikey", "accesskey="+token[4:]+"; secretkey="+sctest.ReplayPassword)
		} else if token != "" {
			r.Header.Set("X-SecurityCenter", token)
		}
		resp, err := c.Transport().RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(text)
	}
	login := func(user, password string) (int, string) {
		status, text := ask(http.MethodPost, "/token", `{"username":"`+user+`","password":"`+password+`"}`, "")
		_, after, _ := strings.Cut(text, `"token":"`)
		token, _, _ := strings.Cut(after, `"`)
		return status, token
	}
	if status, _ := login("account-1", "wrong"); status != http.StatusForbidden {
		t.Errorf("a wrong password: %d", status)
	}
	_, admin := login("account-1", sctest.ReplayPassword)
	_, analyst := login("account-2", sctest.ReplayPassword)
	for _, tt := range []struct {
		what, method, path, token string
		status                    int
		want                      string
	}{
		{"without a login", http.MethodGet, "/system", "", 200, `{"response":{"version":""}}`},
		{"the first time", http.MethodGet, "/feed", admin, 200, `{"n":1}`},
		{"the second time", http.MethodGet, "/feed", admin, 200, `{"n":2}`},
		{"the third time", http.MethodGet, "/feed", admin, 200, `{"n":2}`},
		{"another account", http.MethodGet, "/feed", analyst, 403, `{"n":3}`},
		{"an access key", http.MethodGet, "/feed", "key account-2", 403, `{"n":3}`},
		{"parameters in another order", http.MethodGet, "/scanResult?startTime=1769854830&endTime=1772446830", analyst, 200, `{"n":4}`},
		{"half an hour later", http.MethodGet, "/scanResult?endTime=1772448630&startTime=1769856630", analyst, 200, `{"n":4}`},
		{"a page of a web server", http.MethodGet, "/job", analyst, 404, "404 Not Found"},
		{"no session", http.MethodGet, "/feed", "12", 403, `"error_code":12`},
		{"another window", http.MethodGet, "/scanResult?endTime=1772446830&startTime=1771846830", analyst, 501, "not recorded"},
		{"what was not recorded of this account", http.MethodGet, "/job", admin, 501, "not recorded"},
	} {
		if status, text := ask(tt.method, tt.path, "", tt.token); status != tt.status || !strings.Contains(text, tt.want) {
			t.Errorf("%s: %d %s, want %d %s", tt.what, status, text, tt.status, tt.want)
		}
	}
	if missing := c.Missing(); len(missing) != 2 || !strings.HasPrefix(missing[0], "GET /scanResult") || missing[1] != "GET /job" {
		t.Errorf("%q", missing)
	}
	if status, _ := ask(http.MethodDelete, "/token", "", admin); status != 200 {
		t.Errorf("logout: %d", status)
	}
	if status, _ := ask(http.MethodGet, "/feed", "", admin); status != http.StatusForbidden {
		t.Errorf("after the logout: %d", status)
	}
}
