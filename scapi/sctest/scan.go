package sctest

import (
	"fmt"
	"strconv"
	"time"
)

// Scans are arithmetic too: a definition has a period, and result n of it began at n periods after its phase.

type scanDefinition struct {
	org        int
	number     int // 0: the definition that is gone
	id         string
	name       string
	repository string
	period     int64 // seconds
	phase      int64
	duration   int64
	schedule   string // ical, never
	repeatRule string
}

// scanNumbers is the factor between the parts of a result id: n*scanNumbers + definition.
const scanNumbers = 10_000

// scanDefinitions returns the definitions of an organisation. The first one is always running; every seventh is started
// by hand and has no schedule.
func (c *Console) scanDefinitions(org int) []scanDefinition {
	list := make([]scanDefinition, c.o.Scans)
	for i := range list {
		list[i] = c.scanDefinition(org, i+1)
	}
	return list
}

// orphan is a definition that was deleted: its results remain.
func (c *Console) orphan(org int) scanDefinition {
	d := c.scanDefinition(org, 0)
	d.id, d.name = "-1", "Retired Scan"
	return d
}

func (c *Console) scanDefinition(org, number int) scanDefinition {
	h := mix(c.o.Seed, 70, uint64(number))
	repo := c.world.repos[(number+org-1)%len(c.world.repos)]
	if org > 1 {
		h = mix(c.o.Seed, 70, uint64(number), uint64(org))
	}
	d := scanDefinition{org: org, number: number, id: strconv.Itoa(number), schedule: "ical", repeatRule: "FREQ=DAILY;INTERVAL=1",
		repository: repo.ID, period: day, name: fmt.Sprintf("Scan %d of %s", number, repo.Name)}
	if number%3 == 0 {
		d.period, d.repeatRule = 7*day, "FREQ=WEEKLY;INTERVAL=1"
	}
	d.phase = int64(h % uint64(d.period))
	d.duration = 1800 + int64(h>>16%14400)
	if number%4 == 0 { // names repeat
		d.name = "Audit of " + repo.Name
	}
	switch {
	case number == 1: // always running: the next one begins when the last one ends
		d.name, d.duration = "Continuous Discovery", d.period
	case number%7 == 5:
		d.period, d.schedule, d.repeatRule = 5*day, "never", ""
	}
	return d
}

// runs returns the results of a definition that began at from or later, the newest last.
func (d scanDefinition) runs(from, now int64) []scanResult {
	var list []scanResult
	n := (max(from, d.phase) - d.phase + d.period - 1) / d.period
	for start := d.phase + n*d.period; start <= now; start += d.period {
		list = append(list, scanResult{def: d, n: n, start: start})
		n++
	}
	return list
}

// nextRun returns when the definition begins next; 0 without a schedule.
func (d scanDefinition) nextRun(now int64) int64 {
	if d.schedule == "never" {
		return 0
	}
	return d.phase + ((now-d.phase)/d.period+1)*d.period
}

type scanResult struct {
	def   scanDefinition
	n     int64
	start int64
}

// created returns when the result was made, shortly before it starts.
func (r scanResult) created() int64 { return r.start - 5 }

func (r scanResult) id() string { return strconv.FormatInt(r.n*scanNumbers+int64(r.def.number), 10) }

// outcomes are what becomes of a result, by its number: most are completed and imported.
var outcomes = [16]struct{ status, importStatus string }{
	0: {"Partial", "Finished"}, 4: {"Stopped", "No Results"}, 7: {"Error", "No Results"},
	11: {"Completed", "Error"}, 14: {"Completed", "Blocked"},
}

// importSeconds is how long the console takes to import a result.
const importSeconds = 90

// state returns the status of the scan and of its import, and the time of the end; -1 while it is running.
func (r scanResult) state(now int64) (status, importStatus string, finish int64) {
	finish = r.start + r.def.duration
	if now < finish {
		return "Running", "No Results", -1
	}
	o := outcomes[(r.n+3*int64(r.def.number)+5*int64(r.def.org-1))%16]
	if o.status == "" {
		o.status, o.importStatus = "Completed", "Finished"
	}
	if o.status == "Stopped" || o.status == "Error" {
		finish -= r.def.duration / 2 // ended early
	} else if now < finish+importSeconds {
		o.importStatus = "Importing"
	}
	return o.status, o.importStatus, finish
}

// done is how much of the work is done, in per cent.
func (r scanResult) done(now int64) int64 {
	return min((now-r.start)*100/r.def.duration, 100)
}

// imported says whether the data of the result arrived.
func (r scanResult) imported(now int64) bool {
	_, importStatus, _ := r.state(now)
	return importStatus == "Finished"
}

// scanHistory is how far back results are kept.
const scanHistory = 40 * day

// scanResults returns the results of every definition of an organisation, also of one that is gone, of the last 40 days.
func (c *Console) scanResults(org int, now int64) []scanResult {
	var list []scanResult
	for _, d := range append(c.scanDefinitions(org), c.orphan(org)) {
		list = append(list, d.runs(now-scanHistory, now)...)
	}
	return list
}

// scanResult finds a result of an organisation by its id.
func (c *Console) scanResult(org int, id string, now int64) (scanResult, bool) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil || n < 0 || int(n%scanNumbers) > c.o.Scans {
		return scanResult{}, false
	}
	d := c.orphan(org)
	if number := int(n % scanNumbers); number > 0 {
		d = c.scanDefinition(org, number)
	}
	r := scanResult{def: d, n: n / scanNumbers, start: d.phase + n/scanNumbers*d.period}
	return r, r.start <= now && r.start >= now-scanHistory
}

// sizes returns the addresses probed, and how many of them answered.
func (c *Console) sizes(r scanResult) (total, live int) {
	live = max(1, c.repository(r.def.repository).Hosts*int(90+mix(c.o.Seed, 71, uint64(r.n))%10)/100)
	return live + live/4 + 5, live
}

// resultObject is a scan result as the dialect shows it, with the progress.
func (c *Console) resultObject(r scanResult, now int64) object {
	status, importStatus, finish := r.state(now)
	total, live := c.sizes(r)
	done := r.done(now)
	checks := int64(total) * 1200
	o := object{
		"id": r.id(), "name": r.def.name, "description": "", "details": "Full Safe Scan", "status": status,
		"importStatus": importStatus, "importStart": "-1", "importFinish": "-1", "importDuration": "-1",
		"running": trueFalse(finish < 0), "totalIPs": strconv.Itoa(total), "scannedIPs": strconv.Itoa(total),
		"completedIPs": epoch(int64(total) * done / 100), "completedChecks": epoch(checks * done / 100), "totalChecks": epoch(checks),
		"startTime": epoch(r.start), "createdTime": epoch(r.created()), "finishTime": epoch(finish), "scanDuration": "-1",
		"resultType": "active", "resultSource": "internal", "downloadFormat": "v2", "errorDetails": "", "importErrorDetails": "",
		"diagnosticAvailable": "false", "downloadAvailable": trueFalse(status == "Completed" || status == "Partial"),
		"dataFormat": c.repository(r.def.repository).DataFormat, "agentScanUUID": "",
	}
	if finish > 0 {
		o["scanDuration"] = epoch(finish - r.start)
		switch importStatus {
		case "Importing":
			o["importStart"] = epoch(finish)
		case "Finished", "Error":
			o["importStart"], o["importFinish"], o["importDuration"] = epoch(finish), epoch(finish+importSeconds), epoch(importSeconds)
		}
	}
	if status == "Error" {
		o["errorDetails"] = "The scanner did not respond."
	}
	if importStatus == "Error" {
		o["importErrorDetails"] = "Scan import error (code #139)."
	}
	if c.o.Dialect == RPC {
		o["repositoryID"], o["scanID"], o["ownerID"], o["initiatorID"] = r.def.repository, r.def.id, "1", "1"
		return o
	}
	repo := c.repository(r.def.repository)
	ref := reference(repo.ID, repo.Name)
	ref["dataFormat"] = repo.DataFormat
	o["repository"], o["owner"], o["initiator"], o["ownerGroup"] = ref, userReference(1), userReference(1), reference("0", "Full Access")
	o["scan"] = unset()
	if r.def.number > 0 {
		o["scan"] = reference(r.def.id, r.def.name)
	}
	o["progress"] = object{
		"completedIPs": o["completedIPs"], "completedChecks": o["completedChecks"], "totalChecks": o["totalChecks"],
		"checksPerHost": "1200", "totalIPs": o["totalIPs"], "status": status, "runState": status, "scannedIPs": "",
		"scanningSize": total - int(int64(total)*done/100), "scannedSize": int(int64(live) * done / 100), "awaitingDownloadSize": 0,
		"deadHostSize": int(int64(total-live) * done / 100), "distributedSize": total,
		"scanners": []object{{"id": "1", "name": "Scanner 1", "description": "", "loadAvg": "0.4",
			"completedChecks": o["completedChecks"], "chunks": []any{}, "scannedSize": int(int64(live) * done / 100)}},
	}
	return o
}

// scanObject is a scan definition as the dialect shows it.
func (c *Console) scanObject(d scanDefinition, now int64) object {
	start := ""
	if d.schedule != "never" {
		made := c.world.anchor - 300*day
		first := made - made%d.period + d.phase
		start = "TZID=UTC:" + time.Unix(first, 0).UTC().Format("20060102T150405")
	}
	schedule := object{"id": d.id, "objectType": "scan", "type": d.schedule, "start": start, "repeatRule": d.repeatRule,
		"nextRun": d.nextRun(now), "enabled": "true", "dependentID": "-1"}
	o := object{"id": d.id, "name": d.name, "description": "", "status": "0", "type": "policy", "ipList": "10.0.0.0/8",
		"createdTime": epoch(c.world.anchor - 300*day), "modifiedTime": epoch(c.world.anchor - 30*day), "maxScanTime": "3600",
		"dhcpTracking": "false", "classifyMitigatedAge": "0", "emailOnLaunch": "false", "emailOnFinish": "false",
		"timeoutAction": "import", "scanningVirtualHosts": "false", "rolloverType": "template", "numDependents": "0"}
	if c.o.Dialect == RPC {
		o["repositoryID"], o["ownerID"], o["policyID"] = d.repository, "1", "1"
		return o
	}
	repo := c.repository(d.repository)
	for key, v := range (object{"schedule": schedule, "repository": reference(repo.ID, repo.Name), "reports": []any{}, "assets": []any{},
		"credentials": []any{}, "policy": reference("1", "Full Safe Scan"), "policyPrefs": []any{}, "canUse": "true", "canManage": "true",
		"plugin": unset(), "zone": unset(), "owner": userReference(1), "creator": userReference(1), "ownerGroup": reference("0", "Full Access")}) {
		o[key] = v
	}
	return o
}
