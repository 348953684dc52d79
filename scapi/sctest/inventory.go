package sctest

import (
	"strconv"
	"time"
)

// Scanner is a scanner of the simulated console.
type Scanner struct {
	ID, Name string
	Status   int    // bit mask
	Enabled  bool   // not disabled by a user
	Zone     string // id of its zone; empty: none
}

// Scanners returns the scanners in the order of their ids.
func (c *Console) Scanners() []Scanner {
	list := make([]Scanner, c.o.Scanners)
	for i := range list {
		s := c.scannerState(i)
		list[i] = Scanner{ID: strconv.Itoa(i + 1), Name: scannerName(i), Status: s.status, Enabled: s.enabled}
		if z := c.zoneOf(i); z >= 0 {
			list[i].Zone = strconv.Itoa(z + 1)
		}
	}
	return list
}

// Zone is a scan zone of the simulated console.
type Zone struct {
	ID, Name      string
	Total, Active int // scanners, and those that work
}

// Zones returns the scan zones in the order of their ids.
func (c *Console) Zones() []Zone {
	list := make([]Zone, c.o.Zones)
	for z := range list {
		list[z] = Zone{ID: strconv.Itoa(z + 1), Name: zoneName(z)}
	}
	for i := range c.o.Scanners {
		if z := c.zoneOf(i); z >= 0 {
			list[z].Total++
			if c.scannerState(i).usable() {
				list[z].Active++
			}
		}
	}
	return list
}

// ScanResult is a scan result of the simulated console, as it is now.
type ScanResult struct {
	ID           string
	ScanID, Name string // of the definition; the id is "-1" when that is gone
	Repository   string // id
	Status       string // Running, Completed, Partial, Stopped, Error
	ImportStatus string // No Results, Importing, Finished, Blocked, Error
	Started      time.Time
	Finished     time.Time // zero while it is running
	Targeted     int       // addresses probed
	Live         int       // addresses that answer
	Done         int       // per cent of the work
}

// ScanResults returns the results of the last 40 days, by definition and then oldest first.
func (o Organization) ScanResults() []ScanResult {
	now := o.c.now()
	var list []ScanResult
	for _, r := range o.c.scanResults(o.id, now) {
		status, importStatus, finish := r.state(now)
		total, live := o.c.sizes(r)
		one := ScanResult{ID: r.id(), ScanID: r.def.id, Name: r.def.name, Repository: r.def.repository, Status: status,
			ImportStatus: importStatus, Started: time.Unix(r.start, 0), Targeted: total, Live: live, Done: int(r.done(now))}
		if finish > 0 {
			one.Finished = time.Unix(finish, 0)
		}
		list = append(list, one)
	}
	return list
}

// Scan is a scan definition of the simulated console.
type Scan struct {
	ID, Name   string
	Repository string    // id
	NextRun    time.Time // zero without a schedule
}

// Scans returns the scan definitions in the order of their ids; the first one is always running.
func (o Organization) Scans() []Scan {
	var list []Scan
	for _, d := range o.c.scanDefinitions(o.id) {
		one := Scan{ID: d.id, Name: d.name, Repository: d.repository}
		if next := d.nextRun(o.c.now()); next > 0 {
			one.NextRun = time.Unix(next, 0)
		}
		list = append(list, one)
	}
	return list
}

// License returns the addresses in use, each counted once, and the size of the licence.
func (c *Console) License() (used, limit int) { return c.addresses(), c.licensed() }
