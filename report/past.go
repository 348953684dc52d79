package report

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
)

// Past is what Prometheus remembers of a console, by severity.
type Past struct {
	At      time.Time // the beginning of the window
	Then    State
	NowOpen map[string]float64 // what Prometheus takes for open now
}

// State are numbers of one time, by severity.
type State struct{ Open, Accepted, Recast, Reopened map[string]float64 }

// The expressions that Prometheus is asked for, at an end of the window: those of the
// recording rules, which need not be loaded.
var (
	openThen     = "sum by (job, instance, severity) (securitycenter_vulnerabilities)"
	acceptedThen = "sum by (job, instance, severity) (securitycenter_vulnerabilities_accepted)"
	recastThen   = "sum by (job, instance, severity) (securitycenter_vulnerabilities_recast)"
	reopenedThen = "sum by (job, instance, severity) (securitycenter_vulnerabilities_reopened)"
)

// Expressions are all that Prometheus is asked for.
func Expressions() []string { return []string{openThen, acceptedThen, recastThen, reopenedThen} }

// Memory is a Prometheus that scrapes the consoles.
type Memory struct {
	api      v1.API
	answered map[string]model.Vector // by expression and time: consoles share them
}

// NewMemory returns the Prometheus of that address, which is asked by the client.
func NewMemory(address string, client *http.Client) (*Memory, error) {
	c, err := api.NewClient(api.Config{Address: address, Client: client})
	if err != nil {
		return nil, err
	}
	return &Memory{v1.NewAPI(c), map[string]model.Vector{}}, nil
}

// Of asks for the past of a console, whose name is the label instance; a lone one may
// have another.
func (m *Memory) Of(ctx context.Context, console string, lone bool, now time.Time, days int) (*Past, error) {
	p := &Past{At: now.AddDate(0, 0, -days)}
	for _, question := range []struct {
		expression string
		at         time.Time
		to         *map[string]float64
	}{
		{openThen, now, &p.NowOpen}, {openThen, p.At, &p.Then.Open}, {acceptedThen, p.At, &p.Then.Accepted},
		{recastThen, p.At, &p.Then.Recast}, {reopenedThen, p.At, &p.Then.Reopened},
	} {
		vector, err := m.ask(ctx, question.expression, question.at)
		if err != nil {
			return nil, err
		}
		if *question.to, err = of(vector, console, lone); err != nil && question.expression == openThen {
			return nil, fmt.Errorf("at %s: %w", question.at.UTC().Format(moment), err)
		}
	}
	return p, nil
}

func (m *Memory) ask(ctx context.Context, expression string, at time.Time) (model.Vector, error) {
	key := at.UTC().String() + expression
	if v, known := m.answered[key]; known {
		return v, nil
	}
	value, warnings, _, err := m.api.Query(ctx, expression, at)
	if err != nil {
		return nil, err
	}
	if len(warnings) > 0 { // as of a store that is not reached: a sum may lack a part
		return nil, fmt.Errorf("it warns: %s", strings.Join(warnings, "; "))
	}
	vector, ok := value.(model.Vector)
	if !ok {
		return nil, fmt.Errorf("it answers with a %s, and not with a vector", value.Type())
	}
	m.answered[key] = vector
	return vector, nil
}

// errUnknown: Prometheus has nothing of the console.
var errUnknown = errors.New("it has no series")

// of are the values of a console by severity.
func of(v model.Vector, console string, lone bool) (map[string]float64, error) {
	targets := map[string][]string{} // jobs by instance
	for _, s := range v {
		instance, job := string(s.Metric["instance"]), string(s.Metric["job"])
		if !slices.Contains(targets[instance], job) {
			targets[instance] = append(targets[instance], job)
		}
	}
	instance := console
	if targets[console] == nil && lone && len(targets) == 1 {
		for only := range targets {
			instance = only
		}
	}
	switch jobs := targets[instance]; {
	case len(targets) == 0:
		return nil, errUnknown
	case len(jobs) == 0:
		return nil, fmt.Errorf("%w with the instance %s", errUnknown, console)
	case len(jobs) > 1:
		slices.Sort(jobs)
		return nil, fmt.Errorf("several jobs scrape the instance %s: %s", instance, strings.Join(jobs, ", "))
	}
	values := map[string]float64{}
	for _, s := range v {
		if string(s.Metric["instance"]) == instance {
			values[string(s.Metric["severity"])] = float64(s.Value)
		}
	}
	return values, nil
}
