//go:build unix

package main

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/creack/pty"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/exhaustive"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// onTerminal runs a command line whose output is a terminal that wide, and returns
// what it shows.
func onTerminal(t *testing.T, columns uint16, environment []string, args ...string) string {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Skip(err)
	}
	defer master.Close()
	if err := pty.Setsize(master, &pty.Winsize{Rows: 24, Cols: columns}); err != nil {
		t.Fatal(err)
	}
	var shown bytes.Buffer
	done := make(chan struct{})
	go func() {
		_, _ = io.Copy(&shown, master) // ends with an error when nobody has the terminal any more
		close(done)
	}()
	p := childOf(t, args...)
	p.Env = append(append(p.Env, "TERM=xterm", "NO_COLOR="), environment...)
	p.Stdout = slave
	p.start()
	code := p.ended()
	if err := slave.Close(); err != nil {
		t.Error(err)
	}
	<-done
	if code != exitDone {
		t.Fatalf("%v: exit code %d: %s", args, code, p.stderr.String())
	}
	return strings.ReplaceAll(shown.String(), "\r\n", "\n")
}

var escapes = regexp.MustCompile("\x1b\\[[0-9;]*m")

func TestTablesFitTheTerminalAndColourSeverities(t *testing.T) {
	for _, dialect := range dialects {
		t.Run(dialect.String(), func(t *testing.T) {
			console := start(t, dialect)
			for _, l := range exhaustive.Sample(lists, 3) {
				if l.rest && dialect == sctest.RPC || l.args[0] == "plugins" {
					continue
				}
				l.as(t)
				args := append([]string{"--url", console.URL}, l.args...)
				for _, columns := range []int{40, 80, 200} {
					for line := range strings.Lines(onTerminal(t, uint16(columns), nil, append(args, "--limit", "20")...)) {
						if n := cellsOf.StringWidth(strings.TrimSuffix(escapes.ReplaceAllString(line, ""), "\n")); n > columns {
							t.Errorf("%v: a line of %d on a terminal of %d: %q", l.args, n, columns, line)
						}
					}
				}
				for line := range strings.Lines(succeed(t, append(args, "--limit", "20")...)) {
					if n := cellsOf.StringWidth(strings.TrimSuffix(line, "\n")); n > usualWidth {
						t.Errorf("%v: a line of %d without a terminal: %q", l.args, n, line)
					}
				}
			}
			asAnalyst(t)
			vulns := []string{"--url", console.URL, "vulns", "-f", "severity=critical", "--limit", "3"}
			shown := onTerminal(t, 120, nil, vulns...)
			if n := strings.Count(shown, "\x1b[1;31mcritical\x1b[0m"); n != 3 {
				t.Errorf("%d coloured severities: %q", n, shown)
			}
			plain := succeed(t, vulns...)
			if escapes.ReplaceAllString(shown, "") != plain || strings.Contains(plain, "\x1b") {
				t.Errorf("on a terminal %q, else %q", shown, plain)
			}
			for _, environment := range []string{"NO_COLOR=1", "TERM=dumb"} {
				if got := onTerminal(t, 120, []string{environment}, vulns...); got != plain {
					t.Errorf("with %s %q", environment, got)
				}
			}
			if got := onTerminal(t, 120, nil, append(vulns, "--format", "csv")...); strings.Contains(got, "\x1b") {
				t.Errorf("coloured CSV: %q", got)
			}
			sum := onTerminal(t, 120, nil, "--url", console.URL, "query", "sumip", "--fields", "ip,severityCritical", "--limit", "5")
			if strings.Contains(sum, "\x1b[1;31m0\x1b") {
				t.Errorf("no findings are coloured: %q", sum)
			}
			wide := onTerminal(t, 40, nil, append(vulns, "--wide", "--fields", "ip,description")...)
			if strings.Contains(wide, ellipsis) {
				t.Errorf("cut: %q", wide)
			}
		})
	}
	fail(t, exitUsage, "--url", "http://127.0.0.1:1", "zones", "--wide", "--format", "csv")
}
