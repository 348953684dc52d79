package exporter

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/prometheus/common/model"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/errlist"
)

// Estimate loads every collector of every console once, within ctx, and writes
// a table to w, as comments of YAML: how many series each collector makes and
// leaves out, how many requests its first load took, and how many that would be
// in a day, which is an upper bound: logins, the check of filters and the search
// for the number of plugins are not repeated each time. What a collector lacks, and
// why, follows the table, and repositories that seem to be counted twice. The error says what could not be read.
func (e *Exporter) Estimate(ctx context.Context, w io.Writer) error {
	var errs []error
	var lacks []string
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "#\n# console\tcollector\tseries\tleft out\tanalysis requests\tother requests\tagain after\trequests a day, at most\ttook\t")
	for _, t := range e.all() {
		families, err := t.gather(ctx, nil)
		if err != nil {
			return err
		}
		var all estimate
		for _, s := range t.chosen(nil) {
			v := s.view()
			x := v.estimate()
			all.add(x)
			errs = append(errs, t.unread(v))
			for _, part := range v.missing {
				lacks = append(lacks, fmt.Sprintf("# missing: %s, %s: %s\n", t.console.Name(), v.collector.Name, strings.Join(strings.Fields(part), " ")))
			}
			state := ""
			switch h := v.health; {
			case !h.tried:
				state = "no answer in time"
			case h.notAllowed():
				state = "no account can read this"
			case h.failed():
				state = "failed"
			}
			fmt.Fprintf(table, "# %s\t%s\t%d\t%d\t%d\t%d\t%s\t%d\t%s\t%s\n", t.console.Name(), v.collector.Name,
				x.series, x.dropped, x.queries, x.others, model.Duration(v.interval), x.daily, v.health.duration.Round(time.Millisecond), state)
		}
		series := 0
		for _, f := range families {
			series += len(f.Metric)
		}
		fmt.Fprintf(table, "# %s\tall, with health\t%d\t%d\t%d\t%d\t\t%d\t\t\n", t.console.Name(), series, all.dropped, all.queries, all.others, all.daily)
	}
	for _, c := range e.copies() {
		lacks = append(lacks, "# counted twice? "+c.String()+"\n")
	}
	errs = append(errs, table.Flush())
	_, err := io.WriteString(w, strings.Join(lacks, ""))
	return errlist.Join(append(errs, err)...)
}

// estimate is what one load took, and would take in a day.
type estimate struct {
	series, dropped        int
	queries, others, daily int64
}

func (v view) estimate() estimate {
	x := estimate{series: v.series, dropped: v.dropped}
	x.queries, x.others = v.health.journal.Requests()
	x.daily = int64(float64(x.queries+x.others) * float64(24*time.Hour) / float64(max(v.interval, time.Second)))
	return x
}

func (x *estimate) add(y estimate) {
	x.series += y.series
	x.dropped += y.dropped
	x.queries += y.queries
	x.others += y.others
	x.daily += y.daily
}
