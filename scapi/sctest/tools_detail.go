package sctest

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// referenceTool is a kind of reference that findings are summed by: its column, and the references of a plugin.
type referenceTool struct {
	column string
	of     func(*plugin) []string
}

var (
	byCVE  = referenceTool{"cveID", func(p *plugin) []string { return p.cves }}
	byIAVM = referenceTool{"iavmID", func(p *plugin) []string { return xrefsOf(p, "IAVA:") }}
	byMS   = referenceTool{"msbulletinID", func(p *plugin) []string { return xrefsOf(p, "MSFT:") }}
	byCCE  = referenceTool{"cceID", func(*plugin) []string { return nil }} // this console has none
)

// xrefsOf returns the references of one kind, without the name of the kind.
func xrefsOf(p *plugin, kind string) (ids []string) {
	for _, x := range p.xrefs {
		if id, ok := strings.CutPrefix(x, kind); ok {
			ids = append(ids, id)
		}
	}
	return ids
}

// gather sums the findings by reference, the most frequent first.
func (t referenceTool) gather(s *selection) []*bucket {
	list := gather(s, func(f *finding, add func(string)) {
		for _, id := range t.of(f.place.plugin) {
			add(id)
		}
	}, func(b *bucket, id string, f *finding) { b.label, b.number = id, int(f.severity) })
	slices.SortFunc(list, func(a, b *bucket) int {
		return cmp.Or(cmp.Compare(b.tally.total(), a.tally.total()), strings.Compare(a.label, b.label))
	})
	return list
}

// sum is sumcve, sumiavm, summsbulletin and sumcce. The colon list knows the total and the hosts only.
func (t referenceTool) sum(c *Console, s *selection, _ question) answer {
	list := t.gather(s)
	total, hosts := 0, 0
	rows := make([]object, len(list))
	for i, b := range list {
		total += b.tally.total()
		hosts += b.hosts
		rows[i] = object{t.column: b.label, "severity": c.severity(b.number), "total": strconv.Itoa(b.tally.total()),
			"hostTotal": strconv.Itoa(b.hosts)}
	}
	return answer{rows: rows, total: len(rows), matching: fmt.Sprintf("%d:0:0:0:0:0:0:%d", total, hosts)}
}

// detail is cveipdetail, iavmipdetail and cceipdetail: a row per reference with its hosts; total is their number.
func (t referenceTool) detail(_ *Console, s *selection, q question) answer {
	list := t.gather(s)
	page := cut(list, q.start, q.end)
	keys := make([]string, len(page))
	for i, b := range page {
		keys[i] = b.label
	}
	found := hostsOf(s, keys, func(f *finding) []string { return t.of(f.place.plugin) })
	rows := make([]object, len(page))
	for i, b := range page {
		hosts := []object{}
		byRepository(s, found[b.label], func(r *Repository, members []int) {
			hosts = append(hosts, object{"repositoryID": r.ID, "iplist": s.hostEntries(members)})
		})
		rows[i] = object{t.column: b.label, "total": strconv.Itoa(b.hosts), "hosts": hosts}
	}
	return answer{rows: rows, total: len(list), matching: strconv.Itoa(len(list)), paged: true, sorted: true}
}

// hostsOf returns the hosts that have findings of each key, in the order of their addresses.
func hostsOf[K comparable](s *selection, wanted []K, keys func(*finding) []K) map[K][]int {
	found := make(map[K][]int, len(wanted))
	for _, k := range wanted {
		found[k] = nil
	}
	s.walk(false, func(i int) bool {
		for _, f := range s.of(int(s.w.groupOf[i])) {
			for _, k := range keys(&f) {
				members, ok := found[k]
				if ok && (len(members) == 0 || members[len(members)-1] != i) {
					found[k] = append(members, i)
				}
			}
		}
		return true
	})
	return found
}

// byRepository yields the hosts of each repository.
func byRepository(s *selection, hosts []int, yield func(*Repository, []int)) {
	members := make([][]int, len(s.w.repos))
	for _, i := range hosts {
		members[s.w.repoOf[i]] = append(members[s.w.repoOf[i]], i)
	}
	for r := range members {
		if len(members[r]) > 0 {
			yield(&s.w.repos[r], members[r])
		}
	}
}

func (s *selection) hostEntries(hosts []int) []object {
	list := make([]object, len(hosts))
	for k, i := range hosts {
		h := s.w.host(i, s.now)
		list[k] = object{"ip": h.IP, "uuid": h.UUID, "macAddress": h.MACAddress, "netbiosName": h.NetBIOSName, "dnsName": h.DNSName}
	}
	return list
}

// pluginHosts is what vulnipdetail and vulnipsummary share: a row per plugin with its hosts by repository; total is
// the number of hosts.
func (c *Console) pluginHosts(s *selection, q question, entry func(hosts []int) object) answer {
	list := c.sumID(s, q)
	all, _ := s.sums()
	page := cut(list.rows, q.start, q.end)
	type key struct {
		id       string
		severity int8
	}
	keys := make([]key, len(page))
	for i, row := range page {
		keys[i] = key{row["pluginID"].(string), list.severities[max(q.start, 0)+i]}
	}
	found := hostsOf(s, keys, func(f *finding) []key { return []key{{strconv.Itoa(f.place.plugin.id), f.severity}} })
	for i, row := range page {
		hosts := []object{}
		byRepository(s, found[keys[i]], func(r *Repository, members []int) {
			o := entry(members)
			c.putRepository(o, r)
			hosts = append(hosts, o)
		})
		row["total"], row["pluginDescription"], row["hosts"] = row["hostTotal"], "Example text of plugin "+keys[i].id+".", hosts
		delete(row, "hostTotal")
	}
	return answer{rows: page, total: list.total, matching: strconv.Itoa(all.total()), paged: true, sorted: true}
}

func (c *Console) vulnIPDetail(s *selection, q question) answer {
	return c.pluginHosts(s, q, func(hosts []int) object { return object{"iplist": s.hostEntries(hosts)} })
}

// vulnIPSummary has the addresses as one text, neighbours as ranges.
func (c *Console) vulnIPSummary(s *selection, q question) answer {
	got := c.pluginHosts(s, q, func(hosts []int) object {
		addresses := make([]uint32, len(hosts))
		var uuids []string
		for k, i := range hosts {
			addresses[k] = s.w.address(i)
			if uuid := s.w.host(i, s.now).UUID; uuid != "" {
				uuids = append(uuids, uuid)
			}
		}
		return object{"iplist": strings.Join(ranges(addresses), ","), "uuidIPsList": strings.Join(uuids, ",")}
	})
	for _, row := range got.rows {
		row["repositoryID"] = ""
		if hosts := row["hosts"].([]object); len(hosts) == 1 && c.o.Dialect == REST {
			row["repositoryID"] = hosts[0]["repository"].(object)["id"]
		}
	}
	return got
}

// ranges writes ascending addresses, neighbours as one range, each address once.
func ranges(addresses []uint32) []string {
	var list []string
	for k := 0; k < len(addresses); {
		end := k + 1
		for end < len(addresses) && addresses[end]-addresses[end-1] <= 1 {
			end++
		}
		list = append(list, rangeText(span{int64(addresses[k]), int64(addresses[end-1])}))
		k = end
	}
	return list
}

// empty is a tool whose rows no console is known to have shown.
func empty(matching func(tally) string) func(*Console, *selection, question) answer {
	return func(_ *Console, s *selection, _ question) answer {
		all, _ := s.sums()
		return answer{matching: matching(all)}
	}
}

// services are what listens on ports: the list of all, of web servers, of SSH servers.
func services(name func(port uint16) string) func(*Console, *selection, question) answer {
	return func(_ *Console, s *selection, _ question) answer {
		list := gather(s, func(f *finding, add func(string)) {
			if text := name(f.place.port); text != "" {
				add(text)
			}
		}, func(b *bucket, text string, _ *finding) { b.label = text })
		total := 0
		rows := make([]object, len(list))
		for i, b := range list {
			total += b.hosts
			rows[i] = object{"count": strconv.Itoa(b.hosts), "detectionMethod": "Active", "name": b.label}
		}
		sortRows(rows, "count", true)
		return answer{rows: rows, total: len(rows), matching: strconv.Itoa(total)}
	}
}

func serviceName(port uint16) string {
	switch port {
	case 0:
		return ""
	case 22:
		return "An SSH server is running on this port."
	case 80, 443, 8080, 8443:
		return "A web server is running on this port."
	}
	return fmt.Sprintf("A service is running on port %d.", port)
}

func webServerName(port uint16) string {
	return map[uint16]string{80: "nginx", 443: "nginx", 8080: "Apache", 8443: "Apache"}[port]
}

func sshServerName(port uint16) string { return map[uint16]string{22: "SSH-2.0-OpenSSH_9.6"}[port] }
