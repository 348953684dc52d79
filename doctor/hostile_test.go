package doctor_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/securitycenter-exporter/securitycenter_exporter/recording"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// hostilePassword is one that is written in many ways.
const hostilePassword = `Tr0ub4dor&3/"Zürich+x`

// planted are secrets and personal data that a hostile console, or one whose administrator writes much, says everywhere.
var planted = []string{
	"Alice Zwyssig", "azwyssig", "alice.zwyssig@corp.example", "fileserver01.corp.example", "10.11.12.13", "10.11.12.0/24",
	"fe80::1ff:fe23:4567:890a", "00:1B:44:11:3A:B7", "+41 79 555 01 23", "Zwyssig & Söhne AG", `C:\Users\azwyssig\Desktop`,
	"Bahnhofstrasse 12, 8001 Entenhausen", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhenciIn0.c2lnbmF0dXJl", "-----BEGIN PRIVATE KEY-----MIIEvQIBADAN",
	"Unable to reach fileserver01.corp.example for 'Alice Zwyssig'", hostilePassword, url.QueryEscape(hostilePassword),
	base64.StdEncoding.EncodeToString([]byte("root:" + hostilePassword)), "<b>Alice&nbsp;Zwyssig</b>", "Entenhausen",
	"zwyssig_repo", "ZwyssigHost", "Overdue for Zwyssig",
}

// tells are what gives a planted text away, in lower case.
var tells = []string{
	"zwyssig", "söhne", "entenhausen", "bahnhofstrasse", "fileserver01", "corp.example", "10.11.12.", "fe80::1ff", "00:1b:44:11:3a:b7",
	"79 555 01", "eyjhbgci", "miievqib", "tr0ub4dor", "zürich", "vhiwdwi0zg9y", strings.ToLower(base64.StdEncoding.EncodeToString([]byte("root:Tr0ub"))[:12]),
}

// hostile plants texts in every field of every answer but those of logins.
type hostile struct {
	next http.RoundTripper
	n    atomic.Int64
}

func (h *hostile) RoundTrip(r *http.Request) (*http.Response, error) {
	var sent []byte
	if r.Body != nil {
		var err error
		if sent, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(sent))
	}
	resp, err := h.next.RoundTrip(r)
	if err != nil || strings.HasSuffix(r.URL.Path, "/token") || strings.Contains(string(sent), "module=auth") {
		return resp, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	var v map[string]any
	if json.Unmarshal(body, &v) == nil {
		h.plant(v)
		v["error_msg"] = planted[h.n.Add(1)%int64(len(planted))]
		v["warnings"] = []any{map[string]any{"warning": planted[h.n.Add(1)%int64(len(planted))]}, planted[h.n.Add(1)%int64(len(planted))]}
		if body, err = json.Marshal(v); err != nil {
			return nil, err
		}
	} else {
		body = []byte("<html>" + strings.Join(planted, "\n") + "</html>")
	}
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	resp.Header.Del("Content-Length")
	resp.Header.Set("X-Served-By", "fileserver01.corp.example")
	resp.Header.Set("SecurityCenter", "Zwyssig")
	return resp, nil
}

// plant changes texts, one in three, and adds fields. Ids and the envelope stay, or nothing would be asked.
func (h *hostile) plant(object map[string]any) {
	for _, name := range slices.Sorted(maps.Keys(object)) { // in an order that every run has
		switch t := object[name].(type) {
		case string:
			if n := h.n.Add(1); name != "id" && name != "type" && n%3 == 0 {
				object[name] = planted[n/3%int64(len(planted))]
			}
		case map[string]any:
			h.plant(t)
		case []any:
			for i, entry := range t {
				switch e := entry.(type) {
				case map[string]any:
					h.plant(e)
				case string:
					t[i] = planted[h.n.Add(1)%int64(len(planted))]
				}
			}
		}
	}
	for _, name := range []string{"status", "type", "version", "tool", "newField", "comment", "importStatus", "apiKey", "dnsName", "family"} {
		if _, there := object[name]; !there {
			object[name] = planted[h.n.Add(1)%int64(len(planted))]
		}
	}
	object[planted[h.n.Add(1)%int64(len(planted))]] = planted[h.n.Add(1)%int64(len(planted))]
}

// clean complains of every planted text in what leaves the house.
func clean(t *testing.T, what, text string) {
	t.Helper()
	seen := map[string]bool{}
	spellings := []string{text}
	if plain, err := url.QueryUnescape(text); err == nil {
		spellings = append(spellings, plain)
	}
	var b strings.Builder // as JSON says it
	for line := range strings.Lines(text) {
		var v any
		if json.Unmarshal([]byte(line), &v) == nil {
			for s := range texts(v) {
				b.WriteString(s + "\n")
			}
		}
	}
	for _, s := range append(spellings, b.String()) {
		s = strings.ToLower(s)
		for _, tell := range tells {
			if at := strings.Index(s, tell); at >= 0 && !seen[tell] {
				seen[tell] = true
				t.Errorf("%s tells %q: …%s…", what, tell, s[max(0, at-80):min(len(s), at+80)])
			}
		}
	}
}

func texts(v any) func(func(string) bool) {
	return func(yield func(string) bool) {
		var visit func(any) bool
		visit = func(v any) bool {
			switch t := v.(type) {
			case map[string]any:
				for name, value := range t {
					if !yield(name) || !visit(value) {
						return false
					}
				}
			case []any:
				for _, value := range t {
					if !visit(value) {
						return false
					}
				}
			case string:
				return yield(t)
			}
			return true
		}
		visit(v)
	}
}

func hostileAccounts() []sctest.Account {
	return []sctest.Account{
		{Username: "zwyssig-root", Password: hostilePassword, Administrator: true},
		{Username: "azwyssig", Password: hostilePassword + "2", Organization: 1},
	}
}

func TestARecordingTellsNothingThatWasPlanted(t *testing.T) {
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		t.Run(dialect.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				live := sctest.StartPipe(t, sctest.Options{Dialect: dialect, Hosts: 30, Plugins: 500, Scans: 2, Accounts: hostileAccounts()})
				c := configured(t, live.URL, live.Options().Accounts, everything)
				r := record(t, c, &hostile{next: live.Transport()}, recording.Options{})
				if len(r.Exchanges) < 30 {
					t.Fatalf("only %d exchanges", len(r.Exchanges))
				}
				dir := t.TempDir()
				if err := r.Write(dir); err != nil {
					t.Fatal(err)
				}
				for _, file := range []string{"recording.json", "exchanges.jsonl"} {
					text, err := os.ReadFile(filepath.Join(dir, file))
					if err != nil {
						t.Fatal(err)
					}
					clean(t, file, string(text))
				}
				again, err := recording.Open(dir)
				if err != nil {
					t.Fatal(err)
				}
				for _, text := range again.Texts() {
					clean(t, "the list of texts", text.Text)
				}
			})
		})
	}
}
