package sctest

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// filterRule is a filter that the console knows: the operators it takes and what it adds to a selection.
type filterRule struct {
	operators string
	add       func(*selection, rawFilter) error
}

func onFinding(s *selection, test func(*finding) bool) { s.tests = append(s.tests, test) }

// number makes a filter of a number of the finding; its value is a list of numbers and ranges.
func number(operators string, get func(*finding) int64) filterRule {
	return filterRule{operators, func(s *selection, f rawFilter) error {
		spans, ok := parseSpans(f.text())
		if !ok {
			return badValue(f)
		}
		op, bound := f.Operator, spans[0].lo
		onFinding(s, func(x *finding) bool {
			switch n := get(x); op {
			case "<=":
				return n <= bound
			case ">=":
				return n >= bound
			case "!=":
				return !inSpans(spans, n)
			default:
				return inSpans(spans, n)
			}
		})
		return nil
	}}
}

// word makes a filter of two words, one for yes and one for no.
func word(yes, no string, get func(*finding) bool) filterRule {
	return filterRule{"=", func(s *selection, f rawFilter) error {
		switch f.text() {
		case yes:
			onFinding(s, get)
		case no:
			onFinding(s, func(x *finding) bool { return !get(x) })
		default:
			return badValue(f)
		}
		return nil
	}}
}

// contains makes a filter of texts of the finding; op "=" on a list of them means one is equal.
func contains(get func(*finding) string) filterRule {
	return filterRule{"= ~= pcre", func(s *selection, f rawFilter) error {
		want := strings.ToLower(f.text())
		onFinding(s, func(x *finding) bool { return strings.Contains(strings.ToLower(get(x)), want) })
		return nil
	}}
}

// hostText makes a filter of a text of the host.
func hostText(get func(Host) string) filterRule {
	return filterRule{"= ~=", func(s *selection, f rawFilter) error {
		want := strings.ToLower(f.text())
		s.hosts = append(s.hosts, func(i int) bool {
			return strings.Contains(strings.ToLower(get(s.w.host(i, s.now))), want)
		})
		return nil
	}}
}

// age makes a filter of a time of the finding. How the window is written depends on the version: days "0:30" and
// epochs "1600000000-1600086400" on REST, days from 4.4, and <= or >= a number of days before.
func (c *Console) age(get func(*finding) int64) filterRule {
	if c.o.Dialect == RPC && !c.release.atLeast(4, 4) {
		return filterRule{"<= >=", func(s *selection, f rawFilter) error {
			days, err := strconv.ParseInt(f.text(), 10, 64)
			if err != nil {
				return badValue(f)
			}
			from, to := s.now-days*day, int64(1<<62)
			if f.Operator == ">=" {
				from, to = 1, from
			}
			onFinding(s, func(x *finding) bool { t := get(x); return t > 0 && t >= from && t <= to })
			return nil
		}}
	}
	return filterRule{"=", func(s *selection, f rawFilter) error {
		from, to, ok := c.window(f.text(), s.now)
		if !ok {
			return badValue(f)
		}
		onFinding(s, func(x *finding) bool { t := get(x); return t > 0 && t >= from && t <= to })
		return nil
	}}
}

// window turns "newest:oldest" days into epochs: 0:30 and 30:all share no second.
func (c *Console) window(text string, now int64) (from, to int64, ok bool) {
	if a, b, isRange := strings.Cut(text, "-"); isRange && c.o.Dialect == REST {
		from, err1 := strconv.ParseInt(a, 10, 64)
		to, err2 := strconv.ParseInt(b, 10, 64)
		return from, to, err1 == nil && err2 == nil
	}
	newest, oldest, isWindow := strings.Cut(text, ":")
	if !isWindow {
		newest, oldest = "0", newest
	}
	a, err := strconv.ParseInt(newest, 10, 64)
	if err != nil {
		return 0, 0, false
	}
	to = now - a*day
	if oldest == "all" {
		return 1, to, true
	}
	b, err := strconv.ParseInt(oldest, 10, 64)
	return now - b*day + 1, to, err == nil
}

// days makes a filter of a number of days; its window "0:30" includes both ends.
func (c *Console) days(get func(*finding, int64) int64) filterRule {
	return filterRule{"=", func(s *selection, f rawFilter) error {
		lo, hi, isWindow := strings.Cut(f.text(), ":")
		if !isWindow {
			lo, hi = "0", lo
		}
		if hi == "all" {
			hi = "99999999"
		}
		spans, ok := parseSpans(lo + "-" + hi)
		if !ok {
			return badValue(f)
		}
		onFinding(s, func(x *finding) bool { return inSpans(spans, get(x, s.now)) })
		return nil
	}}
}

// severityFilter reads the console's own scale, which begins at low up to 4.2.
func (c *Console) severityFilter() filterRule {
	return number("=", func(f *finding) int64 { return int64(c.wireSeverity(int(f.severity))) })
}

func (c *Console) repositoryFilter(records bool) filterRule {
	return filterRule{"=", func(s *selection, f rawFilter) error {
		ids := strings.Split(f.text(), ",")
		if records {
			var err error
			if ids, err = f.records(); err != nil {
				return err
			}
		}
		wanted := make([]bool, len(s.repos))
		for _, id := range ids {
			r, err := strconv.Atoi(strings.TrimSpace(id))
			if err != nil || r < 1 || r > len(s.repos) || !s.repos[r-1] {
				return refuse(146, "The user does not have access to Repository #%s.", id)
			}
			wanted[r-1] = true
		}
		s.repos = wanted
		return nil
	}}
}

func familyFilter(records bool) filterRule {
	return filterRule{"=", func(s *selection, f rawFilter) error {
		ids := strings.Split(f.text(), ",")
		if records {
			var err error
			if ids, err = f.records(); err != nil {
				return err
			}
		}
		wanted := map[string]bool{}
		for _, id := range ids {
			wanted[strings.TrimSpace(id)] = true
		}
		onFinding(s, func(x *finding) bool { return wanted[strconv.Itoa(x.place.plugin.family.id)] })
		return nil
	}}
}

// ipFilter takes addresses, CIDR blocks and ranges, comma-separated.
func ipFilter(s *selection, f rawFilter) error {
	spans, ok := addressSpans(f.text())
	if !ok || len(spans) == 0 {
		return badValue(f)
	}
	s.hosts = append(s.hosts, func(i int) bool { return inSpans(spans, int64(s.w.address(i))) })
	return nil
}

func addressSpan(text string) (span, bool) {
	number := func(a netip.Addr) int64 {
		b := a.As4()
		return int64(b[0])<<24 | int64(b[1])<<16 | int64(b[2])<<8 | int64(b[3])
	}
	if p, err := netip.ParsePrefix(text); err == nil && p.Addr().Is4() {
		first := number(p.Masked().Addr())
		return span{first, first + 1<<(32-p.Bits()) - 1}, true
	}
	first, last, isRange := strings.Cut(text, "-")
	if !isRange {
		last = first
	}
	a, err1 := netip.ParseAddr(first)
	b, err2 := netip.ParseAddr(last)
	if err1 != nil || err2 != nil || !a.Is4() || !b.Is4() {
		return span{}, false
	}
	return span{number(a), number(b)}, true
}

// assetFilter takes the id of an asset list, {"id":…}, or with ~ an operation on such records.
func (c *Console) assetFilter(s *selection, f rawFilter) error {
	tree := combination{ID: scalar(f.text())}
	if strings.HasPrefix(string(f.Value), "{") {
		tree = combination{}
		if decode(f.Value, &tree) != nil || (tree.Operator == "") != (f.Operator == "=") {
			return badValue(f)
		}
	}
	lists := c.assetLists()
	if id, found := tree.unknown(lists); found || tree.ID == "" && tree.Operator == "" {
		return notFound("asset", id)
	}
	s.hosts = append(s.hosts, tree.members(lists, 0))
	return nil
}

func tenths(get func(*plugin) int) filterRule {
	return filterRule{"=", func(s *selection, f rawFilter) error {
		if f.text() == "none" {
			onFinding(s, func(x *finding) bool { return get(x.place.plugin) == 0 })
			return nil
		}
		lo, hi, ok := strings.Cut(f.text(), "-")
		a, err1 := strconv.ParseFloat(lo, 64)
		b, err2 := strconv.ParseFloat(hi, 64)
		if !ok || err1 != nil || err2 != nil {
			return badValue(f)
		}
		onFinding(s, func(x *finding) bool {
			v := float64(get(x.place.plugin)) / 10
			return v > 0 && v >= a && v <= b
		})
		return nil
	}}
}

// makeFilters returns the filters that this console knows.
func (c *Console) makeFilters() map[string]filterRule {
	list := func(get func(*plugin) []string) filterRule {
		return filterRule{"=", func(s *selection, f rawFilter) error {
			wanted := strings.Split(strings.ReplaceAll(f.text(), "|", ":"), ",")
			onFinding(s, func(x *finding) bool {
				return slices.ContainsFunc(get(x.place.plugin), func(v string) bool {
					return slices.ContainsFunc(wanted, func(text string) bool {
						start, wild := strings.CutSuffix(strings.TrimSpace(text), "*")
						return v == start || wild && strings.HasPrefix(v, start)
					})
				})
			})
			return nil
		}}
	}
	port := func(f *finding) int64 { return int64(f.place.port) }
	onProtocol := func(protocol uint8) filterRule {
		return number("= != <= >=", func(f *finding) int64 {
			if f.place.protocol != protocol {
				return -1
			}
			return int64(f.place.port)
		})
	}
	numeric := "= != <= >="
	if c.o.Dialect == RPC {
		numeric = "="
	}
	rules := map[string]filterRule{
		"severity":         c.severityFilter(),
		"repositoryIDs":    c.repositoryFilter(false),
		"pluginID":         number(numeric, func(f *finding) int64 { return int64(f.place.plugin.id) }),
		"pluginName":       contains(func(f *finding) string { return f.place.plugin.name }),
		"pluginText":       contains(pluginOutput),
		"pluginType":       c.pluginTypeFilter(),
		"familyID":         familyFilter(false),
		"ip":               {"=", ipFilter},
		"port":             number(numeric, port),
		"tcpport":          onProtocol(6),
		"udpport":          onProtocol(17),
		"protocol":         number("=", func(f *finding) int64 { return int64(f.place.protocol) }),
		"dnsName":          hostText(func(h Host) string { return h.DNSName }),
		"assetID":          {"=", c.assetFilter},
		"firstSeen":        c.age(func(f *finding) int64 { return f.first }),
		"lastSeen":         c.age(func(f *finding) int64 { return f.last }),
		"lastMitigated":    c.age(func(f *finding) int64 { return f.mitigated }),
		"acceptedRisk":     word("true", "false", func(f *finding) bool { return f.accepted }),
		"recastRisk":       word("true", "false", func(f *finding) bool { return f.recast }),
		"wasMitigated":     word("true", "false", func(f *finding) bool { return f.reopened }),
		"exploitAvailable": word("true", "false", func(f *finding) bool { return f.place.plugin.exploit }),
	}
	dates := map[string]func(*plugin) int64{
		"pluginPublished": func(p *plugin) int64 { return p.pluginPub },
		"pluginModified":  func(p *plugin) int64 { return p.pluginMod },
		"patchPublished":  func(p *plugin) int64 { return p.patchPub },
		"vulnPublished":   func(p *plugin) int64 { return p.vulnPub },
	}
	if c.release.atLeast(4, 4) {
		for name, get := range dates {
			rules[name] = c.age(func(f *finding) int64 { return get(f.place.plugin) })
		}
		rules["cveID"] = list(func(p *plugin) []string { return p.cves })
		rules["xref"] = list(func(p *plugin) []string { return p.xrefs })
	}
	if c.release.atLeast(4, 6) {
		rules["daysMitigated"] = c.days(func(f *finding, now int64) int64 { return (now - f.mitigated) / day })
		rules["daysToMitigated"] = c.days(func(f *finding, _ int64) int64 { return (f.mitigated - f.first) / day })
	}
	if c.o.Dialect == REST {
		c.addRESTFilters(rules)
	}
	if c.o.Quirks.AcceptedIgnored {
		for _, name := range []string{"acceptedRisk", "acceptRiskStatus"} {
			if _, known := rules[name]; known {
				rules[name] = filterRule{"=", func(*selection, rawFilter) error { return nil }}
			}
		}
	}
	for _, name := range c.o.RefuseFilters {
		delete(rules, name)
	}
	return rules
}

// addRESTFilters adds what SecurityCenter 5 and later know. The values of acceptRiskStatus
// are those of working clients; those of the other two status filters are a choice.
func (c *Console) addRESTFilters(rules map[string]filterRule) {
	rules["repository"] = c.repositoryFilter(true)
	rules["family"] = familyFilter(true)
	rules["asset"] = filterRule{"= ~", c.assetFilter}
	rules["auditFile"] = filterRule{"=", auditFilter}
	rules["auditFileID"] = filterRule{"=", auditFilter}
	rules["uuid"] = hostText(func(h Host) string { return h.UUID })
	rules["netbiosName"] = hostText(func(h Host) string { return h.NetBIOSName })
	rules["operatingSystem"] = hostText(func(h Host) string { return h.OS })
	rules["acceptRiskStatus"] = c.acceptRiskStatus()
	rules["recastRiskStatus"] = word("recast", "notRecast", func(f *finding) bool { return f.recast })
	rules["mitigatedStatus"] = word("previously", "never", func(f *finding) bool { return f.reopened })
	rules["baseCVSSScore"] = tenths(func(p *plugin) int { return p.cvss })
	rules["cvssV3BaseScore"] = rules["baseCVSSScore"]
	rules["dataFormat"] = filterRule{"=", func(s *selection, f rawFilter) error {
		formats := "," + f.text() + ","
		s.hosts = append(s.hosts, func(i int) bool {
			return strings.Contains(formats, ","+s.w.repos[s.w.repoOf[i]].DataFormat+",")
		})
		return nil
	}}
	if c.release.atLeast(5, 9) {
		rules["vprScore"] = tenths(func(p *plugin) int { return p.vpr })
	}
	if c.release.atLeast(6, 2) {
		rules["wasVuln"] = filterRule{"=", func(s *selection, f rawFilter) error {
			switch f.text() {
			case "excludeWas":
				onFinding(s, func(x *finding) bool { return !x.place.plugin.web })
			case "onlyWas":
				onFinding(s, func(x *finding) bool { return x.place.plugin.web })
			case "includeWas":
			default:
				return badValue(f)
			}
			return nil
		}}
	}
}

// acceptRiskStatus takes accepted, notAccepted and all; and nonAccepted, which some clients send.
func (c *Console) acceptRiskStatus() filterRule {
	words := map[string]bool{"accepted": true, "notAccepted": true, "nonAccepted": true, "all": !c.o.Quirks.NoAllRisk}
	if c.o.Quirks.OldAcceptedWord {
		words = map[string]bool{"accepted": true, "nonAccepted": true}
	}
	return filterRule{"=", func(s *selection, f rawFilter) error {
		status := f.text()
		if !words[status] {
			return badValue(f)
		}
		if status != "all" {
			onFinding(s, func(x *finding) bool { return x.accepted == (status == "accepted") })
		}
		return nil
	}}
}

// eventPlugins is what the console calls plugins of log servers in a filter. That version 6 does not take the older word
// too is a choice.
func (c *Console) eventPlugins() string {
	if c.o.Dialect == REST && c.release.atLeast(6, 0) {
		return "lce"
	}
	return "event"
}

func (c *Console) pluginTypeFilter() filterRule {
	return filterRule{"=", func(s *selection, f rawFilter) error {
		want := f.text()
		switch want {
		case "all":
			return nil
		case "active", "passive", "compliance":
		case c.eventPlugins():
			want = "lce"
		default:
			return badValue(f)
		}
		if want == "compliance" && c.o.Quirks.BlindToCompliance {
			want = "none of them"
		}
		onFinding(s, func(x *finding) bool { return x.place.plugin.kind == want })
		return nil
	}}
}
