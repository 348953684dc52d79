package console

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// metrics counts what is asked of one console.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	bytes    *prometheus.CounterVec
	logins   *prometheus.CounterVec
	changes  atomic.Uint64

	mu      sync.Mutex
	skew    time.Duration
	skewed  bool
	certEnd time.Time
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "securitycenter_api_requests_total",
			Help: "Attempts of requests to the console by call and outcome: the HTTP status, or timeout, tls, network, canceled, or envelope where the console reported an error with HTTP 200 or sent no envelope.",
		}, []string{"endpoint", "code"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:                            "securitycenter_api_request_duration_seconds",
			Help:                            "Duration of requests to the console by call, from sending to the end of the answer, one observation per attempt.",
			Buckets:                         []float64{0.1, 0.3, 1, 3, 10, 30, 60, 120, 300},
			NativeHistogramBucketFactor:     1.1,
			NativeHistogramMaxBucketNumber:  100,
			NativeHistogramMinResetDuration: time.Hour,
		}, []string{"endpoint"}),
		bytes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "securitycenter_api_response_bytes_total",
			Help: "Bytes read from answers of the console by call.",
		}, []string{"endpoint"}),
		logins: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "securitycenter_logins_total",
			Help: "Logins tried by account and result: success, refused (wrong or locked credentials), error (no usable answer).",
		}, []string{"account", "result"}),
	}
	m.registry.MustRegister(m.requests, m.duration, m.bytes, m.logins)
	return m
}

// observe counts one attempt.
func (m *metrics) observe(x scapi.Exchange) {
	defer m.changes.Add(1)
	m.requests.WithLabelValues(x.Endpoint, x.Code).Inc()
	m.duration.WithLabelValues(x.Endpoint).Observe(x.Duration.Seconds())
	m.bytes.WithLabelValues(x.Endpoint).Add(float64(x.Bytes))
	m.mu.Lock()
	defer m.mu.Unlock()
	if !x.ConsoleTime.IsZero() {
		// The envelope is stamped in whole seconds, somewhere between request and answer.
		m.skew, m.skewed = x.ConsoleTime.Sub(x.Start.Add(x.Duration/2).Truncate(time.Second)), true
	}
	if !x.CertificateNotAfter.IsZero() {
		m.certEnd = x.CertificateNotAfter
	}
}

// Traffic returns the families that count requests and logins.
func (c *Console) Traffic() ([]*dto.MetricFamily, error) { return c.metrics.registry.Gather() }

// Changes returns a number that is another one after any request or login:
// what Traffic, ClockSkew and CertificateNotAfter return is the same while it is.
func (c *Console) Changes() uint64 { return c.metrics.changes.Load() }

// ClockSkew returns the console's clock minus ours, as of the latest answer
// that carried a time stamp.
func (c *Console) ClockSkew() (time.Duration, bool) {
	c.metrics.mu.Lock()
	defer c.metrics.mu.Unlock()
	return c.metrics.skew, c.metrics.skewed
}

// Now returns the present time by the console's clock, as far as that is known.
func (c *Console) Now() time.Time {
	skew, _ := c.ClockSkew()
	return time.Now().Add(skew)
}

// CertificateNotAfter returns the end of the console's TLS certificate; zero
// if none was seen.
func (c *Console) CertificateNotAfter() time.Time {
	c.metrics.mu.Lock()
	defer c.metrics.mu.Unlock()
	return c.metrics.certEnd
}
