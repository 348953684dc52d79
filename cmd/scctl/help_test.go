package main

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestHelpShowsExamplesAndExitCodes(t *testing.T) {
	if out := succeed(t, "--help"); !strings.Contains(out, "Exit codes:") || !strings.Contains(out, "scan download") || !strings.Contains(out, "$SC_URL") {
		t.Error(out)
	}
	for _, args := range [][]string{{"query", "--help"}, {"help", "query"}} {
		if out := succeed(t, args...); !strings.Contains(out, "Examples:\n  scctl query sumip --format csv -o hosts.csv\n") || !strings.Contains(out, "--filter=") {
			t.Error(out)
		}
	}
	if out := succeed(t, "--version"); !strings.Contains(out, "scctl") {
		t.Error(out)
	}
	fail(t, exitUsage)
	fail(t, exitUsage, "scan")
}

func TestShellsCanComplete(t *testing.T) {
	for shell, want := range map[string]string{"bash": "complete -F", "zsh": "#compdef scctl", "fish": "complete -c scctl"} {
		if out := succeed(t, "completion", shell); !strings.Contains(out, want) {
			t.Errorf("%s: %s", shell, out)
		}
	}
	fail(t, exitUsage, "completion", "csh")
}

func TestProgressTellsHowFarACommandIs(t *testing.T) {
	var b bytes.Buffer
	now := time.Unix(1000, 0)
	p := &progress{out: &b, what: "rows", start: now, now: func() time.Time { return now }}
	now = now.Add(2 * time.Second)
	p.show(1000, 4000)
	now = now.Add(redraw / 2)
	p.show(1100, 4000) // too soon
	p.hide()
	p.hide()
	now = now.Add(redraw)
	p.show(5000, 0)
	want := "\r[#######.......................]  25% 1000 of 4000 rows, 500/s\x1b[K" + "\r\x1b[K" + "\r5000 rows, 2326/s\x1b[K"
	if got := b.String(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestDebugShowsRequestsAndAnswersWithoutSecrets(t *testing.T) {
	for _, dialect := range dialects {
		console := start(t, dialect)
		asAnalyst(t)
		r := scctl(t, "--url", console.URL, "--debug", "query", "sumip", "--limit", "1", "--prefetch", "0")
		if r.code != exitDone || !strings.Contains(r.stderr, "sumip") || !strings.Contains(r.stderr, "totalRecords") {
			t.Errorf("%s: code %d, log %s", dialect, r.code, r.stderr)
		}
		if strings.Contains(r.stderr, sctest.AnalystPassword) {
			t.Errorf("%s: the password is in the log", dialect)
		}
		if quiet := scctl(t, "--url", console.URL, "query", "sumip", "--limit", "1"); quiet.stderr != "" {
			t.Errorf("%s: a log without --debug: %s", dialect, quiet.stderr)
		}
	}
}

func TestExitCodesFollowTheError(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		ctx  context.Context
		err  error
		code int
	}{
		{t.Context(), nil, exitDone},
		{t.Context(), fmt.Errorf("x: %w", scapi.ErrDryRun), exitDone},
		{t.Context(), wrongUsage("x"), exitUsage},
		{t.Context(), errDeclined, exitDeclined},
		{t.Context(), fmt.Errorf("x: %w", scapi.ErrNotFound), exitNotFound},
		{t.Context(), fmt.Errorf("x: %w", scapi.ErrUnsupported), exitUnsupported},
		{t.Context(), fmt.Errorf("x: %w", scapi.ErrLoginRefused), exitLoginRefused},
		{t.Context(), fmt.Errorf("x: %w", scapi.ErrSessionLimit), exitLoginRefused},
		{t.Context(), fmt.Errorf("x: %w", context.DeadlineExceeded), exitTemporary},
		{t.Context(), fmt.Errorf("x: %w", scapi.ErrMalformed), exitFailed},
		{ctx, fmt.Errorf("x: %w", context.Canceled), exitInterrupted},
	} {
		if got := exitCode(c.ctx, c.err); got != c.code {
			t.Errorf("%v: code %d, want %d", c.err, got, c.code)
		}
	}
}
