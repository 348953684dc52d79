package scapi

import (
	"bytes"
	"slices"
	"unsafe"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// vulnReader reads rows of findings. It remembers what the row before was like,
// and the texts of plugins, which are most of a row.
type vulnReader struct {
	keeper   keeper
	lasting  keeper   // of what is remembered
	lists    []string // room for the copies of lists that are handed out
	order    order[vulnColumn]
	oldScale bool
	// What many rows have in common.
	ip, dnsName, netBIOSName, macAddress, uuid, hostUUID latest[string]
	os, uniqueness, protocol                             latest[string]
	repositories, severities                             refs
	// What rows of one plugin have in common.
	plugins map[string]*pluginTexts
	held    int // bytes of plugins, at most
	// Of this row.
	plugin *pluginTexts // nil: not known yet
	told   vulnTold
}

// vulnTold is what a row may tell in two columns, of which the first counts.
type vulnTold struct {
	family, familyID         wire.Ref
	repository, repositoryID wire.Ref
	name                     string // of the plugin, as listvuln has it
}

// pluginTexts is what the rows of one plugin have in common.
type pluginTexts struct {
	id                                       string
	pluginName, name, riskFactor             latest[string]
	synopsis, description, solution, seeAlso latest[string]
	family                                   latest[wire.Ref]
	cves, xrefs, cpes                        latest[[]string]
}

// maxHeld is how many bytes of texts of plugins are remembered.
const maxHeld = 4 << 20

// vulnColumn reads the value of one column.
type vulnColumn func(r *vulnReader, in *wire.Reader, v *Vuln)

func newVulnReader(oldScale bool) rowReader[Vuln] {
	r := &vulnReader{oldScale: oldScale, plugins: map[string]*pluginTexts{}}
	return r.read
}

func (r *vulnReader) read(in *wire.Reader, v *Vuln) {
	in.Kind()
	start := in.Offset()
	if in.Begin('{') {
		r.plugin, r.told = nil, vulnTold{}
		for place := 0; ; place++ {
			read, more := r.order.next(in, place, vulnColumnOf)
			if !more {
				break
			}
			read(r, in, v)
		}
		r.told.put(v)
	} else {
		in.Value()
	}
	v.Raw = r.keeper.raw(in.Since(start))
}

func (t *vulnTold) put(v *Vuln) {
	family, repository := refOf(t.family, t.familyID), refOf(t.repository, t.repositoryID)
	v.FamilyID, v.Family = family.ID, known(family.Name) // audit checks are of a family 0, N/A
	v.RepositoryID, v.Repository = repository.ID, repository.Name
	if v.PluginName == "" {
		v.PluginName = t.name // listvuln
	}
}

func vulnColumnOf(name []byte) vulnColumn {
	if read, known := vulnColumns[string(name)]; known {
		return read
	}
	return func(_ *vulnReader, in *wire.Reader, _ *Vuln) { in.Value() }
}

// vulnColumns are the columns of vulndetails and listvuln in all versions.
var vulnColumns = map[string]vulnColumn{
	"pluginID": (*vulnReader).readPluginID,
	"pluginName": func(r *vulnReader, in *wire.Reader, v *Vuln) {
		v.PluginName = ofPlugin(r, &r.of(in).pluginName, in, r.lastingText)
	},
	"name": func(r *vulnReader, in *wire.Reader, _ *Vuln) {
		r.told.name = ofPlugin(r, &r.of(in).name, in, r.lastingText)
	},
	"riskFactor": func(r *vulnReader, in *wire.Reader, v *Vuln) {
		v.RiskFactor = ofPlugin(r, &r.of(in).riskFactor, in, r.lastingKnown)
	},
	"synopsis": func(r *vulnReader, in *wire.Reader, v *Vuln) {
		v.Synopsis = ofPlugin(r, &r.of(in).synopsis, in, r.lastingText)
	},
	"description": func(r *vulnReader, in *wire.Reader, v *Vuln) {
		v.Description = ofPlugin(r, &r.of(in).description, in, r.lastingText)
	},
	"solution": func(r *vulnReader, in *wire.Reader, v *Vuln) {
		v.Solution = ofPlugin(r, &r.of(in).solution, in, r.lastingText)
	},
	"seeAlso": func(r *vulnReader, in *wire.Reader, v *Vuln) {
		v.SeeAlso = ofPlugin(r, &r.of(in).seeAlso, in, r.lastingText)
	},

	"family": func(r *vulnReader, in *wire.Reader, _ *Vuln) {
		r.told.family = ofPlugin(r, &r.of(in).family, in, (*wire.Reader).Ref)
	},
	"familyID": func(r *vulnReader, in *wire.Reader, _ *Vuln) { r.told.familyID = in.Ref() },

	"cve": func(r *vulnReader, in *wire.Reader, v *Vuln) {
		v.CVEs = r.copyOf(ofPlugin(r, &r.of(in).cves, in, textList))
	},
	"xref": func(r *vulnReader, in *wire.Reader, v *Vuln) {
		v.Xrefs = r.copyOf(ofPlugin(r, &r.of(in).xrefs, in, xrefList))
	},
	"cpe": func(r *vulnReader, in *wire.Reader, v *Vuln) {
		v.CPEs = r.copyOf(ofPlugin(r, &r.of(in).cpes, in, lineList))
	},

	"baseScore":       func(_ *vulnReader, in *wire.Reader, v *Vuln) { v.BaseScore = score(in) },
	"cvssV3BaseScore": func(_ *vulnReader, in *wire.Reader, v *Vuln) { v.V3BaseScore = score(in) },
	"vprScore":        func(_ *vulnReader, in *wire.Reader, v *Vuln) { v.VPR = score(in) },

	"exploitAvailable": func(_ *vulnReader, in *wire.Reader, v *Vuln) { v.Exploitable = truth(in) },
	"vulnPubDate":      func(_ *vulnReader, in *wire.Reader, v *Vuln) { v.Published = in.Time() },
	"patchPubDate":     func(_ *vulnReader, in *wire.Reader, v *Vuln) { v.PatchPublished = in.Time() },
	"pluginPubDate":    func(_ *vulnReader, in *wire.Reader, v *Vuln) { v.PluginPublished = in.Time() },
	"seolDate":         func(_ *vulnReader, in *wire.Reader, v *Vuln) { v.EndOfLife = in.Time() },

	"ip":                 func(r *vulnReader, in *wire.Reader, v *Vuln) { v.IP = r.ip.read(in, r.address) },
	"dnsName":            func(r *vulnReader, in *wire.Reader, v *Vuln) { v.DNSName = r.dnsName.read(in, r.known) },
	"netbiosName":        func(r *vulnReader, in *wire.Reader, v *Vuln) { v.NetBIOSName = r.netBIOSName.read(in, r.known) },
	"macAddress":         func(r *vulnReader, in *wire.Reader, v *Vuln) { v.MACAddress = r.macAddress.read(in, r.known) },
	"uuid":               func(r *vulnReader, in *wire.Reader, v *Vuln) { v.UUID = r.uuid.read(in, r.known) },
	"hostUUID":           func(r *vulnReader, in *wire.Reader, v *Vuln) { v.HostUUID = r.hostUUID.read(in, r.known) },
	"operatingSystem":    func(r *vulnReader, in *wire.Reader, v *Vuln) { v.OS = r.os.read(in, r.known) },
	"vulnUniqueness":     func(r *vulnReader, in *wire.Reader, v *Vuln) { v.Uniqueness = r.uniqueness.read(in, r.known) },
	"protocol":           func(r *vulnReader, in *wire.Reader, v *Vuln) { v.Protocol = r.protocol.read(in, protocolName) },
	"repository":         func(r *vulnReader, in *wire.Reader, _ *Vuln) { r.told.repository = r.repositories.read(in) },
	"repositoryID":       func(r *vulnReader, in *wire.Reader, _ *Vuln) { r.told.repositoryID = r.repositories.read(in) },
	"acrScore":           func(_ *vulnReader, in *wire.Reader, v *Vuln) { v.ACRScore = score(in) },
	"assetExposureScore": func(_ *vulnReader, in *wire.Reader, v *Vuln) { v.AssetExposureScore = score(in) },

	"severity": func(r *vulnReader, in *wire.Reader, v *Vuln) {
		v.Severity = severityOf(r.severities.read(in), r.oldScale)
	},
	"port":                  func(_ *vulnReader, in *wire.Reader, v *Vuln) { v.Port = count(in) },
	"firstSeen":             func(_ *vulnReader, in *wire.Reader, v *Vuln) { v.FirstSeen = in.Time() },
	"lastSeen":              func(_ *vulnReader, in *wire.Reader, v *Vuln) { v.LastSeen = in.Time() },
	"acceptRisk":            func(_ *vulnReader, in *wire.Reader, v *Vuln) { v.Accepted = truth(in) },
	"recastRisk":            func(_ *vulnReader, in *wire.Reader, v *Vuln) { v.Recast = truth(in) },
	"hasBeenMitigated":      func(_ *vulnReader, in *wire.Reader, v *Vuln) { v.Resurfaced = truth(in) },
	"acceptRiskRuleComment": func(r *vulnReader, in *wire.Reader, v *Vuln) { v.AcceptComment = r.known(in) },
	"recastRiskRuleComment": func(r *vulnReader, in *wire.Reader, v *Vuln) { v.RecastComment = r.known(in) },
	"pluginText":            func(r *vulnReader, in *wire.Reader, v *Vuln) { v.Output = r.keeper.text(output(in.Text())) },
}

// readPluginID reads the plugin, whose texts are likely to follow.
func (r *vulnReader) readPluginID(in *wire.Reader, v *Vuln) {
	r.plugin = r.textsOf(in.Text())
	v.PluginID = r.plugin.id
}

// of returns the texts of the plugin of a row that has come to one of them. Where the
// plugin's id stands behind it, in the next row at worst, it is looked for: that the
// texts are those is seen when they are compared.
func (r *vulnReader) of(in *wire.Reader) *pluginTexts {
	if r.plugin == nil {
		ahead := in.Ahead([]byte(`"pluginID":`))
		r.plugin = r.textsOf(ahead.Text())
	}
	return r.plugin
}

func (r *vulnReader) textsOf(id []byte) *pluginTexts {
	plugin := r.plugins[string(id)]
	if plugin == nil {
		if r.held > maxHeld {
			clear(r.plugins)
			r.held = 0
		}
		plugin = &pluginTexts{id: string(id)}
		r.plugins[plugin.id] = plugin
		r.held += len(id) + int(unsafe.Sizeof(*plugin))
	}
	return plugin
}

// ofPlugin reads a value that is likely to be the one of the plugin's last row.
func ofPlugin[V any](r *vulnReader, value *latest[V], in *wire.Reader, read func(*wire.Reader) V) V {
	if !value.again(in) {
		value.learn(in, read)
		r.held += 2 * len(value.raw) // and decoded
	}
	return value.value
}

func (r *vulnReader) known(in *wire.Reader) string       { return r.keeper.text(knownText(in.Text())) }
func (r *vulnReader) address(in *wire.Reader) string     { return address(r.keeper.text(in.Text())) }
func (r *vulnReader) lastingText(in *wire.Reader) string { return r.lasting.text(in.Text()) }
func (r *vulnReader) lastingKnown(in *wire.Reader) string {
	return r.lasting.text(knownText(in.Text()))
}

func textList(in *wire.Reader) []string {
	var list texts
	_ = list.UnmarshalJSON(in.Value()) // never fails
	return list
}

func lineList(in *wire.Reader) []string { return lines(in.Value()) }

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
