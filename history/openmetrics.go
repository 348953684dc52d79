package history

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
)

// spacing is how far apart samples lie: closer than the five minutes after which
// Prometheus takes a series for stale.
const spacing = 4 * time.Minute

// escaped escapes a label's value and a help text.
var escaped = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// rendered are labels as OpenMetrics writes them, without braces.
func rendered(pairs func(yield func(name, value string) bool)) string {
	var text strings.Builder
	for name, value := range pairs {
		if text.Len() > 0 {
			text.WriteByte(',')
		}
		text.WriteString(name + `="` + escaped.Replace(value) + `"`)
	}
	return text.String()
}

// target are the labels that Prometheus puts onto every series of the console.
func (r *rebuilding) target() string {
	own := maps.Clone(r.console.Labels)
	if own == nil {
		own = map[string]string{}
	}
	own["job"], own["instance"] = r.o.Job, r.console.Name()
	return rendered(func(yield func(string, string) bool) {
		for _, name := range slices.Sorted(maps.Keys(own)) {
			if !yield(name, own[name]) {
				return
			}
		}
	})
}

// line is a series with everything but value and time, as OpenMetrics writes it.
func line(family, labels, target string) string {
	return family + "{" + strings.Trim(labels+","+target, ",") + "}"
}

// month is the beginning of the month of t.
func month(t time.Time) time.Time {
	t = t.UTC()
	return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
}

// write writes a file for every month that has a step, and returns their names. A file
// that is there is replaced when the new one is complete.
func (r *rebuilding) write(steps []step) (files []string, err error) {
	until := r.plan.Until
	for from := month(steps[0].At); from.Before(until); from = from.AddDate(0, 1, 0) {
		next := from.AddDate(0, 1, 0)
		if next.After(until) {
			next = until
		}
		path := filepath.Join(r.o.Dir, r.console.Name()+"-"+from.Format("2006-01")+".om")
		if err := r.writeMonth(path, steps, from, next); err != nil {
			return files, fmt.Errorf("write %s: %w", path, err)
		}
		files = append(files, path)
	}
	return files, nil
}

func (r *rebuilding) writeMonth(path string, steps []step, from, until time.Time) error {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.part")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(file.Name()) }() // where it got its name, there is nothing to remove
	defer file.Close()
	w := bufio.NewWriterSize(file, 1<<20)
	openMetrics(w, r.families, steps, from, until, r.plan.Until, r.target())
	if err := errors.Join(w.Flush(), file.Chmod(0o644), file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

// openMetrics writes what holds from a time until another, excluded: each step until the
// next, the last until the end of all.
func openMetrics(w *bufio.Writer, families []*collector.Family, steps []step, from, until, end time.Time, target string) {
	for _, family := range families {
		labels := map[string]bool{}
		for _, s := range steps {
			for of := range s.Samples[family.Name] {
				labels[of] = true
			}
		}
		if len(labels) == 0 {
			continue
		}
		fmt.Fprintf(w, "# HELP %s %s\n# TYPE %[1]s gauge\n", family.Name, escaped.Replace(family.Help))
		for _, of := range slices.Sorted(maps.Keys(labels)) {
			series := line(family.Name, of, target)
			for i, s := range steps {
				value, told := s.Samples[family.Name][of]
				if !told {
					continue
				}
				stands := end
				if i+1 < len(steps) {
					stands = steps[i+1].At
				}
				writeSamples(w, series, value, s.At, earlier(stands, until), from)
			}
		}
	}
	_, _ = w.WriteString("# EOF\n") // the writer keeps its first error
}

// writeSamples writes a value from at until an end, excluded, and only from a time on.
func writeSamples(w *bufio.Writer, series string, value float64, at, until, from time.Time) {
	text := " " + strconv.FormatFloat(value, 'g', -1, 64) + " "
	if skip := from.Sub(at); skip > 0 {
		at = at.Add((skip + spacing - 1).Truncate(spacing))
	}
	for ; at.Before(until); at = at.Add(spacing) {
		_, _ = w.WriteString(series)
		_, _ = w.WriteString(text)
		_, _ = w.WriteString(strconv.FormatInt(at.Unix(), 10))
		_ = w.WriteByte('\n')
	}
}

func earlier(a, b time.Time) time.Time {
	return slices.MinFunc([]time.Time{a, b}, time.Time.Compare)
}

// byName sorts families.
func byName(a, b *collector.Family) int { return cmp.Compare(a.Name, b.Name) }
