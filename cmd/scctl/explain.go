package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/exporter"
	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

func addExplain(t *tree) {
	var text string
	var rows bool
	cmd := command(t.app, "explain", "How a number of the exporter's is asked for, what it is now, and the findings or hosts that it counts. "+
		"The same is asked as by the exporter: with a configuration file through all accounts of the console, with its policies, watches and owners; with a URL through one account, with the default policy.",
		`scctl explain 'securitycenter_vulnerabilities_overdue{severity="critical",sla="default"}'`,
		`scctl explain 'securitycenter_vulnerabilities_overdue{instance="hq",severity="critical",sla="default"}' --rows --format csv -o overdue.csv`,
		`scctl explain 'securitycenter_hosts_credentialed{result="failure",window="30d"}' --rows --fields ip,dnsName,repository`,
		`scctl explain securitycenter_vulnerabilities_exploitable`,
	)
	cmd.Arg("series", `A metric of the exporter's that counts findings, and labels, as they stand on /metrics: name{label="value",…}. instance names the console; `+
		"job and the labels of /sd are not looked at. Labels may be left out: where several series are left, they are listed.").Required().StringVar(&text)
	cmd.Flag("rows", "Write what is counted instead, a line each: findings with the columns of vulns, hosts, or plugins.").BoolVar(&rows)
	var wanted selector
	choose := func(c *config.Config) (instance string, err error) {
		if err = t.settings.output.onlyWithRows(rows); err == nil {
			wanted, err = parseSelector(text)
		}
		if err != nil {
			return "", err
		}
		return wanted.resolve(c)
	}
	columns := slices.Concat(vulnColumns().names(), hostColumns().names(), pluginRowColumns().names())
	slices.Sort(columns)
	t.tallying(cmd, slices.Compact(columns), choose, func(ctx context.Context, c *tallied) error {
		x, err := wanted.find(ctx, c, rows)
		if err != nil || x == nil {
			return err
		}
		if rows {
			return c.rows(ctx, x)
		}
		return c.explain(ctx, x)
	})
}

// onlyWithRows refuses flags that say how rows are written.
func (o *outputSettings) onlyWithRows(rows bool) error {
	if !rows && (o.format != "table" || len(o.fields) > 0 || o.raw) {
		return wrongUsage("--format, --fields and --raw go with --rows")
	}
	return nil
}

// selector is a series, or several that differ in labels which it does not name.
type selector struct {
	col    *collector.Collector
	family *collector.Family
	labels map[string]string
}

// parseSelector reads what a line of /metrics begins with.
func parseSelector(text string) (selector, error) {
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text + " 0\n"))
	if err != nil || len(families) != 1 || strings.ContainsAny(text, "\r\n") {
		why := "no metric"
		if err != nil {
			_, why, _ = strings.Cut(err.Error(), ": ")
		}
		return selector{}, wrongUsage(`%s: %s; want name{label="value",…}, with = alone`, text, why)
	}
	s := selector{labels: map[string]string{}}
	for name, f := range families {
		if s.col, s.family, err = familyOf(name); err != nil {
			return selector{}, err
		}
		for _, l := range labelsOf(f) {
			s.labels[l.GetName()] = l.GetValue()
		}
	}
	return s, nil
}

func labelsOf(f *dto.MetricFamily) []*dto.LabelPair {
	if len(f.Metric) == 0 {
		return nil
	}
	return f.Metric[0].Label
}

// familyOf returns the family of that name, and the collector that shows it.
func familyOf(name string) (*collector.Collector, *collector.Family, error) {
	var explained []string
	for _, col := range collector.All() {
		for _, f := range col.Families {
			switch {
			case col.Explains():
				explained = append(explained, f.Name)
			case f.Name == name:
				source := f.Source.REST
				if source == "" {
					source = f.Source.RPC
				}
				return nil, nil, wrongUsage("%s is not counted from findings: the collector %s reads it from %s", name, col.Name, source)
			}
			if f.Name == name {
				return col, f, nil
			}
		}
	}
	return nil, nil, wrongUsage("there is no metric %s that counts findings%s", name, didYouMean(name, explained))
}

// resolve takes the labels away that tell the target and not the series, and
// returns the console that they name. It refuses those that there are none of.
func (s selector) resolve(c *config.Config) (instance string, err error) {
	ignored := []string{"job", "instance"}
	if c != nil {
		for _, console := range c.Consoles {
			ignored = slices.AppendSeq(ignored, maps.Keys(console.Labels))
		}
		if instance, err = consoleNamed(s.labels["instance"], c); err != nil {
			return "", err
		}
	}
	for label, value := range s.labels {
		switch {
		case slices.Contains(s.family.Labels, label):
		case slices.Contains(ignored, label):
			delete(s.labels, label)
			continue
		default:
			return "", wrongUsage("%s has no label %s%s; it has %s", s.family.Name, label, didYouMean(label, s.family.Labels), strings.Join(s.family.Labels, ", "))
		}
		if label == "severity" {
			if _, err := parseSeverities(value); err != nil {
				return "", err
			}
		}
	}
	return instance, nil
}

// consoleNamed is the console that an instance is. The page /metrics has the
// exporter's own address as its instance, and shows the default console.
func consoleNamed(instance string, c *config.Config) (string, error) {
	if _, ok := c.Console(instance); ok || instance == "" {
		return instance, nil
	}
	if strings.Contains(instance, ":") {
		return "", nil
	}
	var known []string
	for _, console := range c.Consoles {
		known = append(known, console.Name)
	}
	return "", wrongUsage("instance %s: there is no such console%s; there are %s", instance, didYouMean(instance, known), strings.Join(known, ", "))
}

// matches reports whether a series has the labels that are named.
func (s selector) matches(values []string) bool {
	for i, label := range s.family.Labels {
		if want, named := s.labels[label]; named && values[i] != want {
			return false
		}
	}
	return true
}

// find returns the one series that is meant. Where several are, it lists them and
// returns none; that is an error where rows of one are wanted.
func (s selector) find(ctx context.Context, c *tallied, rows bool) (*collector.Explanation, error) {
	settings := exporter.CollectorSettings(c.configured, s.col, c.hashKey)
	all, missing, err := s.col.Explain(ctx, c.Console, settings, s.family)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.family.Name, err)
	}
	var found []*collector.Explanation
	for _, x := range all {
		if s.matches(x.Labels) {
			found = append(found, x)
		}
	}
	var list strings.Builder
	for _, x := range found {
		list.WriteString(x.Series() + "\n")
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) == 0 && len(missing) > 0:
		return nil, fmt.Errorf("%w: %s", errUntold, strings.Join(missing, "; "))
	case len(found) == 0:
		return nil, s.nothing(all)
	case rows:
		return nil, wrongUsage("--rows: %d series are meant, name more labels to leave one\n%s", len(found), list.String())
	}
	return nil, c.write(list.String())
}

// errUntold: the console cannot tell a number.
var errUntold = errors.New("the console does not tell it")

// nothing says why no series has the labels.
func (s selector) nothing(all []*collector.Explanation) error {
	for i, label := range s.family.Labels {
		want, named := s.labels[label]
		var values []string
		for _, x := range all {
			if !slices.Contains(values, x.Labels[i]) {
				values = append(values, x.Labels[i])
			}
		}
		if !named || slices.Contains(values, want) || len(values) == 0 {
			continue
		}
		const most = 20
		near := didYouMean(want, values)
		if len(values) > most {
			values = append(values[:most], "…")
		}
		return fmt.Errorf("%s: no series with %s %q: %w%s; there are %s", s.family.Name, label, want, scapi.ErrNotFound, near, strings.Join(values, ", "))
	}
	return fmt.Errorf("%s: no series with these labels: %w; what there is depends on the settings of the collector %s", s.family.Name, scapi.ErrNotFound, s.col.Name)
}

// explain writes how the number is asked for, and what it is now.
func (c *tallied) explain(ctx context.Context, x *collector.Explanation) error {
	value, missing, err := x.Value(ctx)
	if err != nil {
		return err
	}
	requests, err := x.Requests(ctx)
	if err != nil {
		return err
	}
	var b strings.Builder
	number := "absent"
	if value.Valid {
		number = strconv.FormatFloat(value.Value, 'f', -1, 64)
	}
	fmt.Fprintf(&b, "%s %s\n\n%s\n", x.Series(), number, x.Family.Help)
	for _, why := range missing {
		fmt.Fprintf(&b, "Absent: %s.\n", harmless(why, 1000))
	}
	switch {
	case len(requests) == 0 && value.Valid:
		source, err := c.source(ctx, x.Family)
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "\nNo findings are asked for: it comes from %s.\n", source)
	case len(requests) > 0:
		fmt.Fprintf(&b, "\n%s reads %s", c.Name(), x.Reads())
		if len(requests) > 1 {
			fmt.Fprintf(&b, " of %d answers, which it adds up", len(requests))
		}
		b.WriteString(":\n")
	}
	for _, r := range requests {
		if err := describeRequest(ctx, &b, r, x.TakesOff()); err != nil {
			return err
		}
	}
	if why := x.Family.Uncounted; why != "" {
		fmt.Fprintf(&b, "\nThere are no rows behind it: %s.\n", why)
	} else if value.Valid {
		b.WriteString("\nWhat is counted: the same with --rows.\n")
	}
	return c.write(b.String())
}

// source is where a family comes from on this console.
func (c *tallied) source(ctx context.Context, f *collector.Family) (string, error) {
	for _, a := range c.Accounts() {
		if dialect, err := a.Dialect(ctx); err != nil {
			return "", a.Wrap(err)
		} else if dialect == scapi.RPC {
			return f.Source.RPC, nil
		}
	}
	return f.Source.REST, nil
}

// describeRequest writes a request in the console's own words, and what is taken off
// with it, if it is.
func describeRequest(ctx context.Context, b *strings.Builder, r findings.Request, off string) error {
	spelled, err := r.Spelled(ctx)
	if err != nil {
		return r.Account.Wrap(err)
	}
	b.WriteString("\n")
	line := func(name, text string) { fmt.Fprintf(b, "  %-8s %s\n", name, harmless(text, 1<<16)) }
	if r.Minus {
		line("taken off", off)
	}
	line("account", r.Account.Name())
	line("data", spelled.Source)
	line("tool", spelled.Tool)
	name := "filters"
	for _, f := range spelled.Filters {
		line(name, f)
		name = ""
	}
	line("request", spelled.Call+" "+string(spelled.Body))
	return nil
}

// rows writes what the number counts.
func (c *tallied) rows(ctx context.Context, x *collector.Explanation) error {
	if why := x.Family.Uncounted; why != "" {
		return wrongUsage("--rows: there are no rows behind %s: %s", x.Family.Name, why)
	}
	value, missing, err := x.Value(ctx)
	switch {
	case err != nil:
		return err
	case !value.Valid:
		return fmt.Errorf("%w: %s", errUntold, strings.Join(missing, "; "))
	case x.CountsHosts():
		brief := []string{"ip", "dnsName", "repository", "repositoryID", "score", "total", "critical", "high", "medium", "low", "info"}
		return streaming(c.job, hostColumns(), brief, "hosts", x.Hosts(ctx))
	case x.CountsPlugins():
		return streaming(c.job, pluginRowColumns(), nil, "plugins", x.Plugins(ctx))
	}
	return streaming(c.job, vulnColumns(), briefVulns, "findings", x.Findings(ctx))
}
