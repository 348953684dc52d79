package doctor

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// collectors tells what became of every collector.
func (x *examination) collectors() {
	for _, l := range x.loaded {
		c := Check{ID: "collector." + l.Name, Area: areaCollectors, Name: l.Name, Result: OK, Found: fmt.Sprintf("%d series in %s", l.Snapshot.Series, l.Took.Round(time.Millisecond))}
		c.public = fmt.Sprintf("%s series in %s", magnitude(int64(l.Snapshot.Series)), l.Took.Round(100*time.Millisecond))
		var incomplete *console.Incomplete
		missing, explained := lacks(l)
		switch {
		case errors.Is(l.Err, console.ErrNotReadable) && (!l.On(x.dialect) || errors.Is(l.Err, scapi.ErrUnsupported)):
			c.Found = "consoles of this protocol or version do not tell it"
			c.public = c.Found
		case errors.Is(l.Err, console.ErrNotReadable):
			c.Result, c.Found, c.public = Limited, l.Err.Error(), x.harm(l.Err.Error())
			c.Means, c.Do = "All of its metrics are absent; securitycenter_collector_permitted is 0.", "Add an account that may read it, or switch the collector off."
		case errors.As(l.Err, &incomplete):
			c.Result, c.Found, c.public = Limited, l.Err.Error(), x.harm(l.Err.Error())
			c.Means, c.Do = "What other accounts tell is shown.", "Mend the login."
		case l.Err != nil:
			c.Result, c.Found, c.public = Wrong, l.Err.Error(), x.harm(l.Err.Error())
			c.Means, c.Do = "All of its metrics are absent, and securitycenter_collector_success is 0.", "See the calls; send this report."
		case len(missing) > 0:
			c.Result = Limited
			c.Found += "; missing: " + strings.Join(missing, "; ")
			c.public += "; missing: " + x.harm(strings.Join(missing, "; "))
			c.Means, c.Do = "What is named as missing is absent; the rest is there.", "See the calls and the filters."
		case explained > 0:
			note := fmt.Sprintf("; %d parts are absent because of the version, or of a filter below", explained)
			c.Found, c.public = c.Found+note, c.public+note
		}
		x.add(c)
	}
}

// lacks are the parts that a load lacks although consoles of this protocol and version have them, and the number of those
// that have another reason: nothing was asked, because the version has no such thing, or what filters tell is in the way.
func lacks(l Loaded) (parts []string, explained int) {
	for _, part := range l.Snapshot.Missing {
		if strings.Contains(part, scapi.ErrUnsupported.Error()) || strings.Contains(part, collector.ErrUntold.Error()) {
			explained++
			continue
		}
		parts = append(parts, part)
	}
	return parts, explained
}

// The budget of the collectors that are on by default: analysis requests of one organisation account in a cycle, and more
// for each repository and each watch.
const (
	budget           = 60
	budgetRepository = 2
	busyShare        = 4 // a load may take that part of its interval
)

// load tells what a cycle costs.
func (x *examination) load() {
	var queries, others int64
	var took time.Duration
	var slow []string
	defaults := int64(0)
	for _, l := range x.loaded {
		queries, others, took = queries+l.Queries, others+l.Others, took+l.Took
		if l.Default {
			defaults += l.Queries
		}
		if l.Took > l.Settings.Interval/busyShare {
			slow = append(slow, l.Name)
		}
	}
	repositories := 0
	for _, s := range x.scopes {
		repositories += len(s.Repositories)
	}
	most := int64(budget*max(len(x.scopes), 1) + budgetRepository*repositories)
	c := Check{ID: "load.requests", Area: areaLoad, Name: "requests of a cycle", Result: OK,
		Found: fmt.Sprintf("%d analysis requests and %d others; of the default collectors %d of at most %d", queries, others, defaults, most),
		Means: "The console is asked more than was promised.", Do: "Send this report; raise interval meanwhile."}
	c.public = fmt.Sprintf("%s analysis requests and %s others", magnitude(queries), magnitude(others))
	if defaults > most {
		c.Result = Limited
	}
	x.add(c)

	c = Check{ID: "load.time", Area: areaLoad, Name: "duration of a cycle", Result: OK, Found: took.Round(time.Millisecond).String(),
		Means: "Collectors take longer than a quarter of their interval: they are read less often than is configured, so that the console has time for others.",
		Do:    "Raise the interval of these collectors, or find out what keeps the console busy."}
	if len(slow) > 0 {
		c.Result, c.Found = Limited, c.Found+"; too long for their interval: "+strings.Join(slow, ", ")
	}
	c.public = c.Found
	x.add(c)
}
