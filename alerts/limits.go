// Package alerts holds rules for Prometheus. There is hardly any code in it: what limits.yml says, for the boards, and
// tests of what promtool does not ask.
package alerts

import (
	_ "embed" // limits.yml
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

//go:embed limits.yml
var limits string

// A limit as it stands in limits.yml: a product of numbers for each console.
var (
	limit  = regexp.MustCompile(`(?m)^ +- record: (\S+)\n +expr: ([0-9.* ]+) \* group by `)
	prefix = "instance:securitycenter_limit:"
)

// Limits returns the limits that are shipped, by their names without "instance:securitycenter_limit:". Units are those
// that the names end with; a _ratio is a share, from 0 to 1.
func Limits() (map[string]float64, error) {
	all := map[string]float64{}
	for _, m := range limit.FindAllStringSubmatch(limits, -1) {
		name, own := strings.CutPrefix(m[1], prefix)
		if !own {
			continue
		}
		product := 1.0
		for factor := range strings.SplitSeq(m[2], "*") {
			f, err := strconv.ParseFloat(strings.TrimSpace(factor), 64)
			if err != nil {
				return nil, fmt.Errorf("limits.yml: %s: %w", m[1], err)
			}
			product *= f
		}
		all[name] = product
	}
	return all, nil
}
