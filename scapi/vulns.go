package scapi

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// Vuln is a finding: what a plugin says about a host. Which fields have a value
// depends on tool and version. What the console does not know, which it writes as
// "", -1 or N/A, is absent; so is the repository of an individual scan's rows.
type Vuln struct {
	PluginID, PluginName     string
	FamilyID, Family         string // SecurityCenter 4 tells the id only
	Severity                 Opt[Severity]
	RepositoryID, Repository string // SecurityCenter 4 tells the id only
	IP, DNSName, NetBIOSName string
	MACAddress, UUID         string
	HostUUID                 string     // Security Center 6
	OS                       string     // Security Center 6; may hold line breaks
	Uniqueness               string     // the columns that make a finding one, by their names; Security Center 6
	Port                     Opt[int64] // 0: the host as a whole
	Protocol                 string     // TCP, UDP, ICMP, or the number of another
	FirstSeen, LastSeen      time.Time  // zero times: never or unknown
	Accepted, Recast         Opt[bool]  // risk or severity, by a rule
	AcceptComment            string     // of that rule; Security Center 6
	RecastComment            string
	Resurfaced               Opt[bool] // it had been mitigated before
	Exploitable              Opt[bool] // an exploit is known
	RiskFactor               string    // None, Low, … Critical
	BaseScore, V3BaseScore   Opt[float64]
	VPR                      Opt[float64]
	ACRScore                 Opt[float64] // how critical the host is, 1 to 10; Security Center 6
	AssetExposureScore       Opt[float64] // 0 to 1000; Security Center 6
	CVEs                     []string
	Xrefs                    []string // "CWE:200", however the console spells it
	CPEs                     []string
	Synopsis, Description    string
	Solution, SeeAlso        string
	Output                   string    // of the plugin, without the tag around it
	Published                time.Time // of the vulnerability
	PatchPublished           time.Time
	PluginPublished          time.Time
	EndOfLife                time.Time // from which on the software gets no security updates; Security Center 6
	Raw                      json.RawMessage
}

// Vulns iterates over the findings of q, which are all open ones if q is
// empty: rows of the tool vulndetails, or of listvuln, which tells less. Many
// findings have texts of several kilobytes. REST POST /analysis, RPC
// vuln::query. A failure is yielded once, as the last pair; log events, and
// other tools, are one before any request.
func (c *Client) Vulns(ctx context.Context, q Query) iter.Seq2[Vuln, error] {
	return func(yield func(Vuln, error) bool) {
		switch {
		case q.Source == Events:
			yield(Vuln{}, fmt.Errorf("findings of log events: %w: they have none", ErrUnsupported))
			return
		case q.Tool == "":
			q.Tool = "vulndetails"
		case q.Tool != "vulndetails" && q.Tool != "listvuln":
			yield(Vuln{}, wrongArgument("query: findings are the rows of vulndetails or listvuln, not of %s", q.Tool))
			return
		}
		for row, err := range c.Rows(ctx, q) {
			if err != nil {
				yield(Vuln{}, err)
				return
			}
			if !yield(row.vuln(), nil) {
				return
			}
		}
	}
}

// VulnInit returns what SecurityCenter 4 has for its page of findings, as it
// says it: no source tells what that is, but by the like of it the repositories,
// asset lists and plugin families to choose from. RPC vuln::init, to users of
// an organisation; REST: ErrUnsupported, as there is a call for each of those.
func (c *Client) VulnInit(ctx context.Context) (json.RawMessage, error) {
	t, err := c.target(ctx)
	if err != nil {
		return nil, err
	}
	if t.dialect != RPC {
		return nil, fmt.Errorf("vuln::init: %w: ask for repositories, asset lists or plugins instead", ErrUnsupported)
	}
	var raw json.RawMessage
	_, err = c.do(ctx, action("vuln", "init", nil), &raw)
	return raw, err
}

// vuln reads a row of vulndetails or listvuln.
func (r Row) vuln() Vuln {
	family := refOf(column[wire.Ref](r, "family"), column[wire.Ref](r, "familyID"))
	repository := refOf(column[wire.Ref](r, "repository"), column[wire.Ref](r, "repositoryID"))
	v := Vuln{
		PluginID:       r.String("pluginID"),
		PluginName:     r.String("pluginName"),
		FamilyID:       family.ID,
		Family:         known(family.Name), // audit checks are of a family 0, N/A
		Severity:       r.Severity(),
		RepositoryID:   repository.ID,
		Repository:     repository.Name,
		IP:             address(r.String("ip")),
		DNSName:        known(r.String("dnsName")),
		NetBIOSName:    known(r.String("netbiosName")),
		MACAddress:     known(r.String("macAddress")),
		UUID:           known(r.String("uuid")),
		HostUUID:       known(r.String("hostUUID")),
		OS:             known(r.String("operatingSystem")),
		Uniqueness:     known(r.String("vulnUniqueness")),
		Port:           optInt(column[wire.Int](r, "port")),
		Protocol:       protocol(r.String("protocol")),
		FirstSeen:      r.Time("firstSeen"),
		LastSeen:       r.Time("lastSeen"),
		Accepted:       optBool(column[wire.Bool](r, "acceptRisk")),
		Recast:         optBool(column[wire.Bool](r, "recastRisk")),
		AcceptComment:  known(r.String("acceptRiskRuleComment")),
		RecastComment:  known(r.String("recastRiskRuleComment")),
		Resurfaced:     optBool(column[wire.Bool](r, "hasBeenMitigated")),
		Exploitable:    optBool(column[wire.Bool](r, "exploitAvailable")),
		RiskFactor:     known(r.String("riskFactor")),
		BaseScore:      optFloat(column[wire.Float](r, "baseScore")),
		V3BaseScore:    optFloat(column[wire.Float](r, "cvssV3BaseScore")),
		VPR:            optFloat(column[wire.Float](r, "vprScore")),
		ACRScore:       optFloat(column[wire.Float](r, "acrScore")),
		CVEs:           column[texts](r, "cve"),
		Xrefs:          column[texts](r, "xref"),
		CPEs:           column[lines](r, "cpe"),
		Synopsis:       r.String("synopsis"),
		Description:    r.String("description"),
		Solution:       r.String("solution"),
		SeeAlso:        r.String("seeAlso"),
		Output:         output(r.String("pluginText")),
		Published:      r.Time("vulnPubDate"),
		PatchPublished: r.Time("patchPubDate"),
		EndOfLife:      r.Time("seolDate"),
		Raw:            r.Raw,

		AssetExposureScore: optFloat(column[wire.Float](r, "assetExposureScore")),
		PluginPublished:    r.Time("pluginPubDate"),
	}
	for i, ref := range v.Xrefs {
		v.Xrefs[i] = crossReference(ref)
	}
	if v.PluginName == "" {
		v.PluginName = r.String("name") // listvuln
	}
	return v
}

// protocol names the numbers that SecurityCenter 4 sends as REST does.
func protocol(text string) string {
	switch text {
	case "1":
		return "ICMP"
	case "6":
		return "TCP"
	case "17":
		return "UDP"
	}
	return strings.ToUpper(text)
}

// output is a plugin's text without the tag that consoles put around it.
func output(text string) string {
	inner, opened := strings.CutPrefix(strings.TrimSpace(text), "<plugin_output>")
	if !opened {
		return text
	}
	return strings.TrimSpace(strings.TrimSuffix(inner, "</plugin_output>"))
}
