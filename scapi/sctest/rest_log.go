package sctest

import (
	"fmt"
	"strings"
	"time"
)

// The log of the console is arithmetic too: in every quarter of a day every user logs in, and out a few minutes later.
const (
	logDays   = 45
	logPeriod = day / 4
)

// logEntry is a line of the console's log.
type logEntry struct {
	at      int64
	account int
	out     bool
}

// log are the lines that the account may see, the latest first: an administrator those of all organisations. The month is
// YYYYMM, or empty for all.
func (x *exchange) log(month string) []logEntry {
	now := x.now.Unix()
	var list []logEntry
	for start := now - now%logPeriod; start > now-logDays*day; start -= logPeriod {
		for i := len(x.c.o.Accounts) - 1; i >= 0; i-- {
			a := &x.c.o.Accounts[i]
			if !x.account.Administrator && (a.Administrator || a.Organization != x.account.Organization) {
				continue
			}
			in := start + int64(i)*600
			for _, e := range []logEntry{{in + 240, i, true}, {in, i, false}} {
				if e.at <= now && (month == "" || e.month() == month) {
					list = append(list, e)
				}
			}
		}
	}
	return list
}

func (e logEntry) time() time.Time { return time.Unix(e.at, 0).UTC() }
func (e logEntry) month() string   { return e.time().Format("200601") }

// consoleLog answers a query of the console's log. It has no totals: a client reads until a page is short. Filters on it are
// not known; that they are refused is a choice.
func (x *exchange) consoleLog(q question) (any, error) {
	switch {
	case q.tool != "scLog":
		return nil, refuse(146, "Invalid parameters specified for scLog query.  The tool '%s' is invalid.", q.tool)
	case len(q.filters) > 0:
		return nil, x.c.invalidFilter("scLog", q.filters[0].FilterName, nil)
	}
	date := q.date
	if date == "all" {
		date = ""
	} else if _, err := time.Parse("200601", date); err != nil {
		return nil, refuse(146, "Invalid parameters specified for scLog query.  The date '%s' is invalid.", date)
	}
	entries := x.log(date)
	skip := object{}
	for _, e := range entries {
		skip[e.month()] = "false"
	}
	rows := []object{}
	for _, e := range cut(entries, q.start, q.end) {
		rows = append(rows, x.logRow(e))
	}
	if len(skip) == 0 {
		return object{"skip": []any{}, "results": rows}, nil
	}
	return object{"skip": skip, "results": rows}, nil
}

func (x *exchange) logRow(e logEntry) object {
	a := &x.c.o.Accounts[e.account]
	message := fmt.Sprintf("Successful login for '%s' from 192.0.2.7 (authentication type: tns).", a.Username)
	if e.out {
		message = fmt.Sprintf("Successful logout for '%s'.", a.Username)
	}
	organization := object{"id": 0, "name": "Tenable.sc Administration", "description": ""}
	if !a.Administrator {
		organization = reference(fmt.Sprint(a.Organization), "Example")
	}
	date := e.time().Format(time.RFC1123Z)
	user := userReference(e.account + 1)
	user["username"] = a.Username
	return object{"rawLog": strings.Join([]string{date, a.Username, "auth", "INFO", message + "\n"}, "|"), "organization": organization, "message": message,
		"severity": object{"id": "0", "name": "INFO", "description": "Information"}, "module": "auth", "initiator": user, "date": date}
}
