package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCredentialsAreReadWhereTheyStand(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("SC_TEST_PASSWORD", "from env")
	for name, content := range map[string]string{
		"plain": "from file", "unix": "from file\n", "windows": "from file\r\n", "two": "from file\n\n", "spaces": " from file ",
		"marked": "\xef\xbb\xbffrom file\r\n",
	} {
		write(t, filepath.Join(dir, name), content)
	}
	for _, x := range []struct {
		name, account string
		want          Credentials
	}{
		{"a password in the file", "username: u, password: p", Credentials{Username: "u", Password: "p"}},
		{"a password of digits keeps its zeros", "username: 7, password: 0123", Credentials{Username: "7", Password: "0123"}},
		{"a password with a dollar is left alone", "username: u, password: 'a${HOME}$$'", Credentials{Username: "u", Password: "a${HOME}$$"}},
		{"a password in a variable", "username: u, password_env: SC_TEST_PASSWORD", Credentials{Username: "u", Password: "from env"}},
		{"a password file without a line end", "username: u, password_file: plain", Credentials{Username: "u", Password: "from file"}},
		{"a password file with a line end", "username: u, password_file: unix", Credentials{Username: "u", Password: "from file"}},
		{"a password file with the line end of Windows", "username: u, password_file: windows", Credentials{Username: "u", Password: "from file"}},
		{"a password file with a byte order mark", "username: u, password_file: marked", Credentials{Username: "u", Password: "from file"}},
		{"a second line end belongs to the password", "username: u, password_file: two", Credentials{Username: "u", Password: "from file\n"}},
		{"spaces belong to the password", "username: u, password_file: spaces", Credentials{Username: "u", Password: " from file "}},
		{"API keys from anywhere", "access_key_file: plain, secret_key_env: SC_TEST_PASSWORD", Credentials{AccessKey: "from file", SecretKey: "from env"}},
		{"API keys in the file", "access_key: a, secret_key: s", Credentials{AccessKey: "a", SecretKey: "s"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			c, err := Parse([]byte(withAccount("{name: a, "+x.account+"}")), filepath.Join(dir, "config.yml"), known())
			if err != nil {
				t.Fatal(err)
			}
			got, err := c.Consoles[0].Accounts[0].Credentials()
			if err != nil || got != x.want {
				t.Errorf("Credentials() differ or failed: %v", err)
			}
		})
	}
}

func TestASecretFileThatIsNoTextIsRefusedAtTheStartAndLater(t *testing.T) {
	for content, wrong := range map[string]string{
		"\xff\xfeh\x00u\x00n\x00t\x00e\x00r\x002\x00": "is UTF-16 text",
		"h\x00u\x00n\x00t\x00e\x00r\x002\x00":         "is UTF-16 text",
		"h\xfcnter2":                                  "is not UTF-8 text",
	} {
		path := write(t, filepath.Join(t.TempDir(), "secret"), content)
		yaml := withAccount("{name: a, username: u, password_file: " + path + "}")
		_, err := Parse([]byte(yaml), "", known())
		if err == nil || !strings.Contains(err.Error(), "password_file: file "+path+" "+wrong) {
			t.Errorf("%q: %v, want it refused because it %s", content, err, wrong)
		}
		write(t, path, "good")
		a := parse(t, yaml).Consoles[0].Accounts[0]
		write(t, path, content)
		if _, err := a.Credentials(); err == nil || !strings.Contains(err.Error(), wrong) {
			t.Errorf("%q after the start: %v, want it refused because it %s", content, err, wrong)
		}
	}
}

func TestTheKeyOfHashesMayBeAnyBytes(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "key"), "\xff\x00\xfe\n")
	c := parse(t, withAccount("{name: a, username: u, password: p}")+"labels: {hash_key_file: "+path+"}\n")
	if key, err := c.Labels.HashKey(); err != nil || string(key) != "\xff\x00\xfe" {
		t.Errorf("%q, %v", key, err)
	}
}

func TestASecretFileIsReadAgainOnEveryCall(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "secret"), "old")
	a := parse(t, withAccount("{name: a, username: u, password_file: "+path+"}")).Consoles[0].Accounts[0]
	write(t, path, "new\n")
	if c, err := a.Credentials(); err != nil || c.Password != "new" {
		t.Errorf("after the change: %v, want the new password", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	want := "read password of account a: stat " + path + ": no such file or directory"
	if _, err := a.Credentials(); err == nil || err.Error() != want {
		t.Errorf("after the removal: %v, want %s", err, want)
	}
}

func TestNoWayOfPrintingShowsASecret(t *testing.T) {
	text := `consoles:
  - name: hq
    url: https://h
    accounts:
      - {name: a, username: u, password: hunter2}
      - {name: b, access_key: hunter2-access, secret_key: hunter2-secret}
    http:
      proxy_url: http://u:hunter2@proxy:1
      proxy_connect_header: {X-P: [hunter2]}
      http_headers: {X-A: {values: [hunter2], secrets: [hunter2]}}
`
	c := parse(t, text)
	masked, err := c.Masked()
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]string{"Masked": string(masked)}
	things := map[string]any{"Config": *c, "*Config": c, "Console": c.Consoles[0], "*Console": &c.Consoles[0]}
	for i := range c.Consoles[0].Accounts {
		a := c.Consoles[0].Accounts[i]
		things["Account "+a.Name], things["*Account "+a.Name] = a, &a
		credentials, err := a.Credentials()
		if err != nil {
			t.Fatal(err)
		}
		things["Credentials "+a.Name], things["*Credentials "+a.Name] = credentials, &credentials
	}
	for name, x := range things {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
			shown[name+" "+verb] = fmt.Sprintf(verb, x)
		}
		data, err := json.Marshal(x)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		shown[name+" JSON"] = string(data)
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "x", x)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "x", x)
		shown[name+" slog"] = log.String()
	}
	for how, text := range shown {
		if strings.Contains(text, "hunter2") || strings.Contains(text, fmt.Sprintf("%x", "hunter2")) {
			t.Errorf("%s shows a secret:\n%s", how, text)
		}
	}
}
