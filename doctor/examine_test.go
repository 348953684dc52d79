package doctor_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/doctor"
	"github.com/securitycenter-exporter/securitycenter_exporter/exporter"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/exhaustive"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// examine is what the doctor says of a configured console.
func examine(t *testing.T, c *config.Config, transport http.RoundTripper) *doctor.Report {
	t.Helper()
	loads, err := doctor.Loads(c.Consoles[0], exporter.CollectorSettings, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := opened(t, c, transport).Examine(t.Context(), loads)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// troubles are the checks that are not ok, with what they found.
func troubles(r *doctor.Report) map[string]doctor.Result {
	all := map[string]doctor.Result{}
	for _, c := range r.Checks {
		if c.Result != doctor.OK {
			all[c.ID] = c.Result
		}
	}
	return all
}

// plainConsoles are consoles without oddities, by protocol and version.
var plainConsoles = map[string]sctest.Options{
	"REST 5.0": {Version: "5.0.0"}, "REST 5.8": {Version: "5.8.0"}, "REST 5.20": {Version: "5.20.0"}, "REST 6.2": {Version: "6.2.0"},
	"REST 6.4": {}, "REST 6.7": {Version: "6.7.0"},
	"RPC 4.2": {Dialect: sctest.RPC, Version: "4.2.0"}, "RPC 4.4": {Dialect: sctest.RPC, Version: "4.4.0"},
	"RPC 4.6": {Dialect: sctest.RPC, Version: "4.6.0"}, "RPC 4.8": {Dialect: sctest.RPC},
}

func TestOfAPlainConsoleEverythingIsOK(t *testing.T) {
	for _, name := range exhaustive.Sample(slices.Sorted(maps.Keys(plainConsoles)), 2) {
		o := plainConsoles[name]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				o.Hosts, o.Plugins, o.Repositories, o.Scans = 24, 500, 3, 2
				live := sctest.StartPipe(t, o)
				r := examine(t, configured(t, live.URL, live.Options().Accounts, ""), live.Transport())
				if n := troubles(r); len(n) > 0 || len(r.Checks) < 30 {
					var text bytes.Buffer
					if err := r.WriteText(&text); err != nil {
						t.Fatal(err)
					}
					t.Errorf("%d checks\n%s", len(r.Checks), text.String())
				}
			})
		})
	}
}

// oddity is a console that is odd in one way, and what the doctor must say of it, and nothing else.
type oddity struct {
	options  sctest.Options
	change   func(*sctest.Server) http.RoundTripper // nil: the console is left as it is
	password string                                 // of the first account in the configuration; empty: the right one
	want     map[string]doctor.Result
	beside   map[string][]string // by protocol: checks of collectors, calls and load that are not ok because of it
	means    string              // a word of the consequence
}

// changed passes answers through a function.
func changed(change func(call string, response any)) func(*sctest.Server) http.RoundTripper {
	return func(s *sctest.Server) http.RoundTripper { return &tampered{s.Transport(), change} }
}

func fault(f sctest.Fault) func(*sctest.Server) http.RoundTripper {
	return func(s *sctest.Server) http.RoundTripper {
		s.Inject(f)
		return s.Transport()
	}
}

// without is a console that takes a filter and ignores it.
func without(filter string) func(*sctest.Server) http.RoundTripper {
	return func(s *sctest.Server) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.Body == nil {
				return s.Transport().RoundTrip(r)
			}
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return nil, err
			}
			if form, err := url.ParseQuery(string(body)); err == nil && form.Get("input") != "" {
				form.Set("input", unfiltered(form.Get("input"), filter))
				body = []byte(form.Encode())
			} else {
				body = []byte(unfiltered(string(body), filter))
			}
			r = r.Clone(r.Context())
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			return s.Transport().RoundTrip(r)
		})
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// unfiltered is a request, as JSON, without the filters of a name; what is none stays as it is.
func unfiltered(text, filter string) string {
	var input map[string]any
	if json.Unmarshal([]byte(text), &input) != nil {
		return text
	}
	query, ok := input["query"].(map[string]any)
	if !ok {
		query = input
	}
	filters, ok := query["filters"].([]any)
	if !ok {
		return text
	}
	query["filters"] = slices.DeleteFunc(filters, func(f any) bool { return f.(map[string]any)["filterName"] == filter })
	changed, err := json.Marshal(input)
	if err != nil {
		return text
	}
	return string(changed)
}

var (
	adminAccount = sctest.Account{Username: "root", Password: "a-long-password", Administrator: true}
	first        = sctest.Account{Username: "alice", Password: "b-long-password", Organization: 1, Repositories: []string{"1", "2"}}
	second       = sctest.Account{Username: "bob", Password: "c-long-password", Organization: 2, Repositories: []string{"3"}}
)

// oddities are those of both protocols, except where a name says otherwise.
var oddities = map[string]oddity{
	"hides accepted findings": {options: sctest.Options{Quirks: sctest.Quirks{AcceptedHidden: true}},
		want: map[string]doctor.Result{"filter.accepted_risk": doctor.Limited}, means: "numbers are right"},
	"ignores the filter on accepted risk": {options: sctest.Options{Quirks: sctest.Quirks{AcceptedIgnored: true}},
		want: map[string]doctor.Result{"filter.accepted_risk": doctor.Wrong}, means: "securitycenter_vulnerabilities_accepted"},
	"speaks of refusals by code 143": {options: sctest.Options{Quirks: sctest.Quirks{Speaks143: true}},
		want: map[string]doctor.Result{"vocabulary.refusal": doctor.Limited}, means: "Nothing is lost"},
	"audit checks with low ids": {options: sctest.Options{Quirks: sctest.Quirks{LowCompliancePlugins: true}},
		want: map[string]doctor.Result{"filter.compliance": doctor.Limited}, means: "hosts"},
	"the filter on audits finds nothing": {options: sctest.Options{Quirks: sctest.Quirks{BlindToCompliance: true}},
		want: map[string]doctor.Result{"filter.compliance": doctor.Wrong}, means: "securitycenter_compliance_checks"},
	"pages with a row of the next one": {options: sctest.Options{Quirks: sctest.Quirks{InclusivePages: true}},
		want: map[string]doctor.Result{"call.pages": doctor.Limited}, means: "No row is lost"},
	"a clock that is ahead": {options: sctest.Options{Now: func() time.Time { return time.Now().Add(3 * time.Hour) }},
		want: map[string]doctor.Result{"way.clock": doctor.Limited}, means: "ages"},
	"two organisations whose ids repeat": {options: sctest.Options{OwnObjects: true, Accounts: []sctest.Account{adminAccount, first, second}},
		want: map[string]doctor.Result{"account.organizations": doctor.Limited}, means: "organization_id",
		beside: map[string][]string{"rest": {"collector.risk"}, "rpc": {"collector.risk"}}}, // plugins of two accounts do not add up
	"a repository that nobody reads": {options: sctest.Options{UnassignedRepository: true},
		want: map[string]doctor.Result{"account.repositories": doctor.Limited}, means: "missing from every sum"},
	"no administrator": {options: sctest.Options{Accounts: []sctest.Account{first}},
		want: map[string]doctor.Result{"account.kinds": doctor.Limited}, means: "Licence",
		beside: map[string][]string{
			"rest": {"call.GET /job", "call.GET /system/diagnostics", "collector.system"},
			"rpc":  {"call.repository::init", "call.scanner::init", "call.zone::init", "collector.system", "collector.scanners"},
		}},
	"a password that is refused": {password: "wrong-password-of-the-site",
		want: map[string]doctor.Result{"account.1.login": doctor.Wrong, "account.kinds": doctor.Limited}, means: "three refusals",
		beside: map[string][]string{
			"rest": {"call.GET /job", "call.GET /system/diagnostics", "collector.feeds", "collector.plugins", "collector.repositories", "collector.scanners", "collector.system"},
			"rpc": {"call.repository::init", "call.scanner::init", "call.zone::init", "collector.feeds", "collector.plugins", "collector.repositories",
				"collector.scanners", "collector.system"},
		}},
	"REST: no totals with the first row": {options: sctest.Options{Quirks: sctest.Quirks{NoMatchingCount: true}},
		want: map[string]doctor.Result{"identity.one_row": doctor.Limited}, means: "twice the requests"},
	"REST: totals that do not add up": {options: sctest.Options{Quirks: sctest.Quirks{WrongMatchingCount: true}},
		want: map[string]doctor.Result{"identity.one_row": doctor.Wrong}, means: "not used"},
	"REST: a filter that is refused": {options: sctest.Options{RefuseFilters: []string{"wasVuln"}},
		want: map[string]doctor.Result{"filter.optional": doctor.Limited}, means: "web-application"},
	"REST: web-application findings that are not kept out": {change: without("wasVuln"),
		want: map[string]doctor.Result{"filter.web_applications": doctor.Wrong}, means: "counted among those of hosts"},
	"a window of mitigation that is ignored": {change: without("lastMitigated"),
		want: map[string]doctor.Result{"filter.mitigated": doctor.Wrong}, means: "rebuilt history"},
	"a tool that is not there": {options: sctest.Options{RefuseTools: []string{"sumasset"}},
		want: map[string]doctor.Result{"call.tools": doctor.Limited}, means: "the collector assets"},
	"REST: numbers for texts": {options: sctest.Options{Quirks: sctest.Quirks{NumbersAsNumbers: true}},
		want: map[string]doctor.Result{"vocabulary.types": doctor.Limited}, means: "Nothing is lost"},
	"REST: a call that is not there": {change: fault(sctest.Fault{Endpoint: "GET /job", Effect: sctest.HTMLPage(404)}),
		want: map[string]doctor.Result{"call.GET /job": doctor.Limited, "collector.system": doctor.Limited}, means: "absent"},
	"REST: a call that is broken": {change: fault(sctest.Fault{Endpoint: "GET /feed", Effect: sctest.HTMLPage(503)}),
		want: map[string]doctor.Result{"call.GET /feed": doctor.Wrong, "collector.feeds": doctor.Wrong, "collector.plugins": doctor.Wrong}, means: "fail"},
	"RPC: a call that is not there": {change: fault(sctest.Fault{Endpoint: "zone::init", Effect: sctest.Refuse(200, 10, "Resource is not supported.")}),
		want: map[string]doctor.Result{"call.zone::init": doctor.Limited, "collector.scanners": doctor.Limited}, means: "absent"},
	"unknown states of scans": {change: changed(func(call string, o any) { replace(o, "status", "Completed", "Entangled") }),
		want: map[string]doctor.Result{"vocabulary.scan_status": doctor.Limited}, means: "count as other"},
	"unknown bits of scanners": {change: changed(func(call string, o any) {
		if call == "GET /scanner" || call == "scanner::init" || call == "zone::init" {
			replace(o, "status", "1", "1073741825")
		}
	}), want: map[string]doctor.Result{"vocabulary.scanner_status": doctor.Limited}, means: "other"},
	"REST: an unknown feed": {change: changed(func(call string, o any) {
		if feeds, ok := o.(map[string]any); ok && call == "GET /feed" {
			feeds["quantum"] = feeds["active"]
		}
	}), want: map[string]doctor.Result{"vocabulary.feeds": doctor.Limited}, means: "feed"},
	"REST: an unknown type of repositories": {change: changed(func(call string, o any) {
		if call == "GET /repository" {
			replace(o, "type", "Local", "Orbital")
		}
	}), want: map[string]doctor.Result{"vocabulary.repository_types": doctor.Limited}, means: "not chosen"},
	"REST: a field that is not there": {change: changed(func(call string, o any) {
		if call == "GET /scanner" {
			drop(o, "loadAvg")
		}
	}), want: map[string]doctor.Result{"vocabulary.fields": doctor.Limited}, means: "absent"},
}

func TestAnOddityIsNamedAndNothingElse(t *testing.T) {
	for _, name := range exhaustive.Sample(slices.Sorted(maps.Keys(oddities)), 3) {
		odd := oddities[name]
		for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
			if only, _, found := strings.Cut(name, ": "); found && !strings.EqualFold(only, dialect.String()) {
				continue
			}
			t.Run(dialect.String()+", "+strings.TrimPrefix(strings.TrimPrefix(name, "REST: "), "RPC: "), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					o := odd.options
					o.Dialect, o.Hosts, o.Plugins, o.Repositories, o.Scans = dialect, 24, 500, 3, 2
					live := sctest.StartPipe(t, o)
					transport := live.Transport()
					if odd.change != nil {
						transport = odd.change(live)
					}
					accounts := slices.Clone(live.Options().Accounts)
					if odd.password != "" {
						accounts[0].Password = odd.password
					}
					r := examine(t, configured(t, live.URL, accounts, ""), transport)
					got := troubles(r)
					for _, id := range odd.beside[dialect.String()] {
						if got[id] == "" {
							t.Errorf("%s is ok", id)
						}
						delete(got, id)
					}
					if diff := cmp.Diff(odd.want, got); diff != "" {
						var text bytes.Buffer
						if err := r.WriteText(&text); err != nil {
							t.Fatal(err)
						}
						t.Errorf("(-want +got):\n%s\n%s", diff, text.String())
					}
					for id := range odd.want {
						if c := r.Check(id); strings.Contains(c.Means, odd.means) && c.Found != "" && c.Do != "" {
							return
						}
					}
					t.Errorf("no consequence says %q", odd.means)
				})
			})
		}
	}
}

// replace sets a field to another value wherever it has the old one; any, if that is nil.
func replace(v any, field string, old, value any) {
	switch t := v.(type) {
	case map[string]any:
		for name, inner := range t {
			if name == field && (old == nil || inner == old) {
				t[name] = value
				continue
			}
			replace(inner, field, old, value)
		}
	case []any:
		for _, e := range t {
			replace(e, field, old, value)
		}
	}
}

func drop(v any, field string) {
	switch t := v.(type) {
	case map[string]any:
		delete(t, field)
		for _, inner := range t {
			drop(inner, field)
		}
	case []any:
		for _, e := range t {
			drop(e, field)
		}
	}
}

// tampered is a way to a console on which answers are changed.
type tampered struct {
	next   http.RoundTripper
	change func(call string, response any)
}

func (w *tampered) RoundTrip(r *http.Request) (*http.Response, error) {
	_, path, _ := strings.Cut(r.URL.Path, "/rest")
	call := r.Method + " " + path
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if form, err := url.ParseQuery(string(body)); err == nil && form.Get("module") != "" {
			call = form.Get("module") + "::" + form.Get("action")
		}
	}
	resp, err := w.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	var v map[string]any
	if json.Unmarshal(body, &v) == nil {
		w.change(call, v["response"])
		if body, err = json.Marshal(v); err != nil {
			return nil, err
		}
	}
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	resp.Header.Del("Content-Length")
	return resp, nil
}
