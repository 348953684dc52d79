package sctest

import (
	"net/http"
	"strconv"
	"strings"
)

// scannerList is GET /scanner: an organisation user sees agent-capable scanners, and five fields of them.
func (x *exchange) scannerList() []object {
	list := x.c.scanners(x.now.Unix())
	if x.account.Administrator {
		return list
	}
	var some []object
	for _, o := range list {
		if o["agentCapable"] == "true" {
			some = append(some, project(o, []string{"name", "description", "status", "agentCapable"}))
		}
	}
	return some
}

func (x *exchange) zoneList() []object {
	list := x.c.zones(x.now.Unix())
	if !x.account.Administrator {
		for i := range list {
			list[i] = project(list[i], []string{"name", "description"})
		}
	}
	return list
}

func (x *exchange) repositoryList() []object {
	list := x.c.repositories(x.account, x.now.Unix())
	want := x.r.URL.Query().Get("type")
	if want == "" || want == "All" {
		return list
	}
	var some []object
	for _, o := range list {
		if o["type"] == want {
			some = append(some, o)
		}
	}
	return some
}

func (x *exchange) scanList() []object {
	var list []object
	for _, d := range x.c.scanDefinitions() {
		if x.reads(d.repository) {
			list = append(list, x.c.scanObject(d, x.now.Unix()))
		}
	}
	return list
}

// reads says whether the account reads the repository of that id.
func (x *exchange) reads(id string) bool {
	n, err := strconv.Atoi(id)
	return err == nil && n >= 1 && n <= len(x.c.world.repos) && x.c.mayRead(x.account, n-1)
}

// everyScanResult returns the results of the account's repositories with all their fields.
func (x *exchange) everyScanResult() []object {
	var list []object
	for _, r := range x.c.scanResults(x.now.Unix()) {
		if x.reads(r.def.repository) {
			list = append(list, x.c.resultObject(r, x.now.Unix()))
		}
	}
	return list
}

// scanResultList is GET /scanResult: by default the last 30 days by creation, and without the progress.
func (x *exchange) scanResultList() []object {
	query := x.r.URL.Query()
	from := int64(scalar(query.Get("startTime")).number(int(x.now.Unix() - 30*day)))
	to := int64(scalar(query.Get("endTime")).number(int(x.now.Unix())))
	field := "createdTime"
	if query.Get("timeCompareField") == "finishTime" {
		field = "finishTime"
	}
	only := "," + query.Get("filter") + ","
	var list []object
	for _, o := range x.everyScanResult() {
		t := int64(scalar(o[field].(string)).number(-1))
		running := o["running"] == "true"
		if t < from || t > to || strings.Contains(only, ",running,") && !running || strings.Contains(only, ",completed,") && running {
			continue
		}
		delete(o, "progress")
		list = append(list, o)
	}
	return list
}

// special answers what is not a list of objects; known is false when the path is of the other kind.
func (x *exchange) special(parts []string) (answer any, known bool, err error) {
	now := x.now.Unix()
	path := strings.Join(parts, "/")
	get, post := x.r.Method == http.MethodGet, x.r.Method == http.MethodPost
	fields := splitFields(x.r.URL.Query().Get("fields"))
	last := parts[len(parts)-1]
	switch {
	case get && path == "system":
		return project(x.c.system(true), fields), true, nil
	case get && path == "currentUser":
		return project(x.c.currentUser(x.account), fields), true, nil
	case get && path == "currentOrganization":
		for _, o := range x.c.organizations() {
			if o["id"] == strconv.Itoa(x.account.Organization) && !x.account.Administrator {
				return project(o, fields), true, nil
			}
		}
		return nil, true, x.forbidden()
	case get && path == "status":
		return project(x.c.status(x.account, now), fields), true, nil
	case get && path == "feed":
		return x.c.feeds(now), true, nil
	case get && parts[0] == "feed" && len(parts) == 2:
		if one, ok := x.c.feeds(now)[last]; ok {
			return one, true, nil
		}
		return nil, true, notFound("feed", last)
	case get && path == "system/diagnostics":
		if !x.account.Administrator {
			return nil, true, x.forbidden()
		}
		return x.c.diagnostics(now), true, nil
	case parts[0] == "scanner" && len(parts) == 3 && last == "health" && get:
		answer, err = x.scannerHealth(parts[1])
		return answer, true, err
	case parts[0] == "plugin" && get:
		answer, err = x.pluginCall(parts)
		return answer, true, err
	case parts[0] == "pluginFamily" && get:
		answer, err = x.familyCall(parts)
		return answer, true, err
	case path == "analysis" && post:
		answer, err = x.analysis()
		return answer, true, err
	case post && parts[0] == "scanResult" && len(parts) == 3 && last == "download":
		in, err := x.input()
		if err != nil {
			return nil, true, err
		}
		answer, err = x.downloadScan(parts[1], in.text("downloadType"))
		return answer, true, err
	case get && (path == "deviceInfo" || path == "ipInfo"),
		get && parts[0] == "repository" && len(parts) == 3 && (last == "deviceInfo" || last == "ipInfo"):
		answer, err = x.deviceInfo(parts)
		return answer, true, err
	case post && path == "file/upload":
		answer, err = x.uploadCall()
		return answer, true, err
	case post && path == "file/clear":
		answer, err = x.clearCall()
		return answer, true, err
	case post && last == "import":
		return x.importREST(parts)
	case post && last == "share" && len(parts) == 3 && (parts[0] == "asset" || parts[0] == "credential"):
		answer, err = x.share(parts[0], parts[1])
		return answer, true, err
	}
	return nil, false, nil
}

func (x *exchange) viewable(id string, fields []string) any {
	for _, f := range fields {
		if f == "viewableIPs" {
			return x.c.viewableIPs(x.account, id)
		}
	}
	return []any{}
}

// deviceInfo answers by ip, dnsName or uuid, in one repository or the first that has the host.
func (x *exchange) deviceInfo(parts []string) (any, error) {
	if x.account.Administrator {
		return nil, x.forbidden()
	}
	query := x.r.URL.Query()
	name, uuid := query.Get("dnsName"), query.Get("uuid")
	match := func(i int) bool {
		h := x.c.world.host(i, x.now.Unix())
		return name != "" && h.DNSName == name || uuid != "" && h.UUID == uuid
	}
	if query.Get("ip") != "" {
		match = x.c.hasAddress(query.Get("ip"))
	}
	for r := range x.c.world.repos {
		if !x.c.mayRead(x.account, r) || len(parts) == 3 && x.c.world.repos[r].ID != parts[1] {
			continue
		}
		if o := x.c.hostInformation(r, match, x.now.Unix()); o != nil {
			return o, nil
		}
	}
	return nil, refuse(147, "Unable to find the host. The host does not exist.\n")
}

// editors are the resources that PATCH changes.
var editors = map[string]func(c *Console, id string, in fields, whole bool) error{
	"asset": (*Console).editAsset, "credential": (*Console).editCredential,
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
	if err := editors[kind](x.c, id, fields{"groups": in["groups"]}, false); err != nil {
		return nil, err
	}
	return x.one(x.c.routes[kind], kind, id, http.MethodGet, nil)
}
