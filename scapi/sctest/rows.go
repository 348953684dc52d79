package sctest

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// stamp is how the console writes the date of a plugin set: YYYYMMDDHHMM.
func stamp(epoch int64) string { return time.Unix(epoch, 0).UTC().Format("200601021504") }

// hostKeys are the columns of host summaries that depend on the host's group alone.
func (c *Console) hostKey(s *selection, field string) func(int) int {
	weigh := map[string]func(tally) int{
		"total": tally.total, "score": func(t tally) int { return c.wireTally(t).score() },
	}
	for sev, name := range severityNames {
		weigh["severity"+name[0]] = func(t tally) int { return c.wireTally(t)[sev] }
	}
	get := weigh[field]
	if get == nil {
		return nil
	}
	var memo [groups]int
	var known [groups]bool
	return func(g int) int {
		if !known[g] {
			memo[g], known[g] = get(s.tallyOf(g)), true
		}
		return memo[g]
	}
}

// hostRows answers a tool with one row per host. Without a sort field the rows are in the order of addresses.
func (c *Console) hostRows(s *selection, q question, row func(Host) object) answer {
	all, hosts := s.sums()
	page := s.page(max(q.start, 0), q.end, c.hostKey(s, q.sortField), q.descending && q.sortField != "")
	rows := make([]object, len(page))
	for k, i := range page {
		host := s.w.host(i, s.now)
		rows[k] = c.addCounts(row(host), s.tallyOf(int(s.w.groupOf[i])))
		c.putRepository(rows[k], &s.w.repos[s.w.repoOf[i]])
	}
	return answer{rows: rows, total: hosts, matching: c.count7(all), sorted: true, paged: true}
}

func (c *Console) sumIP(s *selection, q question) answer {
	return c.hostRows(s, q, func(h Host) object { return c.hostColumns(h) })
}

func (c *Console) sumDNSName(s *selection, q question) answer {
	return c.hostRows(s.narrowed(c.world.named), q, func(h Host) object { return object{"dnsName": h.DNSName} })
}

// hostColumns are the columns of sumip besides the counts and the repository, as the version has them.
func (c *Console) hostColumns(h Host) object {
	row := object{"ip": h.IP, "macAddress": h.MACAddress, "netbiosName": h.NetBIOSName, "dnsName": h.DNSName}
	if c.o.Dialect == RPC && !c.release.atLeast(4, 8) {
		return row
	}
	auth, unauth := "", epoch(h.LastSeen)
	if h.Credentialled {
		auth, unauth = unauth, auth
	}
	row["biosGUID"], row["mcafeeGUID"], row["osCPE"] = "", "", ""
	row["lastAuthRun"], row["lastUnauthRun"] = auth, unauth
	if c.o.Dialect == RPC {
		return row
	}
	row["uuid"], row["policyName"], row["pluginSet"], row["tpmID"] = h.UUID, "Full Safe Scan", stamp(h.LastSeen-day/2), ""
	row["uniqueness"] = c.uniqueness(h)
	if c.release.atLeast(6, 0) {
		row["hostUniqueness"], row["hostUUID"] = c.uniqueness(h), h.UUID
		row["acrScore"], row["assetExposureScore"] = c.ratings(h)
	}
	return row
}

// ratings are how critical the host is, as "6.0", and how exposed, as "547"; empty where that is not known.
func (c *Console) ratings(h Host) (criticality, exposure string) {
	if !c.release.atLeast(6, 4) {
		return "", ""
	}
	if h.Criticality > 0 {
		criticality = decimal(10 * h.Criticality)
	}
	if h.Exposure >= 0 {
		exposure = strconv.Itoa(h.Exposure)
	}
	return criticality, exposure
}

// uniqueness names the columns that identify a host.
func (c *Console) uniqueness(h Host) string {
	if h.UUID != "" {
		return "repositoryID,uuid"
	}
	return "repositoryID,ip,dnsName"
}

// findingColumns are the columns that listvuln and vulndetails share.
func (c *Console) findingColumns(h Host, f *finding) object {
	p := f.place.plugin
	row := object{"pluginID": strconv.Itoa(p.id), "severity": c.severity(int(f.severity)), "ip": h.IP,
		"port": strconv.Itoa(int(f.place.port)), "protocol": c.protocol(f.place.protocol),
		"dnsName": h.DNSName, "macAddress": h.MACAddress, "netbiosName": h.NetBIOSName}
	c.putFamily(row, p.family)
	c.putRepository(row, c.repository(h.Repository))
	if c.o.Dialect == REST {
		row["uuid"], row["uniqueness"] = h.UUID, c.uniqueness(h)
		row["pluginInfo"] = fmt.Sprintf("%d (%d/%d) %s", p.id, f.place.port, f.place.protocol, p.name)
	}
	return row
}

// findingRows answers a tool with one row per finding.
func (c *Console) findingRows(s *selection, q question, row func(Host, *finding) object) answer {
	all, _ := s.sums()
	var rows []object
	s.rows(max(q.start, 0), q.end, func(i int, f *finding) { rows = append(rows, row(s.w.host(i, s.now), f)) })
	return answer{rows: rows, total: all.total(), matching: "-1", paged: true}
}

func (c *Console) listVuln(s *selection, q question) answer {
	return c.findingRows(s, q, func(h Host, f *finding) object {
		row := c.findingColumns(h, f)
		row["name"] = f.place.plugin.name
		return row
	})
}

var riskFactors = [5]string{"None", "Low", "Medium", "High", "Critical"}

func (c *Console) vulnDetails(s *selection, q question) answer {
	return c.findingRows(s, q, func(h Host, f *finding) object {
		p := f.place.plugin
		row := c.findingColumns(h, f)
		row["pluginName"], row["pluginText"] = p.name, pluginOutput(f)
		row["firstSeen"], row["lastSeen"] = epoch(f.first), epoch(f.last)
		row["acceptRisk"], row["recastRisk"], row["hasBeenMitigated"] = flag(f.accepted), flag(f.recast), flag(f.reopened)
		if !c.release.atLeast(4, 4) {
			row["pluginText"] = `Synopsis :\n\nExample.\n\nPlugin output :\n\n` + p.name
			return row
		}
		for key, text := range c.pluginFacts(p) {
			if c.o.Dialect == REST || !strings.HasPrefix(key, "cvssV3") {
				row[key] = text
			}
		}
		if c.o.Dialect == REST && c.release.atLeast(5, 9) {
			row["vprScore"], row["vprContext"] = decimal(p.vpr), "[]"
		}
		if c.o.Dialect == REST && c.release.atLeast(6, 4) {
			c.addColumns(row, h, f)
		}
		return row
	})
}

// addColumns adds what vulndetails tells from 6.4 on. Comments are empty or N/A where there is no rule.
func (c *Console) addColumns(row object, h Host, f *finding) {
	row["operatingSystem"], row["hostUUID"], row["hostUniqueness"] = h.OS, h.UUID, c.uniqueness(h)
	row["acrScore"], row["assetExposureScore"] = c.ratings(h)
	row["keyDrivers"] = `{"internet exposure":"internal"}` // JSON inside a text
	row["vulnUniqueness"] = strings.TrimSuffix(c.uniqueness(h), ",dnsName") + ",port,protocol,pluginID"
	row["vulnUUID"], row["epssScore"], row["cvssV4BaseScore"], row["cvssV4Vector"] = "", "", "", ""
	row["seolDate"] = "-1"
	if f.place.plugin.endOfLife > 0 {
		row["seolDate"] = epoch(f.place.plugin.endOfLife)
	}
	row["acceptRiskRuleComment"], row["recastRiskRuleComment"] = "N/A", ""
	if f.accepted {
		row["acceptRiskRuleComment"] = acceptComment
	}
	if f.recast {
		row["recastRiskRuleComment"] = recastComment
	}
}

// The comments of the rules by which risks are accepted and severities changed.
const (
	acceptComment = "Accepted until the next release."
	recastComment = "Behind a firewall."
)

// rowReferences writes references as rows have them: CWE #200, and not CWE:200 as plugins do.
func rowReferences(refs []string) string {
	spelled := make([]string, len(refs))
	for i, ref := range refs {
		spelled[i] = strings.Replace(ref, ":", " #", 1)
	}
	return strings.Join(spelled, ",")
}

// pluginFacts are the columns of a finding that come from its plugin.
func (c *Console) pluginFacts(p *plugin) object {
	return object{
		"exploitAvailable": yesNo(p.exploit), "exploitEase": "", "exploitFrameworks": "",
		"synopsis": pluginSynopsis(p), "description": pluginDescription(p),
		"solution": "Upgrade.", "seeAlso": "", "riskFactor": riskFactors[p.severity], "stigSeverity": "",
		"baseScore": decimal(p.cvss), "temporalScore": "", "cvssVector": "", "cvssV3BaseScore": decimal(p.cvss),
		"cvssV3TemporalScore": "", "cvssV3Vector": "", "cpe": strings.Join(p.cpes, "<br/>"), "cve": strings.Join(p.cves, ","), "bid": strings.Join(p.bids, ","),
		"xref": rowReferences(p.xrefs), "checkType": "remote", "version": "1.10",
		"vulnPubDate": epoch(p.vulnPub), "patchPubDate": epoch(p.patchPub),
		"pluginPubDate": epoch(p.pluginPub), "pluginModDate": epoch(p.pluginMod),
	}
}

// pluginOutput is the text of a finding.
func pluginOutput(f *finding) string {
	text := f.place.output
	if text == "" {
		text = "Example output of plugin " + strconv.Itoa(f.place.plugin.id)
	}
	return "<plugin_output>" + text + "</plugin_output>"
}
