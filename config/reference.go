package config

import (
	"cmp"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/units"
)

// required stands in the reference in place of a default.
const required = "required"

const flagKind = "true or false"

func oneOf(words []string) string { return "one of " + strings.Join(words, ", ") }

func numberKind(low, high int) string { return fmt.Sprintf("number from %d to %d", low, high) }

// listKind is a list of at most so many entries, any number for 0.
func listKind(of string, most int) string {
	if most > 0 {
		of += fmt.Sprintf(", at most %d", most)
	}
	return "list of " + of
}

func durationKind(low, high time.Duration) string {
	return "duration from " + promDuration(low) + " to " + promDuration(high)
}

// sample has one of every mapping of the file, and %s in place of the
// collectors: reading it asks for every key that there is.
const sample = `
consoles:
  - accounts: [{}]
    http: {tls_config: {}, http_headers: {NAME: {}}}
    repositories: {same_as: [{}]}
collectors: {%s}
watches: [{filters: [{}]}]
sla: [{days: {}}]
owners: [{}]
labels: {}
`

// written returns a default as one would write it in the file.
func written(x any) string {
	switch x := x.(type) {
	case time.Duration:
		return promDuration(x)
	case units.Base2Bytes:
		return strings.ReplaceAll(x.String(), "iB", "B")
	case []string:
		return "[" + strings.Join(x, ", ") + "]"
	case []netip.Prefix:
		return strings.ReplaceAll(fmt.Sprint(x), " ", ", ")
	}
	return fmt.Sprint(x)
}

var index = regexp.MustCompile(`\[\d+\]`)

// fields returns the keys that the readers ask for, by the mapping that they
// stand in.
func fields(known []Collector) []field {
	var names []string
	for _, k := range known {
		names = append(names, k.Name+": {}")
	}
	var all []field
	d := &document{describe: func(f field) {
		f.group = index.ReplaceAllString(f.group, "[]")
		all = append(all, f)
	}}
	if root, ok := d.parse(fmt.Appendf(nil, sample, strings.Join(names, ", "))); ok {
		readConfig(root, known)
	}
	// Mappings follow the order of the file's own keys, and then that in which
	// they were first asked.
	order, first := map[string]int{"": 0}, map[string]int{}
	for i, f := range all {
		if f.group == "" {
			order[f.name] = len(order)
		}
		if _, seen := first[f.group]; !seen {
			first[f.group] = i
		}
	}
	slices.SortStableFunc(all, func(a, b field) int {
		return cmp.Or(order[a.top()]-order[b.top()], first[a.group]-first[b.group])
	})
	return all
}

// top returns the file's own key under which the field stands.
func (f field) top() string {
	return strings.TrimSuffix(strings.SplitN(f.group, ".", 2)[0], "[]")
}

// Reference returns a description of every key of the file, as Markdown. It
// comes from the readers themselves. known are as for Load.
func Reference(known []Collector) string {
	own := map[string]bool{}
	for _, k := range known {
		for _, key := range k.Keys {
			own["collectors."+k.Name+"."+key.Name] = true
		}
	}
	var b strings.Builder
	section, common := "-", ""
	for _, f := range fields(known) {
		heading := f.group
		if strings.HasPrefix(heading, "collectors.") && !own[f.group+"."+f.name] {
			// Keys that every collector takes are described once; what is
			// particular of them stands in the table of collectors.
			if common == "" {
				common = f.group
			}
			if f.group != common {
				continue
			}
			heading = "collectors.NAME"
			if f.name == "enabled" || f.name == "interval" {
				f.fallback = "that of the collector"
			}
		}
		if heading != section {
			section = heading
			title := "Keys of the file"
			if section != "" {
				title = "`" + section + "`"
			}
			fmt.Fprintf(&b, "\n## %s\n\n| key | value | default | meaning |\n|---|---|---|---|\n", title)
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", f.name, cell(f.kind), cell(f.fallback), cell(f.help))
	}
	writePresets(&b)
	return b.String()
}

// writePresets writes what the presets of deadlines stand for.
func writePresets(b *strings.Builder) {
	b.WriteString("\n## Presets of deadlines\n\nDays until the deadline of a finding, by severity.\n\n" +
		"| preset | basis | critical | high | medium | low |\n|---|---|---|---|---|---|\n")
	for _, p := range presets() {
		fmt.Fprintf(b, "| `%s` | %s ", p.Preset, p.Basis)
		for _, severity := range slices.Backward(severities()) {
			days := ""
			if n, ok := p.Days[severity]; ok {
				days = strconv.Itoa(n)
			}
			fmt.Fprintf(b, "| %s ", cell(days))
		}
		b.WriteString("|\n")
	}
}

func cell(s string) string { return strings.ReplaceAll(cmp.Or(s, "–"), "|", `\|`) }

// sentence returns the help of a collector's key as the rest of the reference
// writes it.
func sentence(help string) string {
	if help == "" {
		return ""
	}
	return strings.ToUpper(help[:1]) + help[1:] + "."
}
