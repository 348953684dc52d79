package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestResultsWithoutRecordsHaveTheirNames(t *testing.T) {
	for _, dialect := range dialects {
		t.Run(dialect.String(), func(t *testing.T) {
			console := start(t, dialect)
			asAnalyst(t)
			base := []string{"--url", console.URL}
			nothing := []string{"-f", "ip=192.0.2.250"} // no host has it
			for _, c := range []struct {
				args                  []string
				table, csv, tsv, says string
			}{
				{append([]string{"query", "sumip", "--fields", "ip,total"}, nothing...), "ip  total\n", "ip,total\r\n", "ip\ttotal\n", ""},
				{append([]string{"vulns", "--fields", "ip,severity"}, nothing...), "ip  severity\n", "ip,severity\r\n", "ip\tseverity\n", ""},
				{[]string{"scans", "--start", "1999-01-01", "--end", "1999-01-02", "--fields", "id,name"}, "id  name\n", "id,name\r\n", "id\tname\n", ""},
				{append([]string{"query", "sumip"}, nothing...), "", "", "", "scctl: no rows, and so no columns: those of a query are the console's own (--fields names them)\n"},
			} {
				for format, want := range map[string]string{"table": c.table, "csv": c.csv, "tsv": c.tsv, "json": "[]\n", "jsonl": ""} {
					r := scctl(t, append(append(base, c.args...), "--format", format)...)
					says := c.says
					if strings.HasPrefix(format, "json") {
						says = ""
					}
					if r.code != exitDone || r.stdout != want || r.stderr != says {
						t.Errorf("%v %s: exit code %d, wrote %q, want %q, said %q", c.args, format, r.code, r.stdout, want, r.stderr)
					}
				}
				for _, format := range []string{"table", "csv", "tsv"} {
					if r := scctl(t, append(append(base, c.args...), "--format", format, "--no-header")...); r.stdout+r.stderr != "" {
						t.Errorf("%v %s without names: %q, said %q", c.args, format, r.stdout, r.stderr)
					}
				}
			}
			// The columns of a list are those that it would have.
			list := succeed(t, append(base, "scans", "--start", "1999-01-01", "--end", "1999-01-02", "--wide")...)
			if got, want := strings.Join(strings.Fields(list), ","), strings.Join(scanResultColumns().names(), ","); got != want {
				t.Errorf("names %q, want %q", got, want)
			}
		})
	}
}

func TestTSVIsALineForEachRecord(t *testing.T) {
	objects := []string{`{"a":"tab\there","b":"two\nlines\r\n","c":"back\\slash","d":"\"quoted\", comma","e":null}`, `{"a":" x ","e":7}`}
	want := "a\tb\tc\td\te\n" + `tab\there` + "\t" + `two\nlines\r\n` + "\t" + `back\\slash` + "\t" + `"quoted", comma` + "\t\n" + " x \t\t\t\t7\n"
	if got := written(t, outputSettings{format: "tsv"}, objects...); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	_, rest, _ := strings.Cut(want, "\n")
	if got := written(t, outputSettings{format: "tsv", bare: true}, objects...); got != rest {
		t.Errorf("without names: %q, want %q", got, rest)
	}
}

func TestTheNameOfTheFileSaysTheFormat(t *testing.T) {
	console := start(t, sctest.REST)
	asAnalyst(t)
	folder := t.TempDir()
	for name, format := range map[string]string{"x.csv": "csv", "x.tsv": "tsv", "x.json": "json", "x.jsonl": "jsonl", "x.txt": "table", "x": "table", "x.table": "table"} {
		path := filepath.Join(folder, name)
		succeed(t, "--url", console.URL, "repositories", "-o", path)
		want := succeed(t, "--url", console.URL, "repositories", "--format", format)
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v, want that of %s", name, got, err, format)
		}
	}
	path := filepath.Join(folder, "y.csv")
	succeed(t, "--url", console.URL, "repositories", "-o", path, "--format", "json")
	want := succeed(t, "--url", console.URL, "repositories", "--format", "json")
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%q, %v: --format does not come first", got, err)
	}
	succeed(t, "--url", console.URL, "repositories", "-o", path, "--csv.safe")
	fail(t, exitUsage, "--url", console.URL, "repositories", "--format", "json", "--no-header")
}
