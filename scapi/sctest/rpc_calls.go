package sctest

import (
	"strconv"
	"strings"
)

// rpcMethod is what answers a module and action, and who may call it.
type rpcMethod struct {
	do         func(*exchange) (any, error)
	admin, org bool
}

// named answers an object with one list.
func named(key string, list func(*exchange) []object) func(*exchange) (any, error) {
	return func(x *exchange) (any, error) {
		rows := list(x)
		if rows == nil {
			rows = []object{}
		}
		return object{key: rows}, nil
	}
}

var rpcCalls = map[string]rpcMethod{
	"vuln::query":   {(*exchange).vulnQuery, false, true},
	"events::query": {(*exchange).eventsQuery, false, true},
	"vuln::init":    {(*exchange).vulnInit, false, true},
	"vuln::getIP":   {(*exchange).getIP, false, true},

	"plugin::init":       {(*exchange).pluginInit, true, true},
	"plugin::getPage":    {(*exchange).pluginInit, true, true},
	"plugin::getDetails": {(*exchange).pluginDetails, true, true},

	"repository::init": {(*exchange).repositoryInit, true, false},
	"asset::init":      {(*exchange).assetInit, false, true},
	"asset::getIPs":    {(*exchange).assetIPs, false, true},
	"asset::edit":      {editCall("asset", func(x *exchange) []object { return x.c.assetObjects(x.account) }), false, true},
	"credential::init": {named("credentials", func(x *exchange) []object { return x.c.credentialObjects() }), false, true},
	"credential::edit": {editCall("credential", func(x *exchange) []object { return x.c.credentialObjects() }), false, true},
	"role::init":       {named("roles", func(x *exchange) []object { return x.c.roles() }), true, true},
	"user::init":       {named("users", func(x *exchange) []object { return x.c.users(x.account, "") }), true, true},
	"ticket::init":     {named("tickets", func(x *exchange) []object { return x.c.tickets(x.organization()) }), false, true},
	"group::init":      {(*exchange).groupInit, false, true},
	"zone::init":       {(*exchange).zoneInit, true, false},
	"scanner::init":    {named("scanners", func(x *exchange) []object { return x.c.scanners(x.now.Unix()) }), true, false},

	"scan::init":              {named("scans", (*exchange).scanList), false, true},
	"scanResult::init":        {(*exchange).resultRange, false, true},
	"scanResult::getRange":    {(*exchange).resultRange, false, true},
	"scanResult::getProgress": {(*exchange).resultProgress, false, true},
	"scanResult::download":    {(*exchange).resultDownload, false, true},

	"file::upload":         {(*exchange).uploadCall, true, true},
	"file::clear":          {(*exchange).clearCall, true, true},
	"dashboard::importTab": {importRPC("dashboard"), false, true},
	"report::import":       {importRPC("report"), false, true},
}

// readableRepositories lists the repositories of an organisation user by id and name.
func (x *exchange) readableRepositories() []object {
	list := []object{}
	for r := range x.c.world.repos {
		if x.c.mayRead(x.account, r) {
			list = append(list, object{"id": x.c.world.repos[r].ID, "name": x.c.world.repos[r].Name})
		}
	}
	return list
}

func (x *exchange) vulnInit() (any, error) {
	families := []object{}
	for _, f := range x.c.world.families {
		families = append(families, object{"id": strconv.Itoa(f.id), "name": f.name})
	}
	return object{"repositories": x.readableRepositories(), "assets": x.c.assetObjects(x.account), "families": families}, nil
}

func (x *exchange) assetInit() (any, error) {
	return object{"assets": x.c.assetObjects(x.account), "repositories": x.readableRepositories()}, nil
}

func (x *exchange) groupInit() (any, error) {
	if !x.c.release.atLeast(4, 8) {
		return nil, refuse(1, "Invalid module or action 'group::init'.")
	}
	return object{"groups": x.c.groups(), "repositories": x.readableRepositories()}, nil
}

// repositoryInit carries the licence too; the names of those two keys, which no source tells, are those of REST.
func (x *exchange) repositoryInit() (any, error) {
	return object{"repositories": x.c.repositories(x.account, x.now.Unix()), "licensedIPs": strconv.Itoa(x.c.licensed()),
		"activeIPs": strconv.Itoa(x.c.addresses()), "organizations": x.c.organizationNames()}, nil
}

func (x *exchange) zoneInit() (any, error) {
	return object{"zones": x.c.zones(x.now.Unix()), "scanners": x.c.scanners(x.now.Unix())}, nil
}

func (x *exchange) assetIPs() (any, error) {
	var in struct {
		ID scalar `json:"id"`
	}
	if decode(x.call.input, &in) != nil {
		return nil, refuse(1, "Invalid input.")
	}
	return object{"viewableIPs": x.c.viewableIPs(x.account, string(in.ID))}, nil
}

// editCall writes a whole object and answers it.
func editCall(kind string, list func(*exchange) []object) func(*exchange) (any, error) {
	return func(x *exchange) (any, error) {
		in, err := x.input()
		if err != nil {
			return nil, err
		}
		id := in.text("id")
		if err := editors[kind](x, id, in, true); err != nil {
			return nil, err
		}
		for _, o := range list(x) {
			if o["id"] == id {
				return o, nil
			}
		}
		return nil, notFound(kind, id)
	}
}

// getIP answers a record per repository; no repositories in the input mean all.
func (x *exchange) getIP() (any, error) {
	var in struct {
		IP           string `json:"ip"`
		Repositories []struct {
			ID scalar `json:"id"`
		} `json:"repositories"`
	}
	if decode(x.call.input, &in) != nil {
		return nil, refuse(1, "Invalid input.")
	}
	records := []object{}
	for r := range x.c.world.repos {
		wanted := len(in.Repositories) == 0
		for _, ref := range in.Repositories {
			wanted = wanted || string(ref.ID) == x.c.world.repos[r].ID
		}
		if !wanted || !x.c.mayRead(x.account, r) {
			continue
		}
		if o := x.hostInformation(r, x.c.hasAddress(in.IP)); o != nil {
			records = append(records, o)
		}
	}
	return object{"records": records}, nil
}

// pluginInit is the list when a size is given, and the counts without.
func (x *exchange) pluginInit() (any, error) {
	var in struct {
		Size, Offset  *scalar
		Type          string
		SortField     string
		SortDirection string
		FilterField   string
		FilterString  scalar
		Since         scalar
	}
	if decode(x.call.input, &in) != nil {
		return nil, refuse(1, "Invalid input.")
	}
	size, offset := 10, 0
	if in.Size != nil {
		size = in.Size.number(1000)
	}
	if in.Offset != nil {
		offset = in.Offset.number(0)
	}
	q := pluginQuery{kind: in.Type, since: int64(in.Since.number(0)), sortField: in.SortField,
		descending: strings.EqualFold(in.SortDirection, "desc"), start: offset, end: offset + size}
	if q.sortField == "" {
		q.sortField = "id"
	}
	if in.FilterField != "" {
		q.filters = []pluginFilter{{Field: in.FilterField, Value: in.FilterString}}
	}
	page, err := x.c.pluginPage(q)
	if err != nil {
		return nil, err
	}
	plugins := []object{}
	families := map[int]bool{}
	o := object{}
	list := []object{}
	for _, i := range page {
		if i < 0 {
			continue
		}
		p := x.c.world.plugins.at(i)
		row := object{"id": strconv.Itoa(p.id), "name": p.name, "type": p.kind, "xrefs": pluginXrefs(p),
			"modifiedTime": epoch(p.pluginMod), "pluginPubDate": epoch(p.pluginPub)}
		if x.c.release.atLeast(4, 4) {
			row["familyName"] = p.family.name
		} else {
			row["familyID"] = strconv.Itoa(p.family.id)
			if !families[p.family.id] {
				families[p.family.id] = true
				list = append(list, object{"id": strconv.Itoa(p.family.id), "name": p.family.name})
			}
		}
		plugins = append(plugins, row)
	}
	if len(plugins) == 0 && offset > 0 && x.c.o.Quirks.RPCPluginEndArray {
		return []any{}, nil
	}
	o["plugins"] = plugins
	if !x.c.release.atLeast(4, 4) {
		o["families"] = list
	}
	if in.Size == nil {
		x.pluginCounts(o)
	}
	return o, nil
}

func (x *exchange) pluginCounts(o object) {
	o["pluginCount"] = strconv.Itoa(x.c.PluginCount("all"))
	if !x.c.release.atLeast(4, 4) {
		return
	}
	updates := object{}
	for _, kind := range []string{"active", "passive", "compliance", "custom"} {
		o[kind] = strconv.Itoa(x.c.PluginCount(kind))
		updates[kind] = object{"updateTime": epoch(x.c.feedTime(kind, x.now.Unix()))}
	}
	if x.c.release.atLeast(4, 8) {
		o["event"] = strconv.Itoa(x.c.PluginCount("lce"))
	}
	o["lastUpdates"] = updates
}

func (x *exchange) pluginDetails() (any, error) {
	var in struct {
		PluginID scalar `json:"pluginID"`
	}
	if decode(x.call.input, &in) != nil {
		return nil, refuse(1, "Invalid input.")
	}
	p := x.c.world.plugins.byID(in.PluginID.number(-1))
	if p == nil {
		return nil, notFound("plugin", string(in.PluginID))
	}
	o := x.c.pluginObject(p)
	o["family"], o["familyID"] = p.family.name, strconv.Itoa(p.family.id)
	return object{"plugin": o}, nil
}

// resultRange compares the end of a result, or its start while it runs, with the range; both bounds belong to it.
func (x *exchange) resultRange() (any, error) {
	var in struct {
		StartTime, EndTime *scalar
	}
	if decode(x.call.input, &in) != nil {
		return nil, refuse(1, "Invalid input.")
	}
	from, to := x.now.Unix()-30*day, x.now.Unix()
	if in.StartTime != nil {
		from = int64(in.StartTime.number(0))
	}
	if in.EndTime != nil {
		to = int64(in.EndTime.number(0))
	}
	list := []object{}
	for _, r := range x.c.scanResults(x.organization(), x.now.Unix()) {
		_, _, t := r.state(x.now.Unix())
		if t < 0 {
			t = r.start
		}
		if t >= from && t <= to && x.reads(r.def.repository) {
			list = append(list, x.c.resultObject(r, x.now.Unix()))
		}
	}
	return object{"scanResults": list}, nil
}

func (x *exchange) resultProgress() (any, error) {
	in, err := x.input()
	if err != nil {
		return nil, err
	}
	id := scanResultID(in)
	r, ok := x.c.scanResult(x.organization(), id, x.now.Unix())
	if !ok || !x.reads(r.def.repository) {
		return nil, notFound("scanResult", id)
	}
	o := x.c.resultObject(r, x.now.Unix())
	return object{"progress": project(o, []string{"status", "completedIPs", "completedChecks", "totalChecks", "totalIPs", "scannedIPs"})}, nil
}

func scanResultID(in fields) string {
	if in.has("scanResultID") {
		return in.text("scanResultID")
	}
	return in.text("id")
}

func (x *exchange) resultDownload() (any, error) {
	in, err := x.input()
	if err != nil {
		return nil, err
	}
	return x.downloadScan(scanResultID(in), in.text("downloadType"))
}
