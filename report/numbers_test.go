package report

import (
	"fmt"
	"strings"
	"testing"
)

func TestNumbersAreAddedUpAndAbsentOnesAreNotNought(t *testing.T) {
	t.Parallel()
	w := sound(itself)
	w.without("securitycenter_vulnerabilities_recast")
	w.without("securitycenter_vulnerabilities_mitigated")
	_, markdown := written(t, made(t, Console{Name: "hq", Families: w.families(), Fixes: []Fix{{"19506", "Scan", "Upgrade", 12345, 2, 12.34, 50}}}))
	for _, line := range []string{
		"| Critical | 300 | 10 | 20 | 7 | 10 | 10 | – |", // 100 and 200
		"| Info | 1,500 | 14 | 24 | 11 | 14 | 14 | – |",
		"300 hosts have data.", "score of all of them is 15,000.",
		"| Critical | 30 | – | – |",
		"| Critical | 40 | 25.0 % |",
		"| Critical | 7 days | 3 | 1.0 % |",
		"| seen | 30d | 290 | 96.7 % | hosts with data |",
		"| login worked | 30d | 270 | 96.4 % | assessed hosts |",
		"| Default (2) | 200 | 200 | 400 | 600 | 800 | 10,000 | 60 min ago |",
		"| payments | 12 | 9 | 10 | – | 2 | 3 |",
		"5 hosts with findings are in no owner's asset lists.",
		"| kev | 6 | 4 | 5 | 6 | 7 |",
		"| Upgrade | Scan (19506) | 12,345 | 2 | 12.3 % | 50.0 % |",
		"1 of 1 scanners can scan.", "| dmz (1) | 10.8.3 | working | not |",
		"| active | 2026-05-19 23:30 | 10 h 0 min | current | valid |",
		"| Licence | 300 addresses of 512 (58.6 %) |",
	} {
		if !strings.Contains(markdown, line) {
			t.Errorf("no %q in\n%s", line, markdown)
		}
	}
}

// The rest of many repositories is added up, so that no finding is lost.
func TestManyRepositoriesAreCutWithoutLosingFindings(t *testing.T) {
	t.Parallel()
	w := sound(itself)
	w.without("securitycenter_vulnerabilities")
	w.without("securitycenter_hosts")
	for i := range 20 {
		of := []string{"repository_id", fmt.Sprint(i), "repository", fmt.Sprintf("r%d", i)}
		w.set("securitycenter_vulnerabilities", float64(i), append(of, "severity", "critical")...)
		w.set("securitycenter_vulnerabilities", 1, append(of, "severity", "high")...)
		w.set("securitycenter_hosts", 10, of...)
	}
	_, markdown := written(t, made(t, Console{Name: "hq", Families: w.families()}))
	if !strings.Contains(markdown, "\n| r19 (19) | 10 | 19 | 1 | – | – | – | – |") || !strings.Contains(markdown, "\n| r5 (5) |") || strings.Contains(markdown, "\n| r4 (4) |") ||
		!strings.Contains(markdown, "\n| 5 more | 50 | 10 | 5 | – | – | 15,000 | – |") { // 0 + 1 + 2 + 3 + 4; the score is of 1 and 2
		t.Error(markdown)
	}
}

func TestCount(t *testing.T) {
	t.Parallel()
	for v, want := range map[float64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1234: "−1,234", 1234.5: "1,234.5"} {
		if got := count(v); got != want {
			t.Errorf("%v: %s, want %s", v, got, want)
		}
	}
	if signed(5) != "+5" || signed(0) != "0" || signed(-5) != "−5" || percent(1, 3) != "33.3 %" || percent(1, 0) != absent {
		t.Error("signs or shares are wrong")
	}
}

// Bars are as long as their numbers, and end where the drawing has room for those.
func TestChartsAreToScale(t *testing.T) {
	t.Parallel()
	c := newChart("t", bar{Label: "a", Segments: []segment{{"critical", 30, ""}, {"high", 0, ""}, {"low", 10, ""}}}, bar{Label: "b", Segments: []segment{{"low", 20, ""}}}, bar{Label: "c", Whole: 80, Segments: []segment{{"low", 20, ""}}})
	full := float64(chartWidth - labelWidth - valueWidth)
	a, b, shared := c.Bars[0].Segments, c.Bars[1].Segments, c.Bars[2].Segments
	if len(a) != 2 || a[0].Width != full*3/4 || a[1].X != labelWidth+a[0].Width || a[1].Width != full/4 || b[0].Width != full/2 || shared[0].Width != full/4 || c.Height != 3*barDistance {
		t.Errorf("%+v", c)
	}
	if fmt.Sprint(c.Legend) != "[critical low]" {
		t.Errorf("legend %v", c.Legend)
	}
	if newChart("t", bar{Label: "a"}) != nil {
		t.Error("nothing is drawn")
	}
}
