package dashboards

import (
	"regexp"
	"slices"
	"strings"
)

// counting finds the metrics whose numbers count findings, hosts or plugins one by one,
// and the labels that a query wants of them.
var counting = regexp.MustCompile(`\b(securitycenter_(?:vulnerabilities|hosts|host_vulnerabilities|unique_vulnerabilities|remediation_findings|watch|owner|compliance_checks|top_plugin_hosts)\w*)\b(?:\{([^}]*)\})?`)

// fixed is a label that a query wants to be one value, whatever is chosen at the top.
var fixed = regexp.MustCompile(`(\w+)="([^"$]*)"`)

// described is what the panel shows, and, where that counts findings or hosts, the
// command that lists them. Labels that the panel's queries do not agree on are left
// out: the command then lists what there is to choose from.
func (p Panel) described() string {
	name := ""
	var labels []string
	for _, q := range p.Queries {
		for _, m := range counting.FindAllStringSubmatch(q.Expr, -1) {
			wanted := fixed.FindAllString(m[2], -1)
			switch {
			case name == "":
				name, labels = m[1], wanted
			case m[1] == name:
				labels = slices.DeleteFunc(labels, func(l string) bool { return !slices.Contains(wanted, l) })
			}
		}
	}
	if name == "" {
		return p.About
	}
	selector := name
	if len(labels) > 0 {
		selector += "{" + strings.Join(labels, ",") + "}"
	}
	selector = strings.Replace(selector, `result="success"`, `result="failure"`, 1) // of logins, what has to be mended
	return p.About + "\n\nWhich ones: `scctl explain '" + selector + "'` says what is asked, or which series there are; with `--rows` it lists what one counts."
}
