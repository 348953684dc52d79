package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/securitycenter-exporter/securitycenter_exporter/doctor"
	"github.com/securitycenter-exporter/securitycenter_exporter/exporter"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/errlist"
)

// errWrong: doctor found something wrong.
var errWrong = errors.New("something is wrong: see the report")

func addDoctor(t *tree) {
	var format, report string
	cmd := command(t.app, "doctor", "Find out what works on a console, read-only and within minutes: the way to it, what each account may read, how every call is answered, which filters can be believed, "+
		"whether numbers that must be equal are, words that nobody has seen yet, and what a cycle of the exporter costs; each with what it means for which metrics, and what to do. "+
		"With a configuration file: all consoles, with all their accounts. The exit code is 1 if something is wrong, 0 if all is ok, limited or unknown.",
		"scctl --config.file config.yml doctor",
		"scctl --config.file config.yml --console hq doctor --format md --report report.md",
	)
	cmd.Flag("format", "How to write: table, md (Markdown), json.").Default("table").EnumVar(&format, "table", "md", "json")
	cmd.Flag("report", "Write the report once more to this file, as Markdown, without names, addresses, secrets, and numbers beyond their order of magnitude: ready to be pasted into a public issue.").
		PlaceHolder("FILE").StringVar(&report)
	t.runners[cmd.FullCommand()] = func(ctx context.Context, t *tree, s streams) (err error) {
		consoles, err := t.settings.examined(s)
		if err != nil {
			return &usageError{err}
		}
		var reports []*doctor.Report
		for _, c := range consoles {
			r, err := c.examine(ctx)
			if err != nil {
				return err
			}
			reports = append(reports, r)
		}
		if err := doctor.Write(s.out, format, reports); err != nil {
			return fmt.Errorf("write: %w", err)
		}
		if err := doctor.WritePublic(report, reports); err != nil {
			return err
		}
		for _, r := range reports {
			if r.Wrong() {
				return errWrong
			}
		}
		return nil
	}
}

func (x examined) examine(ctx context.Context) (r *doctor.Report, err error) {
	defer func() { err = errlist.Join(err, x.close(ctx)) }()
	loads, err := doctor.Loads(x.configured, exporter.CollectorSettings, nil)
	if err != nil {
		return nil, err
	}
	return x.Examine(ctx, loads)
}
