package report

import (
	"iter"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	dto "github.com/prometheus/client_model/go"
)

// severities, the worst first.
var severities = []string{"critical", "high", "medium", "low", "info"}

// title is a word at the beginning of a line.
func title(words string) string {
	first, size := utf8.DecodeRuneInString(words)
	return string(unicode.ToUpper(first)) + words[size:]
}

// scrape is series by the name of their family.
type scrape struct {
	families map[string][]series
	found    map[[2]string]map[string][]series // by family and label, then by its value: filled where it is looked for, because of consoles with a thousand repositories
}

type series struct {
	labels
	value float64
}

func newScrape(families []*dto.MetricFamily) scrape {
	s := scrape{map[string][]series{}, map[[2]string]map[string][]series{}}
	for _, f := range families {
		for _, m := range f.Metric {
			l := labels{}
			for _, pair := range m.Label {
				l[pair.GetName()] = pair.GetValue()
			}
			s.families[f.GetName()] = append(s.families[f.GetName()], series{l, m.GetGauge().GetValue() + m.GetCounter().GetValue()})
		}
	}
	return s
}

// having are the series of a family in which a label has a value.
func (s scrape) having(family, label, value string) []series {
	key := [2]string{family, label}
	if s.found[key] == nil {
		s.found[key] = map[string][]series{}
		for _, one := range s.families[family] {
			s.found[key][one.labels[label]] = append(s.found[key][one.labels[label]], one)
		}
	}
	return s.found[key][value]
}

// labels of a series by name.
type labels map[string]string

// has reports whether labels have the values: name, value, name, value.
func (l labels) has(where []string) bool {
	for i := 0; i < len(where); i += 2 {
		if l[where[i]] != where[i+1] {
			return false
		}
	}
	return true
}

// each iterates over the series of a family that have the labels, in their order.
func (s scrape) each(family string, where ...string) iter.Seq2[labels, float64] {
	return func(yield func(labels, float64) bool) {
		all := s.families[family]
		if len(where) > 0 {
			all = s.having(family, where[0], where[1])
		}
		for _, one := range all {
			if one.has(where) && !yield(one.labels, one.value) {
				return
			}
		}
	}
}

// sum adds the series up; false where there is none.
func (s scrape) sum(family string, where ...string) (sum float64, known bool) {
	for _, v := range s.each(family, where...) {
		sum, known = sum+v, true
	}
	return sum, known
}

// by is the sum of the series for each value of a label.
func (s scrape) by(family, label string, where ...string) map[string]float64 {
	sums := map[string]float64{}
	for l, v := range s.each(family, where...) {
		sums[l[label]] += v
	}
	return sums
}

// values are those of a label, in the order of the series, each once.
func (s scrape) values(family, label string) []string {
	var all []string
	known := map[string]bool{}
	for l := range s.each(family) {
		if !known[l[label]] {
			known[l[label]] = true
			all = append(all, l[label])
		}
	}
	return all
}

// absent stands where the console does not tell a number.
const absent = "–"

// total is a sum of what is told.
type total struct {
	value float64
	told  bool
}

func (t total) cell() cell {
	if !t.told {
		return cell{Text: absent}
	}
	return cell{Text: count(t.value)}
}

// number is the sum of the series as a cell.
func (s scrape) number(family string, where ...string) cell {
	v, known := s.sum(family, where...)
	return total{v, known}.cell()
}

// count is a number with a comma after each thousand.
func count(v float64) string {
	text := strconv.FormatFloat(math.Abs(v), 'f', -1, 64)
	whole, fraction, cut := strings.Cut(text, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if cut {
		whole += "." + fraction
	}
	if v < 0 {
		return "−" + whole
	}
	return whole
}

// signed is a count with its sign.
func signed(v float64) string {
	if v > 0 {
		return "+" + count(v)
	}
	return count(v)
}

// percent is a share of a whole.
func percent(part, whole float64) string {
	if whole <= 0 {
		return absent
	}
	return strconv.FormatFloat(100*part/whole, 'f', 1, 64) + " %"
}

// day is a time in seconds since the epoch, as people read it.
func day(seconds float64) string {
	return time.Unix(int64(seconds), 0).UTC().Format("2006-01-02 15:04")
}

// age is how long before now a time in seconds since the epoch is.
func (v view) age(seconds float64) time.Duration {
	return v.Now.Sub(time.Unix(int64(seconds), 0))
}

// older reports whether an age is beyond a limit in seconds.
func (v view) older(age time.Duration, limit string) bool {
	return age.Seconds() > v.limits[limit]
}
