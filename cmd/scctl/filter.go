package main

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// filterHelp explains --filter.
const filterHelp = "Keep what fits: NAME=VALUE, NAME!=VALUE, NAME>=VALUE, NAME<=VALUE, NAME~=VALUE (NAME~=VALUE also matches patterns where the console does). " +
	"May be repeated; all must hold. Spelled for any console: severity=high,critical (or 0 to 4), repository=ID,… , family=ID,… , asset=ID, auditFile=ID, pluginType=event, " +
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

// parseFilters reads the values of --filter.
func parseFilters(texts []string) ([]scapi.Filter, error) {
	var filters []scapi.Filter
	bounds := map[string]*[2]time.Time{}
	var order []string
	for _, s := range texts {
		name, operator, value, err := splitFilter(s)
		if err != nil {
			return nil, err
		}
		if windows[name] != nil && (operator == ">=" || operator == "<=") {
			if t, day, ok := parseTime(value); ok {
				b := bounds[name]
				if b == nil {
					b = new([2]time.Time)
					bounds[name], order = b, append(order, name)
				}
				if operator == ">=" {
					b[0] = t
				} else {
					if day {
						t = t.Add(24*time.Hour - time.Second) // all of that day
					}
					b[1] = t
				}
				continue
			}
		}
		f, err := parseFilter(name, operator, value)
		if err != nil {
			return nil, wrongUsage("filter %s: %w", s, err)
		}
		filters = append(filters, f)
	}
	for _, name := range order {
		filters = append(filters, windows[name](bounds[name][0], bounds[name][1]))
	}
	return filters, nil
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

func parseFilter(name, operator, value string) (scapi.Filter, error) {
	if operator == "=" {
		switch name {
		case "severity":
			if severities, ok := parseSeverities(value); ok {
				return scapi.BySeverity(severities...), nil
			}
		case "repository", "repositoryIDs":
			if !strings.HasPrefix(value, "[") {
				return scapi.ByRepository(splitList(value)...), nil
			}
		case "family", "familyID":
			if !strings.HasPrefix(value, "[") {
				return scapi.ByFamily(splitList(value)...), nil
			}
		case "asset", "assetID":
			if !strings.HasPrefix(value, "{") {
				return scapi.ByAsset(value), nil
			}
		case "pluginType":
			if value == "event" { // which Security Center 6 calls lce
				return scapi.ByPluginType(value), nil
			}
		case "auditFile", "auditFileID":
			if !strings.HasPrefix(value, "{") && !strings.HasPrefix(value, "[") {
				return scapi.ByAuditFile(value), nil
			}
		}
	}
	f := scapi.Filter{Name: name, Operator: operator, Value: value}
	if strings.HasPrefix(value, "{") || strings.HasPrefix(value, "[") {
		if !json.Valid([]byte(value)) {
			return scapi.Filter{}, wrongUsage("the value begins like JSON and is none")
		}
		f.Value = json.RawMessage(value)
	}
	return f, nil
}

// parseSeverities reads severities by word or number. False: they are
// something else, which is for the console to judge.
func parseSeverities(value string) ([]scapi.Severity, bool) {
	var severities []scapi.Severity
	for _, s := range splitList(value) {
		at := slices.IndexFunc(scapi.Severities[:], func(v scapi.Severity) bool {
			return strings.EqualFold(s, v.String()) || s == string(rune('0'+v))
		})
		if at < 0 {
			return nil, false
		}
		severities = append(severities, scapi.Severities[at])
	}
	return severities, len(severities) > 0
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
		return time.Time{}, wrongUsage("--%s %s: want a date such as 2024-05-01, or a time such as 2024-05-01T12:00:00Z", flag, s)
	}
	return t, nil
}
