package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/recording"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// Load is a collector with what it is told.
type Load struct {
	*collector.Collector
	Settings collector.Settings
}

// Loads returns the collectors that are on for a configured console, or those of the names, in the order of the
// documentation.
func Loads(c config.Console, settings func(config.Console, *collector.Collector, []byte) collector.Settings, names []string) ([]Load, error) {
	all := collector.All()
	for _, name := range names {
		if !slices.ContainsFunc(all, func(col *collector.Collector) bool { return col.Name == name }) {
			return nil, fmt.Errorf("there is no collector %s", name)
		}
	}
	var loads []Load
	for _, col := range all {
		s := settings(c, col, nil)
		if names == nil && s.Enabled || slices.Contains(names, col.Name) {
			loads = append(loads, Load{col, s})
		}
	}
	return loads, nil
}

// Loaded is what became of a collector in a cycle.
type Loaded struct {
	Load
	Snapshot        collector.Snapshot
	Err             error // as Collector.Run
	Took            time.Duration
	Queries, Others int64 // attempts of requests
}

// Cycle loads every collector once, one after the other, as the exporter does in its first cycle.
func Cycle(ctx context.Context, c *findings.Console, loads []Load) []Loaded {
	var all []Loaded
	for _, l := range loads {
		journal, start := &console.Journal{}, time.Now()
		work := console.WithReuse(console.WithJournal(ctx, journal), l.Settings.Interval/2)
		snapshot, err := l.Run(work, l.New(), c, l.Settings)
		done := Loaded{Load: l, Snapshot: snapshot, Err: err, Took: time.Since(start)}
		done.Queries, done.Others = journal.Requests()
		all = append(all, done)
	}
	return all
}

// Record runs a cycle, and returns the recording of it. What
// could not be loaded is part of it: the error is not that of a collector, but one that left nothing to record.
func (s *Subject) Record(ctx context.Context, loads []Load, o recording.Options) (*recording.Recording, []Loaded, error) {
	loaded := Cycle(ctx, s.Console, loads)
	if err := ctx.Err(); err != nil {
		return nil, loaded, err
	}
	s.complete(ctx)
	r, err := s.recording(loads, o)
	return r, loaded, err
}

// recording is that of all that passed so far.
func (s *Subject) recording(loads []Load, o recording.Options) (*recording.Recording, error) {
	about := recording.About{Kinds: map[string]string{}}
	for _, l := range loads {
		about.Collectors = append(about.Collectors, l.Name)
	}
	var failures []error
	for _, a := range s.Accounts() {
		state := a.State()
		about.Kinds[a.Name()] = kindWord(state.Kind)
		if state.Dialect != "" {
			about.Dialect, about.Version = string(state.Dialect), state.Version
		}
		if state.Err != nil {
			failures = append(failures, a.Wrap(state.Err))
		}
	}
	if about.Dialect == "" {
		return nil, errors.Join(append([]error{errors.New("no account could log in")}, failures...)...)
	}
	o.Mask = scapi.Mask(s.recorder.Secrets()...)
	return s.recorder.Recording(about, o)
}

func kindWord(k scapi.Kind) string {
	switch k {
	case scapi.Administrator:
		return "administrator"
	case scapi.Organization:
		return "organization"
	}
	return "unknown"
}

// complete asks each question about findings in both ways in which the exporter asks it: by the first row of the hosts,
// and by severity. Which of them it takes depends on what it asked before.
func (s *Subject) complete(ctx context.Context) {
	type asked struct{ account, meaning string }
	known := map[asked]bool{}
	seen := s.recorder.Seen(0)
	for _, x := range seen {
		known[asked{x.Account, recording.Meaning(x.Call, nil, x.Input)}] = true
	}
	for _, x := range seen {
		input := otherWay(x)
		key := asked{x.Account, recording.Meaning(x.Call, nil, input)}
		if input == nil || known[key] || ctx.Err() != nil {
			continue
		}
		known[key] = true
		for _, a := range s.Accounts() {
			if a.Name() != x.Account {
				continue
			}
			// Its refusal is recorded as well.
			_, _ = console.Call(ctx, a, func(client *scapi.Client, ctx context.Context) (json.RawMessage, error) {
				return client.Raw(ctx, scapi.RawCall{Method: http.MethodPost, Path: "/analysis", Module: "vuln", Action: "query", Body: input})
			})
		}
	}
}

// otherWay returns the input of the other way of a question about findings; nil where there is none.
func otherWay(s recording.Seen) json.RawMessage {
	if s.Call != "POST /analysis" && s.Call != "vuln::query" {
		return nil
	}
	var in map[string]any
	if json.Unmarshal(s.Input, &in) != nil {
		return nil
	}
	query := in
	if inner, ok := in["query"].(map[string]any); ok {
		query = inner
	}
	const rows = 1000 // of a page, as the exporter asks for it
	switch {
	case query["tool"] == "sumip" && query["endOffset"] == 1.0:
		query["tool"], query["endOffset"] = "sumseverity", rows
	case query["tool"] == "sumseverity":
		query["tool"], query["endOffset"] = "sumip", 1
	default:
		return nil
	}
	if _, ok := query["vulnTool"]; ok {
		query["vulnTool"] = query["tool"]
	}
	out, err := json.Marshal(in)
	if err != nil {
		return nil
	}
	return out
}

// Everything returns all collectors, without settings.
func Everything() []Load {
	var all []Load
	for _, col := range collector.All() {
		all = append(all, Load{Collector: col})
	}
	return all
}
