package sctest

import (
	"fmt"
	"strconv"
	"time"
)

// system is GET /system and system::init. Before login consoles from 5.20 on keep their version to themselves.
func (c *Console) system(loggedIn bool) object {
	o := object{"uuid": "00000000-0000-4000-8000-000000000001", "licenseStatus": "Valid",
		"sessionTimeout": strconv.Itoa(int(c.o.SessionTimeout.Seconds())), "serverAuth": "any", "serverClassification": "None",
		"banner": "", "headerText": "", "logo": "", "loginNotifications": "false", "PasswordComplexity": "true",
		"telemetryEnabled": "false", "ACAS": "false", "freshInstall": "no",
		"reportTypes": []object{{"name": "PDF", "type": "pdf", "enabled": "true", "attributeSets": []any{}}},
		"timezones":   []object{{"name": "UTC", "gmtOffset": 0}, {"name": "America/St_Johns", "gmtOffset": -2.5}},
	}
	if c.release.atLeast(6, 6) {
		o["vuln_intel"] = epoch(c.world.anchor)
	}
	if c.release.atLeast(6, 7) {
		o["hasLces"] = "false"
	}
	if loggedIn || c.o.Dialect == RPC || !c.release.atLeast(5, 20) {
		o["version"], o["buildID"], o["releaseID"] = c.o.Version, "202311150001", "202311150001"
	} else {
		o["StatusJava"] = "true"
	}
	return o
}

// feedTime returns when a feed was last updated: once a day, the event feed long ago because it expired.
func (c *Console) feedTime(feed string, now int64) int64 {
	now -= int64(c.world.state.Load().FeedAge[feed].Seconds())
	switch feed {
	case "lce":
		return c.world.anchor - 60*day
	case "sc":
		return now - now%day + 5*3600 - flagSeconds(now%day < 5*3600)
	case "passive":
		return now - now%day + 3*3600 - flagSeconds(now%day < 3*3600)
	}
	return now - now%day + 2*3600 - flagSeconds(now%day < 2*3600)
}

// feedStale is the console's own opinion of a feed.
func (c *Console) feedStale(feed string) bool {
	return feed == "lce" || c.world.state.Load().FeedAge[feed] >= 24*time.Hour
}

// flagSeconds is a day where today's update is still to come.
func flagSeconds(yesterday bool) int64 {
	if yesterday {
		return day
	}
	return 0
}

func (c *Console) feeds(now int64) object {
	all := object{}
	for _, feed := range []string{"sc", "active", "passive", "lce"} {
		status := "Valid"
		if feed == "lce" {
			status = "Expired"
		}
		all[feed] = object{"updateTime": epoch(c.feedTime(feed, now)), "stale": trueFalse(c.feedStale(feed)),
			"updateRunning": "false", "subscriptionStatus": status}
	}
	if c.release.atLeast(6, 0) {
		all["industrial"] = object{"stale": "false", "updateRunning": "false", "subscriptionStatus": nil}
	}
	return all
}

// status is GET /status; an organisation user gets fewer keys.
func (c *Console) status(a *Account, now int64) object {
	update := func(feed string) object {
		return object{"updateTime": epoch(c.feedTime(feed, now)), "stale": trueFalse(c.feedStale(feed))}
	}
	active := update("active")
	active["pluginCurrentSet"] = stamp(c.feedTime("active", now) - day/6)
	updates := object{"active": active, "passive": update("passive"), "lce": update("lce")}
	o := object{"jobd": "Running", "licenseStatus": "Valid", "PluginSubscriptionStatus": "Valid",
		"LCEPluginSubscriptionStatus": "Expired", "PassivePluginSubscriptionStatus": nil,
		"pluginUpdates": updates, "feedUpdates": update("sc")}
	if c.release.atLeast(6, 0) {
		updates["industrial"] = object{"stale": "false"}
		zones := []object{}
		for _, z := range c.Zones() {
			status := "Working"
			if z.Active == 0 {
				status = "Not Working"
			}
			zones = append(zones, object{"id": z.ID, "name": z.Name, "description": "", "status": status, "uuid": ""})
		}
		o["zones"], o["migrationStatus"] = zones, nil
	}
	if !a.Administrator {
		return o
	}
	o["activeIPs"], o["licensedIPs"], o["noLCEs"], o["noReps"] = strconv.Itoa(c.addresses()), strconv.Itoa(c.licensed()), "true", "false"
	if c.release.atLeast(6, 0) {
		o["activeIPs"] = c.addresses() // a number in version 6
		// The night's backup failed; the last good one is a day older.
		night := now - now%day - day
		o["lastDbBackupStatus"], o["lastDbBackupSuccess"], o["lastDbBackupFailure"] = "1", epoch(night), epoch(night+day)
	}
	return o
}

func (c *Console) diagnostics(now int64) object {
	o := object{"statusJava": "true", "statusRPM": "true", "statusDisk": "true", "statusThresholdDisk": "5%",
		"statusLastChecked": epoch(now - now%day), "diagnosticsGenerated": -1, "diagnosticsGenerateState": "-1"}
	if c.release.atLeast(6, 0) {
		o["touchDebuggingEnabled"], o["migrationFailure"], o["debugLoggingFileGenerated"] = false, false, -1
		o["debugLoggingFileGenerateState"] = "-1"
	}
	return o
}

// jobs are the queue: some wait for their time, some are late, one or two run.
func (c *Console) jobs(now int64) []object {
	kinds := []string{"importScan", "scan", "pluginUpdate", "repositorySync", "report", "importScan"}
	list := make([]object, 0, len(kinds)*2)
	for i := range len(kinds) * 2 {
		kind := kinds[i%len(kinds)]
		target, start, pid, status := now+int64(600+i*60), int64(-1), "-1", "0"
		switch i % 4 {
		case 1: // late
			if c.world.state.Load().NoLateJobs {
				continue
			}
			target = now - 1800
		case 2: // running
			target, start, pid, status = now-300, now-290, strconv.Itoa(4000+i), "1"
		}
		org := reference("1", "Example")
		if kind == "pluginUpdate" || kind == "repositorySync" {
			org = unset()
		}
		list = append(list, object{"id": strconv.Itoa(500 + i), "type": kind, "status": status, "objectID": "1",
			"initiator": userReference(1), "organization": org, "targetedTime": epoch(target), "startTime": epoch(start), "pid": pid,
			"params": "", "priority": "50", "errorCode": "0", "attemptNumber": "0", "dependentJobID": "-1", "immediateJob": "false"})
	}
	return list
}

func (c *Console) currentUser(a *Account) object {
	for i := range c.o.Accounts {
		if &c.o.Accounts[i] == a {
			return c.userObject(i)
		}
	}
	return object{}
}

// userObject is user i of the console as the dialect shows it.
func (c *Console) userObject(i int) object {
	a := &c.o.Accounts[i]
	role, roleName := "4", "Vulnerability Analyst"
	if a.Administrator {
		role, roleName = "1", "Administrator"
	}
	o := object{"id": strconv.Itoa(c.userNumber(i)), "status": "0", "username": a.Username, "firstname": "", "lastname": "", "title": "",
		"email": "", "address": "", "city": "", "state": "", "country": "", "phone": "", "fax": "",
		"createdTime": epoch(c.world.anchor - 800*day), "modifiedTime": epoch(c.world.anchor - 80*day),
		"lastLogin": "0", "lastLoginIP": "", "mustChangePassword": "false", "locked": trueFalse(c.Locked(a.Username)),
		"failedLogins": "0", "authType": "tns", "fingerprint": nil, "password": "SET"}
	if c.o.Dialect == RPC {
		o["roleID"], o["fingerprint"] = role, ""
		return o
	}
	org := object{"id": 0, "name": "Tenable.sc Administration", "description": ""}
	group := unset()
	if !a.Administrator {
		org = reference(strconv.Itoa(a.Organization), organizationName(a.Organization))
		group = reference("0", "Full Access")
	}
	for key, v := range (object{"organization": org, "role": reference(role, roleName), "group": group, "ldap": unset(),
		"responsibleAsset": unset(), "managedUsersGroups": []any{}, "managedObjectsGroups": []any{},
		"preferences": []object{{"name": "timezone", "value": "UTC", "tag": ""}}, "canUse": true, "canManage": false}) {
		o[key] = v
	}
	return o
}

// simple makes n objects of a kind that differ in little but what extra says.
func (c *Console) simple(kind string, n int, extra func(i int) object) []object {
	list := make([]object, n)
	for i := range list {
		list[i] = object{"id": strconv.Itoa(i + 1), "name": fmt.Sprintf("%s %d", kind, i+1), "description": "", "status": "0",
			"createdTime": epoch(c.world.anchor - int64(200+i)*day), "modifiedTime": epoch(c.world.anchor - int64(i)*day)}
		for key, v := range extra(i) {
			list[i][key] = v
		}
	}
	return list
}
