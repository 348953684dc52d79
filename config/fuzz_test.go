package config

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
)

func FuzzParse(f *testing.F) {
	example, err := os.ReadFile("../config.yml.example")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(example)
	for _, s := range []string{
		"", minimal, inConsole("timeout: 5s\npage_size: 1"), inConsole("http: {tls_config: {ca: x}, proxy_url: 'http://p'}"),
		inConsole("labels: {a: b}\nrepositories: {include: [1], exclude: [2]}"), withURL("'https://[::1%25a]:1/%2F'"),
		withAccount("{name: a, access_key: a, secret_key: b}"), atTop("collectors: {extra: {top: 1, allow: [a]}}"),
		atTop("sla: [{name: x, days: {low: 1}}]"), atTop("collectors: {hosts: {networks: ['::/0', 10.0.0.0/8], assets: [1]}}"),
		atTop("watches: [{name: x, cves: [CVE-2021-44228], plugins: [1], xref: 'A:b', filters: [{name: a, value: {b: [1, 2.5]}}]}, {name: y, query: 1}]"),
		atTop("watches: [{name: x, account: a, filters: [{name: pluginID, value: '5,1-10'}, {name: asset, value: 1}]}]"),
		"a: &a [*a]", "? [a]\n: b", "--- !!map\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse(data, "config.yml", known())
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || len(e.Problems) == 0 || c != nil {
				t.Fatalf("Parse = %v, %v; want an *Error alone", c, err)
			}
			for _, p := range e.Problems {
				if p.Line < 1 || p.Column < 1 || p.Wrong == "" || p.Expected == "" {
					t.Errorf("problem without a place or a reason: %+v", p)
				}
			}
			return
		}
		checkSchema(t, string(data), "")
		// What is accepted is usable.
		if len(c.Consoles) == 0 {
			t.Fatal("accepted without a console")
		}
		for _, console := range c.Consoles {
			for _, w := range console.Watches {
				if w.Account != "" && !slices.ContainsFunc(console.Accounts, func(a Account) bool { return a.Name == w.Account }) {
					t.Errorf("accepted a watch through account %q, which console %s does not have", w.Account, console.Name)
				}
			}
			if console.Name == "" || console.URL == nil || console.URL.Host == "" || len(console.Accounts) == 0 {
				t.Errorf("accepted an unusable console: %+v", console)
			}
			for _, a := range console.Accounts {
				if _, err := a.Credentials(); err != nil {
					t.Error(err)
				}
				if _, err := console.Transport(a); err != nil {
					t.Error(err)
				}
			}
		}
		for _, w := range c.Watches {
			if _, err := json.Marshal(w.Filters); err != nil || w.Name == "" {
				t.Errorf("accepted an unusable watch: %+v, %v", w, err)
			}
		}
		for _, s := range c.SLA {
			if s.Name == "" || s.Basis == "" || len(s.Days) == 0 {
				t.Errorf("accepted an unusable policy: %+v", s)
			}
		}
		text, err := c.Masked()
		if err != nil || !strings.HasPrefix(string(text), "consoles:") {
			t.Errorf("Masked = %s, %v", text, err)
		}
	})
}
