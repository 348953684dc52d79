package collector_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	dto "github.com/prometheus/client_model/go"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/testmain"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestMain(m *testing.M) { testmain.Run(m) }

// noLimits let everything through.
var noLimits collector.Settings

// limited are settings with a max_series.
func limited(series int) collector.Settings {
	return collector.Settings{CollectorSettings: config.CollectorSettings{MaxSeries: series}}
}

// exported is a simulated console, the accounts that look at it, and what
// their collectors remember.
type exported struct {
	*findings.Console
	simulated *sctest.Server
	loaders   map[string]collector.Loader
	asked     bool // of the past
}

// export starts a console in memory and looks at it through all its accounts but
// those that are locked, named as its users are. It is for use inside a synctest bubble.
func export(t *testing.T, o sctest.Options, adjust ...func(*console.Options)) *exported {
	t.Helper()
	s := sctest.StartPipe(t, o)
	options := console.Options{Name: "test", MaxConcurrentRequests: 2}
	for _, a := range s.Options().Accounts {
		if a.Locked {
			continue
		}
		options.Accounts = append(options.Accounts, console.AccountOptions{
			Name: a.Username, Options: scapi.Options{URL: s.URL, Transport: s.Transport(), Credentials: func() (scapi.Credentials, error) {
				return scapi.Credentials{Username: a.Username, Password: a.Password}, nil
			}},
		})
	}
	for _, f := range adjust {
		f(&options)
	}
	c, err := console.New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(context.Background()) }) // a console of the test may be out of order
	return &exported{Console: findings.New(c), simulated: s, loaders: map[string]collector.Loader{}}
}

// bubble runs a whole test in a bubble, beside others.
func bubble(t *testing.T, test func(*testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, test)
}

// in runs a part of a test in a bubble of its own, beside others.
func in(t *testing.T, name string, test func(*testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { bubble(t, test) })
}

// completed fills in what the configuration would: the defaults of a
// collector's own keys, the vendor's deadlines, and a copy of a repository.
func completed(col *collector.Collector, s collector.Settings) collector.Settings {
	own := map[string]any{}
	for _, k := range col.Keys {
		own[k.Name] = k.Default
	}
	maps.Copy(own, s.Own)
	s.Own = own
	if col.SameAs && s.SameAs == nil {
		s.SameAs = []config.SameAs{{ID: "2", Console: "branch", Repository: "7"}, {ID: "99", Console: "branch", Repository: "8"}}
	}
	if s.SLA == nil {
		s.SLA = []config.SLA{{Name: "default", Basis: "first_seen", Days: map[string]int{"critical": 7, "high": 30, "medium": 60, "low": 180}}}
	}
	return s
}

// run loads one collector.
func (e *exported) run(t *testing.T, name string, limits collector.Settings) (collector.Snapshot, error) {
	t.Helper()
	for _, col := range collector.All() {
		if col.Name != name {
			continue
		}
		if e.loaders[name] == nil {
			e.loaders[name] = col.New()
		}
		s, err := col.Run(t.Context(), e.loaders[name], e.Console, completed(col, limits))
		if len(s.Duplicates) > 0 {
			t.Errorf("%s sets samples twice: %v", name, s.Duplicates)
		}
		return s, err
	}
	t.Fatalf("no collector %s", name)
	return collector.Snapshot{}, nil
}

// load loads one collector, which must succeed.
func (e *exported) load(t *testing.T, name string) samples {
	t.Helper()
	s, err := e.run(t, name, noLimits)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return samplesOf(s.Families())
}

// loadAll loads all collectors that the accounts may read.
func (e *exported) loadAll(t *testing.T) samples {
	t.Helper()
	all := samples{}
	for _, col := range collector.All() {
		s, err := e.run(t, col.Name, noLimits)
		if err != nil && !errors.Is(err, console.ErrNotReadable) {
			t.Fatalf("%s: %v", col.Name, err)
		}
		maps.Copy(all, samplesOf(s.Families()))
	}
	return all
}

// samples are values by series: name{label="value",…}, labels sorted by name.
type samples map[string]float64

func samplesOf(families []*dto.MetricFamily) samples {
	all := samples{}
	for _, f := range families {
		for _, m := range f.Metric {
			pairs := make([]string, len(m.Label))
			for i, l := range m.Label {
				pairs[i] = l.GetName() + "=" + strconv.Quote(l.GetValue())
			}
			all[series(f.GetName(), pairs...)] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	return all
}

// series names a series by its labels, each as name="value", sorted.
func series(name string, labels ...string) string {
	if len(labels) == 0 {
		return name
	}
	return name + "{" + strings.Join(labels, ",") + "}"
}

// of returns the samples of one family.
func (s samples) of(family string) samples {
	some := samples{}
	for name, v := range s {
		if before, _, _ := strings.Cut(name, "{"); before == family {
			some[name] = v
		}
	}
	return some
}

// families returns the names of the families, sorted.
func (s samples) families() []string {
	names := map[string]bool{}
	for name := range s {
		before, _, _ := strings.Cut(name, "{")
		names[before] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// sum adds the samples of a family up.
func (s samples) sum(family string) float64 {
	total := 0.0
	for _, v := range s.of(family) {
		total += v
	}
	return total
}

func wrongCredentials() (scapi.Credentials, error) {
	return scapi.Credentials{Username: "bob", Password: "wrong"}, nil
}

// api is the dialect as the client calls it.
func api(d sctest.Dialect) scapi.API {
	if d == sctest.RPC {
		return scapi.RPC
	}
	return scapi.REST
}

// on leaves out the families that consoles of the dialect do not tell, by their
// sources.
func (s samples) on(d sctest.Dialect) samples {
	var absent []string
	for _, col := range collector.All() {
		for _, f := range col.Families {
			if !f.Source.On(api(d)) {
				absent = append(absent, f.Name)
			}
		}
	}
	return s.without(absent...)
}

// everything switches on all that a collector can tell.
func everything(col *collector.Collector) collector.Settings {
	s := collector.Settings{Watches: []config.Watch{{Name: "all"}}, Owners: []config.Owner{{Name: "all", Assets: []string{"1"}, SLA: completed(col, noLimits).SLA}}}
	s.Own = col.Demonstrated()
	return s
}

var (
	admin = sctest.Account{Username: "admin", Password: "a", Administrator: true}
	alice = sctest.Account{Username: "alice", Password: "b", Organization: 1, Repositories: []string{"1", "2"}}
	carol = sctest.Account{Username: "carol", Password: "d", Organization: 1, Repositories: []string{"2"}}
	bob   = sctest.Account{Username: "bob", Password: "c", Organization: 2, Repositories: []string{"2", "3"}}
)

// reading gives an account of the configuration its own list of repositories.
func reading(account string, repositories ...string) func(*console.Options) {
	return func(o *console.Options) {
		i := slices.IndexFunc(o.Accounts, func(a console.AccountOptions) bool { return a.Name == account })
		o.Accounts[i].Repositories = repositories
	}
}

func wrongPassword(account string) func(*console.Options) {
	return func(o *console.Options) {
		for i, a := range o.Accounts {
			if a.Name == account {
				o.Accounts[i].Credentials = wrongCredentials
			}
		}
	}
}

// breakable is a way to the console that can be out of order.
type breakable struct {
	http.RoundTripper
	broken bool
}

func (b *breakable) RoundTrip(r *http.Request) (*http.Response, error) {
	if b.broken {
		return nil, errors.New("no route to host")
	}
	return b.RoundTripper.RoundTrip(r)
}

// through puts a breakable way between an account and the console.
func through(way *breakable, account string) func(*console.Options) {
	return func(o *console.Options) {
		for i, a := range o.Accounts {
			if a.Name == account {
				way.RoundTripper = a.Transport
				o.Accounts[i].Transport = way
			}
		}
	}
}

// intercept makes the console answer GET requests of a path with this response.
func intercept(path, response string) func(*console.Options) {
	return func(o *console.Options) {
		for i, a := range o.Accounts {
			o.Accounts[i].Transport = &intercepting{RoundTripper: a.Transport, path: path, answer: func(string) string { return response }}
		}
	}
}

// sent returns how many queries carried a filter of that name since the last look.
func (e *exported) sent(filter string) int {
	n := e.simulated.Count(func(r sctest.Request) bool {
		for _, f := range r.Filters {
			if strings.HasPrefix(f, filter) {
				return true
			}
		}
		return false
	})
	e.simulated.ForgetRequests()
	return n
}

// intercepting answers some requests in the console's place.
type intercepting struct {
	http.RoundTripper
	path   string                              // of GET requests; empty: any request with a body
	answer func(body string) (response string) // "": the console answers
}

func (i *intercepting) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	switch {
	case i.answer == nil, i.path == "" && r.Body == nil, i.path != "" && i.path != r.URL.Path:
		return i.RoundTripper.RoundTrip(r)
	case r.Body != nil:
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	response := i.answer(string(body))
	if response == "" {
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(body))
		return i.RoundTripper.RoundTrip(r)
	}
	envelope := `{"type":"regular","response":` + response + `,"error_code":0,"error_msg":"","warnings":[],"timestamp":0}`
	return &http.Response{
		StatusCode: http.StatusOK, ProtoMajor: 1, ProtoMinor: 1, Request: r, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(envelope)), ContentLength: int64(len(envelope)),
	}, nil
}

// sentNamed returns how many queries in the log carry a filter of that name.
func (e *exported) sentNamed(filter string) int {
	return e.simulated.Count(func(r sctest.Request) bool {
		for _, f := range r.Filters {
			if f[:strings.IndexAny(f, "<>=~!")] == filter {
				return true
			}
		}
		return false
	})
}

var severities = [5]string{"info", "low", "medium", "high", "critical"}

// without returns the samples of all families but some.
func (s samples) without(families ...string) samples {
	rest := samples{}
	for name, v := range s {
		if before, _, _ := strings.Cut(name, "{"); !slices.Contains(families, before) {
			rest[name] = v
		}
	}
	return rest
}

func diff(t *testing.T, what string, want, got samples) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

// repositoriesOf returns the ids that a query is restricted to. A query without
// such a filter is an error.
func repositoriesOf(t *testing.T, r sctest.Request) []string {
	t.Helper()
	for _, f := range r.Filters {
		if value, ok := strings.CutPrefix(f, "repositoryIDs="); ok {
			return strings.Split(value, ",")
		}
		if value, ok := strings.CutPrefix(f, "repository="); ok {
			return strings.FieldsFunc(value, func(c rune) bool { return c < '0' || c > '9' })
		}
	}
	t.Errorf("a query of %s without a filter on repositories: %q", r.Account, r.Filters)
	return nil
}
