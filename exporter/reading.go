package exporter

import (
	"context"
	"fmt"
	"slices"
	"sync"

	dto "github.com/prometheus/client_model/go"

	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/errlist"
)

// Reading is what one load of every collector brought of a console.
type Reading struct {
	// Console may be asked for more until the Exporter is closed.
	Console *findings.Console
	Config  config.Console
	// Families are those of a scrape, sorted by name.
	Families []*dto.MetricFamily
	// Answered is whether the console answered at all.
	Answered bool
	// Failures say in words why collectors brought nothing, or not all that they might
	// have; Missing which parts no account may read, or the console does not tell.
	Failures, Missing []Said
	Err               error // of all failures; nil: there is none
}

// Said is what is said of a collector.
type Said struct{ Collector, Text string }

// Read waits, within ctx, for the first load of every collector of every console, and
// returns what they brought, in the order of the configuration.
func (e *Exporter) Read(ctx context.Context) []Reading {
	targets := e.all()
	readings := make([]Reading, len(targets))
	var wg sync.WaitGroup
	for i, t := range targets {
		wg.Go(func() { readings[i] = t.read(ctx) })
	}
	wg.Wait()
	return readings
}

func (t *target) read(ctx context.Context) Reading {
	r := Reading{Console: t.console, Config: t.config()}
	r.Families, r.Err = t.gather(ctx, nil)
	var views []view
	for _, s := range t.chosen(nil) {
		v := s.view()
		views = append(views, v)
		if err := t.unread(v); err != nil {
			r.Err = errlist.Join(r.Err, err)
			r.Failures = append(r.Failures, Said{v.collector.Name, v.why()})
		}
		if v.health.notAllowed() {
			r.Missing = append(r.Missing, Said{v.collector.Name, v.why()})
		}
		for _, part := range v.missing {
			r.Missing = append(r.Missing, Said{v.collector.Name, part})
		}
	}
	r.Answered = answered(views)
	return r
}

// why says in one line how the last load of a collector failed.
func (v view) why() string {
	if !v.health.tried {
		return "no answer in time"
	}
	return firstLine(v.health.err.Error())
}

// unread says why the last load of a collector gave nothing; nil if it gave its
// metrics, or if no account may read them.
func (t *target) unread(v view) error {
	switch h := v.health; {
	case !h.tried:
		return fmt.Errorf("console %s: collector %s: no answer in time", t.console.Name(), v.collector.Name)
	case h.failed():
		return fmt.Errorf("console %s: collector %s: %w", t.console.Name(), v.collector.Name, h.err)
	}
	return nil
}

// gauges are the families of a reading without counters, with the label console.
func (r Reading) gauges() []*dto.MetricFamily {
	families := slices.DeleteFunc(slices.Clone(r.Families), func(f *dto.MetricFamily) bool {
		return f.GetType() != dto.MetricType_GAUGE
	})
	label, name := "console", r.Console.Name()
	labelled := make([]*dto.MetricFamily, len(families))
	for i, f := range families {
		labelled[i] = &dto.MetricFamily{Name: f.Name, Help: f.Help, Type: f.Type}
		for _, m := range f.Metric {
			pairs := append(slices.Clone(m.Label), &dto.LabelPair{Name: &label, Value: &name})
			labelled[i].Metric = append(labelled[i].Metric, &dto.Metric{Label: pairs, Gauge: m.Gauge})
		}
	}
	return labelled
}
