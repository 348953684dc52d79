package scapi

import (
	"fmt"
	"strconv"
)

// Exploitable keeps findings for which an exploit is known.
// Both dialects: exploitAvailable "true".
func Exploitable() Filter { return flag("exploitAvailable", true) }

// AcceptedRisk keeps findings whose risk is (or is not) accepted, by the filter
// acceptRiskStatus "accepted" or "notAccepted" (REST) or acceptedRisk (RPC).
func AcceptedRisk(accepted bool) Filter {
	return status("acceptRiskStatus", "acceptedRisk", accepted, "accepted", "notAccepted")
}

// AnyRisk keeps findings whether their risk is accepted or not, in so many words:
// what a query without a filter makes of accepted findings differs between
// consoles. REST acceptRiskStatus "all"; RPC ErrUnsupported.
func AnyRisk() Filter {
	return Filter{Name: "acceptRiskStatus", rpcName: "acceptedRisk", portable: func(t target) (spelling, error) {
		if t.dialect == RPC {
			return spelling{}, errNoSpelling
		}
		return is("all")
	}}
}

// AcceptedRiskFlag keeps the same findings as AcceptedRisk by the filter
// acceptedRisk "true" or "false" on both dialects, for consoles that do not
// understand the other spelling.
func AcceptedRiskFlag(accepted bool) Filter { return flag("acceptedRisk", accepted) }

// Recast keeps findings whose severity a rule has (or has not) changed, by the
// filter recastRiskStatus "recast" or "notRecast" (REST) or recastRisk (RPC).
func Recast(recast bool) Filter {
	return status("recastRiskStatus", "recastRisk", recast, "recast", "notRecast")
}

// RecastFlag keeps the same findings as Recast by the filter recastRisk "true"
// or "false" on both dialects, for consoles that do not understand the other
// spelling.
func RecastFlag(recast bool) Filter { return flag("recastRisk", recast) }

// Reopened keeps findings that had (or had never) been mitigated before, by the
// filter mitigatedStatus "previously" or "never" (REST) or wasMitigated (RPC).
func Reopened(reopened bool) Filter {
	return status("mitigatedStatus", "wasMitigated", reopened, "previously", "never")
}

// ReopenedFlag keeps the same findings as Reopened by the filter wasMitigated
// "true" or "false" on both dialects, for consoles that do not understand the
// other spelling.
func ReopenedFlag(reopened bool) Filter { return flag("wasMitigated", reopened) }

// flag is a filter of yes and no.
func flag(name string, set bool) Filter {
	return Filter{Name: name, portable: func(target) (spelling, error) { return is(strconv.FormatBool(set)) }}
}

// status is a flag on RPC that has a name and two words of its own on REST.
func status(name, onRPC string, set bool, yes, no string) Filter {
	return Filter{Name: name, rpcName: onRPC, portable: func(t target) (spelling, error) {
		switch {
		case t.dialect == RPC:
			return is(strconv.FormatBool(set))
		case set:
			return is(yes)
		}
		return is(no)
	}}
}

// DaysToMitigated keeps findings that were mitigated within so many days of
// their discovery. For Source Mitigated. Both dialects: daysToMitigated "0:30";
// SecurityCenter 4.0 to 4.4: ErrUnsupported.
func DaysToMitigated(most int) Filter {
	return Filter{Name: "daysToMitigated", portable: func(t target) (spelling, error) {
		switch {
		case most < 0:
			return spelling{}, wrongArgument("filter on mitigation within %d days", most)
		case t.dialect == RPC && t.version.before(4, 6):
			return spelling{}, errNoSpelling
		}
		return is(fmt.Sprintf("0:%d", most))
	}}
}

// VPR keeps findings of plugins with a Vulnerability Priority Rating in
// [low, high], of 0 to 10. REST 5.9 and later: vprScore "7-10"; elsewhere
// ErrUnsupported.
func VPR(low, high float64) Filter {
	return Filter{Name: "vprScore", portable: func(t target) (spelling, error) {
		switch {
		case !(0 <= low && low <= high && high <= 10): // so that NaN is refused too
			return spelling{}, wrongArgument("filter on a VPR from %v to %v, want a range within 0 to 10", low, high)
		case t.dialect == RPC || t.version.before(5, 9):
			return spelling{}, errNoSpelling
		}
		number := func(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
		return is(number(low) + "-" + number(high))
	}}
}
