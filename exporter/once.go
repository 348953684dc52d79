package exporter

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/renameio/v2"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
)

// Once loads every collector of every console once, within ctx, and writes the
// metrics: to w, or, if file is not empty, to one file for every console, named
// file for a lone console and FILE-CONSOLE.EXT for several, for node_exporter's
// textfile collector. The label console tells the consoles apart. Counters are
// left out: they would start anew every time. The error says what could not be
// read or written; what could is written all the same.
func (e *Exporter) Once(ctx context.Context, w io.Writer, file string) error {
	targets := e.all()
	var errs []error
	for _, t := range targets {
		var page bytes.Buffer
		families, err := t.once(ctx)
		if err != nil {
			errs = append(errs, err)
		}
		for _, f := range families {
			if _, err := expfmt.MetricFamilyToText(&page, f); err != nil {
				return err
			}
		}
		if file == "" {
			if _, err := w.Write(page.Bytes()); err != nil {
				return err
			}
			continue
		}
		path := file
		if len(targets) > 1 {
			ext := filepath.Ext(file)
			path = strings.TrimSuffix(file, ext) + "-" + t.console.Name() + ext
		}
		if err := renameio.WriteFile(path, page.Bytes(), 0o644); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
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
		switch h := s.view().health; {
		case !h.tried:
			errs = append(errs, fmt.Errorf("console %s: collector %s: no answer in time", t.console.Name(), s.collector.Name))
		case h.failed():
			errs = append(errs, fmt.Errorf("console %s: collector %s: %w", t.console.Name(), s.collector.Name, h.err))
		}
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
	return labelled, errors.Join(errs...)
}
