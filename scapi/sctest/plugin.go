package sctest

import (
	"fmt"
	"strconv"
)

// family is a plugin family.
type family struct {
	id   int
	name string
	kind string
}

var activeFamilies = []string{
	"Red Hat Local Security Checks", "Debian Local Security Checks", "Ubuntu Local Security Checks",
	"Windows : Microsoft Bulletins", "Windows", "SuSE Local Security Checks", "CISCO", "CGI abuses", "Web Servers",
	"Databases", "Misc.", "General", "Service detection", "Firewalls", "DNS", "SNMP", "FTP", "Gain a shell remotely",
	"Windows : User management", "MacOS X Local Security Checks", "VMware ESX Local Security Checks",
	"SMTP problems", "Backdoors", "Denial of Service", "Port scanners", "Settings", "Web Applications",
	"Policy Compliance",
}

var passiveFamilies = []string{"Generic", "Operating System Detection", "Web Clients", "SSL", "Internet Services"}

func pluginFamilies() []family {
	var list []family
	for i, name := range activeFamilies {
		kind := "active"
		if name == "Policy Compliance" {
			kind = "compliance"
		}
		list = append(list, family{i, name, kind})
	}
	for i, name := range passiveFamilies {
		list = append(list, family{1_000_000 + i, name, "passive"})
	}
	return append(list, family{1_000_100, "Log Correlation", "lce"}, family{1_000_101, "Local Checks", "custom"})
}

// pluginList is the console's plugin database: blocks of ids, one block to a type, each entry by arithmetic.
type pluginList struct {
	seed     uint64
	anchor   int64
	families []family
	blocks   []pluginBlock
	total    int
	known    map[int]*plugin // those that findings show
}

type pluginBlock struct {
	kind            string
	firstID, length int
	before          int // entries in the blocks before
}

func newPluginList(seed uint64, anchor int64, n int, families []family) pluginList {
	l := pluginList{seed: seed, anchor: anchor, families: families, total: n, known: map[int]*plugin{}}
	passive := min(n*4/100, 9_999)
	custom := min(n/100, 7)
	event, audit := n*3/100, n*4/100
	before := 0
	for _, b := range []pluginBlock{
		{kind: "passive", firstID: 1, length: passive},
		{kind: "active", firstID: 10_001, length: n - passive - custom - event - audit},
		{kind: "lce", firstID: 800_001, length: event},
		{kind: "custom", firstID: 900_001, length: custom},
		{kind: "compliance", firstID: 1_000_001, length: audit},
	} {
		b.before = before
		before += b.length
		l.blocks = append(l.blocks, b)
	}
	return l
}

// at returns entry i of the list in the order of ids.
func (l *pluginList) at(i int) *plugin {
	for _, b := range l.blocks {
		if i < b.before+b.length {
			return l.make(b.firstID+i-b.before, b.kind)
		}
	}
	return nil
}

// idAt returns the id of entry i.
func (l *pluginList) idAt(i int) int {
	for _, b := range l.blocks {
		if i < b.before+b.length {
			return b.firstID + i - b.before
		}
	}
	return 0
}

// byID returns the plugin of that id, nil when there is none.
func (l *pluginList) byID(id int) *plugin {
	if p := l.known[id]; p != nil {
		return p
	}
	for _, b := range l.blocks {
		if id >= b.firstID && id < b.firstID+b.length {
			return l.make(id, b.kind)
		}
	}
	return nil
}

func (l *pluginList) count(kind string) int {
	for _, b := range l.blocks {
		if b.kind == kind {
			return b.length
		}
	}
	return 0
}

func (l *pluginList) familyNamed(name string) *family {
	for i := range l.families {
		if l.families[i].name == name {
			return &l.families[i]
		}
	}
	return &l.families[0]
}

// familyOf chooses the family of a plugin among those of its type.
func (l *pluginList) familyOf(id int, kind string) *family {
	first, n := -1, 0
	for i := range l.families {
		if l.families[i].kind == kind {
			if first < 0 {
				first = i
			}
			n++
		}
	}
	return &l.families[first+int(mix(l.seed, 40, uint64(id))%uint64(n))]
}

// make builds the plugin as the list shows it.
func (l *pluginList) make(id int, kind string) *plugin {
	if p := l.known[id]; p != nil {
		return p
	}
	h := mix(l.seed, 41, uint64(id))
	return l.build(id, kind, int8(severityOf(h%100)))
}

// finding returns the plugin of a finding, with that severity.
func (l *pluginList) finding(id int, severity int8) *plugin {
	kind := "active"
	if id < 10_000 {
		kind = "passive"
	}
	p := l.build(id, kind, severity)
	l.known[id] = p
	return p
}

var informationalNames = map[int]string{ //nolint:gosec // names of plugins, one of which speaks of credentials
	pluginScanInformation: "Nessus Scan Information",
	pluginLocalChecksOff:  "OS Security Patch Assessment Failed",
	pluginCredentialsOK:   "OS Security Patch Assessment Available",
	104410:                "Target Credential Status by Authentication Protocol - Failure for Provided Credentials",
	110385:                "Target Credential Issues by Authentication Protocol - Insufficient Privilege",
	110723:                "Target Credential Status by Authentication Protocol - No Credentials Provided",
	117885:                "Target Credential Issues by Authentication Protocol - Intermittent Authentication Failure",
	110695:                "OS Security Patch Assessment Checks Not Supported",
}

func (l *pluginList) informational(id int) *plugin {
	if p := l.known[id]; p != nil {
		return p
	}
	p := l.finding(id, 0)
	p.name, p.family = informationalNames[id], l.familyNamed("Settings")
	return p
}

func (l *pluginList) auditCheck(id int, severity int8) *plugin {
	p := l.build(id, "compliance", severity)
	p.name = fmt.Sprintf("Audit check %d : setting must be in force", id)
	p.family, p.audit = l.familyNamed("Policy Compliance"), true
	p.exploit, p.vpr, p.cvss, p.cves, p.bids, p.xrefs, p.patchPub, p.vulnPub = false, 0, 0, nil, nil, nil, -1, -1
	p.cpes, p.endOfLife = nil, 0
	if l.known[id] == nil {
		l.known[id] = p
	}
	return p
}

var vprSpan = [5][2]int{{0, 1}, {5, 35}, {20, 50}, {50, 40}, {70, 31}}

func (l *pluginList) build(id int, kind string, severity int8) *plugin {
	h := mix(l.seed, 42, uint64(id))
	p := &plugin{
		id: id, kind: kind, severity: severity, family: l.familyOf(id, kind),
		name: fmt.Sprintf("Example Component %d Detection", id), vulnPub: -1, patchPub: -1,
	}
	age := int64(h>>8%85) + 5 // days
	switch {
	case h%100 >= 60:
		age = 700 + int64(h>>8%3800)
	case h%100 >= 30:
		age = 90 + int64(h>>8%610)
	}
	p.pluginPub = l.anchor - age*day
	p.pluginMod = p.pluginPub + int64(h>>24%uint64(age+1))*day
	if severity == 0 {
		return p
	}
	p.cpes = []string{fmt.Sprintf("cpe:/a:example:component_%d", id)}
	if h%5 == 0 {
		p.cpes = append(p.cpes, fmt.Sprintf("cpe:/a:example:library_%d", h>>8%200))
	}
	if h%31 == 0 {
		p.endOfLife = p.pluginPub + int64(h>>8%2000)*day
	}
	p.name = fmt.Sprintf("Example Component %d < %d.%d Vulnerability", id, 1+h>>12%9, h>>16%20)
	if h>>20%5 != 0 {
		p.patchPub = p.pluginPub - int64(h>>28%60)*day
		p.vulnPub = p.patchPub - int64(h>>34%60)*day
	} else {
		p.vulnPub = p.pluginPub - int64(h>>34%120)*day
	}
	span := vprSpan[severity]
	p.vpr = span[0] + int(h>>40%uint64(span[1]))
	p.cvss = min(100, span[0]+int(h>>44%uint64(span[1])))
	p.exploit = h>>48%100 < [5]uint64{0, 2, 10, 25, 35}[severity]
	year := 2010 + h>>50%14
	for k := range 1 + h>>54%3 {
		p.cves = append(p.cves, fmt.Sprintf("CVE-%d-%d", year, 1000+mix(h, k)%30000))
	}
	p.xrefs = append(p.xrefs, fmt.Sprintf("CWE:%d", 20+h>>56%700))
	if h>>60%4 == 0 {
		p.xrefs = append(p.xrefs, fmt.Sprintf("IAVA:%d-A-%04d", year, h>>30%1000))
	}
	if h>>36%3 == 0 {
		p.bids = append(p.bids, strconv.FormatUint(10_000+h>>33%90_000, 10))
	}
	if format := vendorReferences[p.family.name]; format != "" {
		p.xrefs = append(p.xrefs, fmt.Sprintf(format, year, h>>27%1000))
	}
	if p.exploit {
		p.xrefs = append(p.xrefs, fmt.Sprintf("EDB-ID:%d", 1000+h>>26%50_000))
		if severity >= 3 && h>>20%3 == 0 { // the date is that of the remedy
			p.xrefs = append(p.xrefs, fmt.Sprintf("CISA-KNOWN-EXPLOITED:%d/%02d/%02d", year+1, 1+h>>22%12, 1+h>>24%28))
		}
	}
	return p
}

// vendorReferences are how the bulletins of a family's vendor are named, from a year and a number.
var vendorReferences = map[string]string{
	"Red Hat Local Security Checks":    "RHSA:%d:%04d",
	"Debian Local Security Checks":     "DSA:%d-%d",
	"Ubuntu Local Security Checks":     "USN:%d-%d",
	"Windows : Microsoft Bulletins":    "MSFT:MS%d-%03d",
	"CISCO":                            "CISCO-SA:cisco-sa-%d%04d-example",
	"MacOS X Local Security Checks":    "APPLE-SA:APPLE-SA-%d-%d",
	"VMware ESX Local Security Checks": "VMSA:%d-%04d",
	"Databases":                        "CERT-VU:%d%d",
	"CGI abuses":                       "zone-h:%d%d",
}
