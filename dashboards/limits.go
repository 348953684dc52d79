package dashboards

import (
	"fmt"

	"github.com/securitycenter-exporter/securitycenter_exporter/alerts"
)

// limit is a number of alerts/limits.yml. What a site has changed there is in its
// boards as a line (limitLine), and as a colour once they are written anew.
func limit(name string) float64 {
	all, err := alerts.Limits()
	if err != nil {
		panic(err) // the file is part of the program
	}
	number, known := all[name]
	if !known {
		panic(fmt.Sprintf("alerts/limits.yml has no limit %s", name))
	}
	return number
}

// rise is good below warn times the limit, and bad from crit times it on.
func rise(name string, warn, crit float64) []Step { return rising(warn*limit(name), crit*limit(name)) }

// fall is bad below crit times the limit, and good from the limit on.
func fall(name string, crit float64) []Step { return falling(crit*limit(name), limit(name)) }

// limitLine draws a limit as Prometheus has it: the lowest or the highest of the
// chosen consoles, which is the strictest of them.
func limitLine(strictest, name string) Query {
	return Query{Legend: "limit", Color: bad, Dashed: true, Expr: strictest + `(instance:securitycenter_limit:` + name + `)`}
}
