package main

import (
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// filterHelp explains --filter.
const filterHelp = "Keep what fits: NAME=VALUE, NAME!=VALUE, NAME>=VALUE, NAME<=VALUE, NAME~=VALUE (NAME~=VALUE also matches patterns where the console does). " +
	"May be repeated, once for each name; all must hold. Spelled for any console: severity=high,critical (or 0 to 4), repository=ID,… , family=ID,… , asset=ID, " +
	"auditFile=ID, pluginType=event, policy=ID (repositories, asset lists and policies also by a name that no other has), " +
	"and firstSeen, lastSeen, lastMitigated, pluginPublished, patchPublished, vulnPublished with >= and <= and a date (2024-05-01) or a time (2024-05-01T12:00:00Z). " +
	"Anything else is sent as it is, a value that begins with [ or { as JSON: asset={\"id\":\"5\"}."

// windows are the filters on times, which are spelled differently by dialect
// and version.
var windows = map[string]func(from, to time.Time) scapi.Filter{
	"firstSeen":       scapi.FirstSeen,
	"lastSeen":        scapi.LastSeen,
	"lastMitigated":   scapi.LastMitigated,
	"pluginPublished": scapi.PluginPublished,
	"patchPublished":  scapi.PatchPublished,
	"vulnPublished":   scapi.VulnPublished,
}

// parseFilters reads the values of --filter. What a console makes of two filters
// of one name is not known, and hardly what is meant.
func parseFilters(texts []string, find finder) ([]scapi.Filter, error) {
	var filters []scapi.Filter
	bounds := map[string]*[2]time.Time{}
	var order []string
	given := map[string]string{} // filters by name, and for times also the side that is bounded
	for _, s := range texts {
		name, operator, value, err := splitFilter(s)
		if err != nil {
			return nil, err
		}
		wrong := func(err error) error { return wrongUsage("filter %s: %w", s, err) }
		isWindow := windows[name] != nil && (operator == ">=" || operator == "<=")
		if other, twice := clash(given, canonical(name), operator, isWindow); twice {
			return nil, wrongUsage("filters %s and %s: want one of a name%s", other, s, oneOf(name))
		}
		given[canonical(name)+side(operator, isWindow)] = s
		if !isWindow {
			f, err := parseFilter(name, operator, value, find)
			if err != nil {
				return nil, notFoundOr(wrong, err)
			}
			filters = append(filters, f)
			continue
		}
		t, day, ok := parseTime(value)
		if !ok {
			return nil, wrong(errNoTime)
		}
		b := bounds[name]
		if b == nil {
			b = new([2]time.Time)
			bounds[name], order = b, append(order, name)
		}
		if operator == ">=" {
			b[0] = t
			continue
		}
		if day {
			t = t.Add(24*time.Hour - time.Second) // all of that day
		}
		b[1] = t
	}
	for _, name := range order {
		if b := bounds[name]; !b[0].IsZero() && !b[1].IsZero() && b[1].Before(b[0]) {
			return nil, wrongUsage("filters %s and %s: the second is before the first", given[name+">="], given[name+"<="])
		}
		filters = append(filters, windows[name](bounds[name][0], bounds[name][1]))
	}
	return filters, nil
}

// aliases are names that mean the same as another.
var aliases = map[string]string{
	"repositoryIDs": "repository", "familyID": "family", "assetID": "asset", "auditFileID": "auditFile", "policyID": "policy",
}

func canonical(name string) string {
	if of, ok := aliases[name]; ok {
		return of
	}
	return name
}

// side is what a filter bounds of a window; empty: it is one by itself.
func side(operator string, isWindow bool) string {
	if isWindow {
		return operator
	}
	return ""
}

// clash returns the filter that was given before and excludes this one.
func clash(given map[string]string, name, operator string, isWindow bool) (string, bool) {
	sides := []string{"", ">=", "<="}
	if isWindow {
		sides = []string{"", operator}
	}
	for _, s := range sides {
		if other, ok := given[name+s]; ok {
			return other, true
		}
	}
	return "", false
}

// oneOf says how one filter takes several values.
func oneOf(name string) string {
	switch canonical(name) {
	case "severity", "repository", "family":
		return ", such as " + name + "=A,B"
	}
	return ""
}

// notFoundOr keeps an error that is not the command line's, and calls others wrong.
func notFoundOr(wrong func(error) error, err error) error {
	var usage *usageError
	if errors.As(err, &usage) {
		return wrong(err)
	}
	return err
}

// splitFilter cuts a filter at its first operator.
func splitFilter(s string) (name, operator, value string, err error) {
	at := strings.IndexAny(s, "=<>!~")
	if at > 0 {
		for _, operator := range []string{">=", "<=", "!=", "~=", "="} {
			if value, ok := strings.CutPrefix(s[at:], operator); ok {
				return strings.TrimSpace(s[:at]), operator, strings.TrimSpace(value), nil
			}
		}
	}
	return "", "", "", wrongUsage("filter %q: want NAME=VALUE, or != >= <= ~= in place of =", s)
}

func parseFilter(name, operator, value string, find finder) (scapi.Filter, error) {
	f := scapi.Filter{Name: name, Operator: operator, Value: value}
	if value == "" {
		return f, wrongUsage("want a value")
	}
	if strings.HasPrefix(value, "{") || strings.HasPrefix(value, "[") {
		if !json.Valid([]byte(value)) {
			return f, wrongUsage("the value begins like JSON and is none")
		}
		f.Value = json.RawMessage(value)
		return f, nil
	}
	if canonical(name) == "severity" {
		severities, err := parseSeverities(value)
		if err == nil && operator == "=" {
			f = scapi.BySeverity(severities...)
		}
		return f, err
	}
	if operator != "=" {
		return f, nil
	}
	switch canonical(name) {
	case "repository":
		ids, err := findAll(find, repositories, value)
		return scapi.ByRepository(ids...), err
	case "family":
		ids := splitList(value)
		return scapi.ByFamily(ids...), checkIDs("family", ids...)
	case "asset":
		id, err := find(assetLists, value)
		return scapi.ByAsset(id), err
	case "policy":
		id, err := find(policies, value)
		return scapi.ByPolicy(id), err
	case "pluginType":
		if value == "event" { // which Security Center 6 calls lce
			return scapi.ByPluginType(value), nil
		}
	case "auditFile":
		return scapi.ByAuditFile(value), checkIDs("audit file", value)
	}
	if windows[name] != nil && !ages.MatchString(value) {
		return f, errNoAge
	}
	return f, nil
}

// findAll returns the ids of a list that is separated by commas.
func findAll(find finder, k kind, lists ...string) ([]string, error) {
	var ids []string
	for _, text := range flatten(lists) {
		id, err := find(k, text)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// ages are the forms that consoles have for times: days before now (0:7, 30:all),
// seconds since the epoch (1714521600-1717200000), a word (currentMonth).
var ages = regexp.MustCompile(`^(?:[0-9]+:(?:[0-9]+|all)|[0-9]+-[0-9]+|[A-Za-z]+)$`)

var (
	errNoTime = errors.New("want a date such as 2024-05-01, or a time such as 2024-05-01T12:00:00Z")
	errNoAge  = wrongUsage("want >= or <= and a date such as 2024-05-01, or days before now such as 0:7")
)

// parseSeverities reads severities by word or number.
func parseSeverities(value string) ([]scapi.Severity, error) {
	words := make([]string, len(scapi.Severities))
	for i, v := range scapi.Severities {
		words[i] = v.String()
	}
	var severities []scapi.Severity
	for _, s := range splitList(value) {
		at := slices.IndexFunc(scapi.Severities[:], func(v scapi.Severity) bool {
			return strings.EqualFold(s, v.String()) || s == strconv.Itoa(int(v))
		})
		if at < 0 {
			return nil, wrongUsage("there is no severity %s: want %s (or 0 to 4)%s", s, strings.Join(words, ", "), didYouMean(s, words))
		}
		severities = append(severities, scapi.Severities[at])
	}
	if len(severities) == 0 {
		return nil, wrongUsage("want %s (or 0 to 4)", strings.Join(words, ", "))
	}
	return severities, nil
}

// splitList returns the parts of a list that is separated by commas.
func splitList(s string) []string {
	var parts []string
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}

// parseTime reads a date, or a time with its zone. Dates are days of UTC.
func parseTime(s string) (t time.Time, day, ok bool) {
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t, true, true
	}
	t, err := time.Parse(time.RFC3339, s)
	return t, false, err == nil
}

// flagTime is the value of a flag that takes a date or a time.
func flagTime(flag, s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, _, ok := parseTime(s)
	if !ok {
		return time.Time{}, wrongUsage("--%s %s: %w", flag, s, errNoTime)
	}
	return t, nil
}
