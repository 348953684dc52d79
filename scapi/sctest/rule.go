package sctest

import (
	"strconv"
	"time"
)

// RiskRule is a rule that accepts the risk of findings, or changes their severity.
type RiskRule struct {
	ID         string
	Repository string    // id
	Expires    time.Time // zero: never
	HostType   string    // ip, asset, uuid, all
	Severity   int       // new one of a recast rule
}

// ruleKinds are the rules of a console: what hosts they are for, and the days until they end; 0: never.
var ruleKinds = []struct {
	hostType string
	days     int64
}{
	{"ip", 0}, {"ip", -10}, {"ip", 10}, {"asset", 0}, {"all", 0}, {"uuid", 29}, {"ip", 31}, {"all", -400},
}

// RiskRules returns the rules, by id: there are as many that accept risks as that change severities, for the same hosts
// and times, all of one repository. Some have expired, some end within a month, some never. SecurityCenter 4 does not
// list them. An organisation has one rule fewer than the one before, and the same ids.
func (o Organization) RiskRules() []RiskRule { return o.rules(o.c.now()) }

func (o Organization) rules(now int64) []RiskRule {
	kinds := ruleKinds[(o.id-1)%len(ruleKinds):]
	list := make([]RiskRule, len(kinds))
	for i, k := range kinds {
		list[i] = RiskRule{ID: strconv.Itoa(i + 1), Repository: o.c.world.repos[(o.id-1)%len(o.c.world.repos)].ID, HostType: k.hostType, Severity: i % 5}
		if k.days != 0 {
			list[i].Expires = time.Unix(now-now%day+k.days*day, 0)
		}
	}
	return list
}

// riskRules are the accept-risk rules, or the recast rules, as the console lists them.
func (c *Console) riskRules(recast bool, org int, now int64) []object {
	rules := c.Organization(org).rules(now)
	return c.simple("Rule", len(rules), func(i int) object {
		r := rules[i]
		o := object{"hostType": r.HostType, "hostValue": "", "port": "any", "protocol": "any", "expires": "-1",
			"comments": "", "repository": reference(r.Repository, c.repository(r.Repository).Name), "organization": reference(strconv.Itoa(org), organizationName(org)),
			"user": userReference(1), "plugin": object{"id": strconv.Itoa(20000 + i), "name": "", "description": ""}}
		if !r.Expires.IsZero() {
			o["expires"] = epoch(r.Expires.Unix())
		}
		first := 10<<24 + uint32(i)*4 + 1
		switch r.HostType {
		case "ip":
			o["hostValue"] = ipText(first) + "," + ipText(first+1)
		case "asset":
			o["hostValue"] = reference("3", "Windows Servers")
		case "uuid":
			o["hostValue"] = "00000000-0000-4000-8000-000000000001"
		}
		if recast {
			o["newSeverity"], o["order"] = strconv.Itoa(r.Severity), strconv.Itoa(i)
		}
		return o
	})
}
