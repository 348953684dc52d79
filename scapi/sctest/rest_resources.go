package sctest

import "net/http"

// resource is a kind of object with a list and details.
type resource struct {
	list       func(*exchange) []object
	short      string // fields of a list without fields=
	wrapped    bool   // organisation users get usable and manageable
	admin, org bool   // who may read it
}

// readable says whether the account may read it.
func (r resource) readable(a *Account) bool {
	return a.Administrator && r.admin || !a.Administrator && r.org
}

func (c *Console) makeResources() map[string]resource {
	now := func(x *exchange) int64 { return x.now.Unix() }
	scannerShort := "id,name,description,agentCapable,status"
	repositoryShort := "id,name,description"
	if c.release.atLeast(6, 0) {
		scannerShort += ",wasCapable,statusMessage"
		repositoryShort += ",uuid,dataFormat"
	}
	plain := "id,name,description,status"
	none := func(*exchange) []object { return []object{} }
	return map[string]resource{
		"scanner":    {(*exchange).scannerList, scannerShort, false, true, true},
		"zone":       {(*exchange).zoneList, "", false, true, true},
		"repository": {(*exchange).repositoryList, repositoryShort, false, true, true},
		"job":        {func(x *exchange) []object { return c.jobs(now(x)) }, "id,type,status,organization,targetedTime,startTime", false, true, false},
		"scan":       {(*exchange).scanList, plain, true, false, true},
		"scanResult": {(*exchange).scanResultList, plain, true, false, true},
		"asset":      {func(x *exchange) []object { return c.assetObjects(x.account) }, "id,name,description,type,status", true, true, true},
		"credential": {func(*exchange) []object { return c.credentialObjects() }, "id,name,description,type", true, true, true},
		"role":       {func(*exchange) []object { return c.roles() }, "id,name,description", false, true, true},
		"user": {func(x *exchange) []object { return c.users(x.account, x.r.URL.Query().Get("orgID")) },
			"id,username,firstname,lastname", false, true, true},
		"organization": {func(*exchange) []object { return c.organizations() }, "id,name,description", false, true, false},
		"group":        {func(*exchange) []object { return c.groups() }, "id,name,description", false, false, true},
		"ticket":       {func(x *exchange) []object { return c.tickets(x.organization()) }, plain, true, false, true},
		"query":        {func(x *exchange) []object { return c.savedQueries(x.organization()) }, "", true, false, true},
		"acceptRiskRule": {func(x *exchange) []object { return c.riskRules(false, x.organization(), now(x)) },
			"id,hostType,hostValue,port,protocol,expires,status,repository,organization,user,plugin", false, true, true},
		"recastRiskRule": {func(x *exchange) []object { return c.riskRules(true, x.organization(), now(x)) },
			"id,hostType,hostValue,port,protocol,expires,status,repository,organization,user,plugin,newSeverity,order", false, true, true},
		"alert": {none, plain, true, false, true}, "policy": {func(x *exchange) []object { return c.policies(x.account) }, plain, true, true, true},
		"auditFile": {func(x *exchange) []object { return c.auditFileObjects(x.account) }, "id,name,description,type,status", true, true, true},
		"agentScan": {none, plain, true, false, true},
		"lce":       {none, plain, false, true, true}, "notification": {none, "", false, true, true},
	}
}

// list answers a call of a list of objects, of which there is only GET: nothing can be made here.
func (x *exchange) list(res resource, kind string) (any, error) {
	switch {
	case !res.readable(x.account):
		return nil, x.forbidden()
	case x.r.Method != http.MethodGet:
		return notFoundPage(), nil
	}
	fields := x.fields()
	if fields == nil {
		fields = splitFields(res.short)
	}
	list := res.list(x)
	for i := range list {
		list[i] = project(list[i], fields)
	}
	switch {
	case list == nil:
		list = []object{}
	case !res.wrapped:
	case !x.account.Administrator:
		manageable := list
		if len(list) > 0 && kind == "asset" {
			manageable = list[1:] // "All Defined Ranges" is only usable
		}
		return object{"usable": list, "manageable": manageable}, nil
	case kind == "asset":
		return object{"assets": list}, nil
	}
	return list, nil
}

// one answers GET of a single object, and PATCH of those that can be edited here.
func (x *exchange) one(res resource, kind, id, method string, fields []string) (any, error) {
	edit := editors[kind]
	switch {
	case !res.readable(x.account), method == http.MethodPatch && edit != nil && x.account.Administrator:
		return nil, x.forbidden()
	case method != http.MethodGet && (method != http.MethodPatch || edit == nil):
		return notFoundPage(), nil
	}
	if id == "tag" {
		return []any{}, nil
	}
	if !isNumber(id) {
		return nil, refuse(146, "Invalid %s id '%s'.\n", kind, id)
	}
	list := res.list
	if kind == "scanResult" {
		list = func(x *exchange) []object { return x.scanResult(id) }
	}
	if method == http.MethodPatch {
		in, err := x.input()
		if err != nil {
			return nil, err
		}
		if err := edit(x, id, in, false); err != nil {
			return nil, err
		}
	}
	for _, o := range list(x) {
		if o["id"] == id {
			if kind == "asset" {
				o["viewableIPs"] = x.viewable(id, fields)
			}
			return project(o, fields), nil
		}
	}
	return nil, notFound(kind, id)
}

func (x *exchange) viewable(id string, fields []string) any {
	for _, f := range fields {
		if f == "viewableIPs" {
			return x.c.viewableIPs(x.account, id)
		}
	}
	return []any{}
}

// editors are the resources that PATCH changes.
var editors = map[string]func(x *exchange, id string, in fields, whole bool) error{
	"asset": (*exchange).editAsset, "credential": (*exchange).editCredential,
}

// share is POST /asset/{id}/share and /credential/{id}/share: the groups replace those that shared it before.
func (x *exchange) share(kind, id string) (any, error) {
	in, err := x.input()
	if err != nil {
		return nil, err
	}
	if x.account.Administrator || !in.has("groups") {
		return nil, x.forbidden()
	}
	if err := editors[kind](x, id, fields{"groups": in["groups"]}, false); err != nil {
		return nil, err
	}
	return x.one(x.c.resources[kind], kind, id, http.MethodGet, nil)
}
