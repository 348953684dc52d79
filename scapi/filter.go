package scapi

import (
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
// does not know makes it fail with an error for which RefusedFilter holds.
type Filter struct {
	Name     string
	Operator string // "=" when empty
	Value    any    // string, number, or what the REST filter wants

	portable portable
}

// portable spells a filter for a dialect and version. A result without a name
// is no restriction and is not sent.
type portable func(t target) (Filter, error)

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
	return Filter{portable: func(t target) (Filter, error) {
		var digits []string
		for _, severity := range s {
			if severity < Info || severity > Critical {
				return Filter{}, fmt.Errorf("filter on severity %d, which does not exist", int(severity))
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
			return Filter{}, errors.New("filter on severities without a severity")
		case len(digits) == 0:
			return Filter{}, fmt.Errorf("filter on severity info: %w: it has no such severity", ErrUnsupported)
		}
		return Filter{Name: "severity", Value: strings.Join(digits, ",")}, nil
	}}
}

// ByPluginType keeps findings of plugins of this type: active, passive, event
// (not on SecurityCenter 4) or compliance.
func ByPluginType(pluginType string) Filter {
	return Filter{portable: func(t target) (Filter, error) {
		switch pluginType {
		case "active", "passive", "compliance":
		case "event":
			if t.dialect == RPC {
				return Filter{}, fmt.Errorf("filter on plugin type event: %w", ErrUnsupported)
			}
		default:
			return Filter{}, fmt.Errorf("filter on plugin type %q, which is none of active, passive, event, compliance", pluginType)
		}
		return Filter{Name: "pluginType", Value: pluginType}, nil
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
	return Filter{portable: func(t target) (Filter, error) {
		if !from.IsZero() && !to.IsZero() && to.Before(from) {
			return Filter{}, fmt.Errorf("filter %s from %s to %s", name, from.UTC().Format(time.RFC3339), to.UTC().Format(time.RFC3339))
		}
		if from.IsZero() && to.IsZero() {
			return Filter{}, nil
		}
		if t.dialect == REST {
			first, last := int64(0), int64(farFuture)
			if !from.IsZero() {
				first = max(from.Unix(), 0)
			}
			if !to.IsZero() {
				last = max(to.Unix(), 0)
			}
			return Filter{Name: name, Value: fmt.Sprintf("%d-%d", first, last)}, nil
		}
		newest, oldest := 0, allDays
		if !from.IsZero() {
			oldest = daysBefore(t.now, from)
		}
		if !to.IsZero() {
			newest = daysBefore(t.now, to)
		}
		if !t.oldScale() { // the same releases changed both
			return Filter{Name: name, Value: fmt.Sprintf("%d:%d", newest, oldest)}, nil
		}
		switch {
		case newest == 0:
			return Filter{Name: name, Operator: "<=", Value: strconv.Itoa(oldest)}, nil
		case from.IsZero():
			return Filter{Name: name, Operator: ">=", Value: strconv.Itoa(newest)}, nil
		}
		return Filter{}, fmt.Errorf("filter %s between two days: %w", name, ErrUnsupported)
	}}
}

// daysBefore is the age of t in days, rounded; 0 for what is not past.
func daysBefore(now, t time.Time) int {
	return max(int(math.Round(now.Sub(t).Hours()/24)), 0)
}

// ExcludeWAS leaves out web-application findings (REST 6.2 and later;
// elsewhere ErrUnsupported, and there are none).
func ExcludeWAS() Filter {
	return Filter{portable: func(t target) (Filter, error) {
		if t.dialect == RPC || t.version.before(6, 2) {
			return Filter{}, &unsupportedFilter{"wasVuln"}
		}
		return Filter{Name: "wasVuln", Value: "excludeWas"}, nil
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
		if f.portable != nil {
			var err error
			if f, err = f.portable(t); err != nil {
				return nil, err
			}
			if f.Name == "" {
				continue
			}
		}
		if f.Name == "" {
			return nil, errors.New("filter without a name")
		}
		if f.Operator == "" {
			f.Operator = "="
		}
		spelled = append(spelled, wireFilter{f.Name, f.Operator, f.Value})
	}
	return spelled, nil
}
