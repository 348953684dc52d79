package exporter

import (
	"context"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
)

// Opened is a console that is reached as an Exporter reaches it, and of which nothing is
// collected.
type Opened struct {
	*findings.Console
	config  config.Console
	hashKey []byte
}

// Labels are those that Prometheus puts onto the console's series, beside job and
// instance.
func (o *Opened) Labels() map[string]string { return o.config.Labels }

// Settings are those of a collector of the console.
func (o *Opened) Settings(col *collector.Collector) collector.Settings {
	return CollectorSettings(o.config, col, o.hashKey)
}

// Close logs all accounts out.
func (o *Opened) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), logoutTimeout)
	defer cancel()
	return o.Console.Close(ctx)
}

// Open loads the configuration and returns its consoles. It sends nothing. Each must be
// closed.
func (o Options) Open() ([]*Opened, error) {
	cfg, err := o.Load()
	if err != nil {
		return nil, err
	}
	hashKey, err := cfg.Labels.HashKey()
	if err != nil {
		return nil, err
	}
	large := console.NewLarge(largeAnswers)
	var all []*Opened
	for _, c := range cfg.Consoles {
		opened, err := o.open(c, large)
		if err != nil {
			return nil, err
		}
		all = append(all, &Opened{opened, c, hashKey})
	}
	return all, nil
}

// open makes a console of the configuration. It sends nothing.
func (o Options) open(cfg config.Console, large *console.Large) (*findings.Console, error) {
	reach := o.Reach
	if reach == nil {
		reach = ConsoleOptions
	}
	reached, err := reach(cfg)
	if err != nil {
		return nil, err
	}
	reached.Refusals, reached.Large, reached.Logger = o.Refusals, large, o.Logger
	for i := range reached.Accounts {
		a := &reached.Accounts[i]
		a.MaxBody = int64(cfg.MaxResponseBytes)
		a.Prefetch = -1 // one analysis query runs at a time, and pages take memory
		if o.Transport != nil {
			a.Transport = o.Transport(cfg.Name)
		}
	}
	c, err := console.New(reached)
	if err != nil {
		return nil, err
	}
	return findings.New(c), nil
}
