package findings_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/testmain"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestMain(m *testing.M) { testmain.Run(m) }

var (
	root  = sctest.Account{Username: "root", Password: "a", Administrator: true}
	alice = sctest.Account{Username: "alice", Password: "b", Organization: 1, Repositories: []string{"1", "2"}}
	bob   = sctest.Account{Username: "bob", Password: "c", Organization: 2, Repositories: []string{"2", "3"}}
)

// counted is a simulated console whose findings are counted.
type counted struct {
	*findings.Console
	simulated *sctest.Server
	log       *log
	// answer, if set, may answer an analysis instead of the console: "" leaves it to it.
	answer func(body string) string
}

// log is what was logged.
type log struct {
	mu sync.Mutex
	bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.Write(p)
}

// count starts a console in memory, for use inside a synctest bubble.
func count(t *testing.T, o sctest.Options) *counted {
	t.Helper()
	if len(o.Accounts) == 0 {
		o.Accounts = []sctest.Account{root, {Username: "all", Password: "d", Organization: 1}}
	}
	c := &counted{simulated: sctest.StartPipe(t, o), log: &log{}}
	options := console.Options{Name: "test", Logger: slog.New(slog.NewTextHandler(c.log, nil))}
	for _, a := range c.simulated.Options().Accounts {
		options.Accounts = append(options.Accounts, console.AccountOptions{Name: a.Username, Options: scapi.Options{
			URL: c.simulated.URL, Transport: &tampered{c.simulated.Transport(), c},
			Credentials: func() (scapi.Credentials, error) {
				return scapi.Credentials{Username: a.Username, Password: a.Password}, nil
			},
		}})
	}
	of, err := console.New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = of.Close(context.Background()) })
	c.Console = findings.New(of)
	return c
}

// tampered is a way to the console on which an answer may be another one.
type tampered struct {
	http.RoundTripper
	of *counted
}

func (w *tampered) RoundTrip(r *http.Request) (*http.Response, error) {
	if w.of.answer != nil && strings.HasSuffix(r.URL.Path, "/analysis") {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if instead := w.of.answer(string(body)); instead != "" {
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Request: r, Body: io.NopCloser(strings.NewReader(
				`{"type":"regular","response":` + instead + `,"error_code":0,"error_msg":"","warnings":[],"timestamp":1}`))}, nil
		}
	}
	return w.RoundTripper.RoundTrip(r)
}

// nothing is the answer to a one-row query that nothing matches.
const nothing = `{"totalRecords":"0","returnedRecords":0,"startOffset":"0","endOffset":"1","matchingDataElementCount":"0:0:0:0:0:0:0","results":[]}`

// scopes are those of all accounts; they must be told.
func (c *counted) scopes(t *testing.T) []*findings.Scope {
	t.Helper()
	scopes, err := c.Scopes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return scopes
}

// recount adds up what passes among the findings of the repositories that the
// scopes read, one by one.
func (c *counted) recount(scopes []*findings.Scope, pass func(sctest.Finding) bool) (counts scapi.Counts, hosts, plugins int64) {
	seenHosts, seenPlugins := map[sctest.Host]bool{}, map[[2]int]bool{}
	for f := range c.simulated.Findings() {
		read := slices.ContainsFunc(scopes, func(s *findings.Scope) bool { return slices.Contains(s.IDs(), f.Host.Repository) })
		if !read || !pass(f) {
			continue
		}
		counts[f.Severity]++
		seenHosts[f.Host] = true
		seenPlugins[[2]int{f.PluginID, f.Severity}] = true
	}
	return counts, int64(len(seenHosts)), int64(len(seenPlugins))
}

// in runs a test in a bubble of its own, beside others.
func in(t *testing.T, name string, test func(*testing.T)) {
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, test)
	})
}
