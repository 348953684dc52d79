package exporter

import (
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/exhaustive"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// lockout is a console that locks its user at the fifth refused login, and the
// exporters that know a password of his.
type lockout struct {
	t         *testing.T
	simulated *sctest.Server
	password  string // path of the file that holds it
	state     string // path of the state file; empty: there is none

	mu        sync.Mutex
	yaml      string
	elsewhere int // logins that somebody else than the console answered
}

// started is an exporter and what serves it.
type started struct {
	*Exporter
	handler http.Handler
}

// console is one entry of the configuration for the console, with some settings.
func (l *lockout) console(name, settings string) string {
	return fmt.Sprintf("  - name: %s\n    url: %s\n    accounts: [{name: a, username: %s, password_file: %s}]\n    %s\n", name, l.simulated.URL, sctest.AnalystUsername, l.password, settings)
}

// configure makes entries the configuration of all exporters.
func (l *lockout) configure(entries ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.yaml = "consoles:\n" + strings.Join(entries, "") + only("vulnerabilities")
}

// write sets the content of the password file.
func (l *lockout) write(content string) {
	if err := os.WriteFile(l.password, []byte(content), 0o600); err != nil {
		l.t.Error(err)
	}
}

// exporter starts a process.
func (l *lockout) exporter() started {
	log := slog.New(slog.DiscardHandler)
	e, err := New(Options{
		Load: func() (*config.Config, error) {
			l.mu.Lock()
			defer l.mu.Unlock()
			return config.Parse([]byte(l.yaml), "config.yml", KnownCollectors())
		},
		Logger:    log,
		Transport: func(string) http.RoundTripper { return l.simulated.Transport() },
		Refusals:  console.OpenRefusals(l.state, log),
	})
	if err != nil {
		l.t.Fatal(err)
	}
	return started{e, e.Handler()}
}

func (l *lockout) end(e started) {
	if err := e.Close(); err != nil {
		l.t.Error(err)
	}
}

// scrape scrapes every console of an exporter.
func (l *lockout) scrape(e started) page {
	all := page{}
	for _, name := range e.names() {
		w := httptest.NewRecorder()
		e.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/probe?target="+name, nil))
		for series, v := range parse(l.t, w.Body.String()) {
			all[series] = v
		}
	}
	synctest.Wait()
	return all
}

func isLogin(r sctest.Request) bool {
	return r.Endpoint == "POST /token" || r.Endpoint == "auth::login"
}

// logins counts the logins that the console has judged.
func (l *lockout) logins() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.simulated.Count(isLogin) - l.elsewhere
}

// often does something every five minutes for 100 minutes, in which three logins
// are due and no more.
func often(do func(i int)) { again(20, 5*time.Minute, do) }

// seldom does it every 20 minutes for as long: each process that starts reckons
// its key in the state file, which is meant to take long.
func seldom(do func(i int)) { again(5, 20*time.Minute, do) }

func again(times int, every time.Duration, do func(i int)) {
	for i := range times {
		do(i)
		time.Sleep(every)
	}
}

// roads are the ways on which one wrong password comes to be tried again and again.
var roads = map[string]func(*lockout){
	"scrapes": func(l *lockout) {
		e := l.exporter()
		defer l.end(e)
		often(func(int) { l.scrape(e) })
	},
	"reloads with another key changed": func(l *lockout) {
		e := l.exporter()
		defer l.end(e)
		often(func(i int) {
			l.configure(l.console("hq", fmt.Sprintf("timeout: %ds", 60+i)))
			if err := e.Reload(); err != nil {
				l.t.Error(err)
			}
			l.scrape(e)
		})
	},
	"two consoles with one address": func(l *lockout) {
		l.configure(l.console("hq", ""), l.console("branch", ""))
		e := l.exporter()
		defer l.end(e)
		often(func(int) { l.scrape(e) })
	},
	"five consoles with one address, written in several ways": func(l *lockout) {
		var entries []string
		for i, suffix := range []string{"", "/", ":80", "/rest", "/request.php"} {
			entries = append(entries, strings.Replace(l.console(fmt.Sprint("c", i), ""), l.simulated.URL, l.simulated.URL+suffix, 1))
		}
		l.configure(entries...)
		e := l.exporter()
		defer l.end(e)
		often(func(int) { l.scrape(e) })
	},
	"loads once from a timer": func(l *lockout) {
		seldom(func(int) {
			e := l.exporter()
			if err := e.Once(l.t.Context(), io.Discard, ""); err == nil {
				l.t.Error("all could be read")
			}
			l.end(e)
		})
	},
	"estimates": func(l *lockout) {
		seldom(func(int) {
			e := l.exporter()
			if err := e.Estimate(l.t.Context(), io.Discard); err == nil {
				l.t.Error("all could be read")
			}
			l.end(e)
		})
	},
	"restarts": func(l *lockout) {
		seldom(func(int) {
			e := l.exporter()
			l.scrape(e)
			l.end(e)
		})
	},
	"a secret file that is truncated and written again": func(l *lockout) {
		e := l.exporter()
		defer l.end(e)
		often(func(int) {
			for _, content := range []string{"", "wrong\n", "\xef\xbb\xbfwrong\r\n", "\xff\xfew\x00", "wrong"} {
				l.write(content)
				l.scrape(e)
				time.Sleep(15 * time.Second)
			}
		})
	},
	"a secret file that goes and comes": func(l *lockout) {
		e := l.exporter()
		defer l.end(e)
		often(func(int) {
			if err := os.Remove(l.password); err != nil {
				l.t.Error(err)
			}
			l.scrape(e)
			time.Sleep(15 * time.Second)
			l.write("wrong")
			l.scrape(e)
		})
	},
	"many processes that start together": func(l *lockout) {
		seldom(func(int) {
			var all []started
			var wg sync.WaitGroup
			for range 4 {
				e := l.exporter()
				all = append(all, e)
				wg.Go(func() { _ = e.Once(l.t.Context(), io.Discard, "") }) // they fail, as above
			}
			wg.Wait()
			for _, e := range all {
				l.end(e)
			}
		})
	},
	"two exporters side by side": func(l *lockout) {
		one, two := l.exporter(), l.exporter()
		defer l.end(one)
		defer l.end(two)
		often(func(int) { l.scrape(one); l.scrape(two) })
	},
	"a firewall's page now and then": func(l *lockout) {
		e := l.exporter()
		defer l.end(e)
		often(func(i int) {
			remove := func() {}
			if i%2 == 0 {
				remove = l.simulated.Inject(sctest.Fault{Match: func(r sctest.Request) bool {
					l.mu.Lock()
					defer l.mu.Unlock()
					if isLogin(r) {
						l.elsewhere++
					}
					return isLogin(r)
				}, Effect: sctest.HTMLPage(http.StatusForbidden)})
			}
			l.scrape(e)
			remove()
		})
	},
}

func TestAWrongPasswordIsTriedThreeTimesOnWhicheverRoadAndAChangedOneAtOnce(t *testing.T) {
	for _, name := range exhaustive.Sample(slices.Sorted(maps.Keys(roads)), 2) {
		road := roads[name]
		for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
			bubble(t, name+", over "+dialect.String(), func(t *testing.T) {
				folder := t.TempDir()
				l := &lockout{t: t, simulated: sctest.StartPipe(t, small(dialect)), password: filepath.Join(folder, "password"), state: filepath.Join(folder, "logins.json")}
				l.write("wrong")
				l.configure(l.console("hq", ""))
				road(l)

				tried := l.logins()
				if tried != 3 {
					t.Errorf("%d logins, want 3", tried)
				}
				if l.simulated.Locked(sctest.AnalystUsername) {
					t.Error("the user is locked")
				}
				e := l.exporter()
				defer l.end(e)
				if p := l.scrape(e); p[`securitycenter_account_blocked{account="a"}`] != 1 || l.logins() != tried {
					t.Errorf("at the end: blocked %v, %d logins", p[`securitycenter_account_blocked{account="a"}`], l.logins())
				}
				l.write(sctest.AnalystPassword)
				time.Sleep(15 * time.Second)
				l.scrape(e)
				p := l.scrape(e)
				p.want(t, "with the right password", map[string]float64{
					`securitycenter_account_blocked{account="a"}`: 0, `securitycenter_account_up{account="a"}`: 1,
				})
				if l.simulated.Sessions() == 0 {
					t.Error("the changed password was not tried")
				}
			})
		}
	}
}

func TestWhatIsNoRefusalNeverKeepsAnAccountFromLoggingIn(t *testing.T) {
	for name, effect := range map[string]sctest.Effect{
		"a firewall's page with 403":     sctest.HTMLPage(http.StatusForbidden),
		"a firewall's page with 401":     sctest.HTMLPage(http.StatusUnauthorized),
		"the limit of sessions":          sctest.SessionLimit(),
		"the limit of sessions in words": sctest.Refuse(http.StatusForbidden, 9, "The maximum number of sessions for this user is reached."),
		"code 10":                        sctest.Refuse(http.StatusForbidden, 10, "Resource is not supported."),
		"code 12":                        sctest.Refuse(http.StatusForbidden, 12, "This request contains an invalid token."),
		"a locked database":              sctest.DatabaseLocked(),
	} {
		bubble(t, name, func(t *testing.T) {
			folder := t.TempDir()
			l := &lockout{t: t, simulated: sctest.StartPipe(t, small(sctest.REST)), password: filepath.Join(folder, "password"), state: filepath.Join(folder, "logins.json")}
			l.write(sctest.AnalystPassword)
			l.configure(l.console("hq", ""))
			e := l.exporter()
			defer l.end(e)
			remove := l.simulated.Inject(sctest.Fault{Endpoint: "POST /token", Effect: effect})
			often(func(int) { l.scrape(e) })
			if n := l.logins(); n < 20 {
				t.Errorf("%d logins in 100 minutes: something else kept it", n)
			}
			l.scrape(e).want(t, name, map[string]float64{`securitycenter_account_blocked{account="a"}`: 0, `securitycenter_account_up{account="a"}`: 0})
			remove()
			time.Sleep(15 * time.Second)
			l.scrape(e)
			l.scrape(e).want(t, "when it is over", map[string]float64{`securitycenter_account_up{account="a"}`: 1})
		})
	}
}

func TestAnAccountThatWasMendedOnTheConsoleComesBack(t *testing.T) {
	bubble(t, "when the file that it names is deleted and the configuration reloaded", func(t *testing.T) {
		folder := t.TempDir()
		l := &lockout{t: t, simulated: sctest.StartPipe(t, small(sctest.REST)), password: filepath.Join(folder, "password"), state: filepath.Join(folder, "logins.json")}
		l.write("new")
		l.configure(l.console("hq", ""))
		e := l.exporter()
		defer l.end(e)
		often(func(int) { l.scrape(e) })
		l.simulated.SetPassword(sctest.AnalystUsername, "new")
		w := httptest.NewRecorder()
		e.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		if says := "until the credentials change, or " + l.state + " is deleted and the exporter reloads"; !strings.Contains(w.Body.String(), says) {
			t.Errorf("the landing page does not say %q:\n%s", says, w.Body)
		}
		reload := func() {
			if err := e.Reload(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(15 * time.Second)
			l.scrape(e)
		}
		reload()
		l.scrape(e).want(t, "after a reload alone", map[string]float64{`securitycenter_account_blocked{account="a"}`: 1})
		if err := os.Remove(l.state); err != nil {
			t.Fatal(err)
		}
		reload()
		l.scrape(e).want(t, "after the file was deleted and a reload", map[string]float64{
			`securitycenter_account_blocked{account="a"}`: 0, `securitycenter_account_up{account="a"}`: 1,
		})
	})
}

func TestFiveAccountsOfOneUserAreRefused(t *testing.T) {
	yaml := strings.Replace(hq, "username: admin,", "username: analyst,", 1)
	if _, err := config.Parse([]byte(yaml), "config.yml", KnownCollectors()); err == nil || !strings.Contains(err.Error(), "is the user name of line 6 again") {
		t.Errorf("%v", err)
	}
}
