package collector

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/maphash"
	"iter"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	dto "github.com/prometheus/client_model/go"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/errlist"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// Metrics gathers the samples of one load, and what the load could not read.
type Metrics struct {
	maxSeries int             // 0: no limit
	redact    map[string]bool // as Settings.Redact
	hashKey   []byte
	conceal   func(string) string // nil: there are no secrets
	concealed map[string]string   // what it made of long values
	samples   map[*Family]*samples
	twice     map[string]int // as Snapshot.Duplicates
	// severities are those that the console knows: SecurityCenter 4.0 to 4.2 have no info.
	severities []scapi.Severity
	read       int // parts that an account could read
	missing    []error
	absent     map[error]*Family // those of missing that are about one family
	// incomplete are the reasons why an account that could not log in might have
	// more to tell.
	incomplete []error
	dropped    int    // samples left out by the collector itself
	past       *clock // of which numbers are told; nil: the present
}

// samples are those of one family.
type samples struct {
	rows []sample // nil: they alone are more than may be shown
	seen map[[2]uint64]bool
	n    int // also of those that were not kept
}

type sample struct {
	labels []string // in the order of Family.Labels
	value  float64
}

// labelSeeds make two hashes, which together tell label sets apart without
// keeping them twice.
var labelSeeds = [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}

// NewMetrics returns an empty Metrics that keeps to the limit of series and to
// the redaction of s.
func NewMetrics(s Settings) *Metrics {
	return &Metrics{maxSeries: s.MaxSeries, redact: s.Redact, hashKey: s.HashKey, severities: allSeverities, samples: map[*Family]*samples{}, twice: map[string]int{}, concealed: map[string]string{}, absent: map[error]*Family{}}
}

// Set adds a sample. Label values come in the order of f.Labels, and are shown
// as labelValue has them. A second sample with the same labels is a fault of
// the collector: one would spoil the whole page, so the first stays and the
// snapshot tells of the others. Samples of a family that is beyond the limit of
// series by itself are not kept, only counted.
func (m *Metrics) Set(f *Family, value float64, labels ...string) {
	if len(labels) != len(f.Labels) {
		panic(fmt.Sprintf("%s wants %d label values, not %d", f.Name, len(f.Labels), len(labels)))
	}
	all := m.samples[f]
	if all == nil {
		all = &samples{seen: map[[2]uint64]bool{}}
		m.samples[f] = all
	}
	if all.seen == nil {
		all.n++
		return
	}
	shown := make([]string, len(labels))
	var text []byte
	for i, v := range labels {
		shown[i] = m.shown(f.Labels[i], v)
		text = append(append(text, shown[i]...), 0xFF) // in no valid UTF-8
	}
	key := [2]uint64{maphash.Bytes(labelSeeds[0], text), maphash.Bytes(labelSeeds[1], text)}
	if all.seen[key] {
		m.twice[f.Name]++
		return
	}
	if all.n++; m.maxSeries > 0 && all.n > m.maxSeries {
		all.rows, all.seen = nil, nil
		return
	}
	all.seen[key] = true
	all.rows = append(all.rows, sample{shown, value})
}

// longestLabel is how many bytes a label's value may have: one of some hundred
// kilobytes makes Prometheus refuse the whole page.
const longestLabel = 512

// labelValue returns a text as the value of a label: bytes that are not UTF-8
// are replaced, and what is too long ends in an ellipsis. Texts of a console that
// rows are added up by go through it first, so that what is shown alike is one.
func labelValue(text string) string {
	const ellipsis = "…"
	whole := len(text) <= longestLabel
	if !whole { // a copy, so that the text does not stay in memory for its beginning
		text = strings.Clone(text[:longestLabel])
	}
	text = strings.ToValidUTF8(text, "\uFFFD") // which may make it longer
	if whole && len(text) <= longestLabel {
		return text
	}
	end := min(len(text), longestLabel-len(ellipsis))
	for end < len(text) && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + ellipsis
}

// shown returns what is shown of a label's value: not what is redacted.
func (m *Metrics) shown(label, value string) string {
	value = labelValue(value)
	switch {
	case m.redact[label]:
		return ""
	case value != "" && m.redact["host"] && (label == "ip" || label == "host_uuid"):
		h := hmac.New(sha256.New, m.hashKey)
		h.Write([]byte(value))
		return hex.EncodeToString(h.Sum(nil)[:8])
	case m.conceal == nil || len(value) < 8: // as most are
		return value
	}
	shown, known := m.concealed[value]
	if !known {
		shown = m.conceal(value)
		m.concealed[value] = shown
	}
	return shown
}

// SetTime adds t in seconds since the epoch; nothing if t is zero.
func (m *Metrics) SetTime(f *Family, t time.Time, labels ...string) {
	if !t.IsZero() {
		m.Set(f, float64(t.UnixMilli())/1000, labels...)
	}
}

// known are the severities that the console knows, of some: others are absent, and not 0.
func (m *Metrics) known(severities []scapi.Severity) []scapi.Severity {
	return slices.DeleteFunc(slices.Clone(severities), func(s scapi.Severity) bool { return !slices.Contains(m.severities, s) })
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
		if all := m.samples[f]; all != nil {
			families = append(families, f)
			s.Series += all.n
		}
	}
	if limit := m.maxSeries; limit > 0 && s.Series > limit {
		slices.SortStableFunc(families, func(a, b *Family) int {
			return cmp.Or(cmp.Compare(m.samples[b].n, m.samples[a].n), strings.Compare(a.Name, b.Name))
		})
		for s.Series > limit {
			n := m.samples[families[0]].n
			s.Series -= n
			s.Dropped += n
			families = families[1:]
		}
	}
	slices.SortFunc(families, func(a, b *Family) int { return strings.Compare(a.Name, b.Name) })
	for _, f := range families {
		rows := m.samples[f].rows
		f.sort(rows)
		s.families = append(s.families, gathering{f, rows})
	}
	s.Missing = m.reasons(nil)
	return s
}

// reasons says what is left out, and why; of families only those of some, if any.
func (m *Metrics) reasons(families []*Family) []string {
	other := func(err error) bool {
		f := m.absent[err]
		return f != nil && families != nil && !slices.Contains(families, f)
	}
	var all []string
	for _, err := range errlist.Group(slices.DeleteFunc(slices.Clone(m.missing), other)...) {
		all = append(all, err.Error())
	}
	return all
}

// Snapshot is the outcome of a successful load.
type Snapshot struct {
	Series  int      // that it holds
	Dropped int      // left out because of MaxSeries
	Missing []string // parts that no account of the console may read, with the reason
	// Duplicates are the samples, by family, that are not among Series because
	// one with the same labels is: a fault of the collector.
	Duplicates map[string]int

	families []gathering // sorted by name, none without samples
}

// gathering is a family and its samples, in order.
type gathering struct {
	family *Family
	rows   []sample
}

// Families returns the metrics: families sorted by name, no duplicates.
func (s Snapshot) Families() []*dto.MetricFamily { return slices.Collect(s.Pieces(max(s.Series, 1))) }

// Pieces yields what Families returns, but large families in several pieces of
// at most so many samples, one after the other: what a sample takes until it can
// be written is several times what is kept of it.
func (s Snapshot) Pieces(most int) iter.Seq[*dto.MetricFamily] {
	return func(yield func(*dto.MetricFamily) bool) {
		for _, g := range s.families {
			for rows := range slices.Chunk(g.rows, most) {
				if !yield(g.family.gathered(rows)) {
					return
				}
			}
		}
	}
}

// Labels returns the labels of the first sample of a family; nil if there is none.
func (s Snapshot) Labels(family string) map[string]string {
	i := slices.IndexFunc(s.families, func(g gathering) bool { return g.family.Name == family })
	if i < 0 {
		return nil
	}
	labels := map[string]string{}
	for at, name := range s.families[i].family.Labels {
		labels[name] = s.families[i].rows[0].labels[at]
	}
	return labels
}
