package sctest

import (
	"iter"
	"strconv"
	"sync"
	"time"
)

// scanLag is how many days ago a cohort was last within a scan: most are scanned all the time, some no longer.
var scanLag = [cohorts]int64{20: 3, 21: 4, 22: 5, 23: 6, 24: 10, 25: 16, 26: 25, 27: 35, 28: 80, 29: 95, 30: 140, 31: 200}

// lastScan returns when a cohort was last scanned, as seen at now: every day, or every six hours.
func lastScan(cohort int, now int64) int64 {
	every := int64(day)
	if cohort%2 == 1 {
		every = day / 4
	}
	offset := 600 + int64(cohort)*2699
	t := now - scanLag[cohort]*day - offset
	return t - ((t%every)+every)%every + offset
}

// mitigatedLifetime is how long the console remembers what was mitigated, in seconds.
const mitigatedLifetime = 365 * day

// finding is what one place shows on the hosts of one group at one time.
type finding struct {
	place                      *place
	cohort                     uint8
	severity                   int8 // after recasting
	accepted, recast, reopened bool
	first, last                int64 // epoch: first and last seen
	mitigated                  int64 // epoch; 0: open
}

// life returns what the place shows on the hosts of a cohort; ok is false when it shows nothing. Things change only
// when the hosts are scanned, so everything is computed at the time of the last scan.
func (s *place) life(cohort int, scanned, now int64) (f finding, ok bool) {
	if s.mask>>cohort&1 == 0 {
		return f, false
	}
	f = finding{place: s, cohort: uint8(cohort), severity: s.plugin.severity, last: scanned}
	if s.fresh {
		f.first = scanned
		return f, true
	}
	if s.period == 0 {
		f.first = scanned - (200+int64(s.plugin.id%300))*day
		return f, true
	}
	f.accepted = s.accepted>>cohort&1 == 1
	if s.recast>>cohort&1 == 1 {
		f.recast, f.severity = true, s.recastTo
	}
	f.reopened = s.reopened && cohort%4 != 0
	at := scanned - s.phase - int64(cohort)*s.period/cohorts
	pos := ((at % s.period) + s.period) % s.period
	f.first = scanned - pos
	if pos < s.open {
		return f, true
	}
	f.mitigated = f.first + s.open
	f.last = f.mitigated - day
	return f, now-f.mitigated < mitigatedLifetime
}

// shows returns what the place shows after what the console's state makes of it.
func (w *world) shows(s *place, cohort int, scanned, now int64) (f finding, ok bool) {
	f, ok = s.life(cohort, scanned, now)
	state := w.state.Load()
	if ok && len(state.Fates) > 0 {
		state.Fates[s.plugin.id].befall(&f, scanned, scannedDaily>>cohort&1 == 1)
	}
	if kept := state.Lifetime; ok && kept > 0 && f.mitigated == 0 {
		ok = now-f.last < int64(kept.Seconds())
	}
	return f, ok
}

// placesOf returns the places of the hosts of a group; those of an outbreak come last, while there is one.
func (w *world) placesOf(group int) []place {
	places := w.places[group/cohorts]
	if w.state.Load().Outbreak {
		return places
	}
	return places[:len(places)-1]
}

// findings appends to buf what the hosts of a group show: open findings, or mitigated ones.
func (w *world) findings(buf []finding, group int, now int64, mitigated bool) []finding {
	cohort := group % cohorts
	scanned := lastScan(cohort, now)
	places := w.placesOf(group)
	for i := range places {
		if f, ok := w.shows(&places[i], cohort, scanned, now); ok && (f.mitigated > 0) == mitigated {
			buf = append(buf, f)
		}
	}
	return buf
}

// moment keeps what the groups show at one time, because clients ask many questions of it.
type moment struct {
	mu      sync.Mutex
	now     int64
	changes int // of the console's state
	shown   map[shown][]finding
}

type shown struct {
	group     int
	mitigated bool
}

// findings returns what world.findings does, to be read only.
func (m *moment) findings(w *world, group int, now int64, mitigated bool) []finding {
	m.mu.Lock()
	defer m.mu.Unlock()
	if changes := w.state.Load().changes; m.shown == nil || m.now != now || m.changes != changes {
		m.now, m.changes, m.shown = now, changes, map[shown][]finding{}
	}
	key := shown{group, mitigated}
	found, known := m.shown[key]
	if !known {
		found = w.findings(nil, group, now, mitigated)
		m.shown[key] = found
	}
	return found
}

// Finding is one finding on one host: what the tools of the console count. Severity is 0 (info) to 4 (critical),
// after recasting, whatever scale the console's version speaks.
type Finding struct {
	Host                                           Host
	PluginID                                       int
	PluginType                                     string // active, passive, compliance
	FamilyID                                       int
	Family                                         string
	Severity                                       int
	Port, Protocol                                 int
	FirstSeen, LastSeen                            time.Time
	LastMitigated                                  time.Time // zero while open
	Accepted, Recast, Reopened                     bool
	Exploitable, WebApplication                    bool
	VPR                                            float64 // 0: none
	VulnPublished, PatchPublished, PluginPublished time.Time
	CVEs, XRefs, CPEs                              []string
	EndOfLife                                      time.Time // of the software; zero: none announced
	AuditFileID                                    string    // whose result it is, as organisation 1 has it; empty: none's
}

// Open says that the finding is in the cumulative data; otherwise it is among the mitigated.
func (f Finding) Open() bool { return f.LastMitigated.IsZero() }

// Findings yields every finding, open and mitigated, host by host, as they are now. It computes each by itself, and
// so is the second path to every number that the console's summaries show; on large consoles it takes its time.
func (c *Console) Findings() iter.Seq[Finding] {
	return func(yield func(Finding) bool) {
		w, now := c.world, c.now()
		for i := range w.groupOf {
			host := w.host(i, now)
			group := int(w.groupOf[i])
			places := w.placesOf(group)
			for k := range places {
				f, ok := w.shows(&places[k], group%cohorts, host.LastSeen, now)
				if ok && !yield(f.export(host)) {
					return
				}
			}
		}
	}
}

func (f *finding) export(host Host) Finding {
	p := f.place.plugin
	at := func(epoch int64) time.Time {
		if epoch <= 0 {
			return time.Time{}
		}
		return time.Unix(epoch, 0)
	}
	audit := ""
	if f.place.audit > 0 {
		audit = strconv.Itoa(f.place.audit)
	}
	return Finding{
		AuditFileID: audit,
		Host:        host, PluginID: p.id, PluginType: p.kind, FamilyID: p.family.id, Family: p.family.name,
		Severity: int(f.severity), Port: int(f.place.port), Protocol: int(f.place.protocol),
		FirstSeen: at(f.first), LastSeen: at(f.last), LastMitigated: at(f.mitigated),
		Accepted: f.accepted, Recast: f.recast, Reopened: f.reopened, Exploitable: p.exploit, WebApplication: p.web,
		VPR: float64(p.vpr) / 10, CVEs: p.cves, XRefs: p.xrefs, CPEs: p.cpes, EndOfLife: at(p.endOfLife),
		VulnPublished: at(p.vulnPub), PatchPublished: at(p.patchPub), PluginPublished: at(p.pluginPub),
	}
}

// Hosts yields every host as it is now.
func (c *Console) Hosts() iter.Seq[Host] {
	return func(yield func(Host) bool) {
		now := c.now()
		for i := range c.world.groupOf {
			if !yield(c.world.host(i, now)) {
				return
			}
		}
	}
}
