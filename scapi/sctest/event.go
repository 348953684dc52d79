package sctest

import (
	"fmt"
	"iter"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// Log events are arithmetic as well: every hour of the clock has the same events at the same seconds, so that what a
// window of time holds is known without counting.

// eventTypes are the types of log events, with how many an hour has.
var eventTypes = []struct {
	name     string
	perHour  int
	protocol uint8
	ports    []uint16
}{
	{"login", 120, 6, []uint16{22, 3389}}, {"firewall", 900, 6, []uint16{80, 443, 445, 8080}}, {"web-access", 600, 6, []uint16{80, 443}},
	{"dns", 1500, 17, []uint16{53}}, {"intrusion", 12, 6, []uint16{445, 1433}}, {"system", 240, 0, []uint16{0}},
	{"vulnerability", 30, 0, []uint16{0}},
}

// event is a log event of every hour.
type event struct {
	kind, name, sensor, user string
	second                   int64 // of the hour
	from, to                 int   // hosts
	protocol                 uint8
	port                     uint16
}

var eventUsers = []string{"(unknown)", "(unknown)", "root", "admin", "scan"}

// makeEvents returns the events of an hour, the latest first.
func makeEvents(w *world) []event {
	var list []event
	for t, kind := range eventTypes {
		for k := range kind.perHour {
			h := mix(w.seed, 80, uint64(t), uint64(k))
			e := event{kind: kind.name, name: fmt.Sprintf("Example-%s_%d", kind.name, h%4), sensor: "sensor-" + strconv.Itoa(1+int(h>>4%3)),
				user: eventUsers[h>>8%uint64(len(eventUsers))], second: int64(h >> 16 % 3600), protocol: kind.protocol,
				port: kind.ports[h>>28%uint64(len(kind.ports))]}
			// A few hosts make most of the noise.
			n := uint64(len(w.byIP))
			e.from, e.to = int(w.byIP[h>>32%(1+h>>40%n)]), int(w.byIP[h>>36%n])
			list = append(list, e)
		}
	}
	slices.SortStableFunc(list, func(a, b event) int { return int(b.second - a.second) })
	return list
}

// count returns how often the event happens at from or later, and before to.
func (e *event) count(from, to int64) int {
	before := func(t int64) int64 { return (t - e.second + 3599) / 3600 } // hours whose event lies before t
	return int(max(0, before(to)-before(from)))
}

// eventSelection is what a query chose of the events.
type eventSelection struct {
	c        *Console
	from, to int64
	events   []event
	counts   []int // by event
	total    int
	lists    []*assetList
}

// eventFilters are the filters on events. The two times, in epoch seconds, are not among them.
func (c *Console) eventFilters() map[string]func(value string) (func(*event) bool, bool) {
	text := func(get func(*event) string) func(string) (func(*event) bool, bool) {
		return func(value string) (func(*event) bool, bool) {
			wanted := strings.Split(value, ",")
			return func(e *event) bool { return slices.Contains(wanted, get(e)) }, true
		}
	}
	address := func(get func(e *event, in func(host int) bool) bool) func(string) (func(*event) bool, bool) {
		return func(value string) (func(*event) bool, bool) {
			spans, ok := addressSpans(value)
			in := func(host int) bool { return inSpans(spans, int64(c.world.address(host))) }
			return func(e *event) bool { return get(e, in) }, ok
		}
	}
	numbers := func(get func(*event) int64) func(string) (func(*event) bool, bool) {
		return func(value string) (func(*event) bool, bool) {
			spans, ok := parseSpans(value)
			return func(e *event) bool { return inSpans(spans, get(e)) }, ok
		}
	}
	return map[string]func(string) (func(*event) bool, bool){
		"type": text(func(e *event) string { return e.kind }), "eventName": text(func(e *event) string { return e.name }),
		"sensor": text(func(e *event) string { return e.sensor }), "user": text(func(e *event) string { return e.user }),
		"ip":    address(func(e *event, in func(int) bool) bool { return in(e.from) || in(e.to) }),
		"srcip": address(func(e *event, in func(int) bool) bool { return in(e.from) }),
		"dstip": address(func(e *event, in func(int) bool) bool { return in(e.to) }),
		"port":  numbers(func(e *event) int64 { return int64(e.port) }), "protocol": numbers(func(e *event) int64 { return int64(e.protocol) }),
	}
}

// selectEvents applies the filters. Without a time it covers the last day.
func (c *Console) selectEvents(org int, q question, now int64) (*eventSelection, error) {
	s := &eventSelection{c: c, from: now - day, to: now, lists: c.assetLists(org)}
	known := c.eventFilters()
	var tests []func(*event) bool
	for _, f := range q.filters {
		if f.FilterName == "starttime" || f.FilterName == "endtime" {
			t, err := strconv.ParseInt(f.text(), 10, 64)
			switch {
			case err != nil || t < 0:
				return nil, badValue(f)
			case f.FilterName == "starttime":
				s.from = t
			default:
				s.to = t
			}
			continue
		}
		add, ok := known[f.FilterName]
		if !ok {
			names := []string{"endtime", "starttime"}
			for name := range known {
				names = append(names, name)
			}
			slices.Sort(names)
			return nil, c.invalidFilter("event", f.FilterName, names)
		}
		test, ok := add(f.text())
		if !ok {
			return nil, badValue(f)
		}
		tests = append(tests, test)
	}
	// The console keeps the events of some months, and none of the future.
	from, to := max(s.from, now-eventHistory), min(s.to, now)
	for _, e := range c.events() {
		if slices.ContainsFunc(tests, func(test func(*event) bool) bool { return !test(&e) }) {
			continue
		}
		if n := e.count(from, to); n > 0 {
			s.events, s.counts, s.total = append(s.events, e), append(s.counts, n), s.total+n
		}
	}
	s.from, s.to = from, max(from, to)
	return s, nil
}

// eventHistory is how long log events are kept, in seconds.
const eventHistory = 90 * day

// each yields the events at [start, end) of all that were chosen, the latest first.
func (s *eventSelection) each(start, end int, yield func(e *event, at int64)) {
	if s.total == 0 {
		return
	}
	// Going back hour by hour, one hour holds as many as every other but the first and the last.
	position := 0
	for hour := (s.to - 1) - (s.to-1)%3600; hour+3600 > s.from && position < end; hour -= 3600 {
		if whole := len(s.events); hour+3600 <= s.to && hour >= s.from && position+whole <= start {
			position += whole
			continue
		}
		first := 0
		if hour+3600 > s.to { // events are in the order of their seconds, downwards
			first = sort.Search(len(s.events), func(i int) bool { return hour+s.events[i].second < s.to })
		}
		for i := first; i < len(s.events) && position < end; i++ {
			at := hour + s.events[i].second
			if at < s.from {
				break
			}
			if position >= start {
				yield(&s.events[i], at)
			}
			position++
		}
	}
}

// plot is the count of each of n equal parts of the window, comma-separated.
func (s *eventSelection) plot(match func(*event) bool, from, to int64, n int64) string {
	parts := make([]string, n)
	for k := range parts {
		a, b := from+(to-from)*int64(k)/n, from+(to-from)*(int64(k)+1)/n
		sum := 0
		for i := range s.events {
			if match(&s.events[i]) {
				sum += s.events[i].count(max(a, s.from), min(b, s.to))
			}
		}
		parts[k] = strconv.Itoa(sum)
	}
	return strings.Join(parts, ",")
}

// Event is a log event of the simulated console.
type Event struct {
	Time           time.Time
	Type, Name     string
	Sensor, User   string
	Source, Target string // addresses
	Protocol, Port int
}

// Events yields the log events at from or later and before to, the latest first: the second path to the counts of
// the event tools. It does not know that a console keeps 90 days and nothing of the future.
func (c *Console) Events(from, to time.Time) iter.Seq[Event] {
	return func(yield func(Event) bool) {
		events := c.events()
		for hour := (to.Unix() - 1) / 3600 * 3600; hour+3600 > from.Unix(); hour -= 3600 {
			for i := range events {
				e := &events[i]
				at := hour + e.second
				if at < from.Unix() || at >= to.Unix() {
					continue
				}
				if !yield(Event{Time: time.Unix(at, 0), Type: e.kind, Name: e.name, Sensor: e.sensor, User: e.user,
					Source: ipText(c.world.address(e.from)), Target: ipText(c.world.address(e.to)),
					Protocol: int(e.protocol), Port: int(e.port)}) {
					return
				}
			}
		}
	}
}
