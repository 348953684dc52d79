package sctest

import (
	"slices"
	"strconv"
)

// Repositories returns the repositories of the console in the order of their ids.
func (c *Console) Repositories() []Repository {
	all := slices.Clone(c.world.repos)
	for r := range all {
		all[r].Assigned = c.world.assigned(r)
	}
	return all
}

// assigned says whether the organisations have repository r.
func (w *world) assigned(r int) bool {
	return w.repos[r].Assigned && !w.state.Load().Withdrawn[w.repos[r].ID]
}

func (c *Console) repository(id string) *Repository {
	n, err := strconv.Atoi(id)
	if err != nil || n < 1 || n > len(c.world.repos) {
		return nil
	}
	return &c.world.repos[n-1]
}

// mayRead says whether the account reads the findings of repository r.
func (c *Console) mayRead(a *Account, r int) bool {
	repo := &c.world.repos[r]
	if a == nil || a.Administrator || !c.world.assigned(r) {
		return false
	}
	return len(a.Repositories) == 0 || slices.Contains(a.Repositories, repo.ID)
}

// repositories returns the repositories that the account sees: an administrator all of them.
func (c *Console) repositories(a *Account, now int64) []object {
	all := make([]bool, len(c.world.repos))
	for r := range all {
		all[r] = true
	}
	s := newSelection(c.world, now, false, all)
	s.prepare()
	counts := make([]int, len(all))
	for g := range groups {
		if n := len(s.of(g)); n > 0 {
			for r := range counts {
				counts[r] += n * int(c.world.counts[r][g])
			}
		}
	}
	var list []object
	for r := range c.world.repos {
		if a.Administrator || c.mayRead(a, r) {
			list = append(list, c.repositoryObject(r, counts[r], now))
		}
	}
	return list
}

func (c *Console) repositoryObject(r, findings int, now int64) object {
	repo := &c.world.repos[r]
	updated := now - now%3600 - int64(r)*600
	o := object{"id": repo.ID, "name": repo.Name, "description": "", "type": repo.Type, "dataFormat": repo.DataFormat,
		"remoteID": nil, "remoteIP": nil, "running": "false", "downloadFormat": "v2", "lastSyncTime": "0",
		"createdTime": epoch(c.world.anchor - 900*day), "modifiedTime": epoch(c.world.anchor - 90*day),
		"lastVulnUpdate": epoch(updated), "vulnCount": strconv.Itoa(findings)}
	switch repo.Type {
	case "Remote":
		o["remoteID"], o["remoteIP"] = "3", "192.0.2.10"
		o["lastSyncTime"] = epoch(now - now%(6*3600))
	case "Offline":
		o["lastSyncTime"] = epoch(c.world.anchor - 12*day)
		o["lastVulnUpdate"] = o["lastSyncTime"]
	}
	ips := strconv.Itoa(repo.Hosts)
	if c.o.Dialect == RPC {
		o["ipCount"], o["ipRange"], o["organizations"] = ips, "10.0.0.0/8", c.organizationNames()
		delete(o, "remoteID")
		delete(o, "remoteIP")
		return o
	}
	o["organizations"] = []object{}
	if c.world.assigned(r) {
		organizations := c.organizationNames()
		for _, organization := range organizations {
			organization["groupAssign"], organization["description"] = "fullAccess", ""
		}
		o["organizations"] = organizations
	}
	fields := object{"nessusSchedule": object{"type": "never", "start": "", "repeatRule": ""}, "correlation": []any{},
		"runningNessus": "false", "lastGenerateNessusTime": "0", "trendingDays": "0", "trendWithRaw": "false", "lastTrendUpdate": "0"}
	if repo.DataFormat == "agent" {
		fields["uuidCount"] = ips
	} else {
		fields["ipRange"], fields["ipCount"] = "10.0.0.0/8", ips
	}
	if c.release.atLeast(6, 0) {
		o["uuid"] = "00000000-0000-4000-8000-00000000000" + repo.ID
		fields["vulnCount"] = findings
		delete(o, "vulnCount")
		for _, kind := range []string{"active", "passive", "lce", "compliance", "mitigated"} {
			fields[kind+"VulnsLifetime"] = "365"
		}
	}
	o["typeFields"] = fields
	return o
}

// addresses returns the number of different addresses of all repositories, which is what the licence counts.
func (c *Console) addresses() int {
	n, last := 0, uint32(0)
	for _, i := range c.world.byIP {
		if a := c.world.address(int(i)); a != last {
			n, last = n+1, a
		}
	}
	return n
}

// licensed returns the size of the licence.
func (c *Console) licensed() int {
	size := 256
	for size*3 < c.o.Hosts*4 {
		size *= 2
	}
	return size
}

// hostInformation is what deviceInfo, ipInfo and vuln::getIP say of a host; nil when it is not in the repository.
func (x *exchange) hostInformation(r int, match func(host int) bool) object {
	c, now := x.c, x.now.Unix()
	repo := &c.world.repos[r]
	for i := repo.first; i < repo.first+repo.Hosts; i++ {
		if !match(i) {
			continue
		}
		h := c.world.host(i, now)
		g := int(c.world.groupOf[i])
		var t tally
		t.add(c.world.findings(nil, g, now, false), 1)
		o := c.addCounts(c.hostColumns(h), t)
		o["os"], o["lastScan"], o["hasPassive"], o["hasCompliance"] = h.OS, epoch(h.LastSeen), "No", yesNo(g/cohorts%6 == 1)
		if c.o.Dialect == RPC {
			o["repositoryID"], o["repositoryName"] = repo.ID, repo.Name
			o["total"] = 0 // so the one known record has it, beside severities that add up to 87
			o["assets"] = x.assetsWith(i)
			return o
		}
		o["severityAll"], o["links"] = listOf(t), []any{}
		c.putRepository(o, repo)
		return o
	}
	return nil
}

func listOf(t tally) string {
	text := ""
	for sev := 4; sev >= 0; sev-- {
		text += strconv.Itoa(t[sev])
		if sev > 0 {
			text += ","
		}
	}
	return text
}

// assetsWith returns references to the asset lists that the host is in.
func (x *exchange) assetsWith(host int) []object {
	list := []object{}
	for _, l := range x.c.assetLists(x.organization()) {
		if l.has(host) {
			list = append(list, object{"id": strconv.Itoa(l.id), "name": l.name})
		}
	}
	return list
}

// hasAddress returns a test for hosts of that address.
func (c *Console) hasAddress(ip string) func(host int) bool {
	want, ok := addressSpan(ip)
	return func(host int) bool { return ok && int64(c.world.address(host)) == want.lo }
}
