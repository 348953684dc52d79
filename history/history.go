// Package history rebuilds what the exporter would have shown in the past, from dates
// that a console keeps, and writes it for Prometheus to take over.
//
// The questions are those of the collectors, asked at another time: see
// collector.Collector.RunAt. What is done is kept, so that who is interrupted goes on
// where he was.
package history

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/errlist"
)

// Options say what is rebuilt, and how.
type Options struct {
	Consoles []Console
	Span     time.Duration // how far back
	Step     time.Duration // from one time to the next, at least an hour
	Until    time.Time     // the end, excluded; zero: three hours ago
	Families []string      // names; none: all of which the past can be told
	Job      string        // the label job
	Pause    time.Duration // between two analysis requests
	Dir      string        // where files are written, and steps are kept that are done
	Out      io.Writer     // is told the estimate, the progress and the result
	Terminal bool          // progress is shown in one line that changes
}

// Console is one of those whose past is rebuilt.
type Console struct {
	*findings.Console
	Labels   map[string]string                             // that Prometheus puts onto its series beside job and instance
	Settings func(*collector.Collector) collector.Settings // as they are configured
}

// Families returns the names of the metrics of which the past can be told, sorted.
func Families() []string {
	var names []string
	for _, col := range collector.All() {
		for _, f := range col.Dated() {
			names = append(names, f.Name)
		}
	}
	slices.Sort(names)
	return names
}

// Check returns what is wrong with the options, before anything is asked.
func (o Options) Check() error {
	for _, name := range o.Families {
		if !slices.Contains(Families(), name) {
			return fmt.Errorf("the past of %q cannot be told: expected some of %s", name, strings.Join(Families(), ", "))
		}
	}
	switch {
	case o.Dir == "":
		return errors.New("expected a folder to write to")
	case o.Step < time.Hour:
		return fmt.Errorf("a step of %s: expected an hour or more", o.Step)
	case o.Span < o.Step:
		return fmt.Errorf("a history of %s in steps of %s: expected one step at least", model.Duration(o.Span), model.Duration(o.Step))
	case o.Pause < 0:
		return fmt.Errorf("a pause of %s: expected 0s or more", o.Pause)
	case o.Job == "":
		return errors.New("expected a job, which is the label that Prometheus puts onto what it scrapes")
	}
	return nil
}

// Run rebuilds the past of every console, one after the other. The error says of
// which consoles it could not be, and why; the others are written all the same.
func Run(ctx context.Context, o Options) error {
	if err := o.Check(); err != nil {
		return err
	}
	var errs []error
	for _, c := range o.Consoles {
		r := &rebuilding{o: o, console: c}
		if err := r.run(ctx); err != nil {
			errs = append(errs, errlist.Of("console "+c.Name(), err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	return errlist.Join(errs...)
}

// rebuilding is the work on one console.
type rebuilding struct {
	o       Options
	console Console
	asked   []*asked
	// families are those that are asked for, by name.
	families []*collector.Family
	days     bool // the console is asked for whole days back
	plan     plan
}

// asked is a collector and what is asked of it.
type asked struct {
	*collector.Collector
	settings collector.Settings
	families []*collector.Family
}

func (r *rebuilding) run(ctx context.Context) (err error) {
	ctx = console.WithReuse(console.WithPause(ctx, r.o.Pause), console.MostReuse)
	journal := &console.Journal{}
	ctx = console.WithJournal(ctx, journal)
	r.choose()
	k, err := openKept(r.o.Dir, r.console.Name())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, k.file.Close()) }()
	began := time.Now()
	if err := r.prepare(ctx, k); err != nil {
		return err
	}
	left := r.left(k)
	if len(left) > 0 {
		if err := r.foresee(ctx, len(left), func() time.Duration { return perQuery(journal, began, r.o.Pause) }); err != nil {
			return err
		}
		if !k.begun {
			if err := k.begin(r.plan); err != nil {
				return err
			}
		}
		if err := r.rebuild(ctx, k, left); err != nil {
			return err
		}
	}
	return r.finish(ctx, k.steps)
}

// perQuery is how long an analysis request has taken so far, with its pause.
func perQuery(j *console.Journal, began time.Time, pause time.Duration) time.Duration {
	queries, _ := j.Requests()
	return max(time.Since(began)/time.Duration(max(queries, 1)), pause)
}

// choose chooses the collectors that are asked: those that are on, if no families are
// named.
func (r *rebuilding) choose() {
	for _, col := range collector.All() {
		a := &asked{Collector: col, settings: r.console.Settings(col)}
		for _, f := range col.Dated() {
			if slices.Contains(r.o.Families, f.Name) || len(r.o.Families) == 0 && a.settings.Enabled {
				a.families = append(a.families, f)
			}
		}
		if len(a.families) > 0 {
			r.asked, r.families = append(r.asked, a), append(r.families, a.families...)
		}
	}
	slices.SortFunc(r.families, byName)
}

// rebuild asks for the steps that are left, and keeps each.
func (r *rebuilding) rebuild(ctx context.Context, k *kept, left []time.Time) error {
	p := r.progress(len(left))
	for i, planned := range left {
		s := step{Planned: planned, At: r.at(planned), Samples: map[string]map[string]float64{}}
		for _, a := range r.asked {
			told, err := a.RunAt(ctx, r.console.Console, a.settings, collector.Past{At: s.At, Known: r.plan.Known, Families: a.families})
			if err != nil {
				p.end()
				return fmt.Errorf("%s: %w; %d of %d steps are kept in %s: the same command goes on from there", s.At.UTC().Format(time.RFC3339), err, len(k.steps), len(k.steps)+len(left)-i, r.o.Dir)
			}
			s.add(told)
		}
		if err := k.done(s); err != nil {
			return err
		}
		p.done(i + 1)
	}
	p.end()
	return nil
}

// add adds what a collector tells.
func (s *step) add(told collector.Snapshot) {
	maps.Copy(s.Samples, values(told))
	s.Missing = append(s.Missing, told.Missing...)
}

// values are the values of a snapshot by family and labels.
func values(s collector.Snapshot) map[string]map[string]float64 {
	all := map[string]map[string]float64{}
	for _, f := range s.Families() {
		all[f.GetName()] = map[string]float64{}
		for _, m := range f.Metric {
			all[f.GetName()][labelsOf(m)] = m.GetGauge().GetValue()
		}
	}
	return all
}

func labelsOf(m *dto.Metric) string {
	return rendered(func(yield func(string, string) bool) {
		for _, l := range m.Label {
			if !yield(l.GetName(), l.GetValue()) {
				return
			}
		}
	})
}

// say writes a line for people, without what may do something to a terminal.
func (r *rebuilding) say(format string, args ...any) {
	text := strings.Map(func(c rune) rune {
		if c != '\n' && !unicode.IsPrint(c) {
			return -1
		}
		return c
	}, r.console.Conceal(fmt.Sprintf(format, args...)))
	_, _ = io.WriteString(r.o.Out, text+"\n") // who does not read it does not want it
}
