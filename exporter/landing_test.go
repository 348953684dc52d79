package exporter

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/legible"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

var (
	tag     = regexp.MustCompile(`(?s)<style>.*?</style>|<[^>]*>`)
	rowTags = regexp.MustCompile(`(?s)<tr>.*?</tr>`)
)

// words is what a person reads of a piece of HTML.
func words(markup string) string {
	return strings.Join(strings.Fields(html.UnescapeString(tag.ReplaceAllString(markup, " "))), " ")
}

// landing is the page as a person reads it, once loads under way have ended.
func (b *bench) landing() string {
	b.t.Helper()
	synctest.Wait()
	return words(b.get("/"))
}

// row is the row of the landing page with that heading, as a person reads it:
// the last, as the overview comes before the details.
func (b *bench) row(heading string) string {
	b.t.Helper()
	synctest.Wait()
	rows := rowTags.FindAllString(b.get("/"), -1)
	for i := len(rows) - 1; i >= 0; i-- {
		if row := words(rows[i]); strings.HasPrefix(row, heading+" ") {
			return row
		}
	}
	b.t.Fatalf("no row %s in %d rows", heading, len(rows))
	return ""
}

// says fails the test unless text holds all of the words.
func says(t *testing.T, text string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("no %q in: %s", w, text)
		}
	}
}

// saysNot fails the test if text holds one of the words.
func saysNot(t *testing.T, text string, unwanted ...string) {
	t.Helper()
	for _, w := range unwanted {
		if strings.Contains(text, w) {
			t.Errorf("%q in: %s", w, text)
		}
	}
}

func TestLandingPageTellsHowThingsAre(t *testing.T) {
	bubble(t, "at the start, when nothing is known", func(t *testing.T) {
		b := newBench(t, hq, slow(time.Minute))
		page := words(b.get("/"))
		says(t, page, "0 up, 0 down, 1 not asked yet", "0 ok, 0 failed, 9 not tried yet", "Oldest data none yet",
			"The first answers are still to come.", "Nothing is known of it yet.", "admin not known yet not used yet not known yet –")
		saysNot(t, page, "attention")
		if row := words(b.get("/")); !strings.Contains(row, "feeds not tried yet – at the next scrape 0") {
			t.Errorf("a collector that waits: %s", row)
		}
		b.settle()
		says(t, b.row("feeds"), "not tried yet – being read 0")
	})

	bubble(t, "when all is well", func(t *testing.T) {
		b := newBench(t, hq+"\nsla: [{name: default, preset: tenable}]\n", nil)
		b.probe("hq")
		time.Sleep(2 * time.Minute)
		says(t, b.landing(), "1 up, 0 down ", "9 ok, 0 failed ", "Oldest data 2 min hq, system", "Nothing needs attention.",
			"Security Center 6.4.0, dialect rest . ACAS is off. Classification: None .", "hq default up 6.4.0 rest 2 min system – metrics of hq · log of hq")
		says(t, b.row("feeds"), "feeds ok 2 min in 3 min ")
		says(t, b.row("admin"), "administrator answers none system, feeds, plugins, scanners, repositories")
		says(t, b.row("analyst"), "organisation user answers Default (1), Default (2), Branch Offices (3) vulnerabilities, risk, coverage, scans")
		saysNot(t, b.landing(), "refuses", "left out", "Read by no account")
		time.Sleep(4 * time.Minute)
		says(t, b.row("feeds"), "feeds ok 6 min at the next scrape ")
	})

	bubble(t, "when a collector fails, its data lives on, and dies", func(t *testing.T) {
		b := newBench(t, hq, nil)
		b.probe("hq")
		b.consoles["hq"].Inject(sctest.Fault{Endpoint: "GET /feed", Effect: sctest.Refuse(http.StatusForbidden, 999, "The moon is full.\nReally.")})
		time.Sleep(6 * time.Minute)
		b.probe("hq")
		says(t, b.landing(), "8 ok, 1 failed", "Needs attention: hq", "failed: feeds", "1 up, 0 down")
		says(t, b.row("feeds"), "feeds failed ", "GET /rest/feed: 403, code 999: The moon is full.", " 6 min shown for 3 h 54 min more in 10 s ")
		time.Sleep(4 * time.Hour)
		says(t, b.row("feeds"), " 4 h 6 min too old: no longer shown at the next scrape 0")
	})

	bubble(t, "when the console cannot be reached", func(t *testing.T) {
		b := newBench(t, hq, nil)
		b.consoles["hq"].Inject(sctest.Fault{Effect: sctest.Hang()})
		b.settle()
		time.Sleep(time.Hour)
		says(t, b.landing(), "0 up, 1 down", "Needs attention: hq", "account admin: no answer in time account analyst: no answer in time every collector failed")
		says(t, b.row("system"), "failed : no answer in time", "no answer within 1m0s")
	})

	bubble(t, "when no account may read a collector or a repository", func(t *testing.T) {
		b := newBench(t, with(admin), nil)
		b.probe("hq")
		page := b.landing()
		says(t, page, "not readable", "Nothing needs attention.", "Read by no account, and in no number: Default (1), Default (2), Branch Offices (3)")
		says(t, b.row("vulnerabilities"), "vulnerabilities no account can read this ")
		saysNot(t, page, "failed:")
	})

	bubble(t, "of both dialects", func(t *testing.T) {
		b := newBench(t, hq+branch, map[string]sctest.Options{"branch": small(sctest.RPC)})
		b.probe("hq")
		b.probe("branch")
		says(t, b.landing(), "2 up, 0 down", "hq up 6.4.0 rest", "branch up 4.8.1 rpc", "18 ok")
		says(t, b.get("/"), `href="#console-branch"`, `id="console-branch"`, `docs/runbooks.md"`)
	})

	bubble(t, "when the console refuses filters, or has more series than it may", func(t *testing.T) {
		o := small(sctest.REST)
		o.RefuseFilters = []string{"wasVuln"}
		b := newBench(t, hq+"\ncollectors: {scanners: {max_series: 5}}\n", map[string]sctest.Options{"hq": o})
		b.probe("hq")
		says(t, b.landing(), "Filters that the console refuses: wasVuln .", "Series left out")
		says(t, b.row("scanners"), " left out")
	})

	bubble(t, "but not by what name a repository goes that is to be hidden", func(t *testing.T) {
		b := newBench(t, hq+"\nlabels: {redact: [repository]}\n", nil)
		b.probe("hq")
		says(t, b.row("analyst"), "answers 1, 2, 3 vulnerabilities")
		saysNot(t, b.landing(), "Branch Offices")
	})
}

func TestLandingPageTellsOfRefusedLogins(t *testing.T) {
	const wrong = "hunter-2-is-wrong"
	bubble(t, "when the next is tried, and when none is", func(t *testing.T) {
		b := newBench(t, with(`{name: admin, username: admin, password: `+wrong+`}`, analyst), nil)
		b.probe("hq")
		says(t, b.row("admin"), "login refused next try in 15 min, at 2000-01-01 00:15:00 UTC")
		says(t, b.landing(), "Needs attention: hq", "account admin: login refused", "1 up, 0 down")
		time.Sleep(16 * time.Minute)
		b.probe("hq")
		says(t, b.row("admin"), "login refused next try in 60 min, at 2000-01-01 01:16:00 UTC")
		time.Sleep(2 * time.Hour)
		b.probe("hq")
		says(t, b.row("admin"), "login refused, left alone until the credentials change")
		saysNot(t, b.row("admin"), "next try")
		saysNot(t, b.get("/"), wrong)
		noSecrets(t, b.get("/"))
	})
}

// What the board and the alert of accounts left out go by: the loads of the
// others succeed.
func TestAnAccountThatNeverLoggedInIsSaidToBeLeftOut(t *testing.T) {
	const leftOut = "; it has not logged in yet, and what only it would read is in no number"
	bubble(t, "while another of its kind answers", func(t *testing.T) {
		b := newBench(t, with(admin, analyst, `{name: finance, username: finance, password: wrong}`), nil)
		for scrape := range 3 {
			p := b.probe("hq")
			for series, want := range map[string]float64{
				of("success", "vulnerabilities"):                                  1,
				`securitycenter_account_up{account="finance"}`:                    0,
				`securitycenter_logins_total{account="finance",result="success"}`: 0,
			} {
				if got, there := p[series]; got != want || !there {
					t.Errorf("scrape %d: %s is %v, there %v; want %v", scrape, series, got, there, want)
				}
			}
			says(t, b.landing(), "Needs attention: hq", "account finance: login refused", leftOut)
			time.Sleep(2 * time.Hour)
		}
	})
	bubble(t, "but not one that has logged in before", func(t *testing.T) {
		b := newBench(t, hq, nil)
		b.probe("hq")
		b.consoles["hq"].SetPassword("analyst", "another")
		b.consoles["hq"].ExpireSessions()
		time.Sleep(time.Hour)
		b.probe("hq")
		synctest.Wait()
		says(t, b.landing(), "account analyst: login refused")
		saysNot(t, b.landing(), leftOut)
	})
	bubble(t, "nor those of a console that is down", func(t *testing.T) {
		b := newBench(t, hq, nil)
		b.consoles["hq"].Inject(sctest.Fault{Effect: sctest.Reset()})
		b.probe("hq")
		time.Sleep(time.Hour)
		b.probe("hq")
		synctest.Wait()
		says(t, b.landing(), "account admin: fails")
		saysNot(t, b.landing(), leftOut)
	})
}

// renaming is a way to a console that calls things by another name.
type renaming struct {
	http.RoundTripper
	old, new string
}

func (r renaming) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := r.RoundTripper.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(res.Body)
	if err := res.Body.Close(); err != nil {
		return nil, err
	}
	name, _ := json.Marshal(r.new)
	body = bytes.ReplaceAll(body, []byte(strconv.Quote(r.old)), name)
	res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	res.Header.Del("Content-Length")
	return res, err
}

func TestLandingPageBearsHostileNames(t *testing.T) {
	for _, test := range []struct {
		name, hostile string
		times         int // that it is there: 4 as version, repository, error and missing part; scapi leaves what is invisible out of all but names
	}{
		{"markup", `</bdi></td></table><script>alert(1)</script><img src=x onerror=alert(1)>`, 4},
		{"quotes", `"' onmouseover="alert(1)" x='`, 4},
		{"a link", `javascript:alert(1)//{{.}}`, 4},
		{"letters that turn the text", "a\u202eb\u2066c\u200fd", 1},
		{"control characters", "a\x00b\x1bc\x7fd\u0085e\u2028f", 1},
		{"ten thousand characters", strings.Repeat("W", 10_000), 4},
		{"ten thousand wide characters", strings.Repeat("漢", 10_000), 4},
		{"bytes that are not UTF-8", "a\xff\xfeb\xc3", 1},
	} {
		bubble(t, test.name, func(t *testing.T) {
			hostile := test.hostile
			o := small(sctest.REST)
			o.Version = "6.4.0" + hostile
			b := newBench(t, hq, map[string]sctest.Options{"hq": o}, func(o *Options) {
				honest := o.Transport
				o.Transport = func(console string) http.RoundTripper { return renaming{honest(console), "Branch Offices", hostile} }
			})
			b.consoles["hq"].Inject(sctest.Fault{Endpoint: "GET /feed", Effect: sctest.Refuse(http.StatusForbidden, 999, hostile)})
			b.consoles["hq"].Inject(sctest.Fault{Endpoint: "GET /job", Effect: sctest.Refuse(http.StatusForbidden, 145, hostile)})
			b.probe("hq")
			synctest.Wait()
			page := b.get("/")
			text := html.EscapeString(strings.TrimSuffix(legible.Text(hostile, 10), "…"))
			if n := strings.Count(page, text); n < test.times {
				t.Errorf("%q is there %d times, want at least %d: %s", text, n, test.times, words(page))
			}
			saysNot(t, page, "<script", "<img", `onmouseover="`, `href="javascript`, "\u202e", "\u2066", "\u200f", "\x00", "\x1b", "\x7f", "\u2028", strings.Repeat("W", 401), strings.Repeat("漢", 401))
			for element, want := range map[string]int{"<table": 3, "</table>": 3, "<bdi>": strings.Count(page, "</bdi>")} {
				if n := strings.Count(page, element); n != want {
					t.Errorf("%d of %s, want %d", n, element, want)
				}
			}
			if !strings.HasPrefix(page, "<!DOCTYPE html>\n<html") || !strings.Contains(page, "</html>") {
				t.Error("the page is not whole")
			}
		})
	}
}

func TestLandingPageOfFiftyConsoles(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		yaml, consoles := "consoles:\n", map[string]sctest.Options{}
		for i := range 50 {
			name := fmt.Sprintf("c%02d", i)
			consoles[name] = small(sctest.REST)
			yaml += "  - {name: " + name + ", url: 'http://console.example', accounts: [" + admin + ", " + analyst + "]}\n"
		}
		b := newBench(t, yaml+only("system", "vulnerabilities"), consoles)
		b.consoles["c07"].Inject(sctest.Fault{Effect: sctest.Reset()})
		b.settle()
		time.Sleep(10 * time.Minute) // attempts are repeated
		synctest.Wait()
		before := b.requests("c00")
		page := b.get("/")
		if n := b.requests("c00"); n != before {
			t.Errorf("the page asked a console %d times", n-before)
		}
		says(t, words(page), "49 up, 1 down", "98 ok, 2 failed", "Needs attention: c07 As of")
		overview, _, _ := strings.Cut(page, "<details")
		for name := range consoles {
			says(t, overview, `<a href="#console-`+name+`">`, `"/probe?target=`+name+`"`)
			says(t, page, `id="console-`+name+`"`)
		}
		if open := strings.Count(page, "<details open>"); open != 1 {
			t.Errorf("%d consoles are unfolded, want the one in trouble", open)
		}
		if len(page) > 500_000 {
			t.Errorf("the page has %d bytes", len(page))
		}
	})
}

func TestLandingColoursAreTold(t *testing.T) {
	colour := regexp.MustCompile(`--([a-z]+): #([0-9a-f]{6});`)
	light, dark, ok := strings.Cut(landingCSS, "@media (prefers-color-scheme: dark)")
	if !ok {
		t.Fatal("there are no dark colours")
	}
	for scheme, css := range map[string]string{"light": light, "dark": dark} {
		luminance := map[string]float64{}
		for _, m := range colour.FindAllStringSubmatch(css, -1) {
			rgb, err := strconv.ParseUint(m[2], 16, 24)
			if err != nil {
				t.Fatal(err)
			}
			luminance[m[1]] = 0.2126*linear(rgb>>16) + 0.7152*linear(rgb>>8&255) + 0.0722*linear(rgb&255)
		}
		for _, letters := range []string{"text", "muted", "link", "ok", "bad", "warn", "idle"} {
			for _, ground := range []string{"ground", "panel"} {
				if c := contrast(luminance[letters], luminance[ground]); c < 4.5 {
					t.Errorf("%s: contrast of %s on %s is %.1f, want 4.5 (WCAG AA)", scheme, letters, ground, c)
				}
			}
		}
		if c := contrast(1, luminance["head"]); c < 4.5 {
			t.Errorf("%s: contrast of the title is %.1f", scheme, c)
		}
	}
}

// linear and contrast are WCAG's.
func linear(channel uint64) float64 {
	c := float64(channel) / 255
	if c <= 0.04045 {
		return c / 12.92
	}
	return math.Pow((c+0.055)/1.055, 2.4)
}

func contrast(a, b float64) float64 { return (max(a, b) + 0.05) / (min(a, b) + 0.05) }
