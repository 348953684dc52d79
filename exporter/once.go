package exporter

import (
	"bytes"
	"context"
	"io"
	"path/filepath"
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
	readings := e.Read(ctx)
	var errs []error
	var all []*dto.MetricFamily
	for _, r := range readings {
		families := r.gauges()
		if r.Err != nil {
			errs = append(errs, r.Err)
		}
		if file == "" {
			all = append(all, families...)
			continue
		}
		path := file
		if len(readings) > 1 {
			ext := filepath.Ext(file)
			path = strings.TrimSuffix(file, ext) + "-" + r.Console.Name() + ext
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
		page, err := exposition(Joined(all...))
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

// Joined makes one family of those with the same name, which may stand only
// once in an exposition, and sorts them by it. It changes the families.
func Joined(families ...*dto.MetricFamily) []*dto.MetricFamily {
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
