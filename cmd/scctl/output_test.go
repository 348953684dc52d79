package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

func TestFieldsAreFoundInTheConsolesObject(t *testing.T) {
	i := &item{
		names:  []string{"severity", "last"},
		values: []any{"high", time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)},
		raw: json.RawMessage(`{"severity":"3","repository":{"id":"7","name":"Lab"},"source ip":"192.0.2.1","a.b":"dotted",
			"firstSeen":"1714521600","never":"-1","startTime":"text"}`),
	}
	for field, want := range map[string]string{
		"severity":       "high", // the item's own name comes before the console's
		"last":           "2024-05-01T12:00:00Z",
		"repository":     "Lab",
		"repository.id":  "7",
		"source ip":      "192.0.2.1",
		"a.b":            "dotted",
		"firstSeen":      "1714521600",
		"firstSeenDate":  "2024-05-01",
		"firstSeenTime":  "2024-05-01T00:00:00Z",
		"neverDate":      "",
		"startTime":      "text",
		"missing":        "",
		"missing.id":     "",
		"severity.inner": "",
	} {
		if got := text(i.value(field)); got != want {
			t.Errorf("%s: %q, want %q", field, got, want)
		}
	}
}

func TestWhatIsUnknownIsNullInJSONAndEmptyElsewhere(t *testing.T) {
	for _, v := range []any{opt(scapi.Opt[int64]{}), when(time.Time{}), seconds(scapi.Opt[time.Duration]{}), severityWord(scapi.Opt[scapi.Severity]{})} {
		b, err := jsonValue(v)
		if err != nil || string(b) != "null" || text(v) != "" {
			t.Errorf("%v: %s %v, text %q", v, b, err, text(v))
		}
	}
}

func TestATableIsHarmlessForATerminal(t *testing.T) {
	got := written(t, outputSettings{format: "table"}, `{"name":"evil\u001b]0;title\u0007\nname","long":"`+strings.Repeat("x", 200)+`","empty":""}`)
	want := "name               long\n" + "evil]0;title name  "
	if got != want+strings.Repeat("x", usualWidth-len("evil]0;title name  ")-1)+"…\n" {
		t.Errorf("%q", got)
	}
}

func TestALongOutputIsNotKept(t *testing.T) {
	for _, format := range []string{"table", "csv", "jsonl", "json"} {
		var b strings.Builder
		o := outputSettings{format: format}
		w := o.newWriter(&b, nil, nil)
		for range headSize + 3 {
			if err := w.write(&item{raw: json.RawMessage(`{"a":"` + strings.Repeat("x", 50) + `"}`)}); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.flush(); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(b.String(), strings.Repeat("x", 50)); n != headSize+3 {
			t.Errorf("%s: %d of %d records were written", format, n, headSize+3)
		}
		switch w := w.(type) {
		case *tableWriter:
			if w.kept != nil {
				t.Error("table keeps records")
			}
		case *csvWriter:
			if w.kept != nil {
				t.Error("csv keeps records")
			}
		}
	}
}

func TestFlagsThatDoNotGoTogetherAreRefused(t *testing.T) {
	environment(t, map[string]string{"SC_USERNAME": "u", "SC_PASSWORD": "p", "SC_URL": "http://127.0.0.1:1"})
	for _, args := range [][]string{
		{"zones", "--raw"},
		{"zones", "--raw", "--format", "json", "--fields", "id"},
		{"zones", "--csv.safe"},
		{"query", "sumip", "--asc"},
		{"query", "sumip", "--sort", "ip", "--asc", "--desc"},
		{"query", "sumip", "--scan", "1"},
		{"query", "sumip", "--source", "individual"},
		{"query", "sumip", "--source", "individual", "--scan", "1", "--directory", "yesterday"},
		{"query", "sumip", "-f", "severity"},
		{"query", "sumip", "-f", "asset={broken"},
		{"query", "sumip", "--limit", "-1"},
		{"query"},
		{"nonsense"},
		{"scans", "--start", "2024-05-02", "--end", "2024-05-01"},
		{"plugins", "--filter", "CVE"},
		{"raw", "GET", "/x", "--query", "novalue"},
		{"raw", "vuln", "init", "--query", "a=b"},
		{"raw", "GET", "/x", "--header", "novalue"},
		{"raw", "POST", "/x", "--body", "{"},
		{"asset", "update", "5"},
		{"credential", "update", "5"},
		{"--config.file", "x.yml", "--url", "http://127.0.0.1:1", "zones"},
		{"--console", "x", "zones"},
		{"--tls.cert-file", "x.pem", "zones"},
	} {
		fail(t, exitUsage, args...)
	}
}
