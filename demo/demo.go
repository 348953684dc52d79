// Package demo starts simulated consoles inside the process, so that anyone
// can try the exporter without a console, a file or a network.
package demo

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// The names of the consoles.
const (
	Current = "sc6" // Tenable Security Center 6, REST
	Old     = "sc4" // SecurityCenter 4, RPC
)

// Demo is a pair of simulated consoles, listening on 127.0.0.1.
type Demo struct {
	servers map[string]*sctest.Server
}

// Consoles returns what the simulated consoles are.
func Consoles() map[string]sctest.Options {
	return map[string]sctest.Options{
		Current: {Dialect: sctest.REST, Version: "6.4.0", Seed: 6, Hosts: 1200},
		Old:     {Dialect: sctest.RPC, Version: "4.8.1", Seed: 4, Hosts: 300, Repositories: 3},
	}
}

// Start starts the consoles. Close must be called.
func Start() (*Demo, error) {
	d := &Demo{servers: map[string]*sctest.Server{}}
	for name, o := range Consoles() {
		s, err := sctest.Listen(o)
		if err != nil {
			d.Close()
			return nil, fmt.Errorf("start simulated console %s: %w", name, err)
		}
		d.servers[name] = s
	}
	return d, nil
}

// Close stops the consoles.
func (d *Demo) Close() {
	for _, s := range d.servers {
		s.Close()
	}
}

// Config returns the configuration that exports the consoles, each with an
// administrator and an organisation account. known is as for config.Load.
func (d *Demo) Config(known []config.Collector) (*config.Config, error) {
	return Config(known, d.servers[Current].URL, d.servers[Old].URL)
}

// watches are questions of a user's own, to show what they look like.
const watches = `
watches:
  - {name: cisa-kev, xref: "CISA-KNOWN-EXPLOITED:*"}
  - {name: login-failures, plugins: [104410, 110385]}
  - {name: exploitable-criticals, filters: [{name: severity, value: "4"}, {name: exploitAvailable, value: "true"}]}
`

// owners are teams and their asset lists, of which SecurityCenter 4 takes one at a time:
// with a second owner it could not tell the hosts without one.
const owners = `
owners:
  - {name: windows, consoles: [%[1]s], assets: [2, 3]}
  - {name: linux, consoles: [%[1]s], assets: [4, 5]}
  - {name: network, consoles: [%[1]s], assets: [6]}
  - {name: windows, consoles: [%[2]s], assets: [3]}
`

// Config returns the configuration that exports consoles at these URLs. Data
// is read again often, because the simulated consoles can bear it, and every
// collector that a console can answer is on: its hosts are invented.
func Config(known []config.Collector, current, old string) (*config.Config, error) {
	var y strings.Builder
	y.WriteString("collectors:\n")
	for _, c := range collector.All() {
		fmt.Fprintf(&y, "  %s: {enabled: true, interval: 15s", c.Name)
		for key, value := range c.Demonstrated() {
			text, err := json.Marshal(value) // which YAML reads too
			if err != nil {
				return nil, fmt.Errorf("collector %s: %s: %w", c.Name, key, err)
			}
			fmt.Fprintf(&y, ", %s: %s", key, text)
		}
		y.WriteString("}\n")
	}
	y.WriteString(watches)
	fmt.Fprintf(&y, owners, Current, Old)
	y.WriteString("consoles:\n")
	for _, c := range []struct {
		name, url string
		api       scapi.API
		sameAs    string // a copy, to show what that looks like
	}{
		{Current, current, scapi.REST, "{id: 3, console: " + Old + ", repository: 2}"},
		{Old, old, scapi.RPC, "{id: 3, console: " + Current + ", repository: 1}"},
	} {
		var off []string // what such a console cannot tell
		for _, col := range collector.All() {
			if !col.On(c.api) {
				off = append(off, col.Name+": {enabled: false}")
			}
		}
		fmt.Fprintf(&y, `  - name: %s
    url: %s
    labels: {environment: demo}
    repositories: {same_as: [%s]}
    collectors: {%s}
    accounts:
      - {name: admin, username: %s, password: %s}
      - {name: analyst, username: %s, password: %s}
`, c.name, c.url, c.sameAs, strings.Join(off, ", "), sctest.AdminUsername, sctest.AdminPassword, sctest.AnalystUsername, sctest.AnalystPassword)
	}
	return config.Parse([]byte(y.String()), "", known)
}

// Describe tells a person where to look. base is the exporter's own URL.
func (d *Demo) Describe(w io.Writer, base string) error {
	_, err := fmt.Fprintf(w, `
This is a demonstration: the consoles are simulated, their hosts invented.

  %[1]s/                     what is exported, for people
  %[1]s/probe?target=%[2]s    a Tenable Security Center 6 (REST)
  %[1]s/probe?target=%[3]s    a SecurityCenter 4 (request.php)
  %[1]s/metrics              the exporter itself
  %[1]s/sd                   service discovery for Prometheus

The simulated consoles can be asked by any client:

  %[2]s  %[4]s/rest
  %[3]s  %[5]s/request.php
  accounts: %[6]s / %[7]s (administrator), %[8]s / %[9]s (organisation user)

Stop with Ctrl-C.

`, base, Current, Old, d.servers[Current].URL, d.servers[Old].URL,
		sctest.AdminUsername, sctest.AdminPassword, sctest.AnalystUsername, sctest.AnalystPassword)
	return err
}
