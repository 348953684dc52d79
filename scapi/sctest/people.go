package sctest

import (
	"strconv"
)

func (c *Console) credentials() []object {
	kinds := []string{"windows", "ssh", "snmp"}
	list := c.simple("Credential", len(kinds), func(i int) object {
		o := object{"id": strconv.Itoa(1000001 + i), "type": kinds[i]}
		fields := object{"authType": "password", "username": "scan", "password": "SET"}
		switch kinds[i] {
		case "windows":
			fields["domain"] = "EXAMPLE"
		case "ssh":
			for key, v := range (object{"publicKey": nil, "privateKey": nil, "passphrase": "", "privilegeEscalation": "sudo", "escalationUsername": ""}) {
				fields[key] = v
			}
		case "snmp":
			fields = object{"communityString": "SET"}
		}
		if c.o.Dialect == RPC {
			c.flattenCredential(o, fields)
			return o
		}
		o["tags"], o["typeFields"], o["groups"], o["canUse"], o["canManage"] = "", fields, []any{}, "true", "true"
		o["creator"], o["owner"], o["ownerGroup"], o["targetGroup"] = userReference(1), userReference(1), reference("0", "Full Access"), unset()
		return o
	})
	for _, o := range list {
		c.patch("credential", o)
		fields := o
		if c.o.Dialect == REST {
			fields = o["typeFields"].(object)
			for _, key := range credentialFields { // written at the top, read back among the type's fields
				if v, ok := o[key]; ok {
					fields[key] = v
					delete(o, key)
				}
			}
		}
		for _, secret := range []string{"password", "passphrase", "communityString"} {
			if v, ok := fields[secret]; ok && v != "" && v != nil {
				fields[secret] = "SET"
			}
		}
	}
	return list
}

var credentialFields = []string{"authType", "username", "password", "domain", "publicKey", "privateKey", "passphrase",
	"privilegeEscalation", "escalationUsername", "communityString"}

// flattenCredential writes the fields of a credential as SecurityCenter 4 does. Sources disagree on the spelling of
// three SSH keys, so both are sent.
func (c *Console) flattenCredential(o, fields object) {
	o["visibility"], o["group"], o["users"] = "organizational", "", []any{}
	for key, v := range fields {
		if v == nil {
			v = ""
		}
		o[key] = v
	}
	delete(o, "authType")
	for proper, old := range map[string]string{"publicKey": "publickey", "privateKey": "privatekey", "privilegeEscalation": "priviledgeEscalation"} {
		if v, ok := o[proper]; ok {
			o[old] = v
		}
	}
}

func (c *Console) roles() []object {
	names := []string{"Administrator", "Security Manager", "Security Analyst", "Vulnerability Analyst", "Executive", "Credential Manager", "Auditor"}
	return c.simple("Role", len(names), func(i int) object {
		o := object{"name": names[i], "permScan": "none", "permManageApp": trueFalse(i == 0), "permCreateTickets": trueFalse(i < 4),
			"permViewOrgLogs": trueFalse(i < 2), "permUpdateFeeds": trueFalse(i < 2), "permUploadNessusResults": trueFalse(i < 3)}
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
		list = append(list, object{"id": strconv.Itoa(a.Organization), "name": "Example", "description": "", "email": "",
			"zoneSelection": "auto_only", "restrictedIPs": "", "vulnScoreLow": "1", "vulnScoreMedium": "3", "vulnScoreHigh": "10",
			"vulnScoreCritical": "40", "createdTime": epoch(c.world.anchor - 900*day), "modifiedTime": epoch(c.world.anchor - 90*day),
			"userCount": strconv.Itoa(len(c.o.Accounts)), "lces": []any{}, "repositories": []any{}, "zones": []any{}, "ldaps": []any{}})
	}
	return list
}

func (c *Console) groups() []object {
	repos := []object{}
	for r := range c.world.repos {
		if c.world.repos[r].Assigned {
			repos = append(repos, object{"id": c.world.repos[r].ID, "name": c.world.repos[r].Name, "description": ""})
		}
	}
	return c.simple("Group", 1, func(int) object {
		return object{"id": "0", "name": "Full Access", "userCount": len(c.o.Accounts), "lces": []any{}, "repositories": repos,
			"definingAssets": []any{}, "users": []any{}, "assets": []any{}}
	})
}

func (c *Console) tickets() []object {
	states := []string{"assigned", "resolved", "feedback", "na", "duplicate", "closed", "assigned", "assigned"}
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
		}
		return o
	})
}

// riskRules are the accept-risk rules, or the recast rules. One has expired, one ends soon, the others never end.
func (c *Console) riskRules(recast bool, now int64) []object {
	return c.simple("Rule", 5, func(i int) object {
		expires := "-1"
		switch i {
		case 1:
			expires = epoch(now - now%day - 10*day)
		case 2:
			expires = epoch(now - now%day + 10*day)
		}
		o := object{"hostType": "ip", "hostValue": ipText(10<<24 + uint32(i)*4 + 1), "port": "any", "protocol": "any", "expires": expires,
			"comments": "", "repository": reference("1", c.world.repos[0].Name), "organization": reference("1", "Example"),
			"user": userReference(1), "plugin": object{"id": strconv.Itoa(20000 + i), "name": "", "description": ""}}
		if i == 3 {
			o["hostType"], o["hostValue"] = "asset", reference("3", "Windows Servers")
		}
		if recast {
			o["newSeverity"], o["order"] = strconv.Itoa(i%5), strconv.Itoa(i)
		}
		return o
	})
}

func (c *Console) savedQueries() []object {
	filters := []object{{"filterName": "severity", "operator": "=", "value": "4"}}
	return c.simple("Query", 2, func(i int) object {
		return object{"name": []string{"Criticals", "Exploitable criticals"}[i], "tool": "sumip", "type": "vuln", "tags": "", "context": "",
			"browseColumns": "", "browseSortColumn": "", "browseSortDirection": "ASC", "groups": []any{},
			"filters": append(filters, []object{{"filterName": "exploitAvailable", "operator": "=", "value": "true"}}[:i]...),
			"canUse":  "true", "canManage": "true", "creator": userReference(1), "owner": userReference(1),
			"ownerGroup": reference("0", "Full Access"), "targetGroup": unset()}
	})
}
