package sctest

import (
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"
)

// assetList is an asset list: what defines it, and who shares it. Lists overlap. One that is in the console's
// snapshot is never changed: an edit makes a new snapshot.
type assetList struct {
	id                      int
	name, description, kind string
	status                  string // 0, or 1 while it is being calculated
	modified                int64

	definedIPs   string          // static: addresses, ranges and CIDR blocks, comma-separated
	dnsNames     string          // dnsname: names, comma-separated; "*." stands for every name of a domain
	rules        json.RawMessage // dynamic
	combinations json.RawMessage // combination

	tags              string // REST, and RPC from 4.8 on
	visibility, group string // RPC before 4.8
	users             []string
	groups            []string // REST: ids of the groups it is shared with

	spans []span              // of definedIPs
	has   func(host int) bool // made from the definition
}

func assetRules(operator string, clauses ...object) json.RawMessage {
	return phpJSON(object{"operator": operator, "type": "group", "children": clauses})
}

// firstAssetLists are the lists of an organisation of a new console, in the order of their ids, which begin at 0.
func (c *Console) firstAssetLists(org int) []*assetList {
	os := func(part string) json.RawMessage {
		return assetRules("any", object{"type": "clause", "filterName": "os", "operator": "contains", "value": part})
	}
	lists := []*assetList{
		{name: "All Defined Ranges", kind: "static", definedIPs: "0.0.0.0/0"},
		{name: "Systems that have been Scanned", kind: "dynamic", rules: assetRules("all",
			object{"type": "clause", "filterName": "pluginid", "operator": "eq", "value": strconv.Itoa(pluginScanInformation)})},
		{name: "Windows Workstations", kind: "dynamic", rules: os("Windows 11")},
		{name: "Windows Servers", kind: "dynamic", rules: os("Windows Server")},
		{name: "Linux Servers", kind: "dynamic", rules: os("Red Hat")},
		{name: "Web Servers", kind: "dynamic", rules: os("Debian")},
		{name: "Network Equipment", kind: "dynamic", rules: os("Cisco")},
		{name: "Printers", kind: "dynamic", rules: os("Printer")},
		{name: "Headquarters", kind: "static", definedIPs: "10.0.0.0/22"},
		{name: "Hosts with a DNS Name", kind: "dnsname", dnsNames: "*.example.org"},
		{name: "Servers at Headquarters", kind: "combination", combinations: phpJSON(object{"operator": "intersection",
			"operand1": object{"id": "3"}, "operand2": object{"id": "8"}})},
		{name: "Being Calculated", kind: "dynamic", status: "1", rules: os("Plan 9")},
	}
	if shift := org - 1; shift > 0 { // the ids of the lists of systems are those of other lists, and headquarters are elsewhere
		systems := lists[2:8]
		turn := shift % len(systems)
		copy(systems, slices.Concat(systems[turn:], systems[:turn]))
		lists[8].name, lists[8].definedIPs = fmt.Sprintf("Headquarters of Organization %d", org), fmt.Sprintf("10.0.%d.0/24", (org-1)%4)
	}
	if c.o.Dialect == RPC && !c.release.atLeast(4, 8) { // which has neither type
		lists[9].kind, lists[9].dnsNames = "dynamic", ""
		lists[9].rules = assetRules("all", object{"type": "clause", "filterName": "dns", "operator": "contains", "value": ".example.org"})
		lists[10].kind, lists[10].combinations = "dynamic", nil
		lists[10].rules = assetRules("all",
			object{"type": "clause", "filterName": "os", "operator": "contains", "value": "Windows Server"},
			object{"type": "clause", "filterName": "ip", "operator": "eq", "value": "10.0.0.0/22"})
	}
	for i, l := range lists {
		l.id, l.modified, l.visibility, l.users = i, c.world.anchor-40*day, "organizational", []string{"1"}
		if l.status == "" {
			l.status = "0"
		}
		l.spans, _ = addressSpans(l.definedIPs)
	}
	compile(c.world, lists)
	return lists
}

// assetLists is the current snapshot of an organisation.
func (c *Console) assetLists(org int) []*assetList {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.assetsOf(org)
}

// assetsOf is the same where the console is locked.
func (c *Console) assetsOf(org int) []*assetList {
	if c.assets[org] == nil {
		c.assets[org] = c.firstAssetLists(org)
	}
	return c.assets[org]
}

// assetNumbered returns the list of that id, nil when there is none.
func assetNumbered(lists []*assetList, id string) *assetList {
	for _, l := range lists {
		if strconv.Itoa(l.id) == id {
			return l
		}
	}
	return nil
}

// Asset is an asset list of the simulated console, as it is now.
type Asset struct {
	ID, Name, Description string
	Type                  string // static, dynamic, dnsname, combination

	DefinedIPs   string          // of a static list: addresses, ranges and CIDR blocks, comma-separated
	DNSNames     string          // of a dnsname list, comma-separated
	Rules        json.RawMessage // of a dynamic list
	Combinations json.RawMessage // of a combination

	Tags              string   // from SecurityCenter 4.8 on
	Visibility, Group string   // before 4.8
	Users             []string // before 4.8: ids
	Groups            []string // REST: ids of the groups it is shared with
	Modified          time.Time
	Calculating       bool // the console is still finding out which hosts are in the list
}

// Assets returns the asset lists in the order of their ids. The first, whose id is "0", cannot be edited.
func (o Organization) Assets() []Asset {
	lists := o.c.assetLists(o.id)
	all := make([]Asset, len(lists))
	for i, l := range lists {
		all[i] = Asset{ID: strconv.Itoa(l.id), Name: l.name, Description: l.description, Type: l.kind, DefinedIPs: l.definedIPs,
			DNSNames: l.dnsNames, Rules: l.rules, Combinations: l.combinations, Tags: l.tags, Visibility: l.visibility, Group: l.group,
			Users: slices.Clone(l.users), Groups: slices.Clone(l.groups), Modified: time.Unix(l.modified, 0),
			Calculating: l.status != "0"}
	}
	return all
}

// Asset returns the asset list of that id; ok is false when there is none.
func (o Organization) Asset(id string) (asset Asset, ok bool) {
	for _, a := range o.Assets() {
		if a.ID == id {
			return a, true
		}
	}
	return Asset{}, false
}

// AssetHosts yields the hosts that are in an asset list, over all repositories.
func (o Organization) AssetHosts(id string) iter.Seq[Host] {
	return func(yield func(Host) bool) {
		l, now := assetNumbered(o.c.assetLists(o.id), id), o.c.now()
		for i := range o.c.world.groupOf {
			if l != nil && l.has(i) && !yield(o.c.world.host(i, now)) {
				return
			}
		}
	}
}

// assetObjects returns the asset lists as the console's version shows them. Counts are of the repositories that the
// account reads.
func (c *Console) assetObjects(a *Account) []object {
	lists := c.assetLists(c.organizationOf(a))
	objects := make([]object, len(lists))
	if c.o.Dialect == RPC {
		for k, l := range lists {
			objects[k] = c.rpcAsset(l)
		}
		return objects
	}
	counts := make([][]int, len(lists))
	for k := range counts {
		counts[k] = make([]int, len(c.world.repos))
	}
	for i := range c.world.groupOf {
		if r := int(c.world.repoOf[i]); c.mayRead(a, r) {
			for k, l := range lists {
				if l.has(i) {
					counts[k][r]++
				}
			}
		}
	}
	for k, l := range lists {
		objects[k] = c.restAsset(l, counts[k])
	}
	return objects
}

func (c *Console) assetObject(l *assetList) object {
	return object{"id": strconv.Itoa(l.id), "name": l.name, "description": l.description, "type": l.kind, "status": l.status,
		"createdTime": epoch(c.world.anchor - 400*day), "modifiedTime": epoch(l.modified)}
}

// reference is how other objects refer to the list.
func (l *assetList) reference() object {
	return object{"id": strconv.Itoa(l.id), "name": l.name, "description": l.description, "type": l.kind, "status": l.status}
}

// definition adds what defines the list to o.
func (l *assetList) definition(o object) object {
	switch l.kind {
	case "static":
		o["definedIPs"] = l.definedIPs
	case "dnsname":
		o["definedDNSNames"] = l.dnsNames
	case "combination":
		o["combinations"] = l.combinations
	default:
		o["rules"] = l.rules
	}
	return o
}

func (c *Console) rpcAsset(l *assetList) object {
	o := l.definition(c.assetObject(l))
	o["creatorID"], o["ownerID"] = "1", "1"
	if c.release.atLeast(4, 8) {
		o["tags"] = l.tags
	} else {
		o["visibility"], o["group"], o["users"] = l.visibility, l.group, references(l.users)
	}
	return o
}

func (c *Console) restAsset(l *assetList, counts []int) object {
	total := 0
	repositories := []object{}
	for r, n := range counts {
		if n > 0 {
			repo := &c.world.repos[r]
			total += n
			repositories = append(repositories, object{"ipCount": strconv.Itoa(n), "repository": reference(repo.ID, repo.Name)})
		}
	}
	if l.status != "0" || l.kind == "static" { // still being calculated, or never
		total = -1
	}
	o := c.assetObject(l)
	for key, v := range (object{"tags": l.tags, "context": "", "ipCount": total, "repositories": repositories,
		"typeFields": l.definition(object{}), "groups": groupReferences(l.groups), "assetDataFields": []any{}, "canUse": "true",
		"canManage": trueFalse(l.id != 0), "creator": userReference(1), "owner": userReference(1),
		"ownerGroup": reference("0", "Full Access"), "targetGroup": unset(), "template": unset()}) {
		o[key] = v
	}
	return o
}

// viewableIPs are the addresses of an asset list, one element per repository: of a static list the ranges that hold
// hosts of the repository, of the others the hosts. A record is a line; behind the address of an agent's host stands
// its UUID.
func (c *Console) viewableIPs(a *Account, id string) []object {
	elements := []object{}
	l := assetNumbered(c.assetLists(c.organizationOf(a)), id)
	if l == nil {
		return elements
	}
	members := make([][]int, len(c.world.repos))
	for i := range c.world.groupOf {
		if r := int(c.world.repoOf[i]); c.mayRead(a, r) && l.has(i) {
			members[r] = append(members[r], i)
		}
	}
	for r, hosts := range members {
		if len(hosts) == 0 {
			continue
		}
		element := object{"ipList": strings.Join(c.addressLines(l, hosts), "\n")}
		c.putRepository(element, &c.world.repos[r])
		elements = append(elements, element)
	}
	return elements
}

// addressLines are the records of an asset list's hosts in one repository.
func (c *Console) addressLines(l *assetList, hosts []int) (lines []string) {
	if l.kind == "static" {
		for _, s := range l.spans {
			if slices.ContainsFunc(hosts, func(i int) bool { return inSpans([]span{s}, int64(c.world.address(i))) }) {
				lines = append(lines, rangeText(s))
			}
		}
		return lines
	}
	addresses := make([]uint32, len(hosts))
	agents := c.o.Dialect == REST && c.world.repos[c.world.repoOf[hosts[0]]].DataFormat == "agent"
	for k, i := range hosts {
		addresses[k] = c.world.address(i)
		if agents {
			lines = append(lines, ipText(addresses[k])+"|"+c.world.host(i, c.now()).UUID)
		}
	}
	if agents {
		return lines
	}
	return ranges(addresses)
}

func rangeText(s span) string {
	if s.lo == s.hi {
		return ipText(uint32(s.lo))
	}
	return ipText(uint32(s.lo)) + "-" + ipText(uint32(s.hi))
}
