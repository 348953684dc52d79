package scapi

import (
	"context"
	"encoding/json"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// Policy is a scan policy: what a scan looks for, and how.
type Policy struct {
	ID, Name, Description string
	Raw                   json.RawMessage
}

type wirePolicy struct{ ID, Name, Description wire.Str }

// Policies returns the scan policies that the account sees, by id, to users of
// an organisation. REST GET /policy. RPC: ErrUnsupported, as no answer of
// policy::init is known.
func (c *Client) Policies(ctx context.Context) ([]Policy, error) {
	if err := c.onlyREST(ctx, "scan policies"); err != nil {
		return nil, err
	}
	list, _, err := restList[wirePolicy](ctx, c, "/policy", "id,name,description", nil)
	if err != nil {
		return nil, err
	}
	policies := make([]Policy, 0, len(list.Items))
	for i, w := range list.Items {
		policies = append(policies, Policy{string(w.ID), string(w.Name), string(w.Description), list.Raw[i]})
	}
	sortByID(policies, func(p Policy) string { return p.ID })
	return policies, nil
}

// ByPolicy keeps findings of scans with the scan policy of this id.
// REST policy {"id":"1000001"}, RPC policyID "1000001".
func ByPolicy(id string) Filter {
	return Filter{Name: "policy", rpcName: "policyID", portable: func(t target) (spelling, error) {
		if err := checkID("filter on scan policy", id); err != nil {
			return spelling{}, err
		}
		if t.dialect == RPC {
			return is(id)
		}
		return is(reference{id})
	}}
}
