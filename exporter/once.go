package exporter

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/renameio/v2/maybe"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/errlist"
)

// Once loads every collector of every console once, within ctx, and writes the
// metrics: to w, all consoles in one exposition; or, if file is not empty, to
// one file for every console, named file for a lone console and
// FILE-CONSOLE.EXT for several, for node_exporter's textfile collector. The
// label console tells the consoles apart. Counters are left out: they would
// start anew every time. The error says what could not be read or written;
// what could is written all the same.
func (e *Exporter) Once(ctx context.Context, w io.Writer, file string) error {
	targets := e.all()
	var errs []error
	var all []*dto.MetricFamily
	for _, t := range targets {
		families, err := t.once(ctx)
		if err != nil {
			errs = append(errs, err)
		}
		if file == "" {
			all = append(all, families...)
			continue
		}
		path := file
		if len(targets) > 1 {
			ext := filepath.Ext(file)
			path = strings.TrimSuffix(file, ext) + "-" + t.console.Name() + ext
		}
		page, err := exposition(families)
		if err == nil {
			err = maybe.WriteFile(path, page, 0o644)
		}
		if err != nil {
			errs = append(errs, err)
		}
	}
	if file == "" {
		page, err := exposition(joined(all))
		if err == nil {
			_, err = w.Write(page)
		}
		if err != nil {
			errs = append(errs, err)
		}
	}
	return errlist.Join(errs...)
}

func exposition(families []*dto.MetricFamily) ([]byte, error) {
	var page bytes.Buffer
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(&page, f); err != nil {
			return nil, err
		}
	}
	return page.Bytes(), nil
}

// joined makes one family of those with the same name, which may stand only
// once in an exposition. It changes the families.
func joined(families []*dto.MetricFamily) []*dto.MetricFamily {
	var all []*dto.MetricFamily
	byName := map[string]*dto.MetricFamily{}
	for _, f := range families {
		if first := byName[f.GetName()]; first != nil {
			first.Metric = append(first.Metric, f.Metric...)
			continue
		}
		byName[f.GetName()] = f
		all = append(all, f)
	}
	sortFamilies(all)
	return all
}

// once waits for the first load of every collector and returns the families
// with the label console, without counters.
func (t *target) once(ctx context.Context) ([]*dto.MetricFamily, error) {
	families, err := t.gather(ctx, nil)
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, s := range t.chosen(nil) {
		errs = append(errs, t.unread(s.view()))
	}
	families = slices.DeleteFunc(families, func(f *dto.MetricFamily) bool {
		return f.GetType() != dto.MetricType_GAUGE
	})
	label, name := "console", t.console.Name()
	labelled := make([]*dto.MetricFamily, len(families))
	for i, f := range families {
		labelled[i] = &dto.MetricFamily{Name: f.Name, Help: f.Help, Type: f.Type}
		for _, m := range f.Metric {
			pairs := append(slices.Clone(m.Label), &dto.LabelPair{Name: &label, Value: &name})
			labelled[i].Metric = append(labelled[i].Metric, &dto.Metric{Label: pairs, Gauge: m.Gauge})
		}
	}
	return labelled, errlist.Join(errs...)
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
