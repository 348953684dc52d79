package sctest

import (
	"fmt"
	"slices"
	"strconv"
)

// vulnTools are the tools of the vulnerability analysis. Each sees a prepared selection.
var vulnTools = map[string]func(*Console, *selection, question) answer{
	"sumip":          (*Console).sumIP,
	"sumdnsname":     (*Console).sumDNSName,
	"sumseverity":    (*Console).sumSeverity,
	"sumid":          (*Console).sumID,
	"sumplugin":      (*Console).sumID,
	"sumport":        (*Console).sumPort,
	"sumprotocol":    (*Console).sumProtocol,
	"sumprot":        (*Console).sumProtocol,
	"sumfamily":      (*Console).sumFamily,
	"sumclassa":      sumClass(8),
	"sumclassb":      sumClass(16),
	"sumclassc":      sumClass(24),
	"sumasset":       (*Console).sumAsset,
	"sumcve":         byCVE.sum,
	"sumiavm":        byIAVM.sum,
	"summsbulletin":  byMS.sum,
	"sumcce":         byCCE.sum,
	"sumremediation": (*Console).sumRemediation,
	"listvuln":       (*Console).listVuln,
	"vulndetails":    (*Console).vulnDetails,
	"vulnipdetail":   (*Console).vulnIPDetail,
	"vulnipsummary":  (*Console).vulnIPSummary,
	"cveipdetail":    byCVE.detail,
	"iavmipdetail":   byIAVM.detail,
	"cceipdetail":    byCCE.detail,
	"listos":         (*Console).listOS,
	"listsoftware":   (*Console).listSoftware,
	"listservices":   services(serviceName),
	"listwebservers": services(webServerName),
	"listsshservers": services(sshServerName),

	"listmailclients":       empty(func(tally) string { return "0" }),
	"listwebclients":        empty(func(tally) string { return "0" }),
	"sumuserresponsibility": empty(func(tally) string { return "0:0:0:0:0:0:0" }),

	"iplist": (*Console).ipList,
	"trend":  (*Console).trend,
}

func (c *Console) sumSeverity(s *selection, _ question) answer {
	all, _ := s.sums()
	w := all
	first := 0
	if c.oldScale() {
		w, first = c.wireTally(all), 1
	}
	var rows []object
	for sev := 4; sev >= first; sev-- {
		rows = append(rows, object{"severity": c.severity(sev), "count": strconv.Itoa(w[sev])})
	}
	return answer{rows: rows, total: len(rows), matching: count6(w), sorted: true, whole: true}
}

// bucket is what a summary knows of one plugin, port, family…
type bucket struct {
	plugin *plugin
	label  string
	number int
	tally  tally
	hosts  int
	order  int
}

// gather sums the findings by a key; a finding may have several. Hosts counts each host once per key.
func gather[K comparable](s *selection, keys func(*finding, func(K)), name func(*bucket, K, *finding)) []*bucket {
	buckets := map[K]*bucket{}
	var list []*bucket
	seen := map[K]int{} // by the last group that counted its hosts
	for g := range groups {
		n := s.size(g)
		if n == 0 {
			continue
		}
		found := s.of(g)
		for i := range found {
			f := &found[i]
			keys(f, func(k K) {
				b := buckets[k]
				if b == nil {
					b = &bucket{plugin: f.place.plugin}
					name(b, k, f)
					buckets[k] = b
					list = append(list, b)
				}
				b.tally[f.severity] += n
				if seen[k] != g+1 {
					seen[k] = g + 1
					b.hosts += n
				}
			})
		}
	}
	return list
}

func (c *Console) sumID(s *selection, _ question) answer {
	type key struct {
		id  int
		sev int8
	}
	least := int8(0)
	if c.oldScale() {
		least = 1 // which information is there
	}
	keyOf := func(f *finding) key { return key{f.place.plugin.id, max(f.severity, least)} }
	list := gather(s, func(f *finding, add func(key)) { add(keyOf(f)) },
		func(b *bucket, k key, _ *finding) { b.number, b.order = int(k.sev), k.id*5+int(k.sev) })
	if c.o.Quirks.HostTotalByAddress {
		for _, b := range list {
			k := key{b.plugin.id, int8(b.number)}
			addresses := map[uint32]bool{}
			for _, i := range hostsOf(s, []key{k}, func(f *finding) []key { return []key{keyOf(f)} })[k] {
				addresses[s.w.address(i)] = true
			}
			b.hosts = len(addresses)
		}
	}
	slices.SortFunc(list, func(a, b *bucket) int { return a.order - b.order })
	var all tally
	hosts := 0
	rows := make([]object, len(list))
	severities := make([]int8, len(list))
	for i, b := range list {
		severities[i] = int8(b.number)
		all[b.number] += b.tally.total()
		hosts += b.hosts
		rows[i] = object{"pluginID": strconv.Itoa(b.plugin.id), "name": b.plugin.name, "severity": c.severity(b.number),
			"total": strconv.Itoa(b.tally.total()), "hostTotal": strconv.Itoa(b.hosts)}
		if c.o.Quirks.NoHostTotal {
			delete(rows[i], "hostTotal")
		}
		c.putFamily(rows[i], b.plugin.family)
	}
	return answer{rows: rows, total: len(rows), matching: c.count7(all) + ":" + strconv.Itoa(hosts), severities: severities}
}

// summary makes the rows of a tool that has one column and the counts.
func (c *Console) summary(s *selection, list []*bucket, put func(object, *bucket)) answer {
	slices.SortFunc(list, func(a, b *bucket) int { return a.order - b.order })
	rows := make([]object, len(list))
	for i, b := range list {
		rows[i] = c.addCounts(object{}, b.tally)
		put(rows[i], b)
	}
	all, _ := s.sums()
	return answer{rows: rows, total: len(rows), matching: c.count7(all)}
}

func (c *Console) sumPort(s *selection, _ question) answer {
	list := gather(s, func(f *finding, add func(uint16)) { add(f.place.port) },
		func(b *bucket, p uint16, _ *finding) { b.order = int(p) })
	return c.summary(s, list, func(o object, b *bucket) { o["port"] = strconv.Itoa(b.order) })
}

func (c *Console) sumProtocol(s *selection, _ question) answer {
	list := gather(s, func(f *finding, add func(uint8)) { add(f.place.protocol) },
		func(b *bucket, p uint8, _ *finding) { b.order = int(p) })
	return c.summary(s, list, func(o object, b *bucket) {
		o["protocol"] = strconv.Itoa(b.order)
		if c.o.Dialect == REST {
			o["protocol"] = fmt.Sprintf("%s(%d)", protocolNames[uint8(b.order)], b.order)
		}
	})
}

func (c *Console) sumFamily(s *selection, _ question) answer {
	list := gather(s, func(f *finding, add func(*family)) { add(f.place.plugin.family) },
		func(b *bucket, f *family, _ *finding) { b.order = f.id })
	return c.summary(s, list, func(o object, b *bucket) { c.putFamily(o, b.plugin.family) })
}

func (c *Console) sumRemediation(s *selection, _ question) answer {
	all, _ := s.sums()
	list := gather(s, func(f *finding, add func(int)) {
		if p := f.place.plugin; f.severity > 0 && p.patchPub > 0 {
			add(p.id)
		}
	}, func(b *bucket, id int, _ *finding) { b.order = id })
	slices.SortFunc(list, func(a, b *bucket) int {
		if d := b.tally.score() - a.tally.score(); d != 0 {
			return d
		}
		return a.order - b.order
	})
	percent := func(part, whole int) string { return fmt.Sprintf("%.2f%%", 100*float64(part)/float64(max(whole, 1))) }
	rows := make([]object, len(list))
	for i, b := range list {
		id := strconv.Itoa(b.plugin.id)
		rows[i] = object{"pluginID": id, "cpe": "", "solution": "Upgrade " + b.plugin.name, "remediationList": id,
			"total": strconv.Itoa(b.tally.total()), "totalPctg": percent(b.tally.total(), all.total()),
			"score": strconv.Itoa(b.tally.score()), "scorePctg": percent(b.tally.score(), all.score()),
			"hostTotal": strconv.Itoa(b.hosts), "msbulletinTotal": "0", "cveTotal": strconv.Itoa(len(b.plugin.cves))}
	}
	return answer{rows: rows, total: len(rows), matching: fmt.Sprintf("%d:0:0:0:0:0:%d:%d", all.total(), all.score(), len(rows))}
}

// sumClass sums by address class; a class is counted once per repository.
func sumClass(bits int) func(*Console, *selection, question) answer {
	return func(c *Console, s *selection, _ question) answer {
		type key struct {
			network uint32
			repo    uint16
		}
		sums := map[key]*tally{}
		var keys []key
		s.walk(false, func(i int) bool {
			k := key{s.w.address(i) >> (32 - bits) << (32 - bits), s.w.repoOf[i]}
			t := sums[k]
			if t == nil {
				t = &tally{}
				sums[k] = t
				keys = append(keys, k)
			}
			t.add(s.of(int(s.w.groupOf[i])), 1)
			return true
		})
		rows := make([]object, len(keys))
		for i, k := range keys {
			rows[i] = c.addCounts(object{"ip": fmt.Sprintf("%s/%d", ipText(k.network), bits)}, *sums[k])
			c.putRepository(rows[i], &s.w.repos[k.repo])
		}
		all, _ := s.sums()
		return answer{rows: rows, total: len(rows), matching: c.count7(all)}
	}
}

// sumAsset sums by asset list. The lists overlap, so that the colon list counts a finding once per list.
func (c *Console) sumAsset(s *selection, _ question) answer {
	lists := c.assetLists(s.org)
	sums := make([]tally, len(lists))
	s.walk(false, func(i int) bool {
		for k, l := range lists {
			if l.has(i) {
				sums[k].add(s.of(int(s.w.groupOf[i])), 1)
			}
		}
		return true
	})
	var all tally
	rows := make([]object, len(lists))
	for k, l := range lists {
		for sev, n := range sums[k] {
			all[sev] += n
		}
		rows[k] = c.addCounts(object{}, sums[k])
		if c.o.Dialect == RPC {
			rows[k]["id"], rows[k]["name"] = strconv.Itoa(l.id), l.name
			continue
		}
		rows[k]["asset"] = l.reference()
	}
	return answer{rows: rows, total: len(rows), matching: c.count7(all)}
}

func (c *Console) listOS(s *selection, _ question) answer {
	sizes := make([]int, len(archetypeFamilies))
	total := 0
	for g := range groups {
		if n := s.size(g); n > 0 && len(s.of(g)) > 0 {
			sizes[archetype(g/cohorts).class()] += n
			total += n
		}
	}
	var rows []object
	for k, n := range sizes {
		if n > 0 {
			rows = append(rows, object{"count": strconv.Itoa(n), "detectionMethod": "Active", "name": archetypeFamilies[k].os})
		}
	}
	sortRows(rows, "count", true)
	return answer{rows: rows, total: len(rows), matching: strconv.Itoa(total)}
}

func (c *Console) listSoftware(s *selection, q question) answer {
	list := c.sumID(s, q)
	total := 0
	rows := make([]object, len(list.rows))
	for i, r := range list.rows {
		total += scalar(r["hostTotal"].(string)).number(0)
		rows[i] = object{"count": r["hostTotal"], "detectionMethod": "Active", "name": fmt.Sprintf("example-component-%s", r["pluginID"])}
	}
	sortRows(rows, "count", true)
	return answer{rows: rows, total: len(rows), matching: strconv.Itoa(total)}
}

// ipList answers an object of its own: numbered keys, and results null. It is written by the dialects.
func (c *Console) ipList(s *selection, _ question) answer {
	var addresses []uint32
	s.walk(false, func(i int) bool {
		addresses = append(addresses, s.w.address(i))
		return true
	})
	own := object{"results": nil}
	for n, text := range ranges(addresses) {
		own[strconv.Itoa(n)] = text
	}
	return answer{rows: []object{own}, total: -1, whole: true}
}

// trend answers one empty row, as a query without trend options does.
func (c *Console) trend(*selection, question) answer {
	row := object{"date": -day, "total": 0, "score": "0", "dbSource": "", "lastresults": ""}
	for _, name := range severityNames {
		row["severity"+name[0]] = "0"
	}
	return answer{rows: []object{row}, total: -1, matching: "0:0:0:0:0:0", whole: true}
}
