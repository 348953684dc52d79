package history

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
)

// Limits are what dates cannot tell of the past, a sentence each.
func Limits() []string {
	return []string{
		"Severities are those of today: a recast, or a plugin whose severity changed, changes the whole past.",
		"A finding whose risk is accepted today was never open; one whose acceptance ended today always was.",
		"A finding that was mitigated and seen again has its latest dates only: whether it was open before, or mitigated for a while, is not told.",
		"What was purged, aged out or deleted with its repository or host was never there.",
		"A host that moved to another repository was always there.",
		"A date of a plugin, a patch or a vulnerability that changed counts as it is today: deadlines that begin with it move.",
		"A finding that is mitigated or arrives while a step is asked may be counted twice or not at all in that step.",
	}
}

// finish writes the files and says what they are worth.
func (r *rebuilding) finish(ctx context.Context, steps []step) error {
	slices.SortStableFunc(steps, func(a, b step) int { return a.At.Compare(b.At) })
	files, err := r.write(steps)
	if err != nil {
		return err
	}
	name := r.console.Name()
	r.say("%s: %d files in %s, from %s to %s", name, len(files), r.o.Dir, steps[0].At.Format(time.RFC3339), r.plan.Until.Format(time.RFC3339))
	missing := map[string]int{}
	for _, s := range steps {
		for _, why := range s.Missing {
			missing[why]++
		}
	}
	for _, why := range slices.Sorted(maps.Keys(missing)) {
		r.say("%s: left out of %d of %d steps: %s", name, missing[why], len(steps), why)
	}
	r.say("%s: what the past cannot tell:", name)
	for _, limit := range Limits() {
		r.say("  %s", limit)
	}
	r.untold(ctx)
	return r.seam(ctx, steps[len(steps)-1])
}

// untold says how many findings of today are of those whose past is not told. Without
// an answer the files are no worse.
func (r *rebuilding) untold(ctx context.Context) {
	col, families := collector.Untold()
	told, err := col.RunAt(ctx, r.console.Console, r.console.Settings(col), collector.Past{Families: families})
	if err != nil {
		r.say("%s: how many findings these limits are about could not be read: %v", r.console.Name(), err)
		return
	}
	all := values(told)
	for _, family := range families {
		n := 0.0
		var parts []string
		for _, labels := range slices.Sorted(maps.Keys(all[family.Name])) {
			v := all[family.Name][labels]
			n += v
			parts = append(parts, fmt.Sprintf("%s %g", labels, v))
		}
		if len(parts) == 0 {
			r.say("%s: findings of today in %s: not told", r.console.Name(), family.Name)
			continue
		}
		r.say("%s: findings of today in %s, whose past is not told: %g (%s)", r.console.Name(), family.Name, n, strings.Join(parts, ", "))
	}
}

// seam shows the last step beside the present: what Prometheus scrapes first should go on
// from there.
func (r *rebuilding) seam(ctx context.Context, last step) error {
	now := step{At: r.console.Now().UTC().Truncate(time.Hour), Samples: map[string]map[string]float64{}}
	for _, a := range r.asked {
		told, err := a.RunAt(ctx, r.console.Console, a.settings, collector.Past{Families: a.families})
		if err != nil {
			return fmt.Errorf("the files are complete, and the present, to compare them with, could not be read: %w", err)
		}
		now.add(told)
	}
	r.say("%s: the seam: the last step, %s, beside the present, %s, over all repositories", r.console.Name(), last.At.Format(time.RFC3339), now.At.Format(time.RFC3339))
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "  metric\tlabels\tlast step\tpresent\tdifference")
	for _, family := range r.families {
		was, is := overall(last.Samples[family.Name]), overall(now.Samples[family.Name])
		both := maps.Clone(is)
		maps.Copy(both, was)
		for _, labels := range slices.Sorted(maps.Keys(both)) {
			then, told := was[labels]
			present, tells := is[labels]
			difference := ""
			if told && tells {
				difference = fmt.Sprintf("%+g", present-then)
			}
			_, _ = fmt.Fprintf(table, "  %s\t%s\t%s\t%s\t%s\n", family.Name, labels, orAbsent(then, told), orAbsent(present, tells), difference)
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	r.say("%s", strings.TrimSuffix(text.String(), "\n"))
	return nil
}

func orAbsent(v float64, told bool) string {
	if !told {
		return "absent"
	}
	return fmt.Sprintf("%g", v)
}

// overall are values added up over repositories.
func overall(values map[string]float64) map[string]float64 {
	sums := map[string]float64{}
	for labels, v := range values {
		var rest []string
		for _, pair := range split(labels) {
			if name, _, _ := strings.Cut(pair, "="); name != "repository" && name != "repository_id" {
				rest = append(rest, pair)
			}
		}
		sums[strings.Join(rest, ",")] += v
	}
	return sums
}

// split splits labels as rendered makes them.
func split(labels string) []string {
	var pairs []string
	for labels != "" {
		open := strings.IndexByte(labels, '"')
		end := open + 1
		for ; labels[end] != '"'; end++ {
			if labels[end] == '\\' {
				end++
			}
		}
		pairs = append(pairs, labels[:end+1])
		labels = strings.TrimPrefix(labels[end+1:], ",")
	}
	return pairs
}
