package sctest

import (
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
	for _, d := range x.c.scanDefinitions(x.organization()) {
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

// scanResultList is GET /scanResult: by default the last 30 days by creation, and without the progress.
func (x *exchange) scanResultList() []object {
	query := x.r.URL.Query()
	now := x.now.Unix()
	from := int64(scalar(query.Get("startTime")).number(int(now - 30*day)))
	to := int64(scalar(query.Get("endTime")).number(int(now)))
	byFinish := query.Get("timeCompareField") == "finishTime"
	only := "," + query.Get("filter") + ","
	var list []object
	for _, r := range x.c.scanResults(x.organization(), now) {
		t := r.created()
		_, _, finish := r.state(now)
		if byFinish {
			t = finish
		}
		running := finish < 0
		if !x.reads(r.def.repository) || t < from || t > to || strings.Contains(only, ",running,") && !running || strings.Contains(only, ",completed,") && running {
			continue
		}
		o := x.c.resultObject(r, now)
		delete(o, "progress")
		list = append(list, o)
	}
	return list
}

// scanResult returns the result of that id, if the account reads its repository, with all its fields. It may be older
// than what the list reaches back to.
func (x *exchange) scanResult(id string) []object {
	r, ok := x.c.scanResult(x.organization(), id, x.now.Unix())
	if !ok || !x.reads(r.def.repository) {
		return nil
	}
	return []object{x.c.resultObject(r, x.now.Unix())}
}

// deviceInfo answers by ip, dnsName or uuid, in that repository or, without one, in the first that has the host.
func (x *exchange) deviceInfo(repository string) (any, error) {
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
		if !x.c.mayRead(x.account, r) || repository != "" && x.c.world.repos[r].ID != repository {
			continue
		}
		if o := x.hostInformation(r, match); o != nil {
			return o, nil
		}
	}
	return nil, refuse(147, "Unable to find the host. The host does not exist.\n")
}
