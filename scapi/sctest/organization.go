package sctest

import (
	"fmt"
	"iter"
	"slices"
	"strconv"
)

// Organization is what an organisation of the simulated console has of its own: asset lists, audit files, saved
// queries, scans, tickets and risk rules. Their ids are unique within it only. It is the second path to what its users see.
type Organization struct {
	c  *Console
	id int
}

// Organization returns the organisation of that id. Without OwnObjects all of them have what organisation 1 has.
func (c *Console) Organization(id int) Organization {
	if !c.o.OwnObjects {
		id = 1
	}
	return Organization{c, max(id, 1)}
}

// organizationOf is the organisation whose objects an account sees. Administrators see those of the first, as far as
// they see any: what they see of objects that organisations have of their own is not known.
func (c *Console) organizationOf(a *Account) int {
	if a == nil || a.Administrator {
		return 1
	}
	return c.Organization(a.Organization).id
}

// organization is that of the account which asks.
func (x *exchange) organization() int { return x.c.organizationOf(x.account) }

func organizationName(id int) string {
	if id == 1 {
		return "Example"
	}
	return fmt.Sprintf("Example %d", id)
}

// organizationNames are references to all organisations that have users, by id; without any to the first.
func (c *Console) organizationNames() []object {
	var ids []int
	for _, a := range c.o.Accounts {
		if !a.Administrator && !slices.Contains(ids, a.Organization) {
			ids = append(ids, a.Organization)
		}
	}
	if len(ids) == 0 {
		ids = []int{1}
	}
	slices.Sort(ids)
	list := make([]object, len(ids))
	for i, id := range ids {
		list[i] = object{"id": strconv.Itoa(id), "name": organizationName(id)}
	}
	return list
}

// userNumber is the id of an account as a user, which is unique within its organisation where those have users of
// their own.
func (c *Console) userNumber(account int) int {
	if !c.o.OwnObjects {
		return account + 1
	}
	n := 0
	for i := range c.o.Accounts[:account+1] {
		if a, b := &c.o.Accounts[i], &c.o.Accounts[account]; a.Administrator == b.Administrator && a.Organization == b.Organization {
			n++
		}
	}
	return n
}

// policies are the scan policies of the organisations; without OwnObjects there are none.
func (c *Console) policies(a *Account) []object {
	if !c.o.OwnObjects || a.Administrator {
		return []object{}
	}
	names := []string{"Full Safe Scan", "Patch Audit", "Web Applications"}
	org := c.organizationOf(a)
	return c.simple("Policy", len(names), func(i int) object {
		return object{"id": strconv.Itoa(1_000_001 + i), "name": names[(i+org-1)%len(names)], "policyTemplate": reference("1", "Advanced Scan"),
			"tags": "", "context": "", "canUse": "true", "canManage": "true", "creator": userReference(1), "owner": userReference(1),
			"ownerGroup": reference("0", "Full Access"), "targetGroup": unset(), "groups": []any{}}
	})
}

// Assets returns the asset lists of organisation 1.
func (c *Console) Assets() []Asset { return c.Organization(1).Assets() }

// Asset returns an asset list of organisation 1.
func (c *Console) Asset(id string) (asset Asset, ok bool) { return c.Organization(1).Asset(id) }

// AssetHosts yields the hosts of an asset list of organisation 1.
func (c *Console) AssetHosts(id string) iter.Seq[Host] { return c.Organization(1).AssetHosts(id) }

// AuditFiles returns the audit files of organisation 1.
func (c *Console) AuditFiles() []AuditFile { return c.Organization(1).AuditFiles() }

// Scans returns the scans of organisation 1.
func (c *Console) Scans() []Scan { return c.Organization(1).Scans() }

// ScanResults returns the scan results of organisation 1.
func (c *Console) ScanResults() []ScanResult { return c.Organization(1).ScanResults() }

// Tickets returns the tickets of organisation 1.
func (c *Console) Tickets() []Ticket { return c.Organization(1).Tickets() }

// RiskRules returns the risk rules of organisation 1.
func (c *Console) RiskRules() []RiskRule { return c.Organization(1).RiskRules() }
