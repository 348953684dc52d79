package scapi

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"time"
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
	return each(func(f func([]Vuln, claims) error) error {
		switch {
		case q.Source == Events:
			return fmt.Errorf("findings of log events: %w: they have none", ErrUnsupported)
		case q.Tool == "":
			q.Tool = detailTool
		case q.Tool != detailTool && q.Tool != listTool:
			return wrongArgument("query: findings are the rows of vulndetails or listvuln, not of %s", q.Tool)
		}
		p, err := c.plan(ctx, q)
		if err != nil {
			return err
		}
		shared := &templates[vulnTemplate]{ofPlugins: true}
		reader := func() rowReader[Vuln] { return newVulnReader(p.target.oldScale(), q.ReuseRaw, shared) }
		return pages(ctx, p, rowType[Vuln]{reader: reader, lent: true}, f)
	})
}

// The tools whose rows are findings.
const (
	detailTool = "vulndetails"
	listTool   = "listvuln"
)

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
