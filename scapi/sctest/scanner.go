package sctest

import (
	"fmt"
	"strconv"
)

// scannerState is a state that a real console shows.
type scannerState struct {
	status    int // bit mask
	enabled   bool
	contacted bool // it has told its version, uptime and plugin set
}

// scannerStates are those of the first scanners; the ones after them work.
var scannerStates = []scannerState{
	{1, true, true}, {1, true, true}, {1, true, true},
	{8192, true, false},      // just created
	{8193, true, true},       // working, status being updated
	{16384, false, true},     // disabled by a user
	{8, true, true},          // certificate mismatch
	{2, true, true},          // connection error
	{4, true, false},         // connection timeout
	{32, true, true},         // authentication error
	{1 + 256, true, true},    // plugins out of sync
	{1 + 1024, true, true},   // updating plugins
	{32768, true, true},      // requires an upgrade
	{1 + 131072, true, true}, // licence invalid
}

// firstScannerState is how scanner i began.
func firstScannerState(i int) scannerState {
	if i < len(scannerStates) {
		return scannerStates[i]
	}
	return scannerState{1, true, true}
}

func (c *Console) scannerState(i int) scannerState {
	s := firstScannerState(i)
	if status, ok := c.world.state.Load().Scanners[strconv.Itoa(i+1)]; ok {
		return scannerState{status, status&16384 == 0, s.contacted || status&1 == 1}
	}
	return s
}

// usable is the console's notion of a working scanner.
func (s scannerState) usable() bool { return s.status&1 == 1 && s.status&131072 == 0 }

// zoneOf returns the index of the zone that scanner i belongs to; the second scanner belongs to none, and those that
// did not work at first fill the last zone.
func (c *Console) zoneOf(i int) int {
	last := c.o.Zones - 1
	switch {
	case i == 1:
		return -1
	case last == 0:
		return 0
	case !firstScannerState(i).usable() && i%2 == 1:
		return last
	}
	return i % last
}

func (c *Console) scanners(now int64) []object {
	list := make([]object, c.o.Scanners)
	for i := range list {
		list[i] = c.scannerObject(i, now)
	}
	return list
}

func (c *Console) scannerObject(i int, now int64) object {
	s := c.scannerState(i)
	h := mix(c.o.Seed, 80, uint64(i), uint64(now)/300)
	id := strconv.Itoa(i + 1)
	o := object{"id": id, "name": scannerName(i), "description": "", "ip": fmt.Sprintf("192.0.2.%d", 1+i%250), "port": "8834",
		"useProxy": "false", "enabled": trueFalse(s.enabled), "verifyHost": "false", "managePlugins": "true", "authType": "password",
		"cert": nil, "username": "sc", "password": "SET", "agentCapable": trueFalse(i == 1), "version": nil, "webVersion": nil,
		"admin": "false", "msp": "false", "numScans": "0", "numHosts": "0", "numSessions": "0", "numTCPSessions": "0",
		"loadAvg": "0.0", "uptime": -1, "status": strconv.Itoa(s.status), "pluginSet": nil, "loadedPluginSet": nil, "serverUUID": nil,
		"createdTime": epoch(c.world.anchor - 500*day), "modifiedTime": epoch(c.world.anchor - 20*day)}
	if s.contacted {
		built := c.feedTime("active", now) - day/6
		loaded := built
		if s.status&256 != 0 {
			loaded -= 5 * day
		}
		o["version"], o["webVersion"], o["pluginSet"], o["loadedPluginSet"] = "10.8.3", "10.8.3", stamp(built), stamp(loaded)
		o["uptime"] = epoch(now - c.world.anchor + int64(40+i)*day)
		o["serverUUID"] = fmt.Sprintf("00000000-0000-4000-9000-%012d", i+1)
		if s.status == 1 {
			o["numScans"], o["numHosts"], o["numTCPSessions"] = strconv.Itoa(int(h%3)), strconv.Itoa(int(h>>8%60)), strconv.Itoa(int(h>>16%900))
			o["loadAvg"] = fmt.Sprintf("%d.%02d", h>>24%3, h>>32%100)
		}
	}
	if c.o.Dialect == RPC { // what clients of that time name; a scanner never contacted has no version
		o = project(o, []string{"name", "description", "ip", "port", "status", "enabled", "useProxy", "verifyHost", "authType",
			"username", "password", "createdTime", "modifiedTime", "version"})
		if o["version"] == nil {
			o["version"] = ""
		}
		return o
	}
	o["zones"], o["nessusManagerOrgs"] = []object{}, []any{}
	if z := c.zoneOf(i); z >= 0 {
		o["zones"] = []object{reference(strconv.Itoa(z+1), zoneName(z))}
	}
	if c.release.atLeast(6, 0) {
		o["wasCapable"], o["statusMessage"] = "false", ""
	}
	return o
}

func scannerName(i int) string { return fmt.Sprintf("Scanner %d", i+1) }

func zoneName(z int) string { return fmt.Sprintf("Zone %d", z+1) }

func (c *Console) zones(now int64) []object {
	list := make([]object, c.o.Zones)
	for z := range list {
		members := []object{}
		active := 0
		for i := range c.o.Scanners {
			if c.zoneOf(i) != z {
				continue
			}
			if c.scannerState(i).usable() {
				active++
			}
			s := c.scannerObject(i, now)
			member := object{"id": s["id"], "name": s["name"], "description": "", "status": s["status"]}
			if c.o.Dialect == RPC {
				member["ip"] = s["ip"]
			}
			members = append(members, member)
		}
		ips := fmt.Sprintf("10.%d.0.0/16,10.%d.0.1-10.%d.0.100", z, 100+z, 100+z)
		list[z] = object{"id": strconv.Itoa(z + 1), "name": zoneName(z), "description": "", "ipList": ips, "scanners": members,
			"createdTime": epoch(c.world.anchor - 700*day), "modifiedTime": epoch(c.world.anchor - 3*day),
			"organizations": []object{reference("1", "Example")}, "activeScanners": active, "totalScanners": len(members)}
	}
	return list
}

// updateStatus is POST /scanner/updateStatus: the console asks every scanner that is not disabled how it is.
func (x *exchange) updateStatus() (any, error) {
	if !x.account.Administrator {
		return nil, x.forbidden()
	}
	list := []object{}
	for i := range x.c.o.Scanners {
		s := x.c.scannerState(i)
		if s.enabled {
			s.status |= 8192
		}
		list = append(list, object{"id": strconv.Itoa(i + 1), "name": scannerName(i), "description": "", "status": strconv.Itoa(s.status)})
	}
	return object{"status": list}, nil
}
