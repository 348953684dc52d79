package config

import (
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// catalogue has the collectors that the example file names.
func catalogue() []Collector {
	var all []Collector
	for _, name := range []string{"system", "feeds", "plugins", "scanners", "repositories", "vulnerabilities", "scans"} {
		all = append(all, Collector{Name: name, Default: true, Interval: time.Hour})
	}
	return all
}

const examplePath = "../config.yml.example"

func TestTheExampleFileIsAcceptedAsItStands(t *testing.T) {
	c, err := Load(examplePath, catalogue())
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Consoles) != 1 || len(c.Consoles[0].Accounts) != 2 {
		t.Errorf("got %d consoles, want one with two accounts", len(c.Consoles))
	}
}

func TestTheExampleFileNamesEveryKey(t *testing.T) {
	text, err := os.ReadFile(examplePath)
	if err != nil {
		t.Fatal(err)
	}
	// An unknown key is answered with the known ones: one in every mapping
	// brings all of them to light.
	_, err = Parse([]byte(`zzz: 1
consoles:
  - zzz: 1
    accounts: [{zzz: 1}]
    http: {zzz: 1, tls_config: {zzz: 1}, http_headers: {X-A: {zzz: 1}}}
    repositories: {zzz: 1}
collectors: {system: {zzz: 1}}
sla: [{zzz: 1, days: {zzz: 1}}]
labels: {zzz: 1}
`), "config.yml", catalogue())
	var refused *Error
	if !errors.As(err, &refused) {
		t.Fatalf("unknown keys were not refused: %v", err)
	}
	mappings := 0
	for _, p := range refused.Problems {
		if p.Wrong != "is not a known key" {
			continue
		}
		mappings++
		for _, key := range strings.Split(strings.TrimPrefix(p.Expected, "one of "), ", ") {
			if !regexp.MustCompile(`(?m)[\s{-]` + key + `:`).Match(text) {
				t.Errorf("the example file does not name %s, a key beside %s", key, p.Path)
			}
		}
	}
	if mappings != 11 {
		t.Errorf("%d mappings refused their unknown key, want 11", mappings)
	}
}

func TestTheDeadlinesInTheExamplesCommentsAreAccepted(t *testing.T) {
	text, err := os.ReadFile(examplePath)
	if err != nil {
		t.Fatal(err)
	}
	live := strings.NewReplacer("  # - name: house", "  - name: house", "  #   basis", "    basis", "  #   days", "    days").Replace(string(text))
	c, err := Parse([]byte(live), examplePath, catalogue())
	if err != nil {
		t.Fatal(err)
	}
	if len(c.SLA) != 2 || c.SLA[1].Days["critical"] != 7 {
		t.Errorf("SLA = %v, want the policy house with 7 days for critical", c.SLA)
	}
}
