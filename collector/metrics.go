package collector

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/errlist"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// Metrics gathers the samples of one load, and what the load could not read.
type Metrics struct {
	maxSeries int             // 0: no limit
	redact    map[string]bool // as Settings.Redact
	hashKey   []byte
	samples   map[*Family][]*dto.Metric
	seen      map[string]bool // family and label values
	twice     map[string]int  // as Snapshot.Duplicates
	// severities are those that the console knows: SecurityCenter 4.0 to 4.2 have no info.
	severities []scapi.Severity
	read       int // parts that an account could read
	missing    []error
	// incomplete are the reasons why an account that could not log in might have
	// more to tell.
	incomplete []error
	dropped    int // samples left out by the collector itself
}

// NewMetrics returns an empty Metrics that keeps to the limit of series and to
// the redaction of s.
func NewMetrics(s Settings) *Metrics {
	return &Metrics{maxSeries: s.MaxSeries, redact: s.Redact, hashKey: s.HashKey, severities: allSeverities, samples: map[*Family][]*dto.Metric{}, seen: map[string]bool{}, twice: map[string]int{}}
}

// Set adds a sample. Label values come in the order of f.Labels; bytes that are
// not UTF-8 are replaced. A second sample with the same labels is a fault of
// the collector: one would spoil the whole page, so the first stays and the
// snapshot tells of the others.
func (m *Metrics) Set(f *Family, value float64, labels ...string) {
	if len(labels) != len(f.Labels) {
		panic(fmt.Sprintf("%s wants %d label values, not %d", f.Name, len(f.Labels), len(labels)))
	}
	pairs := make([]*dto.LabelPair, len(labels))
	key := strings.Builder{}
	key.WriteString(f.Name)
	for i, v := range labels {
		v = m.redacted(f.Labels[i], strings.ToValidUTF8(v, "\uFFFD"))
		key.WriteByte(0xFF) // in no valid UTF-8
		key.WriteString(v)
		pairs[i] = &dto.LabelPair{Name: &f.Labels[i], Value: &v}
	}
	if m.seen[key.String()] {
		m.twice[f.Name]++
		return
	}
	m.seen[key.String()] = true
	slices.SortFunc(pairs, func(a, b *dto.LabelPair) int { return strings.Compare(a.GetName(), b.GetName()) })
	sample := &dto.Metric{Label: pairs}
	if f.Counter {
		sample.Counter = &dto.Counter{Value: &value}
	} else {
		sample.Gauge = &dto.Gauge{Value: &value}
	}
	m.samples[f] = append(m.samples[f], sample)
}

// redacted returns what may be shown of a label's value.
func (m *Metrics) redacted(label, value string) string {
	switch {
	case m.redact[label]:
		return ""
	case value != "" && m.redact["host"] && (label == "ip" || label == "host_uuid"):
		h := hmac.New(sha256.New, m.hashKey)
		h.Write([]byte(value))
		return hex.EncodeToString(h.Sum(nil)[:8])
	}
	return value
}

// SetTime adds t in seconds since the epoch; nothing if t is zero.
func (m *Metrics) SetTime(f *Family, t time.Time, labels ...string) {
	if !t.IsZero() {
		m.Set(f, float64(t.UnixMilli())/1000, labels...)
	}
}

// setSeverity adds the value of one severity, which is always the last label.
func (m *Metrics) setSeverity(f *Family, severity scapi.Severity, value float64, labels ...string) {
	m.Set(f, value, append(slices.Clone(labels), severity.String())...)
}

// setCounts adds the findings of some severities, zeros too.
func (m *Metrics) setCounts(f *Family, severities []scapi.Severity, counts scapi.Counts, labels ...string) {
	for _, s := range severities {
		if !slices.Contains(m.severities, s) {
			continue // it is absent, and not 0
		}
		m.setSeverity(f, s, float64(counts[s]), labels...)
	}
}

// SetOpt adds a value that may be absent, nothing if it is: a number, a duration
// in seconds, a truth as OneIf.
func SetOpt[T bool | int64 | float64 | time.Duration](m *Metrics, f *Family, v scapi.Opt[T], labels ...string) {
	if !v.Valid {
		return
	}
	switch value := any(v.Value).(type) {
	case bool:
		m.Set(f, OneIf(value), labels...)
	case int64:
		m.Set(f, float64(value), labels...)
	case float64:
		m.Set(f, value, labels...)
	case time.Duration:
		m.Set(f, value.Seconds(), labels...)
	}
}

// OneIf is how a metric says yes, 1, and no, 0.
func OneIf(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// Snapshot returns the samples as families. Over the limit of series, whole
// families are left out, the largest first: part of a family would pass for all
// of it.
func (m *Metrics) Snapshot(known []*Family) Snapshot {
	s := Snapshot{Dropped: m.dropped, Duplicates: m.twice}
	var families []*Family
	for _, f := range known {
		if n := len(m.samples[f]); n > 0 {
			families = append(families, f)
			s.Series += n
		}
	}
	if limit := m.maxSeries; limit > 0 && s.Series > limit {
		slices.SortStableFunc(families, func(a, b *Family) int {
			return cmp.Or(cmp.Compare(len(m.samples[b]), len(m.samples[a])), strings.Compare(a.Name, b.Name))
		})
		for s.Series > limit {
			n := len(m.samples[families[0]])
			s.Series -= n
			s.Dropped += n
			families = families[1:]
		}
	}
	slices.SortFunc(families, func(a, b *Family) int { return strings.Compare(a.Name, b.Name) })
	for _, f := range families {
		s.Families = append(s.Families, f.gathered(m.samples[f]))
	}
	for _, err := range errlist.Group(m.missing...) {
		s.Missing = append(s.Missing, err.Error())
	}
	return s
}

// Snapshot is the outcome of a successful load.
type Snapshot struct {
	Families []*dto.MetricFamily // sorted by name, no duplicates
	Series   int                 // in Families
	Dropped  int                 // left out because of MaxSeries
	Missing  []string            // parts that no account of the console may read, with the reason
	// Duplicates are the samples, by family, that are not among Series because
	// one with the same labels is: a fault of the collector.
	Duplicates map[string]int
}
