package scapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// Plugin is a check of the console's plugin database. What a list was not
// asked for, or a version does not know, is absent.
type Plugin struct {
	ID, Name         string
	Type             string // active, passive, compliance, custom, lce
	Family, FamilyID string
	Description      string
	Synopsis         string
	Solution         string
	SeeAlso          string
	RiskFactor       string       // None, Low, … Critical
	CVSS2, CVSS3     Opt[float64] // base scores, 0 to 10
	VPR              Opt[float64] // Tenable's priority rating, 0 to 10; 5.9 and later
	ExploitAvailable Opt[bool]
	// When plugin, patch and vulnerability were published.
	Published, PatchPublished, VulnPublished time.Time
	// When the plugin's author changed it, and when the console took that in.
	Changed, Modified time.Time
	CrossReferences   []CrossReference
	Raw               json.RawMessage
}

// wirePlugin is a plugin alone, or of a list of SecurityCenter 4.
type wirePlugin struct {
	ID, Name, Type                                                        wire.Str
	Family                                                                wire.Ref // on RPC the name
	FamilyID, FamilyName                                                  wire.Str
	Description, Synopsis, Solution, SeeAlso, RiskFactor                  wire.Str
	BaseScore, CVSSV3BaseScore, VPRScore                                  wire.Float
	ExploitAvailable                                                      wire.Bool
	PluginPubDate, PluginModDate, PatchPubDate, VulnPubDate, ModifiedTime wire.Epoch
	Xrefs                                                                 wire.Str
}

func (w wirePlugin) plugin(raw json.RawMessage) Plugin {
	p := Plugin{
		ID: string(w.ID), Name: string(w.Name), Type: string(w.Type),
		Description: string(w.Description), Synopsis: string(w.Synopsis), Solution: string(w.Solution),
		SeeAlso: string(w.SeeAlso), RiskFactor: string(w.RiskFactor),
		CVSS2: optFloat(w.BaseScore), CVSS3: optFloat(w.CVSSV3BaseScore), VPR: optFloat(w.VPRScore),
		ExploitAvailable: optBool(w.ExploitAvailable),
		Published:        w.PluginPubDate.Time(), PatchPublished: w.PatchPubDate.Time(), VulnPublished: w.VulnPubDate.Time(),
		Changed: w.PluginModDate.Time(), Modified: w.ModifiedTime.Time(),
		CrossReferences: crossReferences(string(w.Xrefs)),
		Raw:             raw,
	}
	pluginTold{w.Family, string(w.FamilyID), string(w.FamilyName)}.put(&p)
	return p
}

// pluginDetailFields are the columns of one plugin that REST is asked for: all
// but its source, which may have megabytes.
const pluginDetailFields = pluginFields + ",description,synopsis,solution,seeAlso,vprScore,vprContext,copyright,version," +
	"sourceFile,dependencies,requiredPorts,requiredUDPPorts,cpe,srcPort,dstPort,protocol,checkType,exploitEase,exploitFrameworks," +
	"cvssVector,temporalScore,cvssV3Vector,cvssV3TemporalScore,stigSeverity,patchModDate,md5"

// Plugin returns one plugin with its texts; the id is a number. REST GET
// /plugin/{id}, RPC plugin::getDetails. ErrNotFound: there is no such plugin.
func (c *Client) Plugin(ctx context.Context, id string) (Plugin, error) {
	number, err := strconv.ParseUint(id, 10, 63)
	if err != nil {
		return Plugin{}, wrongArgument("plugin %q: the id is no number", id)
	}
	t, err := c.target(ctx)
	if err != nil {
		return Plugin{}, err
	}
	if t.dialect == RPC {
		return c.rpcPlugin(ctx, id, number)
	}
	var r raws[wirePlugin]
	k := call{endpoint: "/plugin/{id}", rest: restCall{
		Method: http.MethodGet, Path: "/plugin/" + id, Query: url.Values{"fields": {pluginDetailFields}},
	}}
	_, err = c.do(ctx, k, &r)
	if refusesFields(err) {
		k.rest.Query = nil
		_, err = c.do(ctx, k, &r)
	}
	if err != nil {
		return Plugin{}, err
	}
	if r.value.ID == "" {
		return Plugin{}, &Error{Call: k.name(REST), Err: fmt.Errorf("%w: a plugin without id", ErrMalformed)}
	}
	return r.value.plugin(r.raw), nil
}

// rpcPlugin asks SecurityCenter 4. How that says that there is no such plugin
// is not known: an answer without one is taken for it.
func (c *Client) rpcPlugin(ctx context.Context, id string, number uint64) (Plugin, error) {
	k := action("plugin", "getDetails", map[string]any{"pluginID": number})
	var answer struct{ Plugin json.RawMessage }
	if _, err := c.do(ctx, k, &answer); err != nil {
		return Plugin{}, err
	}
	var w wirePlugin
	if wire.Empty(answer.Plugin) || wire.Decode(answer.Plugin, &w) != nil {
		return Plugin{}, &Error{Call: k.name(RPC), Err: fmt.Errorf("plugin %s: %w", id, ErrNotFound)}
	}
	if w.ID == "" {
		w.ID = wire.Str(id) // the answer need not repeat it
	}
	return w.plugin(answer.Plugin), nil
}

// CrossReference is a plugin's subject in another catalogue: CVE,
// "CVE-2019-0708".
type CrossReference struct{ Name, Value string }

// crossReferences reads "CVE:CVE-2019-1, BID:5". What has no colon is a name
// alone.
func crossReferences(text string) []CrossReference {
	var list []CrossReference
	for item := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(crossReference(strings.TrimSpace(item)), ":")
		if name != "" {
			list = append(list, CrossReference{name, value})
		}
	}
	return list
}
