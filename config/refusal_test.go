package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// refused is a file, and the problems that it must be refused with: one a line,
// without the name of the file.
type refused struct{ name, text, want string }

func refuses(t *testing.T, cases []refused) {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "empty"), "")
	t.Setenv("SC_TEST_EMPTY", "")
	if _, set := os.LookupEnv("SC_TEST_UNSET"); set {
		t.Fatal("SC_TEST_UNSET must not be set")
	}
	path := filepath.Join(dir, "config.yml")
	for _, x := range cases {
		t.Run(x.name, func(t *testing.T) {
			c, err := Parse([]byte(x.text), path, known())
			var e *Error
			if c != nil || !errors.As(err, &e) {
				t.Fatalf("Parse = %v, %v; want an *Error", c, err)
			}
			got := strings.ReplaceAll(strings.ReplaceAll(err.Error(), path+":", ""), dir, "DIR")
			if got != x.want {
				t.Errorf("refused with\n%s\nwant\n%s", got, x.want)
			}
			checkSchema(t, x.text, got)
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the secret is in the error: %v", err)
			}
		})
	}
}

// inConsole is minimal with more keys of its console.
func inConsole(keys string) string {
	return minimal + "    " + strings.ReplaceAll(keys, "\n", "\n    ") + "\n"
}

// atTop is minimal with more keys at the top.
func atTop(keys string) string { return minimal + keys + "\n" }

// withAccount is a console with this account.
func withAccount(account string) string {
	return "consoles:\n  - name: hq\n    url: https://h\n    accounts:\n      - " + account + "\n"
}

// withURL is a console at this address.
func withURL(url string) string {
	return strings.Replace(minimal, "https://sc.example.org", url, 1)
}
