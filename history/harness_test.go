package history_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/history"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/testmain"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestMain(m *testing.M) { testmain.Run(m) }

const day = 24 * time.Hour

// now is the time on the simulated consoles, which stands still: what they keep does too.
var now = time.Date(2026, 11, 27, 15, 30, 10, 0, time.UTC)

// passing is the time on consoles whose clock goes on, in a bubble.
func passing() time.Time {
	return now.Add(time.Since(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)))
}

// dialects are a console of each protocol.
var dialects = map[string]sctest.Options{
	"REST": {Hosts: 40, Seed: 6}, "RPC": {Dialect: sctest.RPC, Hosts: 40, Seed: 4},
	"REST without totals": {Hosts: 40, Seed: 7, Quirks: sctest.Quirks{NoMatchingCount: true}},
}

// past is a simulated console whose past is rebuilt, in a bubble.
type past struct {
	t         *testing.T
	simulated *sctest.Server
	out       bytes.Buffer
	// breaks is after how many requests the console is out of reach; 0: never.
	breaks int
	// says changes what it answers.
	says     func(string) string
	policies []config.SLA
}

// on runs a test with a console.
func on(t *testing.T, o sctest.Options, test func(*past)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		if o.Now == nil {
			o.Now = func() time.Time { return now }
		}
		test(&past{t: t, policies: policies, simulated: sctest.StartPipe(t, o)})
	})
}

// RoundTrip implements http.RoundTripper.
func (p *past) RoundTrip(r *http.Request) (*http.Response, error) {
	if p.breaks == 1 {
		return nil, errors.New("no route to host")
	}
	if p.breaks > 1 {
		p.breaks--
	}
	response, err := p.simulated.Transport().RoundTrip(r)
	if err != nil || p.says == nil {
		return response, err
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if err := response.Body.Close(); err != nil {
		return nil, err
	}
	text := p.says(string(body))
	response.Body, response.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
	response.Header.Del("Content-Length")
	return response, nil
}

var policies = []config.SLA{
	{Name: "vendor", Basis: "first_seen", Days: map[string]int{"critical": 7, "high": 30, "medium": 60, "low": 180}},
	{Name: "patch", Basis: "patch_published", Days: map[string]int{"critical": 14, "high": 14}},
}

func (p *past) settings(col *collector.Collector) collector.Settings {
	s := collector.Settings{}
	s.Enabled, s.Own = true, map[string]any{}
	for _, k := range col.Keys {
		s.Own[k.Name] = k.Default
	}
	if col.SLA {
		s.SLA = p.policies
	}
	return s
}

// options rebuild some days into a new folder.
func (p *past) options(days int) history.Options {
	return history.Options{Span: time.Duration(days) * day, Step: day, Job: "securitycenter", Dir: p.t.TempDir()}
}

// run rebuilds as a process of its own would.
func (p *past) run(o history.Options) error {
	reached := console.Options{Name: "hq"}
	for _, a := range p.simulated.Options().Accounts {
		reached.Accounts = append(reached.Accounts, console.AccountOptions{
			Name: a.Username, Options: scapi.Options{URL: p.simulated.URL, Transport: p, Credentials: func() (scapi.Credentials, error) {
				return scapi.Credentials{Username: a.Username, Password: a.Password}, nil
			}},
		})
	}
	c, err := console.New(reached)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = c.Close(context.Background()) }() // it may be out of reach
	p.out.Reset()
	o.Out = &p.out
	o.Consoles = []history.Console{{Console: findings.New(c), Labels: map[string]string{"environment": `"lab"`}, Settings: p.settings}}
	return history.Run(p.t.Context(), o)
}

// must rebuilds, and returns the files.
func (p *past) must(o history.Options) map[string]string {
	p.t.Helper()
	if err := p.run(o); err != nil {
		p.t.Fatal(err)
	}
	return files(p.t, o.Dir)
}

// files are the texts of the files for Prometheus, by name.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.om"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(path)] = string(text)
	}
	return all
}

// sample is a value at a time.
type sample struct {
	at    time.Time
	value float64
}

var pair = regexp.MustCompile(`\w+="(?:[^"\\]|\\.)*"`)

// key names a series, whatever the order of its labels.
func key(family string, pairs ...string) string {
	pairs = slices.Clone(pairs)
	slices.Sort(pairs)
	return family + "{" + strings.Join(pairs, ",") + "}"
}

// samples reads the files by series, in the order of time.
func samples(t *testing.T, files map[string]string) map[string][]sample {
	t.Helper()
	all := map[string][]sample{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		text, ended := strings.CutSuffix(files[name], "# EOF\n")
		if !ended {
			t.Errorf("%s has no end", name)
		}
		series := map[string]string{}
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "#") {
				continue
			}
			brace := strings.LastIndex(line, "}")
			rest := strings.Fields(line[brace+1:])
			value, err := strconv.ParseFloat(rest[0], 64)
			if err != nil {
				t.Fatal(err)
			}
			seconds, err := strconv.ParseInt(rest[1], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			text := line[:brace+1]
			if series[text] == "" {
				family, labels, _ := strings.Cut(text, "{")
				series[text] = key(family, pair.FindAllString(labels, -1)...)
			}
			all[series[text]] = append(all[series[text]], sample{time.Unix(seconds, 0).UTC(), value})
		}
	}
	return all
}
