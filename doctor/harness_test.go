package doctor_test

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/doctor"
	"github.com/securitycenter-exporter/securitycenter_exporter/exporter"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/testmain"
	"github.com/securitycenter-exporter/securitycenter_exporter/recording"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestMain(m *testing.M) { testmain.Run(m) }

// configured is a configuration for a console with these accounts.
func configured(t *testing.T, url string, accounts []sctest.Account, extra string) *config.Config {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "consoles:\n  - name: hq\n    url: %s\n    accounts:\n", url)
	for _, a := range accounts {
		fmt.Fprintf(&b, "      - {name: %q, username: %[1]q, password: %q}\n", a.Username, a.Password)
	}
	c, err := config.Parse([]byte(b.String()+extra), "config.yml", exporter.KnownCollectors())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// everything switches on the collectors that are off by default.
const everything = `
collectors:
  families: {enabled: true}
  assets: {enabled: true}
  subnets: {enabled: true}
  remediation: {enabled: true}
  compliance: {enabled: true}
  tickets: {enabled: true}
  users: {enabled: true}
  risk_rules: {enabled: true}
  events: {enabled: true}
`

// page is what the exporter shows of a console when it is scraped for the first time.
func page(t *testing.T, c *config.Config, transport http.RoundTripper) string {
	t.Helper()
	e, err := exporter.New(exporter.Options{
		Load:      func() (*config.Config, error) { return c, nil },
		Transport: func(string) http.RoundTripper { return transport },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/probe?target=hq", nil)
	r.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", "120")
	w := httptest.NewRecorder()
	e.Handler().ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("%d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}

// opened is a configured console.
func opened(t *testing.T, c *config.Config, transport http.RoundTripper) *doctor.Subject {
	t.Helper()
	o, err := exporter.ConsoleOptions(c.Consoles[0])
	if err != nil {
		t.Fatal(err)
	}
	for i := range o.Accounts {
		o.Accounts[i].Transport = transport
	}
	s, err := doctor.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// A console that misbehaves need not let us log out.
		_ = s.Close(context.WithoutCancel(t.Context()))
	})
	return s
}

// record records a cycle of a configured console.
func record(t *testing.T, c *config.Config, transport http.RoundTripper, o recording.Options) *recording.Recording {
	t.Helper()
	loads, err := doctor.Loads(c.Consoles[0], exporter.CollectorSettings, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, _, err := opened(t, c, transport).Record(t.Context(), loads, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
