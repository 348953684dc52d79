package scapi

import (
	"fmt"
	"strconv"
)

// Exploitable keeps findings for which an exploit is known.
// Both dialects: exploitAvailable "true".
func Exploitable() Filter { return flag("exploitAvailable", true) }

// AcceptedRisk keeps findings whose risk is (or is not) accepted, by the filter
// acceptRiskStatus "accepted" or "nonAccepted" (REST) or acceptedRisk (RPC).
func AcceptedRisk(accepted bool) Filter {
	return status(AcceptedRiskFlag(accepted), "acceptRiskStatus", accepted, "accepted", "nonAccepted")
}

// AcceptedRiskFlag keeps the same findings as AcceptedRisk by the filter
// acceptedRisk "true" or "false" on both dialects, for consoles that do not
// understand the other spelling.
func AcceptedRiskFlag(accepted bool) Filter { return flag("acceptedRisk", accepted) }

// Recast keeps findings whose severity a rule has (or has not) changed, by the
// filter recastRiskStatus "recast" or "notRecast" (REST) or recastRisk (RPC).
func Recast(recast bool) Filter {
	return status(RecastFlag(recast), "recastRiskStatus", recast, "recast", "notRecast")
}

// RecastFlag keeps the same findings as Recast by the filter recastRisk "true"
// or "false" on both dialects, for consoles that do not understand the other
// spelling.
func RecastFlag(recast bool) Filter { return flag("recastRisk", recast) }

// Reopened keeps findings that had (or had never) been mitigated before, by the
// filter mitigatedStatus "previously" or "never" (REST) or wasMitigated (RPC).
func Reopened(reopened bool) Filter {
	return status(ReopenedFlag(reopened), "mitigatedStatus", reopened, "previously", "never")
}

// ReopenedFlag keeps the same findings as Reopened by the filter wasMitigated
// "true" or "false" on both dialects, for consoles that do not understand the
// other spelling.
func ReopenedFlag(reopened bool) Filter { return flag("wasMitigated", reopened) }

// flag is a filter of yes and no.
func flag(name string, set bool) Filter { return Filter{Name: name, Value: strconv.FormatBool(set)} }

// status is a flag that has a name and two words of its own on REST.
func status(onRPC Filter, name string, set bool, yes, no string) Filter {
	return Filter{portable: func(t target) (Filter, error) {
		switch {
		case t.dialect == RPC:
			return onRPC, nil
		case set:
			return Filter{Name: name, Value: yes}, nil
		}
		return Filter{Name: name, Value: no}, nil
	}}
}

// DaysToMitigated keeps findings that were mitigated within so many days of
// their discovery. For Source Mitigated. Both dialects: daysToMitigated "0:30";
// SecurityCenter 4.0 to 4.4: ErrUnsupported.
func DaysToMitigated(most int) Filter {
	return Filter{portable: func(t target) (Filter, error) {
		const name = "daysToMitigated"
		switch {
		case most < 0:
			return Filter{}, fmt.Errorf("filter %s up to %d days", name, most)
		case t.dialect == RPC && t.version.before(4, 6):
			return Filter{}, &unsupportedFilter{name}
		}
		return Filter{Name: name, Value: fmt.Sprintf("0:%d", most)}, nil
	}}
}

// VPR keeps findings of plugins with a Vulnerability Priority Rating in
// [low, high], of 0 to 10. REST 5.9 and later: vprScore "7-10"; elsewhere
// ErrUnsupported.
func VPR(low, high float64) Filter {
	return Filter{portable: func(t target) (Filter, error) {
		const name = "vprScore"
		switch {
		case !(0 <= low && low <= high && high <= 10): // so that NaN is refused too
			return Filter{}, fmt.Errorf("filter %s from %v to %v, want a range within 0 to 10", name, low, high)
		case t.dialect == RPC || t.version.before(5, 9):
			return Filter{}, &unsupportedFilter{name}
		}
		number := func(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
		return Filter{Name: name, Value: number(low) + "-" + number(high)}, nil
	}}
}
