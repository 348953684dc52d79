package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

func TestExpressionsKeepAllButRangesAndOffsets(t *testing.T) {
	for _, test := range []struct{ name, expr, want string }{
		{"a range", `rate(x[1h])`, `rate(x[10000ms])`},
		{"spaces in a range", `rate(x[ 1h30m ])`, `rate(x[10000ms])`},
		{"an offset", `x - x offset 1d`, `x - x offset 10000ms`},
		{"an offset into the future, in capitals", `x OFFSET -1w`, `x OFFSET -10000ms`},
		{"a range with an offset", `max_over_time(x[7d] offset 1d) > 7`, `max_over_time(x[10000ms] offset 10000ms) > 7`},
		{"a subquery", `max_over_time(x[1d:5m])`, `max_over_time(x[10000ms:1000ms])`},
		{"a subquery of default resolution", `max_over_time(x[1d:])`, `max_over_time(x[10000ms:1000ms])`},
		{"a threshold in seconds", `time() - x > 2 * 86400`, `time() - x > 2 * 86400`},
		{"a window that is a label", `x{window="7d"}`, `x{window="7d"}`},
		{"brackets in a matcher", `x{code=~"[45]..", a='offset 1d', b=` + "`[5m]`" + `}[5m]`, `x{code=~"[45]..", a='offset 1d', b=` + "`[5m]`" + `}[10000ms]`},
		{"a quote in a string", `x{a="\"[1h]"} offset 1h`, `x{a="\"[1h]"} offset 10000ms`},
		{"a comment", "x # [1h] offset 1d\n+ y[1h]", "x # [1h] offset 1d\n+ y[10000ms]"},
		{"names that hold the word", `my_offset 5`, `my_offset 5`},
		{"a horizon", `predict_linear(x[30d], 30 * 86400)`, `predict_linear(x[10000ms], 30 * 86400)`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := shortenExpr(test.expr, 10*time.Second)
			if err != nil || got != test.want {
				t.Errorf("got %s, %v, expected %s", got, err, test.want)
			}
		})
	}
}

func TestRulesThatCannotBeShortenedAreRefused(t *testing.T) {
	for _, test := range []struct{ name, file, want string }{
		{"a range that is computed", "groups: [{name: a, rules: [{record: b, expr: 'x[1h+5m]'}]}]", "line 1: expr: got the range [1h+5m], expected a plain duration"},
		{"a rule without an expression", "groups: [{name: a, rules: [{record: b}]}]", "line 1: the rule has no expr"},
		{"another kind of file", "rule_files: [a.yml]", "found no rules"},
		{"an empty file", "", "found no rules"},
		{"no YAML", "a: [", "line 1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := shorten([]byte(test.file), durations{time.Second, time.Second})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %s, %v, expected an error with %q", got, err, test.want)
			}
		})
	}
}

func TestArgumentsThatMakeNoSenseAreRefused(t *testing.T) {
	out, file := t.TempDir(), "../core.yml"
	for _, test := range []struct {
		name  string
		out   string
		short durations
		files []string
		want  string
	}{
		{"no folder", "", durations{0, time.Second}, []string{file}, "expected a folder"},
		{"no file", out, durations{0, time.Second}, nil, "at least one rule file"},
		{"a wait below 0", out, durations{-time.Second, time.Second}, []string{file}, "-for=-1s"},
		{"a window of 0", out, durations{0, 0}, []string{file}, "-window=0s"},
		{"a file that is not there", out, durations{0, time.Second}, []string{"absent.yml"}, "absent.yml"},
		{"a file that holds no rules", out, durations{0, time.Second}, []string{"../alertmanager.yml"}, "../alertmanager.yml: found no rules"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := run(test.out, test.short, test.files); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, expected an error with %q", err, test.want)
			}
		})
	}
}

// rule is what a rule file holds, for comparison.
type rule struct {
	Alert         string            `yaml:"alert"`
	Record        string            `yaml:"record"`
	Expr          string            `yaml:"expr"`
	For           string            `yaml:"for"`
	KeepFiringFor string            `yaml:"keep_firing_for"`
	Labels        map[string]string `yaml:"labels"`
	Annotations   map[string]string `yaml:"annotations"`
}

type ruleFile struct {
	Groups []struct {
		Name  string `yaml:"name"`
		Rules []rule `yaml:"rules"`
	} `yaml:"groups"`
}

var durationsOf = regexp.MustCompile(`\[\w+\]|offset \w+`)

func TestShippedRulesChangeInNothingButTheirDurations(t *testing.T) {
	out := filepath.Join(t.TempDir(), "rules", "short") // which it makes
	shipped := []string{"../limits.yml", "../recording.yml", "../core.yml", "../extended.yml"}
	if err := run(out, durations{2 * time.Second, 10 * time.Second}, shipped); err != nil {
		t.Fatal(err)
	}
	waits, windows := 0, 0
	for _, name := range shipped {
		before, after := readRules(t, name), readRules(t, filepath.Join(out, filepath.Base(name)))
		for i := range after.Groups {
			for j := range after.Groups[i].Rules {
				was, is := &before.Groups[i].Rules[j], &after.Groups[i].Rules[j]
				for key, wait := range map[string]string{"for": is.For, "keep_firing_for": is.KeepFiringFor} {
					if wait == "" {
						continue
					}
					waits++
					if wait != "2000ms" {
						t.Errorf("%s: %s is %s, expected 2000ms", is.Alert, key, wait)
					}
				}
				for _, window := range durationsOf.FindAllString(is.Expr, -1) {
					windows++
					if window != "[10000ms]" && window != "offset 10000ms" {
						t.Errorf("%s%s has %s, expected 10000ms", is.Alert, is.Record, window)
					}
				}
				was.For, is.For, was.KeepFiringFor, is.KeepFiringFor = "", "", "", ""
				was.Expr, is.Expr = durationsOf.ReplaceAllString(was.Expr, "…"), durationsOf.ReplaceAllString(is.Expr, "…")
			}
		}
		if diff := cmp.Diff(before, after); diff != "" {
			t.Errorf("%s changed otherwise (-was +is):\n%s", name, diff)
		}
	}
	if waits < 50 || windows < 20 {
		t.Errorf("saw %d waits and %d windows, expected at least 50 and 20: is the test still looking at the rules?", waits, windows)
	}
}

func readRules(t *testing.T, name string) ruleFile {
	t.Helper()
	body, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var rules ruleFile
	if err := yaml.Unmarshal(body, &rules); err != nil {
		t.Fatal(err)
	}
	return rules
}
