package sctest

import (
	"fmt"
	"strconv"
	"strings"
)

// assetList is an asset list: a rule that hosts satisfy. Lists overlap.
type assetList struct {
	id         int
	name, kind string
	status     string
	has        func(w *world, host int) bool
}

func ofClass(class int) func(*world, int) bool {
	return func(w *world, host int) bool { return archetype(int(w.groupOf[host])/cohorts).class() == class }
}

func everyHost(*world, int) bool { return true }

var assetLists = []assetList{
	{0, "All Defined Ranges", "static", "0", everyHost},
	{1, "Systems that have been Scanned", "dynamic", "0", everyHost},
	{2, "Windows Workstations", "dynamic", "0", ofClass(0)},
	{3, "Windows Servers", "dynamic", "0", ofClass(1)},
	{4, "Linux Servers", "dynamic", "0", ofClass(2)},
	{5, "Web Servers", "dynamic", "0", ofClass(3)},
	{6, "Network Equipment", "dynamic", "0", ofClass(4)},
	{7, "Printers", "dynamic", "0", ofClass(5)},
	{8, "Headquarters", "static", "0", func(w *world, host int) bool { return w.address(host)>>8 < 10<<16+4 }},
	{9, "Hosts with a DNS Name", "dnsname", "0", (*world).named},
	{10, "Servers at Headquarters", "combination", "0", func(w *world, host int) bool {
		return ofClass(1)(w, host) && w.address(host)>>8 < 10<<16+4
	}},
	{11, "Being Calculated", "dynamic", "1", func(*world, int) bool { return false }},
}

// assets returns the asset lists as the console's version shows them. Ranges and counts are of the repositories
// that the account reads.
func (c *Console) assets(a *Account) []object {
	counts := make([]map[string]int, len(assetLists))
	for k := range counts {
		counts[k] = map[string]int{}
	}
	for i := range c.world.groupOf {
		if r := int(c.world.repoOf[i]); c.mayRead(a, r) {
			for k := range assetLists {
				if assetLists[k].has(c.world, i) {
					counts[k][c.world.repos[r].ID]++
				}
			}
		}
	}
	list := make([]object, len(assetLists))
	for k, l := range assetLists {
		o := object{"id": strconv.Itoa(l.id), "name": l.name, "description": "", "type": l.kind, "status": l.status,
			"createdTime": epoch(c.world.anchor - 400*day), "modifiedTime": epoch(c.world.anchor - 40*day)}
		if c.o.Dialect == RPC {
			c.rpcAsset(o, l)
		} else {
			c.restAsset(o, l, counts[k])
		}
		c.patch("asset", o)
		if c.o.Dialect == REST { // what is written at the top is read back among the type's fields
			for _, key := range []string{"definedIPs", "rules"} {
				if v, ok := o[key]; ok {
					o["typeFields"] = object{key: v}
					delete(o, key)
				}
			}
		}
		list[k] = o
	}
	return list
}

const headquartersRange = "10.0.0.0/22"

func (c *Console) rpcAsset(o object, l assetList) {
	o["creatorID"], o["ownerID"] = "1", "1"
	if c.release.atLeast(4, 8) {
		o["tags"] = ""
	} else {
		o["visibility"], o["group"], o["users"] = "organizational", "", []object{{"id": "1"}}
	}
	switch l.kind {
	case "static":
		o["definedIPs"] = headquartersRange
	case "dnsname":
		o["definedDNSNames"] = "*.example.org"
	default:
		o["rules"] = assetRules(l)
	}
}

func assetRules(l assetList) object {
	return object{"operator": "any", "type": "group", "children": []object{
		{"type": "clause", "filterName": "os", "operator": "contains", "value": l.name}}}
}

func (c *Console) restAsset(o object, l assetList, counts map[string]int) {
	total := 0
	repositories := []object{}
	for r := range c.world.repos {
		repo := &c.world.repos[r]
		if n := counts[repo.ID]; n > 0 {
			total += n
			repositories = append(repositories, object{"ipCount": strconv.Itoa(n), "repository": reference(repo.ID, repo.Name)})
		}
	}
	if l.status != "0" || l.kind == "static" { // still being calculated, or never
		total = -1
	}
	fields := object{"rules": assetRules(l)}
	if l.kind == "static" {
		fields = object{"definedIPs": headquartersRange}
	}
	for key, v := range (object{"tags": "", "context": "", "ipCount": total, "repositories": repositories,
		"typeFields": fields, "groups": []any{}, "assetDataFields": []any{}, "canUse": "true", "canManage": trueFalse(l.id != 0),
		"creator": userReference(1), "owner": userReference(1), "ownerGroup": reference("0", "Full Access"),
		"targetGroup": unset(), "template": unset()}) {
		o[key] = v
	}
}

// viewableIPs are the addresses of an asset list, one element per repository, neighbours as ranges.
func (c *Console) viewableIPs(a *Account, id string) []object {
	list := []object{}
	for k := range assetLists {
		if strconv.Itoa(assetLists[k].id) != id {
			continue
		}
		lines := map[uint16][]string{}
		for i := range c.world.groupOf {
			if r := c.world.repoOf[i]; c.mayRead(a, int(r)) && assetLists[k].has(c.world, i) {
				lines[r] = append(lines[r], ipText(c.world.address(i)))
			}
		}
		for r := range c.world.repos {
			if ips := lines[uint16(r)]; len(ips) > 0 {
				entry := object{"ipList": strings.Join(ips, "\n")}
				c.putRepository(entry, &c.world.repos[r])
				list = append(list, entry)
			}
		}
	}
	return list
}

// reference is a reference to an object, unset one to none: its id is a number.
func reference(id, name string) object { return object{"id": id, "name": name, "description": ""} }

func unset() object { return object{"id": -1, "name": "", "description": ""} }

func userReference(id int) object {
	return object{"id": strconv.Itoa(id), "username": fmt.Sprintf("user%d", id), "firstname": "", "lastname": ""}
}
