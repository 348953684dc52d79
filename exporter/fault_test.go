package exporter

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/exhaustive"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// analysisOf names the call behind the vulnerabilities collector.
var analysisOf = map[sctest.Dialect]struct{ endpoint, call string }{
	sctest.REST: {"POST /analysis", "POST /rest/analysis"},
	sctest.RPC:  {"vuln::query", "vuln::query"},
}

// TestWhatAConsoleGetsWrong has one call of one of two consoles go wrong. The
// error must name console, account and call; everything else must go on.
func TestWhatAConsoleGetsWrong(t *testing.T) {
	for _, test := range exhaustive.Sample([]struct {
		name   string
		effect sctest.Effect
		says   string
	}{
		{"an HTML page", sctest.HTMLPage(http.StatusOK), "malformed answer"},
		{"an HTML page with status 500", sctest.HTMLPage(http.StatusInternalServerError), "500"},
		{"an HTML page with status 404", sctest.HTMLPage(http.StatusNotFound), "404"},
		{"a service that is not available", sctest.HTMLPage(http.StatusServiceUnavailable), "503"},
		{"truncated JSON", sctest.Truncate(), "malformed answer"},
		{"status 403 with code 0", sctest.EmptyRefusal(), "403"},
		{"an error of the console", sctest.Refuse(http.StatusForbidden, 999, "The moon is full.\n"), "The moon is full."},
		{"a redirect", sctest.Redirect("https://elsewhere.example/login"), "redirect refused"},
		{"a connection that breaks", sctest.Reset(), "EOF"},
		{"an answer that never comes", sctest.Hang(), "no answer within"},
		{"a locked database", sctest.DatabaseLocked(), "database is locked"},
		{"an answer without totals", sctest.MissingTotals(), "no row total"},
	}, 5) {
		for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
			if dialect == sctest.RPC && test.says == "403" {
				continue // SecurityCenter 4 refuses with status 200
			}
			bubble(t, fmt.Sprintf("%s over %s is told with console, account and call, and the rest goes on", test.name, dialect), func(t *testing.T) {
				// Others ask the same calls: one that asks is enough to show what goes wrong.
				b := newBench(t, hq+branch+"\ncollectors: {risk: {enabled: false}, coverage: {enabled: false}}\n", map[string]sctest.Options{"hq": small(dialect)})
				analysis := analysisOf[dialect]
				b.consoles["hq"].Inject(sctest.Fault{
					Endpoint: analysis.endpoint,
					Match:    func(r sctest.Request) bool { return len(r.Filters) > 0 }, // not who asks what kind of account he is
					Effect:   test.effect,
				})
				b.probe("hq")
				time.Sleep(6 * time.Minute) // attempts are repeated, or time out
				synctest.Wait()
				p := b.probe("hq")
				for _, name := range b.exporter.target("hq").collectorNames() {
					success := 1.0
					if name == "vulnerabilities" {
						success = 0
					}
					p.want(t, test.name, map[string]float64{of("success", name): success, "securitycenter_up": 1})
				}
				b.probe("branch").want(t, "the other console", map[string]float64{of("success", "vulnerabilities"): 1, "securitycenter_up": 1, analystUp: 1})

				lines := b.log.lines("level=ERROR")
				if len(lines) == 0 {
					t.Fatal("nothing was logged")
				}
				debug := b.get("/probe?target=hq&debug=true&collect[]=vulnerabilities")
				for _, word := range []string{"account analyst", analysis.call, test.says} {
					if !strings.Contains(lines[0], word) {
						t.Errorf("the log does not say %q: %s", word, lines[0])
					}
					if !strings.Contains(debug, word) {
						t.Errorf("debug=true does not say %q:\n%s", word, debug)
					}
				}
				if !strings.Contains(lines[0], "console=hq") || !strings.Contains(lines[0], "collector=vulnerabilities") {
					t.Errorf("the log names no console and collector: %s", lines[0])
				}
				if !strings.Contains(debug, "console hq") {
					t.Errorf("debug=true names no console:\n%s", debug)
				}
				if strings.Contains(b.log.String(), "panic") || strings.Contains(debug, "panic") {
					t.Errorf("something panicked:\n%s", b.log)
				}
				noSecrets(t, b.log.String()+debug+b.get("/"))
			})
		}
	}
}

func noSecrets(t *testing.T, text string) {
	t.Helper()
	for _, secret := range []string{sctest.AdminPassword, sctest.AnalystPassword, sctest.AdminSecretKey, sctest.AnalystSecretKey} {
		if strings.Contains(text, secret) {
			t.Errorf("a secret is shown: %s", first(text, secret))
		}
	}
}

func TestTypesDoNotMatter(t *testing.T) {
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		bubble(t, fmt.Sprintf("numbers for strings and strings for numbers over %s change nothing", dialect), func(t *testing.T) {
			o := small(dialect)
			b := newBench(t, hq+branch, map[string]sctest.Options{"hq": o, "branch": o})
			b.consoles["hq"].Inject(sctest.Fault{Effect: sctest.WrongTypes()})
			odd, plain := b.probe("hq"), b.probe("branch")
			if len(plain.family("securitycenter_vulnerabilities")) == 0 {
				t.Error("no vulnerabilities to compare")
			}
			for series, v := range plain {
				if !strings.HasPrefix(series, "securitycenter_api_") {
					odd.want(t, "with other types", map[string]float64{series: v})
				}
			}
		})
	}
}

func TestASessionThatExpiresInMidLoadIsRenewedOnce(t *testing.T) {
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		bubble(t, fmt.Sprintf("over %s", dialect), func(t *testing.T) {
			o := small(dialect)
			b := newBench(t, hq+branch+every(time.Minute), map[string]sctest.Options{"hq": o, "branch": o})
			b.probe("hq")
			b.probe("branch")
			logins := b.logins("hq")
			b.consoles["hq"].Inject(sctest.Fault{Endpoint: analysisOf[dialect].endpoint, Skip: 2, Times: 1, Effect: sctest.ExpireSession()})
			time.Sleep(time.Minute)
			b.probe("hq")
			b.probe("branch")
			synctest.Wait()
			p, plain := b.probe("hq"), b.probe("branch")
			for _, name := range collectorNames {
				p.want(t, "after the session expired", map[string]float64{of("success", name): 1})
			}
			for _, series := range plain.family("securitycenter_vulnerabilities") {
				p.want(t, "after the session expired", map[string]float64{series: plain[series]})
			}
			if n := b.logins("hq") - logins; n != 1 {
				t.Errorf("%d logins to renew a session, want 1", n)
			}
			if n := b.consoles["hq"].Sessions(); n != 2 {
				t.Errorf("%d sessions, want 2", n)
			}
		})
	}
}

func TestAnAnswerBeyondTheBoundIsRefused(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t, hq, nil)
		b.consoles["hq"].Inject(sctest.Fault{Endpoint: "GET /scanner", Effect: sctest.HugeBody(65 << 20)})
		p := b.probe("hq")
		p.want(t, "after an answer of 65 MiB", map[string]float64{of("success", "scanners"): 0, of("success", "feeds"): 1})
		if len(b.log.lines("level=ERROR", "answer too large", "console=hq", "account admin", "GET /rest/scanner")) != 1 {
			t.Errorf("the log does not say so:\n%s", b.log)
		}
	})
}

func TestAConsoleThatIsOutOfOrderAltogether(t *testing.T) {
	for _, test := range []struct {
		name   string
		effect sctest.Effect
	}{
		{"breaks every connection", sctest.Reset()},
		{"answers with HTML pages", sctest.HTMLPage(http.StatusOK)},
		{"redirects everything", sctest.Redirect("https://elsewhere.example/")},
		{"truncates everything", sctest.Truncate()},
		{"hangs", sctest.Hang()},
		{"refuses everything without a word", sctest.EmptyRefusal()},
	} {
		bubble(t, "a console that "+test.name+" from the start disturbs no other", func(t *testing.T) {
			b := newBench(t, hq+branch, nil)
			b.consoles["hq"].Inject(sctest.Fault{Effect: test.effect})
			if d := took(func() { b.probe("hq") }); d > 10*time.Second {
				t.Errorf("the scrape took %s", d)
			}
			time.Sleep(20 * time.Minute)
			synctest.Wait()
			b.probe("branch")
			b.probe("hq").want(t, test.name, map[string]float64{"securitycenter_up": 0, of("success", "system"): 0, of("permitted", "system"): absent})
			b.probe("branch").want(t, "the other console", map[string]float64{"securitycenter_up": 1, of("success", "vulnerabilities"): 1})
			if lines := b.log.lines("level=ERROR", "console=branch"); len(lines) > 0 {
				t.Errorf("errors of the other console: %s", lines)
			}
			if strings.Contains(b.log.String(), "panic") {
				t.Errorf("something panicked:\n%s", b.log)
			}
			noSecrets(t, b.log.String()+b.get("/probe?target=hq&debug=true")+b.get("/"))
		})
	}
}

func TestACollectorThatPanicsFailsAlone(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		faulty := collectorNamed("feeds")
		faulty.New = func() collector.Loader {
			return collector.Loader(func(context.Context, *findings.Console, collector.Settings, *collector.Metrics) error {
				panic("out of cheese")
			})
		}
		b := newBench(t, hq, nil, func(o *Options) { o.Collectors = []*collector.Collector{collectorNamed("system"), faulty} })
		b.probe("hq").want(t, "after a panic", map[string]float64{of("success", "feeds"): 0, of("success", "system"): 1, "securitycenter_up": 1})
		if len(b.log.lines("level=ERROR", "collector=feeds", "out of cheese")) != 1 {
			t.Errorf("the log does not tell of it:\n%s", b.log)
		}
	})
}

func TestASampleThatIsSetTwiceIsCountedAndLoggedOnceAndThePageIsValid(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		faulty, twice := collectorNamed("feeds"), 2
		faulty.New = func() collector.Loader {
			return func(_ context.Context, _ *findings.Console, _ collector.Settings, m *collector.Metrics) error {
				for i := range twice {
					m.Set(faulty.Families[0], float64(i), "active")
				}
				return nil
			}
		}
		b := newBench(t, hq, nil, func(o *Options) { o.Collectors = []*collector.Collector{collectorNamed("system"), faulty} })
		counter := `securitycenter_exporter_duplicate_samples_total{collector="feeds"}`
		logged := func() int { return len(b.log.lines("level=ERROR", "collector=feeds", faulty.Families[0].Name)) }
		parse(t, b.get("/metrics?only=exporter")).want(t, "before the first load", map[string]float64{counter: 0})
		for _, load := range []struct{ sets, counted, logged int }{{2, 1, 1}, {2, 2, 1}, {3, 4, 2}, {1, 4, 2}, {2, 5, 3}} {
			twice = load.sets
			b.probe("hq").want(t, "after a load", map[string]float64{faulty.Families[0].Name + `{feed="active"}`: 0, of("success", "feeds"): 1, of("series", "feeds"): 1})
			synctest.Wait() // what is shown is read again meanwhile
			parse(t, b.get("/metrics?only=exporter")).want(t, "after a load", map[string]float64{
				counter: float64(load.counted), `securitycenter_exporter_duplicate_samples_total{collector="system"}`: 0,
			})
			if n := logged(); n != load.logged {
				t.Errorf("%d lines in the log, want %d:\n%s", n, load.logged, b.log)
			}
			time.Sleep(faulty.Interval)
		}
	})
}

func TestAFailureThatRepeatsIsLoggedOnceAndItsEndToo(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t, hq+only("feeds"), nil)
		remove := b.consoles["hq"].Inject(sctest.Fault{Endpoint: feedRequest, Effect: sctest.Refuse(http.StatusForbidden, 999, "no")})
		for range 10 {
			b.probe("hq")
			time.Sleep(time.Minute)
			synctest.Wait()
		}
		if n := len(b.log.lines("level=ERROR")); n != 1 {
			t.Errorf("%d errors in the log, want 1:\n%s", n, b.log)
		}
		remove()
		b.probe("hq")
		synctest.Wait()
		if n := len(b.log.lines("level=INFO", "works again", "console=hq", "collector=feeds")); n != 1 {
			t.Errorf("the log does not say that it works again:\n%s", b.log)
		}
	})
}
