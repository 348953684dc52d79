package sctest

import (
	"math/bits"
	"slices"
	"sync"
)

// archetype is a kind of host. The first computerKinds of them are computers that a scanner can log in to.
type archetype int

const computerKinds = 32

var archetypeFamilies = []struct {
	prefix, os string
	windows    bool
}{
	{"ws", "Microsoft Windows 11 Enterprise", true},
	{"srv", "Microsoft Windows Server 2022 Standard", true},
	{"lnx", "Linux Kernel 5.14 on Red Hat Enterprise Linux release 9", false},
	{"web", "Linux Kernel 6.1 on Debian 12", false},
	{"net", "Cisco IOS XE 17", false},
	{"prn", "HP LaserJet Printer", false},
}

func (a archetype) class() int {
	if a < computerKinds {
		return int(a) % 4
	}
	return 4 + int(a)%2
}

func (a archetype) prefix() string { return archetypeFamilies[a.class()].prefix }
func (a archetype) os() string     { return archetypeFamilies[a.class()].os }
func (a archetype) windows() bool  { return archetypeFamilies[a.class()].windows }

// The plugins by which a console knows how its scans went.
const (
	pluginScanInformation = 19506
	pluginLocalChecksOff  = 21745
	pluginCredentialsOK   = 117887
)

// pluginOfOutbreak is the check whose findings State.Outbreak switches on, in the cohorts that scanLag does not name.
const (
	pluginOfOutbreak = 140_000
	scannedDaily     = uint32(1<<20 - 1)
)

const scanInformation = "Information about this scan : \n\nCredentialed checks : "

var credentialTrouble = []int{104410, 110385, 110723, 117885, 110695}

// plugin is a check, with the facts that findings and lists show.
type plugin struct {
	id       int
	name     string
	kind     string // active, passive, lce, compliance, custom
	family   *family
	severity int8
	web      bool // a web-application check
	audit    bool // a check of a configuration audit
	exploit  bool
	vpr      int // tenths; 0: none
	cvss     int // tenths; 0: none
	// Publication times, epoch; -1: unknown.
	vulnPub, patchPub, pluginPub, pluginMod int64
	cves                                    []string
	bids                                    []string
	xrefs                                   []string // other references: "CWE:20", "MSFT:MS12-345"
	cpes                                    []string
	endOfLife                               int64 // of the software, epoch; 0: none announced
}

// place is one for a finding on the hosts of an archetype: a plugin on a port.
type place struct {
	plugin   *plugin
	port     uint16
	protocol uint8
	mask     uint32 // cohorts that have it
	// period, open and phase give its life in seconds; period 0: open as long as the host lives.
	period, open, phase int64
	accepted, recast    uint32 // cohorts in which the risk is accepted, the severity changed
	recastTo            int8
	reopened            bool
	fresh               bool   // first seen by the latest scan, whenever that is
	output              string // plugin output; empty: an example
	audit               int    // id of the audit file that it is a result of; 0: of none
}

var placePorts = []uint16{0, 22, 25, 53, 80, 111, 123, 135, 161, 443, 445, 993, 1433, 3306, 3389, 5432, 5985, 8080, 8443, 9100}

// openDays are how long findings of a severity stay open; periodTenths how much longer the whole life is.
var (
	openDays     = [5][8]int64{{}, {20, 45, 90, 160, 250, 350, 500, 700}, {7, 15, 30, 45, 80, 130, 200, 320}, {4, 8, 14, 25, 40, 70, 120, 210}, {2, 5, 9, 14, 21, 35, 60, 110}}
	periodTenths = [5]int64{0, 14, 20, 28, 33}
	poolSizes    = [5]int{250, 40, 260, 200, 60}
)

// stock is what hosts can show: the plugins, and the places of each archetype. Once made it never changes.
type stock struct {
	stockOptions
	families []family
	plugins  pluginList
	places   [archetypes][]place
	loggedIn [archetypes]uint32 // cohorts on whose hosts the scan logs in
}

// stockOptions are what a stock follows from.
type stockOptions struct {
	seed                 uint64
	anchor               int64 // epoch to which publication dates are relative
	entries              int   // of the list of plugins
	web                  bool  // web-application findings exist
	noCredentialPlugins  bool
	lowCompliancePlugins bool
}

// stocks are those made last. Consoles of the same options share theirs, which takes ten times as long to make as all
// that is their own; none of them can tell.
var stocks struct {
	mu   sync.Mutex
	last []*stock
}

const maxStocks = 8

// stockOf returns the stock of the options, making it unless it is one of the last.
func stockOf(o stockOptions) *stock {
	stocks.mu.Lock()
	defer stocks.mu.Unlock()
	for _, st := range stocks.last {
		if st.stockOptions == o {
			return st
		}
	}
	st := &stock{stockOptions: o, families: pluginFamilies()}
	st.plugins = newPluginList(o.seed, o.anchor, o.entries, st.families)
	st.makePlaces()
	if stocks.last = append(stocks.last, st); len(stocks.last) > maxStocks {
		stocks.last = slices.Delete(stocks.last, 0, 1)
	}
	return st
}

func (st *stock) makePlaces() {
	pool := st.makePool()
	special := func(id int, mask uint32) place {
		return place{plugin: st.plugins.informational(id), mask: mask, protocol: 6}
	}
	for a := range st.places {
		kind := archetype(a)
		random := func(parts ...uint64) uint64 { return mix(append([]uint64{st.seed, 10, uint64(a)}, parts...)...) }
		ok := uint32(0) // cohorts on whose hosts the scan logs in
		if kind < computerKinds {
			ok = uint32(random(1) | random(2))
		}
		st.loggedIn[a] = ok
		scanned := ^uint32(0) &^ (1 << 29) // one cohort is known from elsewhere
		own := []place{special(pluginScanInformation, scanned&ok), special(pluginScanInformation, scanned&^ok)}
		own[0].output = scanInformation + "yes"
		own[1].output = scanInformation + "no"
		if kind < computerKinds && !st.noCredentialPlugins {
			own = append(own, special(pluginCredentialsOK, ok))
			var trouble [5]uint32
			for c := range uint(cohorts) {
				if ok>>c&1 == 0 {
					trouble[random(3, uint64(c))%uint64(len(trouble))] |= 1 << c
				}
			}
			for i, mask := range trouble {
				own = append(own, special(credentialTrouble[i], mask))
			}
		}
		if kind < computerKinds {
			own = append(own, special(pluginLocalChecksOff, ^ok))
		}
		own = st.addFindings(own, pool, random)
		if st.web && kind.class() == 3 {
			own = st.addWeb(own, random)
		}
		if a%6 == 1 {
			own = st.addAudit(own, auditFileOf(kind), random)
		}
		st.places[a] = append(own, place{plugin: st.plugins.finding(pluginOfOutbreak, 4), port: 443, protocol: 6, mask: scannedDaily, fresh: true})
	}
}

// makePool chooses the plugins that findings show, by severity.
func (st *stock) makePool() [5][]*plugin {
	var pool [5][]*plugin
	n := 0
	for sev, size := range poolSizes {
		for k := range size {
			h := mix(st.seed, 11, uint64(n))
			id := 20_000 + n*110 + int(h%100)
			if sev == 0 && k%20 == 7 {
				id = 1 + k*13 // a passive plugin
			}
			if isSpecialPlugin(id) {
				id++
			}
			pool[sev] = append(pool[sev], st.plugins.finding(id, int8(sev)))
			n++
		}
	}
	return pool
}

func isSpecialPlugin(id int) bool {
	if id == pluginScanInformation || id == pluginLocalChecksOff || id == pluginCredentialsOK {
		return true
	}
	for _, t := range credentialTrouble {
		if id == t {
			return true
		}
	}
	return false
}

func (st *stock) addFindings(own []place, pool [5][]*plugin, random func(...uint64) uint64) []place {
	before := len(own)
	for k := range 20 + random(4)%61 {
		h := random(5, k)
		sev := severityOf(h % 100)
		s := place{
			plugin:   pool[sev][random(6, k)%uint64(len(pool[sev]))],
			port:     placePorts[h>>8%uint64(len(placePorts))],
			protocol: 6,
			mask:     uint32(random(7, k) | random(8, k)),
		}
		switch s.port {
		case 0:
			if h>>20%3 == 0 {
				s.protocol = 1
			}
		case 53, 123, 161:
			s.protocol = 17
		}
		if slices.ContainsFunc(own[before:], func(o place) bool { return o.plugin == s.plugin && o.port == s.port }) {
			continue
		}
		if sev == 0 {
			s.mask |= uint32(random(9, k))
		} else {
			s.age(sev, random(10, k))
		}
		own = append(own, s)
	}
	return own
}

// severityOf turns a number below 100 into a severity. Findings that come and go are open for a part of the time
// only, so that of the open ones about three quarters are informational and one in a hundred is critical.
func severityOf(n uint64) int {
	switch {
	case n < 60:
		return 0
	case n < 65:
		return 1
	case n < 85:
		return 2
	case n < 97:
		return 3
	}
	return 4
}

// age gives the place a life, and some of them a risk rule.
func (s *place) age(sev int, h uint64) {
	open := openDays[sev][h%8]
	s.open = open * day
	s.period = s.open * periodTenths[sev] / 10
	s.phase = int64(h >> 8 % uint64(s.period))
	s.reopened = h>>40%10 == 2
	if h>>44%12 == 0 {
		s.accepted = uint32(h>>16) & bits.RotateLeft32(uint32(h>>24), 7)
	}
	if h>>48%16 == 1 {
		s.recast = uint32(h>>20) & bits.RotateLeft32(uint32(h>>28), 11)
		s.recastTo = int8(sev) - 1
		if sev < 4 && h>>60%2 == 0 {
			s.recastTo = int8(sev) + 1
		}
	}
}

func (st *stock) addWeb(own []place, random func(...uint64) uint64) []place {
	for k := range uint64(8) {
		h := random(20, k)
		sev := int(h % 4)
		p := *st.plugins.finding(112_500+int(k)*3, int8(sev))
		p.web, p.family = true, st.plugins.familyNamed("Web Applications")
		s := place{plugin: &p, port: 443, protocol: 6, mask: uint32(h>>8 | random(21, k))}
		if sev > 0 {
			s.age(sev, random(22, k))
		}
		own = append(own, s)
	}
	return own
}

// addAudit adds results of a configuration audit: passed is stored as info, manual as medium, failed as high.
func (st *stock) addAudit(own []place, file int, random func(...uint64) uint64) []place {
	for k := range uint64(25) {
		h := random(30, k)
		sev := int8(0)
		switch {
		case h%10 == 7:
			sev = 2
		case h%10 > 7:
			sev = 3
		}
		id := 1_000_100 + int(k) + int(h>>8%40)*30
		if st.lowCompliancePlugins {
			id -= 600_000
		}
		p := st.plugins.auditCheck(id, sev)
		own = append(own, place{plugin: p, mask: ^uint32(0), protocol: 6, audit: file})
	}
	return own
}
