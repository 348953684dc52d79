package history

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/prometheus/common/model"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

const (
	day = 24 * time.Hour
	// untilAgo is how long ago the rebuilt past ends, unless somebody says when: the
	// time in which Prometheus may still take samples of its own out of order or not.
	untilAgo = 3 * time.Hour
)

// prepare learns what the console is, and makes the plan or takes the one that is kept.
func (r *rebuilding) prepare(ctx context.Context, k *kept) error {
	shares, err := r.console.Shares(ctx)
	if err != nil {
		return err
	}
	for _, s := range shares {
		d, err := s.Account.Dialect(ctx)
		if err != nil {
			return s.Account.Wrap(err)
		}
		r.days = r.days || d == scapi.RPC
	}
	if r.days && r.o.Step%day != 0 {
		return fmt.Errorf("a step of %s: SecurityCenter 4 counts in days, expected whole days", model.Duration(r.o.Step))
	}
	wanted, err := r.wanted(shares)
	if err != nil {
		return err
	}
	r.plan = wanted
	if k.begun {
		r.plan = k.plan
		return wanted.resumes(k.plan, !r.o.Until.IsZero(), r.o.Dir)
	}
	return nil
}

// wanted is the plan that the options make now.
func (r *rebuilding) wanted(shares []console.Share) (plan, error) {
	now := r.console.Now().UTC()
	p := plan{Console: r.console.Name(), Span: model.Duration(r.o.Span).String(), Step: model.Duration(r.o.Step).String(), Until: now.Add(-untilAgo).Truncate(time.Second)}
	for _, f := range r.families {
		p.Families = append(p.Families, f.Name)
	}
	if !r.o.Until.IsZero() {
		p.Until = r.o.Until.UTC().Truncate(time.Second)
	}
	if p.Until.After(now) {
		return p, fmt.Errorf("the end, %s, is not past: it is %s by the console's clock", p.Until.Format(time.RFC3339), now.Format(time.RFC3339))
	}
	var shortest time.Duration
	for _, s := range shares {
		for _, repository := range s.Repositories {
			for _, kept := range []scapi.Opt[time.Duration]{repository.KeptActive, repository.KeptMitigated} {
				if d, said := kept.Get(); said && (shortest == 0 || d < shortest) {
					shortest = d
				}
			}
		}
	}
	from := p.Until.Add(-r.o.Span)
	if shortest > 0 {
		p.Known = now.Add(-shortest).Truncate(time.Second)
		if p.Known.After(from) {
			from = p.Known
		}
	}
	last := p.Until.Truncate(r.o.Step) // of days: midnight, UTC
	if r.days {
		last = now.Truncate(time.Hour).Add(-day)
		for last.After(p.Until) {
			last = last.Add(-day)
		}
	}
	p.From, p.Last = last, last
	for !p.From.Add(-r.o.Step).Before(from) {
		p.From = p.From.Add(-r.o.Step)
	}
	if p.From.Before(from) {
		return p, fmt.Errorf("there is no step between %s, before which the console keeps nothing or nothing is wanted, and %s", from.Format(time.RFC3339), p.Until.Format(time.RFC3339))
	}
	return p, nil
}

// resumes refuses to go on with what was begun as something else.
func (p plan) resumes(begun plan, until bool, dir string) error {
	if p.Console == begun.Console && p.Span == begun.Span && p.Step == begun.Step && slices.Equal(p.Families, begun.Families) && (!until || p.Until.Equal(begun.Until)) {
		return nil
	}
	return fmt.Errorf("%s keeps another history: %s of %s in steps of %s until %s: expected the same again, or an empty folder",
		dir, begun.Span, begun.Families, begun.Step, begun.Until.Format(time.RFC3339))
}

// left are the steps of the plan that are not done, oldest first.
func (r *rebuilding) left(k *kept) []time.Time {
	done := map[int64]bool{}
	for _, s := range k.steps {
		done[s.Planned.Unix()] = true
	}
	var left []time.Time
	for at := r.plan.From; !at.After(r.plan.Last); at = at.Add(r.o.Step) {
		if !done[at.Unix()] {
			left = append(left, at)
		}
	}
	return left
}

// at is the time of which the console tells when it is asked for the planned one:
// where it is asked for whole days, as many hours later as the request is.
func (r *rebuilding) at(planned time.Time) time.Time {
	if !r.days {
		return planned
	}
	now := r.console.Now().UTC().Truncate(time.Hour)
	return now.Add(-day * time.Duration(max(math.Round(now.Sub(planned).Hours()/24), 1)))
}

// foresee says what the steps that are left take. It asks what there is to ask, which
// tells how long an answer takes.
func (r *rebuilding) foresee(ctx context.Context, steps int, perQuery func() time.Duration) error {
	queries, series, bytes := 0, 0, 0
	samples := int(r.plan.Until.Sub(r.plan.From)/spacing) + 1
	target := r.target()
	var errs []error
	for _, a := range slices.Clone(r.asked) {
		s, n, err := a.ForeseeAt(ctx, r.console.Console, a.settings, collector.Past{At: r.at(r.plan.Last), Known: r.plan.Known, Families: a.families})
		if errors.Is(err, console.ErrNotReadable) {
			r.asked = slices.DeleteFunc(r.asked, func(b *asked) bool { return a == b })
			errs = append(errs, err)
			continue
		}
		if err != nil {
			return err
		}
		queries += n
		for family, values := range values(s) {
			for labels := range values {
				series++
				bytes += samples * (len(line(family, labels, target)) + len(" 10000 1700000000\n"))
			}
		}
	}
	if len(r.asked) == 0 {
		return fmt.Errorf("nothing can be told of the past: %w", errors.Join(errs...))
	}
	for _, err := range errs {
		r.say("%s: left out: %v", r.console.Name(), err)
	}
	each := perQuery()
	r.say("%s: from %s until %s, %d steps of %s to do", r.console.Name(), r.plan.From.Format(time.RFC3339), r.plan.Until.Format(time.RFC3339), steps, r.plan.Step)
	if !r.plan.Known.IsZero() {
		r.say("%s: the console keeps what happened since %s", r.console.Name(), r.plan.Known.Format(time.RFC3339))
	}
	r.say("%s: %d series; %d analysis requests, %d for each step; about %s at %s each, of which %s is the pause; about %s of text",
		r.console.Name(), series, queries*steps, queries, roughly(each*time.Duration(queries*steps)), each.Round(10*time.Millisecond), r.o.Pause, size(bytes))
	return nil
}

// roughly is a duration as people say it.
func roughly(d time.Duration) string {
	if d < time.Hour {
		return d.Round(time.Second).String()
	}
	return fmt.Sprintf("%.1f hours", d.Hours())
}

// size is a number of bytes as people say it.
func size(bytes int) string {
	if bytes < 1e9 {
		return fmt.Sprintf("%.0f MB", math.Ceil(float64(bytes)/1e6))
	}
	return fmt.Sprintf("%.1f GB", float64(bytes)/1e9)
}
