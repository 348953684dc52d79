package doctor_test

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/securitycenter-exporter/securitycenter_exporter/doctor"
	"github.com/securitycenter-exporter/securitycenter_exporter/recording"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// reading are the calls that change nothing but sessions, as the protocols' descriptions have them.
func reading(r sctest.Request) bool {
	if strings.Contains(r.Endpoint, "::") {
		module, action, _ := strings.Cut(r.Endpoint, "::")
		return module == "auth" || action == "init" || action == "query" || action == "getRange"
	}
	switch {
	case r.Method == http.MethodGet, r.Endpoint == "POST /analysis", r.Endpoint == "POST /token", r.Endpoint == "DELETE /token":
		return true
	}
	// A REST client that asks SecurityCenter 4, or the other way round.
	return r.Status == http.StatusNotFound
}

func TestNothingButLoginsAndReadsIsAsked(t *testing.T) {
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		t.Run(dialect.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				live := sctest.StartPipe(t, sctest.Options{Dialect: dialect, Hosts: 30, Plugins: 500, Scans: 2, Repositories: 2})
				c := configured(t, live.URL, live.Options().Accounts, everything)
				if r := examine(t, c, live.Transport()); r.Wrong() {
					t.Error(r.Summary())
				}
				record(t, c, live.Transport(), recording.Options{})
				requests := live.Requests()
				if len(requests) < 200 {
					t.Fatalf("only %d requests", len(requests))
				}
				for _, r := range requests {
					if !reading(r) {
						t.Errorf("%s %s", r.Method, r.Endpoint)
					}
				}
			})
		})
	}
}

func TestAPublicReportTellsNothingThatWasPlanted(t *testing.T) {
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		t.Run(dialect.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				live := sctest.StartPipe(t, sctest.Options{Dialect: dialect, Hosts: 30, Plugins: 500, Scans: 2, Accounts: hostileAccounts()})
				r := examine(t, configured(t, live.URL, live.Options().Accounts, ""), &hostile{next: live.Transport()})
				if len(r.Checks) < 20 {
					t.Fatalf("only %d checks", len(r.Checks))
				}
				for _, format := range []string{"table", "md", "json"} {
					var private, public bytes.Buffer
					if err := doctor.Write(&private, format, []*doctor.Report{r}); err != nil {
						t.Fatal(err)
					}
					if err := doctor.Write(&public, format, []*doctor.Report{r.Publish()}); err != nil {
						t.Fatal(err)
					}
					clean(t, format, public.String())
					for _, secret := range []string{"Tr0ub4dor", "dWI0ZG9y"} {
						if strings.Contains(private.String(), secret) {
							t.Errorf("the report that is not public tells %q", secret)
						}
					}
				}
			})
		})
	}
}

func TestAPublicReportTellsNoNamesAndNoNumbersOfASite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		live := sctest.StartPipe(t, sctest.Options{Hosts: 137, Plugins: 500, Scans: 2, Repositories: 3, UnassignedRepository: true})
		r := examine(t, configured(t, live.URL, live.Options().Accounts, ""), live.Transport())
		var private, public bytes.Buffer
		if err := r.WriteText(&private); err != nil {
			t.Fatal(err)
		}
		if err := r.Publish().WriteMarkdown(&public); err != nil {
			t.Fatal(err)
		}
		repositories := live.Repositories()
		unread := repositories[len(repositories)-1].Name
		for _, text := range []string{"hq", "analyst", unread, "series in"} {
			if !strings.Contains(private.String(), text) {
				t.Errorf("the report does not tell %q", text)
			}
		}
		for _, text := range []string{"hq", "analyst", unread, live.URL} {
			if strings.Contains(public.String(), text) {
				t.Errorf("the public report tells %q:\n%s", text, public.String())
			}
		}
		all := 0
		for f := range live.Findings() {
			if f.Host.Repository != repositories[len(repositories)-1].ID {
				all++
			}
		}
		if n := len(r.Publish().Checks); n != len(r.Checks) || !strings.Contains(private.String(), "sum: ") {
			t.Errorf("%d checks of %d, of %d findings", n, len(r.Checks), all)
		}
		for _, c := range r.Publish().Checks {
			if c.Found == "" || slices.ContainsFunc(strings.Fields(c.Found), func(w string) bool { return w == "137" }) {
				t.Errorf("%s: %q", c.ID, c.Found)
			}
		}
	})
}

func TestACertificateIsLookedAt(t *testing.T) {
	live := sctest.StartTLS(t, sctest.Options{Hosts: 10, Plugins: 100, Scans: 2, Repositories: 1})
	r := examine(t, configured(t, live.URL, live.Options().Accounts, ""), live.Transport())
	if c := r.Check("way.tls"); c.Result == doctor.Wrong || !strings.Contains(c.Found, "TLS 1.3, chain of") {
		t.Errorf("%+v", c)
	}
	untrusting := &http.Transport{}
	defer untrusting.CloseIdleConnections()
	r = examine(t, configured(t, live.URL, live.Options().Accounts, ""), untrusting)
	if c := r.Check("account.1.login"); c.Result != doctor.Wrong || !strings.Contains(c.Found, "certificate") || !strings.Contains(c.Do, "certificate") {
		t.Errorf("%+v", c)
	}
}
