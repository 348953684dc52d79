package scapi

import (
	"bytes"
	"slices"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// vulnReader reads rows of findings. It remembers a row of each plugin, because most
// of a row depends on that alone.
type vulnReader struct {
	keeper    keeper
	lists     []string // room for the copies of lists that are handed out
	oldScale  bool
	templates *templates[vulnTemplate]
	layout    *layout[vulnColumn] // of the latest template
	distance  int                 // see templates.choose
	// What many rows have in common.
	ip, dnsName, netBIOSName, macAddress, uuid, hostUUID latest[string]
	os, uniqueness                                       latest[string]
	repositories, severities                             refs
	// The row that is read.
	in   *wire.Reader
	vuln *Vuln
	told vulnTold
	like *vulnTemplate
	// What a row of an unknown plugin is like.
	empty *vulnTemplate
}

// vulnTemplate is a row, and what was read in it.
type vulnTemplate struct {
	template[vulnColumn]
	vuln Vuln
	told vulnTold
}

// vulnTold is what a row may tell in two columns, of which the first counts.
type vulnTold struct {
	family, familyID         wire.Ref
	repository, repositoryID wire.Ref
	pluginName, name         string // name: as listvuln has it
}

// vulnColumn reads the value of one column, or takes it from a row that has the same.
// Nothing is known of a column that has neither.
type vulnColumn struct{ read, same func(r *vulnReader) }

func newVulnReader(oldScale, lends bool, shared *templates[vulnTemplate]) rowReader[Vuln] {
	r := &vulnReader{keeper: keeper{lends: lends}, oldScale: oldScale, templates: shared, layout: new(layout[vulnColumn]), empty: new(vulnTemplate)}
	same := func(_ []place, columns []vulnColumn, _ int) {
		for _, c := range columns {
			if c.same != nil {
				c.same(r)
			}
		}
	}
	read := func(_ int, c vulnColumn) {
		if c.read != nil {
			c.read(r)
		} else {
			r.in.Value()
		}
	}
	return func(in *wire.Reader, v *Vuln) { r.row(in, v, same, read) }
}

func (r *vulnReader) row(in *wire.Reader, v *Vuln, same func([]place, []vulnColumn, int), read func(int, vulnColumn)) {
	if in.Kind() != '{' {
		v.Raw = r.keeper.raw(in.Value())
		return
	}
	start := in.Offset()
	like, key := r.templates.choose(in, &r.distance)
	if like == nil {
		like = r.empty
	}
	r.in, r.vuln, r.told, r.like = in, v, vulnTold{}, like
	alike := like.walk(in, vulnColumnOf, same, read)
	r.told.put(v)
	raw := in.Since(start)
	if in.Err() == nil && !alike {
		made := &vulnTemplate{templateOf(raw, r.layout, vulnColumnOf), *v, r.told}
		for _, list := range []*[]string{&made.vuln.CVEs, &made.vuln.Xrefs, &made.vuln.CPEs} {
			*list = slices.Clone(*list) // who gets the row may change its own
		}
		r.templates.keep(key, made, len(raw))
		r.layout = made.layout
	}
	v.Raw = r.keeper.raw(raw)
}

func (t *vulnTold) put(v *Vuln) {
	family, repository := refOf(t.family, t.familyID), refOf(t.repository, t.repositoryID)
	v.FamilyID, v.Family = family.ID, known(family.Name) // audit checks are of a family 0, N/A
	v.RepositoryID, v.Repository = repository.ID, repository.Name
	if v.PluginName = t.pluginName; v.PluginName == "" {
		v.PluginName = t.name
	}
}

func vulnColumnOf(name []byte) vulnColumn { return vulnColumns[string(name)] }

// vulnColumns are the columns of vulndetails and listvuln in all versions.
var vulnColumns = map[string]vulnColumn{
	"pluginID":    {func(r *vulnReader) { r.vuln.PluginID = r.text(r.in) }, func(r *vulnReader) { r.vuln.PluginID = r.like.vuln.PluginID }},
	"pluginName":  {func(r *vulnReader) { r.told.pluginName = r.text(r.in) }, func(r *vulnReader) { r.told.pluginName = r.like.told.pluginName }},
	"name":        {func(r *vulnReader) { r.told.name = r.text(r.in) }, func(r *vulnReader) { r.told.name = r.like.told.name }},
	"riskFactor":  {func(r *vulnReader) { r.vuln.RiskFactor = r.known(r.in) }, func(r *vulnReader) { r.vuln.RiskFactor = r.like.vuln.RiskFactor }},
	"synopsis":    {func(r *vulnReader) { r.vuln.Synopsis = r.text(r.in) }, func(r *vulnReader) { r.vuln.Synopsis = r.like.vuln.Synopsis }},
	"description": {func(r *vulnReader) { r.vuln.Description = r.text(r.in) }, func(r *vulnReader) { r.vuln.Description = r.like.vuln.Description }},
	"solution":    {func(r *vulnReader) { r.vuln.Solution = r.text(r.in) }, func(r *vulnReader) { r.vuln.Solution = r.like.vuln.Solution }},
	"seeAlso":     {func(r *vulnReader) { r.vuln.SeeAlso = r.text(r.in) }, func(r *vulnReader) { r.vuln.SeeAlso = r.like.vuln.SeeAlso }},
	"family":      {func(r *vulnReader) { r.told.family = r.in.Ref() }, func(r *vulnReader) { r.told.family = r.like.told.family }},
	"familyID":    {func(r *vulnReader) { r.told.familyID = r.in.Ref() }, func(r *vulnReader) { r.told.familyID = r.like.told.familyID }},

	"cve":  {func(r *vulnReader) { r.vuln.CVEs = textList(r.in) }, func(r *vulnReader) { r.vuln.CVEs = r.copyOf(r.like.vuln.CVEs) }},
	"xref": {func(r *vulnReader) { r.vuln.Xrefs = xrefList(r.in) }, func(r *vulnReader) { r.vuln.Xrefs = r.copyOf(r.like.vuln.Xrefs) }},
	"cpe":  {func(r *vulnReader) { r.vuln.CPEs = lineList(r.in) }, func(r *vulnReader) { r.vuln.CPEs = r.copyOf(r.like.vuln.CPEs) }},

	"baseScore":        {func(r *vulnReader) { r.vuln.BaseScore = score(r.in) }, func(r *vulnReader) { r.vuln.BaseScore = r.like.vuln.BaseScore }},
	"cvssV3BaseScore":  {func(r *vulnReader) { r.vuln.V3BaseScore = score(r.in) }, func(r *vulnReader) { r.vuln.V3BaseScore = r.like.vuln.V3BaseScore }},
	"vprScore":         {func(r *vulnReader) { r.vuln.VPR = score(r.in) }, func(r *vulnReader) { r.vuln.VPR = r.like.vuln.VPR }},
	"exploitAvailable": {func(r *vulnReader) { r.vuln.Exploitable = truth(r.in) }, func(r *vulnReader) { r.vuln.Exploitable = r.like.vuln.Exploitable }},
	"vulnPubDate":      {func(r *vulnReader) { r.vuln.Published = r.in.Time() }, func(r *vulnReader) { r.vuln.Published = r.like.vuln.Published }},
	"patchPubDate":     {func(r *vulnReader) { r.vuln.PatchPublished = r.in.Time() }, func(r *vulnReader) { r.vuln.PatchPublished = r.like.vuln.PatchPublished }},
	"pluginPubDate":    {func(r *vulnReader) { r.vuln.PluginPublished = r.in.Time() }, func(r *vulnReader) { r.vuln.PluginPublished = r.like.vuln.PluginPublished }},
	"seolDate":         {func(r *vulnReader) { r.vuln.EndOfLife = r.in.Time() }, func(r *vulnReader) { r.vuln.EndOfLife = r.like.vuln.EndOfLife }},

	"ip":                 {func(r *vulnReader) { r.vuln.IP = r.ip.read(r.in, r.address) }, func(r *vulnReader) { r.vuln.IP = r.like.vuln.IP }},
	"dnsName":            {func(r *vulnReader) { r.vuln.DNSName = r.dnsName.read(r.in, r.known) }, func(r *vulnReader) { r.vuln.DNSName = r.like.vuln.DNSName }},
	"netbiosName":        {func(r *vulnReader) { r.vuln.NetBIOSName = r.netBIOSName.read(r.in, r.known) }, func(r *vulnReader) { r.vuln.NetBIOSName = r.like.vuln.NetBIOSName }},
	"macAddress":         {func(r *vulnReader) { r.vuln.MACAddress = r.macAddress.read(r.in, r.known) }, func(r *vulnReader) { r.vuln.MACAddress = r.like.vuln.MACAddress }},
	"uuid":               {func(r *vulnReader) { r.vuln.UUID = r.uuid.read(r.in, r.known) }, func(r *vulnReader) { r.vuln.UUID = r.like.vuln.UUID }},
	"hostUUID":           {func(r *vulnReader) { r.vuln.HostUUID = r.hostUUID.read(r.in, r.known) }, func(r *vulnReader) { r.vuln.HostUUID = r.like.vuln.HostUUID }},
	"operatingSystem":    {func(r *vulnReader) { r.vuln.OS = r.os.read(r.in, r.known) }, func(r *vulnReader) { r.vuln.OS = r.like.vuln.OS }},
	"vulnUniqueness":     {func(r *vulnReader) { r.vuln.Uniqueness = r.uniqueness.read(r.in, r.known) }, func(r *vulnReader) { r.vuln.Uniqueness = r.like.vuln.Uniqueness }},
	"protocol":           {func(r *vulnReader) { r.vuln.Protocol = protocolName(r.in) }, func(r *vulnReader) { r.vuln.Protocol = r.like.vuln.Protocol }},
	"repository":         {func(r *vulnReader) { r.told.repository = r.repositories.read(r.in) }, func(r *vulnReader) { r.told.repository = r.like.told.repository }},
	"repositoryID":       {func(r *vulnReader) { r.told.repositoryID = r.repositories.read(r.in) }, func(r *vulnReader) { r.told.repositoryID = r.like.told.repositoryID }},
	"acrScore":           {func(r *vulnReader) { r.vuln.ACRScore = score(r.in) }, func(r *vulnReader) { r.vuln.ACRScore = r.like.vuln.ACRScore }},
	"assetExposureScore": {func(r *vulnReader) { r.vuln.AssetExposureScore = score(r.in) }, func(r *vulnReader) { r.vuln.AssetExposureScore = r.like.vuln.AssetExposureScore }},

	"severity":              {func(r *vulnReader) { r.vuln.Severity = severityOf(r.severities.read(r.in), r.oldScale) }, func(r *vulnReader) { r.vuln.Severity = r.like.vuln.Severity }},
	"port":                  {func(r *vulnReader) { r.vuln.Port = count(r.in) }, func(r *vulnReader) { r.vuln.Port = r.like.vuln.Port }},
	"firstSeen":             {func(r *vulnReader) { r.vuln.FirstSeen = r.in.Time() }, func(r *vulnReader) { r.vuln.FirstSeen = r.like.vuln.FirstSeen }},
	"lastSeen":              {func(r *vulnReader) { r.vuln.LastSeen = r.in.Time() }, func(r *vulnReader) { r.vuln.LastSeen = r.like.vuln.LastSeen }},
	"acceptRisk":            {func(r *vulnReader) { r.vuln.Accepted = truth(r.in) }, func(r *vulnReader) { r.vuln.Accepted = r.like.vuln.Accepted }},
	"recastRisk":            {func(r *vulnReader) { r.vuln.Recast = truth(r.in) }, func(r *vulnReader) { r.vuln.Recast = r.like.vuln.Recast }},
	"hasBeenMitigated":      {func(r *vulnReader) { r.vuln.Resurfaced = truth(r.in) }, func(r *vulnReader) { r.vuln.Resurfaced = r.like.vuln.Resurfaced }},
	"acceptRiskRuleComment": {func(r *vulnReader) { r.vuln.AcceptComment = r.known(r.in) }, func(r *vulnReader) { r.vuln.AcceptComment = r.like.vuln.AcceptComment }},
	"recastRiskRuleComment": {func(r *vulnReader) { r.vuln.RecastComment = r.known(r.in) }, func(r *vulnReader) { r.vuln.RecastComment = r.like.vuln.RecastComment }},
	"pluginText":            {func(r *vulnReader) { r.vuln.Output = r.keeper.text(output(r.in.Text())) }, func(r *vulnReader) { r.vuln.Output = r.like.vuln.Output }},
}

func (r *vulnReader) text(in *wire.Reader) string    { return r.keeper.text(in.Text()) }
func (r *vulnReader) known(in *wire.Reader) string   { return r.keeper.text(knownText(in.Text())) }
func (r *vulnReader) address(in *wire.Reader) string { return address(r.keeper.text(in.Text())) }

func textList(in *wire.Reader) []string {
	return severalIn(in, func(r rune) bool { return r == ',' || r == '\n' })
}
func lineList(in *wire.Reader) []string { return severalIn(in, func(r rune) bool { return r == '\n' }) }

func xrefList(in *wire.Reader) []string {
	list := textList(in)
	for i, ref := range list {
		list[i] = crossReference(ref)
	}
	return list
}

// copyOf returns a list that its reader may change.
func (r *vulnReader) copyOf(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	if cap(r.lists)-len(r.lists) < len(list) {
		r.lists = make([]string, 0, max(len(list), listsSize))
	}
	start := len(r.lists)
	r.lists = append(r.lists, list...)
	return slices.Clip(r.lists[start:])
}

// listsSize is how many texts of lists are allocated at a time.
const listsSize = 256

// protocolName names the numbers that SecurityCenter 4 sends as REST does.
func protocolName(in *wire.Reader) string {
	switch text := in.Text(); string(text) {
	case "1", "ICMP":
		return "ICMP"
	case "6", "TCP":
		return "TCP"
	case "17", "UDP":
		return "UDP"
	default:
		return string(bytes.ToUpper(text))
	}
}

// output is a plugin's text without the tag that consoles put around it.
func output(text []byte) []byte {
	inner, opened := bytes.CutPrefix(bytes.TrimSpace(text), []byte("<plugin_output>"))
	if !opened {
		return text
	}
	return bytes.TrimSpace(bytes.TrimSuffix(inner, []byte("</plugin_output>")))
}
