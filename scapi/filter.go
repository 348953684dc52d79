package scapi

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Filter restricts a query. One made by hand is sent as it is; the functions
// below make filters that are spelled as each dialect and version wants them.
// All filters of a query must hold. What a console makes of two filters of the
// same name is not known: give each name once.
//
// A filter that the console's dialect or version has no spelling for makes the
// query fail with ErrUnsupported before it is sent. A filter that the console
// does not know makes it fail with an error for which RefusalOf holds.
type Filter struct {
	Name     string // on the wire; of a filter made by a function, its name on REST
	Operator string // "=" when empty
	Value    any    // string, number, or what the REST filter wants

	rpcName  string // on RPC, where it differs
	portable portable
}

// Called reports whether the filter has this name on the wire of either dialect.
func (f Filter) Called(name string) bool {
	return name != "" && (f.Name == name || f.rpcName == name)
}

// portable spells a filter's value for a dialect and version. A nil value is no
// restriction and is not sent. An error that is errNoSpelling says that there is
// no such filter.
type portable func(t target) (spelling, error)

type spelling struct {
	operator string // "=" when empty
	value    any
}

var errNoSpelling = errors.New("no spelling")

// is spells a filter that equals value.
func is(value any) (spelling, error) { return spelling{value: value}, nil }

// target is what a filter is spelled for.
type target struct {
	dialect API
	version version
	// now is the console's time, as far as known: SecurityCenter 4 takes ages
	// in days rather than times.
	now time.Time
}

// oldScale reports whether the console counts severities from 0 (low) to 3
// (critical), as SecurityCenter 4.0 to 4.2 do.
func (t target) oldScale() bool { return t.dialect == RPC && t.version.before(4, 4) }

// BySeverity keeps findings of these severities, of which there must be one at
// least. SecurityCenter 4.0 to 4.2 know no Info: a filter that asks for nothing
// else is not supported there.
func BySeverity(s ...Severity) Filter {
	s = append([]Severity(nil), s...)
	return Filter{Name: "severity", portable: func(t target) (spelling, error) {
		var digits []string
		for _, severity := range s {
			if severity < Info || severity > Critical {
				return spelling{}, wrongArgument("filter on severity %d, which does not exist", int(severity))
			}
			if t.oldScale() {
				if severity--; severity < 0 {
					continue
				}
			}
			digits = append(digits, strconv.Itoa(int(severity)))
		}
		switch {
		case len(s) == 0:
			return spelling{}, wrongArgument("filter on severities without a severity")
		case len(digits) == 0:
			return spelling{}, fmt.Errorf("filter on severity info: %w: it has no such severity", ErrUnsupported)
		}
		return is(strings.Join(digits, ","))
	}}
}

// ByPluginType keeps findings of plugins of this type: active, passive, event
// (not on SecurityCenter 4) or compliance. Both dialects: pluginType "active";
// Security Center 6 calls event lce.
func ByPluginType(pluginType string) Filter {
	return Filter{Name: "pluginType", portable: func(t target) (spelling, error) {
		switch pluginType {
		case "active", "passive", "compliance":
			return is(pluginType)
		case "event":
			switch {
			case t.dialect == RPC:
				return spelling{}, fmt.Errorf("filter on plugin type event: %w", ErrUnsupported)
			case t.version.before(6):
				return is("event")
			}
			return is("lce")
		}
		return spelling{}, wrongArgument("filter on plugin type %q, which is none of active, passive, event, compliance", pluginType)
	}}
}

// FirstSeen keeps findings first seen in [from, to]; a zero time leaves that
// side open. REST and SecurityCenter 4 differ in precision: REST is asked for
// seconds, SecurityCenter 4 for whole days before now, to which both times are
// rounded. SecurityCenter 4.0 to 4.2 support one open side, or a window that
// ends now.
func FirstSeen(from, to time.Time) Filter { return window("firstSeen", from, to) }

// LastSeen keeps findings last seen in [from, to]; see FirstSeen.
func LastSeen(from, to time.Time) Filter { return window("lastSeen", from, to) }

// LastMitigated keeps findings that were last mitigated in [from, to]; see
// FirstSeen. For Source Mitigated.
func LastMitigated(from, to time.Time) Filter { return window("lastMitigated", from, to) }

// PluginPublished keeps findings whose plugin was published in [from, to]; see FirstSeen.
func PluginPublished(from, to time.Time) Filter { return window("pluginPublished", from, to) }

// PatchPublished keeps findings whose patch was published in [from, to]; see FirstSeen.
func PatchPublished(from, to time.Time) Filter { return window("patchPublished", from, to) }

// VulnPublished keeps findings whose vulnerability was published in [from, to]; see FirstSeen.
func VulnPublished(from, to time.Time) Filter { return window("vulnPublished", from, to) }

const (
	// farFuture ends a range that is open at the end; a range has no other
	// spelling for that. Constant, so that the console may answer from a cache.
	farFuture = 9999999999
	// allDays begins a day window that is open at the beginning; it leads to a
	// time before there were findings, and after the epoch.
	allDays = 10000
)

func window(name string, from, to time.Time) Filter {
	return Filter{Name: name, portable: func(t target) (spelling, error) {
		if !from.IsZero() && !to.IsZero() && to.Before(from) {
			return spelling{}, wrongArgument("filter %s from %s to %s", name, from.UTC().Format(time.RFC3339), to.UTC().Format(time.RFC3339))
		}
		if from.IsZero() && to.IsZero() {
			return spelling{}, nil
		}
		if t.dialect == REST {
			first, last := int64(0), int64(farFuture)
			if !from.IsZero() {
				first = max(from.Unix(), 0)
			}
			if !to.IsZero() {
				last = max(to.Unix(), 0)
			}
			return is(fmt.Sprintf("%d-%d", first, last))
		}
		newest, oldest := 0, allDays
		if !from.IsZero() {
			oldest = daysBefore(t.now, from)
		}
		if !to.IsZero() {
			newest = daysBefore(t.now, to)
		}
		if !t.oldScale() { // the same releases changed both
			return is(fmt.Sprintf("%d:%d", newest, oldest))
		}
		switch {
		case newest == 0:
			return spelling{"<=", strconv.Itoa(oldest)}, nil
		case from.IsZero():
			return spelling{">=", strconv.Itoa(newest)}, nil
		}
		return spelling{}, fmt.Errorf("filter %s between two days: %w", name, ErrUnsupported)
	}}
}

// daysBefore is the age of t in days, rounded; 0 for what is not past.
func daysBefore(now, t time.Time) int {
	return max(int(math.Round(now.Sub(t).Hours()/24)), 0)
}

// EventsSince keeps log events from this time on. For Source Events. Both
// dialects: starttime, in seconds.
func EventsSince(from time.Time) Filter {
	return Filter{Name: "starttime", portable: func(target) (spelling, error) { return is(from.Unix()) }}
}

// ExcludeWAS leaves out web-application findings (REST 6.2 and later;
// elsewhere ErrUnsupported, and there are none).
func ExcludeWAS() Filter {
	return Filter{Name: "wasVuln", portable: func(t target) (spelling, error) {
		if t.dialect == RPC || t.version.before(6, 2) {
			return spelling{}, errNoSpelling
		}
		return is("excludeWas")
	}}
}

// wireFilter is a filter as both dialects take it.
type wireFilter struct {
	Name     string `json:"filterName"`
	Operator string `json:"operator"`
	Value    any    `json:"value"`
}

// spell returns the filters as t wants them; never nil, as consoles want a list.
func spell(filters []Filter, t target) ([]wireFilter, error) {
	spelled := make([]wireFilter, 0, len(filters))
	for _, f := range filters {
		name, as := f.Name, spelling{f.Operator, f.Value}
		if f.portable != nil {
			var err error
			as, err = f.portable(t)
			switch {
			case errors.Is(err, errNoSpelling):
				return nil, &unsupportedFilter{f.Name}
			case err != nil:
				return nil, err
			case as.value == nil:
				continue
			}
			if t.dialect == RPC {
				name = cmp.Or(f.rpcName, f.Name)
			}
		}
		if name == "" {
			return nil, wrongArgument("filter without a name")
		}
		spelled = append(spelled, wireFilter{name, cmp.Or(as.operator, "="), as.value})
	}
	return spelled, nil
}
