package scapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// The tables of promises say, function by function, what programs written for
// the Python module pySecurityCenter 0.3.9 rely on, and where this client must
// do better than the module did. Every promise is kept on both dialects, or is
// ErrUnsupported on the one that has no equivalent.

// promise is one row of the overview.
type promise struct {
	of   string // function of the module, or the topic
	says string
	// version of SecurityCenter 4, where the latest does not do.
	version string
	keeps   func(t *testing.T, m *moduleConsole)
	// lacks holds the dialects without an equivalent, with the call that must
	// say so and send nothing.
	lacks map[sctest.Dialect]func(ctx context.Context, m *moduleConsole) error
	// recorded checks a client of the recordings, if any, against their files.
	recorded func(t *testing.T, c *scapi.Client, response func(file string) json.RawMessage)
}

// moduleConsole is a simulated console with clients of both kinds of account.
type moduleConsole struct {
	*sctest.Server
	dialect     sctest.Dialect
	admin, user *scapi.Client
	wire        *wiretap // under both clients
}

// startModule starts a console that is small enough to be counted one by one.
func startModule(t *testing.T, o sctest.Options, change ...func(*scapi.Options)) *moduleConsole {
	t.Helper()
	o.Hosts, o.Plugins = 60, 700
	o.Now = func() time.Time { return simulatedNow }
	m := &moduleConsole{Server: sctest.Start(t, o), dialect: o.Dialect}
	m.wire = &wiretap{next: m.Transport()}
	change = append([]func(*scapi.Options){func(o *scapi.Options) { o.Transport, o.Retries = m.wire, -1 }}, change...)
	m.admin, m.user = dialSimulated(t, m.Server, asAdmin, change...), dialSimulated(t, m.Server, asAnalyst, change...)
	return m
}

// on chooses what is written differently on the two dialects.
func on[T any](m *moduleConsole, rest, rpc T) T {
	if m.dialect == sctest.RPC {
		return rpc
	}
	return rest
}

// called counts the requests of a call since the console started or forgot.
func (m *moduleConsole) called(rest, rpc string) int {
	return m.Count(func(r sctest.Request) bool { return r.Endpoint == on(m, rest, rpc) })
}

func (m *moduleConsole) logins() int { return m.called("POST /token", "auth::login") }

// sentRequest is a request as it went over the wire.
type sentRequest struct {
	call        string // "GET /rest/plugin", "plugin::init"
	host        string
	query       url.Values
	header      http.Header
	contentType string
	input       string // JSON: the body, or the input of a form
}

// values are the members of the input, or the parameters of the URL.
func (r sentRequest) values(t *testing.T) map[string]any {
	t.Helper()
	m := map[string]any{}
	for name := range r.query {
		m[name] = r.query.Get(name)
	}
	if r.input != "" {
		if err := json.Unmarshal([]byte(r.input), &m); err != nil {
			t.Fatalf("%s: %v", r.call, err)
		}
	}
	return m
}

// wiretap is a transport that remembers what it carries.
type wiretap struct {
	next http.RoundTripper

	mu      sync.Mutex
	sent    []sentRequest
	answers map[string]string // made-up answers by call, instead of the console's
}

func (w *wiretap) RoundTrip(req *http.Request) (*http.Response, error) {
	s := sentRequest{call: req.Method + " " + req.URL.Path, host: req.URL.Host, query: req.URL.Query(), header: req.Header.Clone(), contentType: req.Header.Get("Content-Type")}
	if req.Body != nil {
		body, err := io.ReadAll(req.Body)
		if err := errors.Join(err, req.Body.Close()); err != nil {
			return nil, err
		}
		req = req.Clone(req.Context())
		req.Body = io.NopCloser(bytes.NewReader(body))
		s.input = string(body)
		if strings.HasSuffix(req.URL.Path, "/request.php") {
			form := formOf(s.contentType, body)
			s.call, s.input = form.Get("module")+"::"+form.Get("action"), form.Get("input")
		}
	}
	w.mu.Lock()
	w.sent = append(w.sent, s)
	answer, madeUp := w.answers[s.call]
	w.mu.Unlock()
	if madeUp {
		return &http.Response{StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{"Content-Type": {"application/json"}},
			Body: io.NopCloser(strings.NewReader(answer)), Request: req}, nil
	}
	return w.next.RoundTrip(req)
}

// formOf reads the fields of a form of either encoding, but for its files.
func formOf(contentType string, body []byte) url.Values {
	if _, parameters, err := mime.ParseMediaType(contentType); err == nil && parameters["boundary"] != "" {
		form, err := multipart.NewReader(bytes.NewReader(body), parameters["boundary"]).ReadForm(1 << 20)
		if err != nil {
			return nil
		}
		return form.Value
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil
	}
	return form
}

// all returns the requests of a call, oldest first.
func (w *wiretap) all(call string) []sentRequest {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(w.sent), func(s sentRequest) bool { return s.call != call })
}

// last returns the latest request of a call, which there must have been.
func (m *moduleConsole) last(t *testing.T, rest, rpc string) sentRequest {
	t.Helper()
	list := m.wire.all(on(m, rest, rpc))
	if len(list) == 0 {
		t.Fatalf("no request %s", on(m, rest, rpc))
	}
	return list[len(list)-1]
}

// logins are the calls that an unsupported call may make before it says so.
var loginCalls = []string{"GET /system", "POST /token", "GET /currentUser", "system::init", "auth::login"}

// keep checks promises on both dialects, and against recordings. It returns
// the calls that each function made, by dialect.
func keep(t *testing.T, promises []promise) map[sctest.Dialect]map[string][]string {
	calls := map[sctest.Dialect]map[string][]string{sctest.REST: {}, sctest.RPC: {}}
	for _, p := range promises {
		for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
			t.Run(p.of+"/"+p.says+"/"+dialect.String(), func(t *testing.T) {
				o := sctest.Options{Dialect: dialect, Quirks: sctest.Quirks{FullPluginPages: true}}
				if dialect == sctest.RPC {
					o.Version = p.version
				}
				m := startModule(t, o)
				if lacks := p.lacks[dialect]; lacks != nil {
					if err := lacks(t.Context(), m); !errors.Is(err, scapi.ErrUnsupported) {
						t.Errorf("error %v, want that it is not supported", err)
					}
					if n := m.Count(func(r sctest.Request) bool { return !slices.Contains(loginCalls, r.Endpoint) }); n > 0 {
						t.Errorf("%d requests were made", n)
					}
					return
				}
				p.keeps(t, m)
				for _, r := range m.Requests() {
					calls[dialect][p.of] = append(calls[dialect][p.of], r.Endpoint)
				}
			})
		}
		if p.recorded != nil {
			t.Run(p.of+"/"+p.says+"/recorded", func(t *testing.T) {
				all := recordings(t)
				p.recorded(t, recorded(t, all), func(file string) json.RawMessage {
					var envelope struct{ Response json.RawMessage }
					if err := json.Unmarshal([]byte(all[file].Response.BodyText), &envelope); err != nil {
						t.Fatalf("%s: %v", file, err)
					}
					return envelope.Response
				})
			})
		}
	}
	return calls
}

func modulePromises() []promise {
	return slices.Concat(querying(), administering(), connecting())
}

func TestEveryFunctionOfThePythonModuleKeepsItsPromise(t *testing.T) {
	t.Parallel()
	calls := keep(t, modulePromises())
	if t.Failed() || strings.Contains(flag.Lookup("test.run").Value.String(), "/") {
		return // not all was seen
	}
	// What the guide says of calls must be what was seen of them.
	for _, row := range guideTable(t) {
		for dialect, cell := range map[sctest.Dialect]string{sctest.REST: row.rest, sctest.RPC: row.rpc} {
			seen := calls[dialect][row.function]
			for _, call := range namesOf(cell) {
				if !slices.Contains(seen, call) {
					t.Errorf("docs/client.md: %s calls %s, but was only seen to call %q", row.function, call, slices.Compact(slices.Sorted(slices.Values(seen))))
				}
			}
		}
	}
}

// moduleFunctions are the headings of the module's README, misspelt ones put
// right, and the abilities that it describes elsewhere.
var moduleFunctions = []string{
	"raw_query", "query", "login", "logout", "assets", "asset_update", "asset_ips", "credentials", "credential_update", "plugins", "plugin_counts",
	"plugin_details", "repositories", "roles", "tickets", "users", "vulns", "ip_info", "zones", "scan_list", "scan_download", "dashboard_import", "report_import",
	"SecurityCenter", "two-way SSL", "debug", "populate",
}

func TestNoFunctionOfThePythonModuleIsLeftOut(t *testing.T) {
	t.Parallel()
	complete(t, moduleFunctions, modulePromises())
}

func complete(t *testing.T, wanted []string, promises []promise) {
	t.Helper()
	rows := map[string]int{}
	for _, p := range promises {
		rows[p.of]++
		for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
			if p.keeps == nil && p.lacks[dialect] == nil {
				t.Errorf("%s: %s is not checked on %s", p.of, p.says, dialect)
			}
		}
	}
	for _, name := range wanted {
		if rows[name] == 0 {
			t.Errorf("%s has no row", name)
		}
		delete(rows, name)
	}
	if len(rows) > 0 {
		t.Errorf("rows of what is not asked for: %q", slices.Sorted(maps.Keys(rows)))
	}
}
