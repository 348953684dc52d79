package console

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

func TestRequestsAreCountedByCallAndOutcome(t *testing.T) {
	m := newMetrics()
	for _, x := range []scapi.Exchange{
		{Endpoint: "/feed", Code: "200", Bytes: 100, Duration: 2 * time.Second},
		{Endpoint: "/feed", Code: "200", Bytes: 23, Duration: 200 * time.Millisecond},
		{Endpoint: "/feed", Code: "timeout", Duration: time.Minute},
		{Endpoint: "/scanResult/{id}", Code: "403"},
	} {
		m.observe(x)
	}
	want := `
# HELP securitycenter_api_requests_total Attempts of requests to the console by call and outcome: the HTTP status, or timeout, tls, network, canceled, or envelope where the console reported an error with HTTP 200 or sent no envelope.
# TYPE securitycenter_api_requests_total counter
securitycenter_api_requests_total{code="200",endpoint="/feed"} 2
securitycenter_api_requests_total{code="403",endpoint="/scanResult/{id}"} 1
securitycenter_api_requests_total{code="timeout",endpoint="/feed"} 1
# HELP securitycenter_api_response_bytes_total Bytes read from answers of the console by call.
# TYPE securitycenter_api_response_bytes_total counter
securitycenter_api_response_bytes_total{endpoint="/feed"} 123
securitycenter_api_response_bytes_total{endpoint="/scanResult/{id}"} 0
`
	err := testutil.GatherAndCompare(m.registry, strings.NewReader(want), "securitycenter_api_requests_total", "securitycenter_api_response_bytes_total")
	if err != nil {
		t.Error(err)
	}
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != "securitycenter_api_request_duration_seconds" {
			continue
		}
		h := f.Metric[0].GetHistogram()
		if h.GetSampleCount() != 3 || h.GetSampleSum() != 62.2 {
			t.Errorf("%d observations of %v seconds, want one per attempt", h.GetSampleCount(), h.GetSampleSum())
		}
		for i, bound := range []float64{0.1, 0.3, 1, 3, 10, 30, 60, 120, 300} {
			if b := h.Bucket[i]; b.GetUpperBound() != bound {
				t.Errorf("bucket %d ends at %v, want %v", i, b.GetUpperBound(), bound)
			}
		}
		if h.Schema == nil {
			t.Error("it is no native histogram")
		}
	}
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("promlint: %v, %v", problems, err)
	}
}

func TestTheClockSkewIsTheConsolesClockMinusOurs(t *testing.T) {
	sent := time.Date(2026, 5, 1, 12, 0, 0, 900_000_000, time.UTC)
	for _, tt := range []struct {
		name   string
		stamp  time.Time
		took   time.Duration
		want   time.Duration
		absent bool
	}{
		{"no time stamp", time.Time{}, 0, 0, true},
		{"the same second", sent.Truncate(time.Second), 0, 0, false},
		{"taken in the middle of the request", sent.Add(5 * time.Second).Truncate(time.Second), 10 * time.Second, 0, false},
		{"ahead", sent.Truncate(time.Second).Add(time.Hour), 0, time.Hour, false},
		{"behind", sent.Truncate(time.Second).Add(-time.Minute), 0, -time.Minute, false},
	} {
		c, err := New(Options{Name: "hq", Accounts: []AccountOptions{{Name: "a", Options: scapi.Options{URL: "http://127.0.0.1"}}}})
		if err != nil {
			t.Fatal(err)
		}
		c.metrics.observe(scapi.Exchange{Start: sent, Duration: tt.took, ConsoleTime: tt.stamp})
		got, ok := c.ClockSkew()
		if got != tt.want || ok == tt.absent {
			t.Errorf("%s: %s, %v; want %s", tt.name, got, ok, tt.want)
		}
	}
}

func TestTheEndOfTheCertificateIsThatOfTheLatestOne(t *testing.T) {
	c, err := New(Options{Name: "hq", Accounts: []AccountOptions{{Name: "a", Options: scapi.Options{URL: "https://127.0.0.1"}}}})
	if err != nil {
		t.Fatal(err)
	}
	if !c.CertificateNotAfter().IsZero() {
		t.Error("a certificate before the first request")
	}
	old, renewed := time.Unix(1000, 0), time.Unix(2000, 0)
	for _, end := range []time.Time{old, renewed, {}} { // the last request got no certificate at all
		c.metrics.observe(scapi.Exchange{CertificateNotAfter: end})
	}
	if got := c.CertificateNotAfter(); !got.Equal(renewed) {
		t.Errorf("%s, want %s", got, renewed)
	}
}
