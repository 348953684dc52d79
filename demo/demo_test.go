package demo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/exporter"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/exhaustive"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/testmain"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestMain(m *testing.M) { testmain.Run(m) }

// scraper scrapes an exporter of the demonstration's consoles, reached in memory.
type scraper struct {
	t       *testing.T
	handler http.Handler
}

func startScraper(t *testing.T) scraper {
	t.Helper()
	consoles := map[string]*sctest.Server{}
	for name, o := range Consoles() {
		consoles[name] = sctest.StartPipe(t, o)
	}
	e, err := exporter.New(exporter.Options{
		Load: func() (*config.Config, error) {
			return Config(exporter.KnownCollectors(), consoles[Current].URL, consoles[Old].URL)
		},
		Transport: func(console string) http.RoundTripper { return consoles[console].Transport() },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return scraper{t, e.Handler()}
}

// series scrapes a console and returns its lines of samples that begin so.
func (s scraper) series(console string, prefixes ...string) []string {
	s.t.Helper()
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/probe?target="+console, nil))
	if w.Code != http.StatusOK {
		s.t.Fatalf("%d: %s", w.Code, w.Body)
	}
	var found []string
	for line := range strings.Lines(w.Body.String()) {
		for _, prefix := range prefixes {
			if strings.HasPrefix(line, prefix) {
				found = append(found, strings.TrimSpace(line))
			}
		}
	}
	return found
}

// TestTheCurrentConsoleAlwaysHasSomethingToShow looks at it at many times of
// day and week, because a demonstration may begin at any of them.
func TestTheCurrentConsoleAlwaysHasSomethingToShow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := startScraper(t)
		for range exhaustive.Sample(make([]struct{}, 15), 3) { // days
			time.Sleep(19*time.Hour + 13*time.Minute)
			for what, prefix := range map[string]string{
				"a running scan":                      "securitycenter_scan_running_since_timestamp_seconds{",
				"a next run":                          "securitycenter_scan_next_run_timestamp_seconds{",
				"a remote repository":                 `securitycenter_repository_info{data_format="IPv4",repository="Branch Offices",repository_id="3",type="remote"} 1`,
				"the synchronisation of a repository": `securitycenter_repository_last_sync_timestamp_seconds{repository="Branch Offices",`,
				"a failed back-up":                    "securitycenter_database_backup_last_failure_timestamp_seconds ",
				"an expired feed":                     `securitycenter_subscription_valid{feed="event"} 0`,
				"critical findings":                   `securitycenter_vulnerabilities{repository="Default",repository_id="1",severity="critical"}`,
			} {
				if len(s.series(Current, prefix)) == 0 {
					t.Errorf("%s: there is no %s", time.Now().UTC(), what)
				}
			}
		}
	})
}

func TestEveryCollectorOfBothConsolesSucceeds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := startScraper(t)
		for name, api := range apis {
			var want []string
			for _, col := range collector.All() {
				if col.On(api) {
					want = append(want, fmt.Sprintf("securitycenter_collector_success{collector=%q} 1", col.Name))
				}
			}
			slices.Sort(want)
			if d := cmp.Diff(want, s.series(name, "securitycenter_collector_success{")); d != "" {
				t.Errorf("%s (-want +got):\n%s", name, d)
			}
		}
	})
}

// apis are the protocols of the consoles.
var apis = map[string]scapi.API{Current: scapi.REST, Old: scapi.RPC}

// TestTheConsolesShowTheWholeCatalogue looks for every metric of every
// collector that a console can tell.
func TestTheConsolesShowTheWholeCatalogue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := startScraper(t)
		for name, api := range apis {
			for _, col := range collector.All() {
				for _, family := range col.Families {
					if shown := len(s.series(name, family.Name+"{", family.Name+" ")) > 0; shown != family.Source.On(api) {
						t.Errorf("%s: collector %s shows %s: %v", name, col.Name, family.Name, shown)
					}
				}
			}
		}
		// Without deadlines in the configuration there is the vendor's policy.
		for severity, days := range map[string]int{"critical": 7, "high": 30, "medium": 60, "low": 180} {
			want := fmt.Sprintf(`securitycenter_sla_threshold_seconds{severity=%q,sla="default"} `, severity)
			got := s.series(Current, want)
			if len(got) != 1 {
				t.Fatalf("%s: %q", want, got)
			}
			if v, err := strconv.ParseFloat(strings.TrimPrefix(got[0], want), 64); err != nil || v != float64(days*86400) {
				t.Errorf("%s, want %d days", got[0], days)
			}
		}
	})
}

func TestTheDataMoves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := startScraper(t)
		for _, name := range []string{Current, Old} {
			before := s.series(name, "securitycenter_vulnerabilities{")
			time.Sleep(24 * time.Hour)
			after := s.series(name, "securitycenter_vulnerabilities{")
			if len(before) == 0 || strings.Join(before, "\n") == strings.Join(after, "\n") {
				t.Errorf("%s: the vulnerabilities of a day later are the same", name)
			}
		}
	})
}

func TestStart(t *testing.T) {
	d, err := Start()
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	c, err := d.Config(exporter.KnownCollectors())
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Consoles) != 2 || c.Consoles[0].Name != Current || c.Consoles[1].Name != Old {
		t.Fatalf("consoles %v", c.Consoles)
	}
	var said bytes.Buffer
	if err := d.Describe(&said, "http://127.0.0.1:10078"); err != nil {
		t.Fatal(err)
	}

	t.Run("the consoles listen on the loopback address only", func(t *testing.T) {
		for _, console := range c.Consoles {
			if host := console.URL.Hostname(); host != "127.0.0.1" {
				t.Errorf("%s listens on %s", console.Name, host)
			}
		}
	})

	t.Run("a person is told where to look and how to log in", func(t *testing.T) {
		for _, word := range []string{
			"http://127.0.0.1:10078/probe?target=sc6", "http://127.0.0.1:10078/probe?target=sc4", "http://127.0.0.1:10078/metrics",
			c.Consoles[0].URL.String() + "/rest", c.Consoles[1].URL.String() + "/request.php",
			sctest.AdminUsername + " / " + sctest.AdminPassword, sctest.AnalystUsername + " / " + sctest.AnalystPassword,
		} {
			if !strings.Contains(said.String(), word) {
				t.Errorf("it does not say %s:\n%s", word, &said)
			}
		}
	})

	t.Run("any client can ask the consoles", func(t *testing.T) {
		transport := &http.Transport{}
		defer transport.CloseIdleConnections()
		client := &http.Client{Transport: transport}
		for _, ask := range []struct {
			url  string
			form url.Values
		}{
			{c.Consoles[0].URL.String() + "/rest/system", nil},
			{c.Consoles[1].URL.String() + "/request.php", url.Values{"module": {"system"}, "action": {"init"}, "request_id": {"1"}}},
		} {
			var res *http.Response
			var err error
			if ask.form == nil {
				res, err = client.Get(ask.url)
			} else {
				res, err = client.PostForm(ask.url, ask.form)
			}
			if err != nil {
				t.Fatal(err)
			}
			var answer struct {
				Response json.RawMessage `json:"response"`
			}
			if err := json.NewDecoder(res.Body).Decode(&answer); err != nil || len(answer.Response) == 0 {
				t.Errorf("%s: %s, %v", ask.url, res.Status, err)
			}
			if err := res.Body.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}
