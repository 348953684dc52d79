package alerts

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestEveryLimitIsReadAndUsed(t *testing.T) {
	all, err := Limits()
	if err != nil {
		t.Fatal(err)
	}
	var alerting strings.Builder
	for _, file := range []string{"core.yml", "extended.yml"} {
		alerting.WriteString(read(t, file))
	}
	recorded := 0
	for _, r := range rules(t, "limits.yml") {
		if name, own := strings.CutPrefix(r.Record, prefix); own {
			recorded++
			if _, ok := all[name]; !ok {
				t.Errorf("%s is not read: %s", r.Record, r.Expr)
			}
		}
		if !regexp.MustCompile(`\b` + r.Record + `\b`).MatchString(alerting.String()) {
			t.Errorf("no alert compares with %s", r.Record)
		}
	}
	if recorded != len(all) {
		t.Errorf("%d limits are recorded, %d are read: %q", recorded, len(all), slices.Sorted(maps.Keys(all)))
	}
	if all["feed_age_seconds"] != 2*86400 || all["overdue_ratio"] != 0.05 {
		t.Errorf("a feed may be %v s old and %v be overdue", all["feed_age_seconds"], all["overdue_ratio"])
	}
	// An older file lacks what is new, and that is told by how many there are.
	if n := ">= " + strconv.Itoa(len(all)); !strings.Contains(alertsOf(t)["SecurityCenterLimitsAbsent"].Expr, n) {
		t.Errorf("SecurityCenterLimitsAbsent does not ask for %s limits", n)
	}
}

// number finds what an alert compares with, or multiplies or adds, if it is a number.
var number = regexp.MustCompile(`(?:[<>]=?|[-+*]) *(-?[0-9][0-9.]*)\b|\b([0-9][0-9.]*) *\*`)

// Whether something is, is no limit: 0 and 1 are no judgement, nor are -1 and the share of an hour in which a console was
// up, and how far ahead and back a line is drawn, which the text of the alert names.
func TestAlertsCompareWithLimitsOnly(t *testing.T) {
	for name, r := range alertsOf(t) {
		for _, m := range number.FindAllStringSubmatch(comment.ReplaceAllString(r.Expr, ""), -1) {
			n := m[1] + m[2]
			if slices.Contains([]string{"0", "1", "-1"}, n) || n == strconv.Itoa(len(must(Limits()))) && name == "SecurityCenterLimitsAbsent" ||
				name == "SecurityCenterLicenseExhaustionPredicted" && (n == "30" || n == "86400") || name == "SecurityCenterAPIErrors" && n == "0.75" {
				continue
			}
			t.Errorf("%s has the number %s of its own, want a limit of limits.yml: %s", name, n, r.Expr)
		}
	}
}

var comment = regexp.MustCompile(`"[^"]*"`)

func must(all map[string]float64, err error) map[string]float64 {
	if err != nil {
		panic(err)
	}
	return all
}
