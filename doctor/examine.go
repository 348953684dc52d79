package doctor

import (
	"context"
	"fmt"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/recording"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// The areas of checks.
const (
	areaWay        = "way"
	areaAccounts   = "accounts"
	areaCalls      = "calls"
	areaCollectors = "collectors"
	areaFilters    = "filters"
	areaIdentities = "identities"
	areaVocabulary = "vocabulary"
	areaLoad       = "load"
)

// examination is a report that is being written.
type examination struct {
	*Subject
	report  *Report
	dialect scapi.API
	version string
	places  map[*console.Account]int // from 1
	harm    func(string) string      // takes out of a message what is the site's
	loads   []Load
	loaded  []Loaded
	scopes  []*findings.Scope
}

// add adds a check. An ok one means nothing and leaves nothing to do.
func (x *examination) add(c Check) {
	if c.Result == OK {
		c.Means, c.Do = "", ""
	}
	if c.public == "" {
		c.public = "(not told)"
	}
	x.report.Checks = append(x.report.Checks, c)
}

// failed adds a check that an error kept from being made.
func (x *examination) failed(area, id, name string, err error) {
	x.add(Check{ID: id, Area: area, Name: name, Result: Unknown, Found: err.Error(), public: x.harm(err.Error()),
		Means: "It was not found out.", Do: "See the checks of the way, the accounts and the calls first."})
}

// Examine runs all checks: logins and reads, nothing else. It takes about as long as two cycles of the exporter, and some
// requests for each repository. What cannot be found out is told in the report; the error is that of ctx.
func (s *Subject) Examine(ctx context.Context, loads []Load) (*Report, error) {
	x := &examination{Subject: s, report: &Report{Console: s.Name()}, places: map[*console.Account]int{}, loads: loads}
	var names []string
	for i, a := range s.Accounts() {
		x.places[a] = i + 1
		names = append(names, a.Name())
	}
	x.harm = recording.Harmless(func(text string) string { return scapi.Mask(s.recorder.Secrets()...)(text) }, names)

	up := x.accounts(ctx)
	x.way()
	if up {
		x.loaded = Cycle(ctx, s.Console, loads)
		x.collectors()
		x.repositories(ctx)
		if scopes, err := s.Scopes(ctx); err == nil {
			x.scopes = scopes
		} else {
			x.failed(areaFilters, "filter.scopes", "findings can be asked for", err)
		}
		x.filters(ctx)
		x.parts(ctx)
		x.tools(ctx)
		x.refusals(ctx)
		x.identities(ctx)
		x.organizations(ctx)
		x.answers()
		x.load()
	}
	x.report.Version, x.report.Dialect = x.version, string(x.dialect)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return x.report, nil
}

// accountName is an account without its name.
func (x *examination) accountName(a *console.Account) string {
	return fmt.Sprintf("account %d", x.places[a])
}

// answers adds the checks of everything that was answered: once with the words of the console, and once without what is
// the site's.
func (x *examination) answers() {
	kept, err := x.recording(x.loads, recording.Options{Keep: recording.Keep{Names: true, Hosts: true, Users: true, Texts: true}})
	if err != nil {
		x.failed(areaCalls, "calls", "calls", err)
		return
	}
	public, err := x.recording(x.loads, recording.Options{})
	if err != nil {
		x.failed(areaCalls, "calls", "calls", err)
		return
	}
	for _, look := range []func(*recording.Recording) []Check{x.calls, vocabulary} {
		without := map[string]string{}
		for _, c := range look(public) {
			without[c.ID] = c.Found
		}
		for _, c := range look(kept) {
			c.public = without[c.ID]
			x.add(c)
		}
	}
}
