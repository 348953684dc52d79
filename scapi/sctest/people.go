package sctest

import (
	"strconv"
)

var permissions = []string{"permCreateTickets", "permShareObjects", "permCreateAlerts", "permCreatePolicies", "permUploadNessusResults",
	"permCreateAuditFiles", "permPurgeTickets", "permPurgeScanResults", "permPurgeReportResults", "permManageApp", "permManageGroups",
	"permManageRoles", "permManageImages", "permManageGroupRelationships", "permManageBlackoutWindows", "permManageAttributeSets",
	"permCreateLDAPAssets", "permAgentsScan", "permUpdateFeeds", "permViewOrgLogs", "permManageAcceptRiskRules", "permManageRecastRiskRules"}

func (c *Console) roles() []object {
	names := []string{"Administrator", "Security Manager", "Security Analyst", "Vulnerability Analyst", "Executive", "Credential Manager", "Auditor"}
	return c.simple("Role", len(names), func(i int) object {
		o := object{"name": names[i], "permScan": []string{"none", "full", "full", "policies", "none", "none", "none"}[i]}
		for k, perm := range permissions { // the first roles may more than the last
			o[perm] = trueFalse(i == 1 || i > 1 && k < 3*(5-i))
		}
		o["permManageApp"] = trueFalse(i == 0)
		if c.o.Dialect == REST {
			o["organizationCounts"], o["creator"] = []object{{"id": "1", "userCount": "0"}}, unset()
		}
		return o
	})
}

// users returns the users that the account sees: administrators see administrators.
func (c *Console) users(a *Account, orgID string) []object {
	list := []object{}
	for i := range c.o.Accounts {
		u := &c.o.Accounts[i]
		seen := u.Administrator == a.Administrator && u.Organization == a.Organization
		if a.Administrator && orgID != "" {
			seen = !u.Administrator && strconv.Itoa(u.Organization) == orgID
		}
		if seen {
			list = append(list, c.userObject(i))
		}
	}
	return list
}

func (c *Console) organizations() []object {
	seen := map[int]bool{}
	list := []object{}
	for _, a := range c.o.Accounts {
		if a.Administrator || seen[a.Organization] {
			continue
		}
		seen[a.Organization] = true
		list = append(list, object{"id": strconv.Itoa(a.Organization), "name": organizationName(a.Organization), "description": "", "email": "",
			"zoneSelection": "auto_only", "restrictedIPs": "", "vulnScoreLow": "1", "vulnScoreMedium": "3", "vulnScoreHigh": "10",
			"vulnScoreCritical": "40", "createdTime": epoch(c.world.anchor - 900*day), "modifiedTime": epoch(c.world.anchor - 90*day),
			"userCount": strconv.Itoa(len(c.o.Accounts)), "lces": []any{}, "repositories": []any{}, "zones": []any{}, "ldaps": []any{}})
	}
	return list
}

func (c *Console) groups() []object {
	repos := []object{}
	for r := range c.world.repos {
		if c.world.assigned(r) {
			repos = append(repos, object{"id": c.world.repos[r].ID, "name": c.world.repos[r].Name, "description": ""})
		}
	}
	return c.simple("Group", len(groupNames), func(i int) object {
		members := 0
		if i == 0 {
			members = len(c.o.Accounts)
		}
		return object{"id": strconv.Itoa(i), "name": groupNames[i], "userCount": members, "lces": []any{}, "repositories": repos,
			"definingAssets": []any{}, "users": []any{}, "assets": []any{}}
	})
}

// ticketStates are the states of the tickets, in the order of their ids, which begin at 1.
var ticketStates = []string{"assigned", "resolved", "feedback", "na", "duplicate", "closed", "assigned", "assigned"}

// ticketStatesOf are those of an organisation: it has one ticket fewer than the one before, and the same ids.
func ticketStatesOf(org int) []string { return ticketStates[(org-1)%len(ticketStates):] }

// Ticket is a ticket of the simulated console.
type Ticket struct {
	ID, Status string
}

// Tickets returns the tickets in the order of their ids.
func (o Organization) Tickets() []Ticket {
	var list []Ticket
	for i, state := range ticketStatesOf(o.id) {
		list = append(list, Ticket{strconv.Itoa(i + 1), state})
	}
	return list
}

func (c *Console) tickets(org int) []object {
	states := ticketStatesOf(org)
	return c.simple("Ticket", len(states), func(i int) object {
		created := c.world.anchor - int64(20+i)*day
		o := object{"status": states[i], "classification": "Patch", "notes": "", "assignedTime": epoch(created), "resolvedTime": "-1",
			"closedTime": "-1", "createdTime": epoch(created)}
		if states[i] == "resolved" {
			o["resolvedTime"] = epoch(created + 5*day)
		}
		if states[i] == "closed" {
			o["closedTime"] = epoch(created + 9*day)
		}
		if c.o.Dialect == REST {
			o["canUse"], o["canManage"], o["canRespond"], o["queries"] = "true", "true", "true", []any{}
			o["creator"], o["owner"], o["assignee"] = userReference(1), userReference(1), userReference(2)
			o["ownerGroup"], o["assigneeGroup"] = reference("0", "Full Access"), reference("0", "Full Access")
		} else {
			o["creatorID"], o["ownerID"], o["assigneeID"] = "1", "1", "2"
		}
		return o
	})
}
