package sctest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// eventTools are the tools of the event analysis.
var eventTools = map[string]func(*eventSelection, question) answer{
	"listdata": (*eventSelection).list, "syslog": (*eventSelection).list,
	"sumip":    byAddress("address", true, true),
	"sumsrcip": byAddress("address", true, false), "sumdstip": byAddress("address", false, true),
	"sumconns":  (*eventSelection).sumConnections,
	"sumclassa": byClass("class-a", 8), "sumclassb": byClass("class-b", 16), "sumclassc": byClass("class-c", 24),
	"sumport": (*eventSelection).sumPort, "sumprotocol": (*eventSelection).sumProtocol,
	"sumasset":  (*eventSelection).sumAsset,
	"sumevent":  plotted("event", func(e *event) string { return e.name }),
	"sumevent2": plotted("event", func(e *event) string { return e.name }),
	"sumtype":   plotted("type", func(e *event) string { return e.kind }),
	"sumuser":   plotted("user", func(e *event) string { return e.user }),
	"sumdate":   (*eventSelection).sumDate,
	"sumtime":   (*eventSelection).sumTime,
}

// eventAnswer answers a query on log events, and says which window of time it covers.
func (c *Console) eventAnswer(org int, q question, now int64) (answer, *eventSelection, error) {
	tool, ok := eventTools[q.tool]
	if !ok {
		return answer{}, nil, refuse(146, "Invalid parameters specified for event query.  The tool '%s' is invalid.", q.tool)
	}
	s, err := c.selectEvents(org, q, now)
	if err != nil {
		return answer{}, nil, err
	}
	got := tool(s, q)
	got.matching = strconv.Itoa(s.total)
	if !got.paged {
		got.total = len(got.rows)
	}
	if q.sortField != "" && !got.paged {
		sortRows(got.rows, q.sortField, q.descending)
	}
	if !got.paged && !got.whole {
		got.rows = cut(got.rows, q.start, q.end)
	}
	return got, s, nil
}

// list is listdata and syslog: the events themselves, the latest first.
func (s *eventSelection) list(q question) answer {
	got := answer{total: s.total, paged: true}
	s.each(max(q.start, 0), q.end, func(e *event, at int64) {
		from, to := ipText(s.c.world.address(e.from)), ipText(s.c.world.address(e.to))
		if q.tool == "syslog" {
			got.rows = append(got.rows, object{"time": epoch(at), "sensor": e.sensor, "type": e.kind,
				"message": fmt.Sprintf("<13>%s %s: %s,%s,%d", time.Unix(at, 0).UTC().Format(time.Stamp), e.name, from, to, e.port)})
			return
		}
		got.rows = append(got.rows, object{"time": epoch(at), "event": e.name, "source ip": from, "destination ip": to,
			"protocol": strconv.Itoa(int(e.protocol)), "destination port": strconv.Itoa(int(e.port)), "number of vulns": "0",
			"sensor": e.sensor, "type": e.kind, "va/ids": "0"})
	})
	return got
}

// sum adds the events up by the keys of each, the largest sums first; an event counts once for each of its keys.
func sum[K comparable](s *eventSelection, keys func(*event) []K, row func(K) object) []object {
	sums := map[K]int{}
	var order []K
	for i := range s.events {
		own := keys(&s.events[i])
		for k, key := range own {
			if slices.Contains(own[:k], key) {
				continue
			}
			if sums[key] == 0 {
				order = append(order, key)
			}
			sums[key] += s.counts[i]
		}
	}
	slices.SortStableFunc(order, func(a, b K) int { return sums[b] - sums[a] })
	rows := make([]object, len(order))
	for i, key := range order {
		rows[i] = row(key)
		rows[i]["count"] = strconv.Itoa(sums[key])
	}
	return rows
}

func byAddress(column string, from, to bool) func(*eventSelection, question) answer {
	return func(s *eventSelection, _ question) answer {
		return answer{rows: sum(s, func(e *event) (keys []uint32) {
			if from {
				keys = append(keys, s.c.world.address(e.from))
			}
			if to {
				keys = append(keys, s.c.world.address(e.to))
			}
			return keys
		}, func(a uint32) object {
			o := object{column: ipText(a)}
			if s.c.o.Dialect == REST {
				lce := reference("1", "LCE")
				lce["status"] = "1"
				o["lce"] = lce
			}
			return o
		})}
	}
}

func byClass(column string, bits int) func(*eventSelection, question) answer {
	return func(s *eventSelection, _ question) answer {
		class := func(host int) uint32 { return s.c.world.address(host) >> (32 - bits) << (32 - bits) }
		return answer{rows: sum(s, func(e *event) []uint32 { return []uint32{class(e.from), class(e.to)} },
			func(a uint32) object { return object{column: fmt.Sprintf("%s/%d", ipText(a), bits)} })}
	}
}

func (s *eventSelection) sumPort(question) answer {
	return answer{rows: sum(s, func(e *event) []uint16 { return []uint16{e.port} },
		func(port uint16) object { return object{"port": strconv.Itoa(int(port))} })}
}

func (s *eventSelection) sumProtocol(question) answer {
	return answer{rows: sum(s, func(e *event) []uint8 { return []uint8{e.protocol} }, func(protocol uint8) object {
		name := protocolNames[protocol]
		if name == "" {
			name = "Unknown"
		}
		return object{"protocol": fmt.Sprintf("%s(%d)", name, protocol)}
	})}
}

func (s *eventSelection) sumConnections(question) answer {
	type pair struct{ from, to uint32 }
	return answer{rows: sum(s, func(e *event) []pair { return []pair{{s.c.world.address(e.from), s.c.world.address(e.to)}} },
		func(p pair) object { return object{"source ip": ipText(p.from), "destination ip": ipText(p.to)} })}
}

func (s *eventSelection) sumAsset(question) answer {
	return answer{rows: sum(s, func(e *event) (keys []*assetList) {
		for _, l := range s.lists {
			if l.has(e.from) || l.has(e.to) {
				keys = append(keys, l)
			}
		}
		return keys
	}, func(l *assetList) object { return object{"asset": l.reference()} })}
}

// plotted sums by one text, with a plot of fifty parts of the window.
func plotted(column string, get func(*event) string) func(*eventSelection, question) answer {
	return func(s *eventSelection, _ question) answer {
		return answer{rows: sum(s, func(e *event) []string { return []string{get(e)} }, func(text string) object {
			o := object{column: text, "24-hour plot": s.plot(func(e *event) bool { return get(e) == text }, s.from, s.to, 50)}
			if column == "event" {
				o["description"], o["file"] = "Example text of "+text+".", "example.prm"
			}
			return o
		})}
	}
}

// sumDate has a row for each day, the first day first, with a plot of its hours.
func (s *eventSelection) sumDate(question) answer {
	var got answer
	for midnight := s.from - s.from%day; midnight < s.to; midnight += day {
		n := 0
		for i := range s.events {
			n += s.events[i].count(max(midnight, s.from), min(midnight+day, s.to))
		}
		got.rows = append(got.rows, object{"date": time.Unix(midnight, 0).UTC().Format("Jan 02, 2006"), "time block start": epoch(midnight),
			"time block stop": epoch(midnight + day - 1), "count": strconv.Itoa(n),
			"24-hour plot": s.plot(func(*event) bool { return true }, midnight, midnight+day, 24)})
	}
	return got
}

// sumTime has a row for each hundredth of the window, whatever the page.
func (s *eventSelection) sumTime(question) answer {
	const parts = 100
	got := answer{whole: true}
	for k, n := range strings.Split(s.plot(func(*event) bool { return true }, s.from, s.to, parts), ",") {
		a, b := s.from+(s.to-s.from)*int64(k)/parts, s.from+(s.to-s.from)*int64(k+1)/parts
		got.rows = append(got.rows, object{"time block start": epoch(a), "time block stop": epoch(b - 1), "count": n})
	}
	return got
}
