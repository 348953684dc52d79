package sctest

import (
	"fmt"
	"math/bits"
	"net/netip"
	"slices"
	"strconv"
	"sync/atomic"
)

// The world is arithmetic on a seed: a host has a repository, an archetype (which plugins it can show) and a
// cohort (when it is scanned, and which of the archetype's plugins it has). Hosts of one archetype and cohort
// have the same findings, so a summary over a million hosts is a sum over archetypes × cohorts.
const (
	archetypes = 48
	cohorts    = 32
	groups     = archetypes * cohorts
	perSubnet  = 60 // hosts in a /24
	day        = 86400
)

// mix hashes numbers into 64 well-spread bits (the finaliser of splitmix64, chained).
func mix(parts ...uint64) uint64 {
	h := uint64(0x9e3779b97f4a7c15)
	for _, p := range parts {
		h = (bits.RotateLeft64(h, 23) ^ p) + 0x9e3779b97f4a7c15
		h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
		h = (h ^ h>>27) * 0x94d049bb133111eb
		h ^= h >> 31
	}
	return h
}

// Repository is a repository of the simulated console.
type Repository struct {
	ID, Name   string
	Type       string // Local, Remote, Offline
	DataFormat string // IPv4, agent
	Hosts      int
	Assigned   bool // to the organisations; otherwise only administrators see it

	first int    // index of its first host
	base  uint32 // address of its first subnet
}

type world struct {
	*stock
	shared  bool // some addresses belong to two hosts of a repository
	repos   []Repository
	repoOf  []uint16 // by host
	groupOf []uint16 // by host: archetype*cohorts + cohort
	byIP    []uint32 // hosts by address, then repository
	counts  [][]int32
	state   atomic.Pointer[State]
	moment  moment
}

func newWorld(o Options) *world {
	w := &world{shared: o.Quirks.SharedAddresses, stock: stockOf(stockOptions{
		seed:                 o.Seed,
		anchor:               o.Now().Unix() / (30 * day) * (30 * day),
		entries:              o.Plugins,
		web:                  o.Dialect == REST && parseRelease(o.Version).atLeast(6, 2),
		noCredentialPlugins:  o.Quirks.NoCredentialPlugins,
		lowCompliancePlugins: o.Quirks.LowCompliancePlugins,
	})}
	w.makeRepositories(o)
	w.makeHosts(o.Hosts)
	w.state.Store(&State{})
	return w
}

func (w *world) makeRepositories(o Options) {
	names := []string{"Default", "Default", "Branch Offices", "Agents", "Offline Lab"}
	w.repos = make([]Repository, o.Repositories)
	share := func(r int) int { // the first repositories are the larger ones
		return 2*o.Repositories - r
	}
	weight := 0
	for r := range w.repos {
		weight += share(r)
	}
	first, subnet := 0, uint32(0)
	for r := range w.repos {
		p := &w.repos[r]
		*p = Repository{ID: strconv.Itoa(r + 1), Type: "Local", DataFormat: "IPv4", Assigned: true, first: first}
		p.Name = fmt.Sprintf("Site %d", r+1)
		if r < len(names) {
			p.Name = names[r]
		}
		switch {
		case o.LocalRepositories:
		case r == 2:
			p.Type = "Remote"
		case r%7 == 3:
			p.DataFormat = "agent"
		case r%7 == 4:
			p.Type = "Offline"
		}
		p.Hosts = o.Hosts * share(r) / weight
		if r == len(w.repos)-1 {
			p.Hosts = o.Hosts - first
		}
		first += p.Hosts
		blocks := uint32((p.Hosts + perSubnet - 1) / perSubnet)
		p.base = 10<<24 + subnet<<8
		if r == 1 { // the namesake shares the last fifth of the first repository's addresses
			before := uint32((w.repos[0].Hosts + perSubnet - 1) / perSubnet)
			p.base = w.repos[0].base + before*4/5<<8
		}
		subnet = max(subnet, (p.base-10<<24)>>8+blocks)
		if len(w.repos) <= 64 {
			subnet = (subnet + 255) &^ 255
		}
	}
	if o.UnassignedRepository {
		w.repos[len(w.repos)-1].Assigned = false
	}
}

func (w *world) makeHosts(n int) {
	w.repoOf = make([]uint16, n)
	w.groupOf = make([]uint16, n)
	w.counts = make([][]int32, len(w.repos))
	keys := make([]uint64, n)
	for r := range w.repos {
		w.counts[r] = make([]int32, groups)
		repo := &w.repos[r]
		for i := repo.first; i < repo.first+repo.Hosts; i++ {
			h := mix(w.seed, 1, uint64(i))
			kind := h % archetypes
			if repo.DataFormat == "agent" { // agents run on computers only
				kind = h % computerKinds
			}
			g := kind*cohorts + (h>>32)%cohorts
			w.repoOf[i] = uint16(r)
			w.groupOf[i] = uint16(g)
			w.counts[r][g]++
			keys[i] = uint64(w.address(i))<<32 | uint64(i)
		}
	}
	slices.Sort(keys)
	w.byIP = make([]uint32, n)
	for k, key := range keys {
		w.byIP[k] = uint32(key)
	}
}

// address returns the IPv4 address of a host as a number.
func (w *world) address(host int) uint32 {
	repo := &w.repos[w.repoOf[host]]
	j := uint32(host - repo.first)
	if w.pairs(host) {
		j -= j % 2
	}
	k := j % perSubnet // two neighbours, a gap, two neighbours…
	return repo.base + j/perSubnet<<8 + 1 + 8*(k/2) + k%2
}

func ipText(a uint32) string {
	return netip.AddrFrom4([4]byte{byte(a >> 24), byte(a >> 16), byte(a >> 8), byte(a)}).String()
}

// Host is a host in one repository: an address that is in two repositories is two hosts.
type Host struct {
	Repository    string // id
	IP            string
	UUID          string // agents only
	DNSName       string // about one host in four has none
	NetBIOSName   string
	MACAddress    string
	OS            string
	LastSeen      int64 // epoch of its last scan
	Credentialled bool  // the last scan logged in
	Criticality   int   // 1 to 10; 0: unknown. Told from 6.4 on
	Exposure      int   // 0 to 1000; -1: unknown. Told from 6.4 on

	index int
}

func (w *world) host(i int, now int64) Host {
	g := int(w.groupOf[i])
	kind := archetype(g / cohorts)
	repo := &w.repos[w.repoOf[i]]
	h := mix(w.seed, 2, uint64(i))
	host := Host{
		Repository: repo.ID, IP: ipText(w.address(i)), OS: kind.os(),
		LastSeen: lastScan(g%cohorts, now), Credentialled: w.loggedIn[kind]>>(g%cohorts)&1 == 1, index: i,
	}
	host.DNSName = w.dnsName(i)
	if host.Exposure = -1; h>>40%5 != 0 {
		host.Criticality = 1 + int(h>>44%10)
		host.Exposure = int(h >> 48 % 1001)
	}
	if kind.windows() {
		host.NetBIOSName = fmt.Sprintf(`EXAMPLE\%s%d`, kind.prefix(), i)
	}
	if repo.DataFormat == "agent" {
		host.UUID = fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", uint32(h>>32), uint16(h>>16), h&0xfff, h>>12&0xfff, i)
	}
	if h%3 == 0 {
		host.MACAddress = fmt.Sprintf("02:00:%02x:%02x:%02x:%02x", byte(i>>24), byte(i>>16), byte(i>>8), byte(i))
	}
	return host
}

// dnsName returns the name of a host, empty when it has none.
func (w *world) dnsName(host int) string {
	if !w.named(host) {
		return ""
	}
	return archetype(w.groupOf[host]/cohorts).prefix() + strconv.Itoa(host) + ".example.org"
}

// named says whether the host has a name in the DNS. Hosts that share an address have, or they would be one.
func (w *world) named(host int) bool { return mix(w.seed, 3, uint64(host))%4 != 0 || w.pairs(host) }

// pairs says whether the host shares its address with its neighbour, as every sixth pair of neighbours does.
func (w *world) pairs(host int) bool {
	repo := &w.repos[w.repoOf[host]]
	j := host - repo.first
	return w.shared && repo.DataFormat != "agent" && j%12 >= 10 && j-j%2+1 < repo.Hosts
}

// hasPlugin says whether hosts of the group show the plugin, for plugins that are always open.
func (w *world) hasPlugin(group, plugin int) bool {
	places := w.placesOf(group)
	for i := range places {
		s := &places[i]
		if s.plugin.id == plugin && s.mask>>(group%cohorts)&1 == 1 {
			return true
		}
	}
	return false
}
