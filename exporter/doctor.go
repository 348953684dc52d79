package exporter

import (
	"context"
	"errors"
	"io"

	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/doctor"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/errlist"
)

// ErrWrong says that the doctor found something wrong on a console.
var ErrWrong = errors.New("something is wrong: see the report")

// Doctor examines every console of a configuration with all its accounts, within
// ctx, and writes what it found to w, in a format (table, md, json); and to the file
// public, if it is not empty, without anything of the site. The error is ErrWrong
// where something is wrong. Nothing but logins and reads is asked.
func Doctor(ctx context.Context, c *config.Config, refusals *console.Refusals, w io.Writer, format, public string) error {
	var reports []*doctor.Report
	for _, configured := range c.Consoles {
		r, err := examine(ctx, configured, refusals)
		if err != nil {
			return err
		}
		reports = append(reports, r)
	}
	if err := doctor.Write(w, format, reports); err != nil {
		return err
	}
	if err := doctor.WritePublic(public, reports); err != nil {
		return err
	}
	for _, r := range reports {
		if r.Wrong() {
			return ErrWrong
		}
	}
	return nil
}

func examine(ctx context.Context, c config.Console, refusals *console.Refusals) (r *doctor.Report, err error) {
	o, err := ConsoleOptions(c)
	if err != nil {
		return nil, err
	}
	o.Refusals = refusals
	loads, err := doctor.Loads(c, CollectorSettings, nil)
	if err != nil {
		return nil, err
	}
	s, err := doctor.Open(o)
	if err != nil {
		return nil, err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), logoutTimeout)
		defer cancel()
		err = errlist.Join(err, s.Close(ctx))
	}()
	return s.Examine(ctx, loads)
}
