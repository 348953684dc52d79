package main

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// unread is standard output that nobody reads any more.
type unread struct{}

func (unread) Write([]byte) (int, error) {
	return 0, &os.PathError{Op: "write", Path: "|1", Err: syscall.EPIPE}
}

// failure is one way in which a command ends.
type failure struct {
	code   int
	args   []string
	as     func(*testing.T)            // by itself the analyst
	before func(*sctest.Server)        // what is wrong with it
	signal os.Signal                   // that ends the command
	out    func(io.Writer) io.Writer   // instead of standard output
	only   func(d sctest.Dialect) bool // nil: on both
}

func onRPC(d sctest.Dialect) bool { return d == sctest.RPC }

// everything is a fault of every call.
func everything(e sctest.Effect) func(*sctest.Server) {
	return func(s *sctest.Server) { s.Inject(sctest.Fault{Effect: e}) }
}

// calls is a fault of every call but those that begin and end a session.
func calls(e sctest.Effect) func(*sctest.Server) {
	return func(s *sctest.Server) {
		s.Inject(sctest.Fault{Effect: e, Match: func(r sctest.Request) bool {
			if strings.Contains(r.Endpoint, "::") != (s.Options().Dialect == sctest.RPC) {
				return false // a question of which protocol it speaks
			}
			return !slices.Contains([]string{"GET /system", "POST /token", "DELETE /token", "GET /currentUser", "system::init", "auth::login", "auth::logout"}, r.Endpoint)
		}})
	}
}

func asNobody(t *testing.T) {
	t.Helper()
	environment(t, map[string]string{"SC_USERNAME": sctest.AnalystUsername, "SC_PASSWORD": "wrong"})
}

// nobodyThere is an address that nobody listens at.
func nobodyThere(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String()
}

// failures are all classes, each with several ways to get there.
func failures(t *testing.T) map[string]failure {
	query := []string{"query", "sumip"}
	update := []string{"asset", "update", "8", "--name", "x"}
	return map[string]failure{
		"done":                         {code: 0, args: []string{"repositories"}},
		"dry run":                      {code: 0, args: append(update, "--dry-run")},
		"refused in unknown words":     {code: 1, args: query, before: calls(sctest.Refuse(403, 146, "The moon is full."))},
		"a page of HTML":               {code: 1, args: query, before: calls(sctest.HTMLPage(200))},
		"a wrong server":               {code: 1, args: query, before: everything(sctest.HTMLPage(404))},
		"a redirect":                   {code: 1, args: query, before: everything(sctest.Redirect("https://sso.example.org/"))},
		"no such flag":                 {code: 2, args: []string{"zones", "--nonsense"}},
		"no such command":              {code: 2, args: []string{"nonsense"}},
		"no such field":                {code: 2, args: []string{"zones", "--fields", "nmae"}},
		"no such column":               {code: 2, args: append(query, "--fields", "nmae")},
		"no such severity":             {code: 2, args: append(query, "-f", "severity=5")},
		"an argument of scapi":         {code: 2, args: []string{"plugins", "--page-size", "-1"}},
		"no such form of a scan":       {code: 2, args: []string{"scan", "download", "1", "--as", "pdf"}},
		"a configuration that is none": {code: 2, args: []string{"--config.file", filepath.Join(t.TempDir(), "none.yml"), "zones"}},
		"a directory":                  {code: 2, args: append(query, "-o", t.TempDir())},
		"no scan day":                  {code: 2, args: append(query, "--source", "individual", "--scan", "1"), only: onRPC},
		"no such plugin":               {code: 3, args: []string{"plugin", "99999999"}},
		"no such scan":                 {code: 3, args: []string{"scan", "download", "99999999"}},
		"no such name":                 {code: 3, args: append(query, "-f", "repository=Atlantis")},
		"not an administrator's":       {code: 4, args: query, as: asAdmin},
		"not permitted to":             {code: 4, args: []string{"scanners"}, before: calls(sctest.Refuse(403, 145, "You do not have permission."))},
		"no such tool":                 {code: 5, args: []string{"query", "nonsense"}},
		"no such filter":               {code: 5, args: append(query, "-f", "moonPhase=full")},
		"no such call":                 {code: 5, args: []string{"jobs"}, as: asAdmin, only: onRPC},
		"a wrong password":             {code: 6, args: query, as: asNobody},
		"all sessions taken": {code: 6, args: query, before: func(s *sctest.Server) {
			for _, endpoint := range []string{"POST /token", "auth::login"} {
				s.Inject(sctest.Fault{Endpoint: endpoint, Effect: sctest.SessionLimit()})
			}
		}},
		"nobody there": {code: 7, args: []string{"--url", nobodyThere(t), "zones"}},
		"overloaded": {code: 7, args: query, before: func(s *sctest.Server) {
			for _, endpoint := range []string{"POST /token", "auth::login"} {
				s.Inject(sctest.Fault{Endpoint: endpoint, Effect: sctest.HTMLPage(503)})
			}
		}},
		"no answer in time": {code: 7, args: append(query, "--timeout", "20ms"), before: everything(sctest.Hang())},
		"not confirmed":     {code: 8, args: update},
		"changed in part": {code: 9, args: append(update, "--yes"), before: func(s *sctest.Server) {
			for _, endpoint := range []string{"PATCH /asset/8", "PATCH /asset/{id}", "asset::edit"} {
				s.Inject(sctest.Fault{Endpoint: endpoint, Effect: sctest.Remark("The list could not be shared.")})
			}
		}},
		"terminal closed":        {code: 129, args: query, signal: syscall.SIGHUP},
		"interrupted":            {code: 130, args: query, signal: os.Interrupt},
		"quit":                   {code: 131, args: query, signal: syscall.SIGQUIT},
		"nobody reads rows":      {code: 141, args: query, out: func(io.Writer) io.Writer { return unread{} }},
		"nobody reads a list":    {code: 141, args: []string{"repositories", "--format", "json"}, out: func(io.Writer) io.Writer { return unread{} }},
		"nobody reads an answer": {code: 141, args: []string{"scan", "download", "FINISHED"}, out: func(io.Writer) io.Writer { return unread{} }},
		"terminated":             {code: 143, args: query, signal: syscall.SIGTERM},
	}
}

func TestEveryClassOfFailureHasItsExitCodeOnBothProtocols(t *testing.T) {
	for _, dialect := range dialects {
		reached := map[int]bool{}
		for name, f := range failures(t) {
			if f.only != nil && !f.only(dialect) {
				continue
			}
			reached[f.code] = true
			t.Run(dialect.String()+" "+name, func(t *testing.T) {
				o := sctest.Options{Dialect: dialect, Hosts: 60, Plugins: 1500}
				console := sctest.Start(t, o)
				if f.as == nil {
					f.as = asAnalyst
				}
				f.as(t)
				if f.before != nil {
					f.before(console)
				}
				if at := slices.Index(f.args, "FINISHED"); at >= 0 {
					f.args[at] = finishedScan(t, console)
				}
				if !slices.Contains(f.args, "--config.file") && !slices.Contains(f.args, "--url") {
					f.args = append([]string{"--url", console.URL}, f.args...)
				}
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				if f.signal != nil {
					cancel(&signalled{f.signal})
				}
				stdout := io.Discard
				if f.out != nil {
					stdout = f.out(stdout)
				}
				var said strings.Builder
				if code := run(ctx, f.args, strings.NewReader(""), stdout, &said); code != f.code {
					t.Errorf("exit code %d, want %d: %s", code, f.code, said.String())
				}
				if quiet := f.code == exitDone || f.code == exitNobodyReads; quiet != (said.Len() == 0) {
					t.Errorf("said %q", said.String())
				}
				if open := console.Sessions(); open != 0 {
					t.Errorf("%d sessions were left open", open)
				}
			})
		}
		for _, e := range exitCodes {
			if !reached[e.code] {
				t.Errorf("%s: nothing ends with %d, %s", dialect, e.code, e.meaning)
			}
		}
	}
}
