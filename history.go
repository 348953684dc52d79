package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/model"
	"golang.org/x/term"

	"github.com/securitycenter-exporter/securitycenter_exporter/history"
)

// pastSettings are the flags of the past that is rebuilt.
type pastSettings struct {
	span, step, pause model.Duration
	dir, until        string
	families          string
	job               string
	given             [6]bool // those beside span
}

// register declares the flags.
func (p *pastSettings) register(app *kingpin.Application) {
	app.Flag("history", "Rebuild the past of this length from dates that the consoles keep, write it for promtool tsdb create-blocks-from openmetrics, and exit: 0 if all could be, else 1. See docs/history.md.").PlaceHolder("365d").SetValue(&p.span)
	app.Flag("history.output", "With --history: folder for the files, one for each console and month, and for what is done: who is interrupted goes on where he was.").PlaceHolder("DIR").IsSetByUser(&p.given[0]).StringVar(&p.dir)
	app.Flag("history.step", "With --history: from one time that is rebuilt to the next; whole days on SecurityCenter 4.").Default("1d").IsSetByUser(&p.given[1]).SetValue(&p.step)
	app.Flag("history.until", "With --history: the end, as 2026-01-31T12:00:00Z: when Prometheus began to scrape. Default: three hours ago.").PlaceHolder("TIME").IsSetByUser(&p.given[2]).StringVar(&p.until)
	app.Flag("history.families", "With --history: metrics to rebuild, with commas between: "+strings.Join(history.Families(), ", ")+". Default: those whose collectors are on.").PlaceHolder("NAME,…").IsSetByUser(&p.given[3]).StringVar(&p.families)
	app.Flag("history.job", "With --history: the job of Prometheus that scrapes the consoles, as the label job has it.").Default("securitycenter").IsSetByUser(&p.given[4]).StringVar(&p.job)
	app.Flag("history.pause", "With --history: pause between two analysis requests.").Default("1s").IsSetByUser(&p.given[5]).SetValue(&p.pause)
}

// options are what the flags say; they are checked.
func (p *pastSettings) options() (history.Options, error) {
	o := history.Options{Span: time.Duration(p.span), Step: time.Duration(p.step), Pause: time.Duration(p.pause), Job: p.job, Dir: p.dir}
	if p.families != "" {
		o.Families = strings.Split(p.families, ",")
	}
	if p.dir == "" {
		return o, errors.New("--history: expected --history.output, a folder to write to")
	}
	if p.until != "" {
		var err error
		if o.Until, err = time.Parse(time.RFC3339, p.until); err != nil {
			return o, fmt.Errorf("--history.until %q: expected a time such as 2026-01-31T12:00:00Z", p.until)
		}
	}
	if err := o.Check(); err != nil {
		return o, fmt.Errorf("--history: %w", err)
	}
	return o, nil
}

// rebuild rebuilds the past of all consoles.
func rebuild(ctx context.Context, s *settings, stdout io.Writer, log *slog.Logger) error {
	o, err := s.past.options()
	if err != nil {
		return err
	}
	consoles, err := s.exporter.Open()
	if err != nil {
		return err
	}
	defer func() {
		for _, c := range consoles {
			if err := c.Close(); err != nil {
				log.Warn("Not all accounts could be logged out", "err", err)
			}
		}
	}()
	for _, c := range consoles {
		o.Consoles = append(o.Consoles, history.Console{Console: c.Console, Labels: c.Labels(), Settings: c.Settings})
	}
	o.Out = stdout
	file, ok := stdout.(*os.File)
	o.Terminal = ok && term.IsTerminal(int(file.Fd()))
	return history.Run(ctx, o)
}
