package scapi

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// RiskRule says what to make of findings of a plugin on some hosts of a
// repository: to accept their risk, or to recast their severity.
type RiskRule struct {
	ID                       string
	Plugin                   Ref
	Repository, Organization Ref
	User                     UserRef       // who made the rule
	HostType                 string        // ip, uuid, asset, all; empty: unknown
	Hosts                    []string      // addresses, ranges or UUIDs, where HostType is ip or uuid
	Asset                    Ref           // list of hosts, where HostType is asset
	Port, Protocol           string        // "any", or the one that the rule is for
	Severity                 Opt[Severity] // new one of a recast rule; absent: unknown
	Expires                  time.Time     // zero: never, or not told
	Status                   string        // the console's code, "0" as a rule; empty: unknown
	Comments                 string
	Created, Modified        time.Time // zero: unknown
	Raw                      json.RawMessage
}

type wireRiskRule struct {
	ID, HostType, Port, Protocol, Status, Comments wire.Str
	HostValue                                      json.RawMessage // text, or a reference to an asset list
	Plugin, Repository, Organization, NewSeverity  wire.Ref
	User                                           wireUser
	Expires, CreatedTime, ModifiedTime             wire.Epoch
}

const riskRuleFields = "id,hostType,hostValue,port,protocol,expires,status,comments,createdTime,modifiedTime," +
	"repository,organization,user,plugin"

// AcceptRiskRules returns the rules that accept the risk of findings, by id, to
// users of an organisation. REST GET /acceptRiskRule. RPC: ErrUnsupported, as
// nobody knows what acceptRiskRule::getRules takes and answers.
func (c *Client) AcceptRiskRules(ctx context.Context) ([]RiskRule, error) {
	return c.riskRules(ctx, "accept-risk rules", "/acceptRiskRule", riskRuleFields)
}

// RecastRiskRules returns the rules that change the severity of findings, by
// id, to users of an organisation. REST GET /recastRiskRule. RPC:
// ErrUnsupported, as no call is known that lists them.
func (c *Client) RecastRiskRules(ctx context.Context) ([]RiskRule, error) {
	return c.riskRules(ctx, "recast-risk rules", "/recastRiskRule", riskRuleFields+",newSeverity")
}

func (c *Client) riskRules(ctx context.Context, what, path, fields string) ([]RiskRule, error) {
	if err := c.onlyREST(ctx, what); err != nil {
		return nil, err
	}
	list, _, err := restList[wireRiskRule](ctx, c, path, fields, nil)
	if err != nil {
		return nil, err
	}
	rules := make([]RiskRule, 0, len(list.Items))
	for i, w := range list.Items {
		rules = append(rules, w.rule(list.Raw[i]))
	}
	sortByID(rules, func(r RiskRule) string { return r.ID })
	return rules, nil
}

// severity is the new severity, a digit: REST consoles count from info to critical.
func (w wireRiskRule) severity() Opt[Severity] {
	n, err := strconv.Atoi(string(w.NewSeverity.ID))
	if err != nil || n < int(Info) || n > int(Critical) {
		return Opt[Severity]{}
	}
	return Some(Severity(n))
}

func (w wireRiskRule) rule(raw json.RawMessage) RiskRule {
	r := RiskRule{
		ID:           string(w.ID),
		Plugin:       refOf(w.Plugin, wire.Ref{}),
		Repository:   refOf(w.Repository, wire.Ref{}),
		Organization: refOf(w.Organization, wire.Ref{}),
		User:         userRef(w.User, wire.Ref{}),
		HostType:     strings.ToLower(string(w.HostType)),
		Port:         string(w.Port),
		Protocol:     string(w.Protocol),
		Severity:     w.severity(),
		Expires:      w.Expires.Time(),
		Status:       string(w.Status),
		Comments:     string(w.Comments),
		Created:      w.CreatedTime.Time(),
		Modified:     w.ModifiedTime.Time(),
		Raw:          raw,
	}
	switch r.HostType {
	case "ip", "uuid":
		var hosts texts
		_ = wire.Decode(w.HostValue, &hosts) // of another type: none
		r.Hosts = hosts
	case "asset":
		var asset wire.Ref
		_ = wire.Decode(w.HostValue, &asset)
		r.Asset = refOf(asset, wire.Ref{})
	}
	return r
}
