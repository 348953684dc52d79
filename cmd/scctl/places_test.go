package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/exhaustive"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// plainRow is a row as encoding/json reads it.
type plainRow struct {
	columns []string // that a table of it has
	values  map[string]json.RawMessage
}

func plainRowOf(t *testing.T, raw json.RawMessage) plainRow {
	t.Helper()
	var r plainRow
	if json.Unmarshal(raw, &r.values) != nil { // no object
		return r
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	for _, err := d.Token(); err == nil && d.More(); {
		name, err := d.Token()
		var value json.RawMessage
		if err != nil || d.Decode(&value) != nil {
			t.Fatalf("%s: %v", raw, err)
		}
		var reference struct{ ID, Name json.RawMessage }
		if value[0] == '{' && json.Unmarshal(value, &reference) == nil && reference.ID != nil && reference.Name != nil {
			r.columns = append(r.columns, name.(string)+".id", name.(string)+".name")
			continue
		}
		r.columns = append(r.columns, name.(string))
	}
	return r
}

// at follows a path.
func (r plainRow) at(path string) json.RawMessage {
	if value, there := r.values[path]; there {
		return value
	}
	key, rest, nested := strings.Cut(path, ".")
	var inner plainRow
	if !nested || json.Unmarshal(r.values[key], &inner.values) != nil {
		return nil
	}
	return inner.at(rest)
}

// text is what a field is as text.
func (r plainRow) text(field string) string {
	for _, path := range []string{field, strings.TrimPrefix(field, "raw.")} {
		if value := r.at(path); value != nil {
			return plainText(value)
		}
	}
	for suffix, layout := range map[string]string{"Date": "2006-01-02", "Time": "2006-01-02T15:04:05Z"} {
		if base, ok := strings.CutSuffix(strings.TrimPrefix(field, "raw."), suffix); ok {
			if seconds, err := strconv.ParseInt(plainText(r.at(base)), 10, 64); err == nil && seconds > 0 {
				return time.Unix(seconds, 0).UTC().Format(layout)
			}
		}
	}
	return ""
}

func plainText(value json.RawMessage) string {
	var text string
	var named struct{ Name any }
	var compact bytes.Buffer
	switch {
	case value == nil, string(value) == "null":
		return ""
	case json.Unmarshal(value, &text) == nil:
		return text
	case value[0] == '{' && json.Unmarshal(value, &named) == nil:
		if name, ok := named.Name.(string); ok {
			return name
		}
	}
	if err := json.Compact(&compact, value); err != nil {
		return "no JSON"
	}
	return compact.String()
}

// plainLines is what the rows have to be written as; the columns are those of the first of them, unless fields are given.
func plainLines(t *testing.T, rows []plainRow, first int, format string, safe bool, fields []string) string {
	t.Helper()
	columns := fields
	lines := make([][]string, 0, len(rows)+1)
	for n, row := range rows {
		for _, column := range row.columns {
			if fields == nil && n < first && !slices.Contains(columns, column) {
				columns = append(columns, column)
			}
		}
	}
	lines = append(lines, columns)
	for _, row := range rows {
		var line []string
		for _, column := range columns {
			line = append(line, row.text(column))
		}
		lines = append(lines, line)
	}
	var b strings.Builder
	between, end := ",", "\r\n"
	if format == "tsv" {
		between, end = "\t", "\n"
	}
	for _, line := range lines {
		for n, cell := range line {
			switch {
			case format == "tsv":
				cell = strings.NewReplacer("\\", `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`).Replace(cell)
			case safe && formula.MatchString(cell) && !number.MatchString(cell):
				cell = `"'` + strings.ReplaceAll(cell, `"`, `""`) + `"`
			case safe, strings.ContainsAny(cell, "\",;\r\n\t"), strings.TrimSpace(cell) != cell, cell == "" && len(line) == 1:
				cell = `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
			}
			if n > 0 {
				cell = between + cell
			}
			b.WriteString(cell)
		}
		b.WriteString(end)
	}
	if format == "csv" { // encoding/csv reads the same cells, but CR LF as LF
		read, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
		if err != nil {
			t.Fatalf("what is expected is no CSV: %v", err)
		}
		for i, line := range read {
			for n, cell := range line {
				want := strings.ReplaceAll(lines[i][n], "\r\n", "\n")
				if cell != want && cell != "'"+want {
					t.Fatalf("encoding/csv reads %q, not %q", cell, want)
				}
			}
		}
	}
	return b.String()
}

// rowsOf starts a console that gives the rows which are there to every question.
func rowsOf(t *testing.T, there *[]json.RawMessage) (url string) {
	t.Helper()
	console := sctest.New(sctest.Options{Hosts: 1})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/rest/analysis" {
			console.ServeHTTP(w, r)
			return
		}
		var asked struct {
			Query struct{ StartOffset, EndOffset int }
		}
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
			t.Error(err)
		}
		rows := *there
		page := rows[min(asked.Query.StartOffset, len(rows)):min(asked.Query.EndOffset, len(rows))]
		_, _ = fmt.Fprintf(w, `{"type":"regular","response":{"totalRecords":"%d","results":[`, len(rows))
		for n, raw := range page {
			if n > 0 {
				_, _ = io.WriteString(w, ", ")
			}
			_, _ = w.Write(raw)
		}
		_, _ = io.WriteString(w, `]},"error_code":0,"error_msg":"","warnings":[],"timestamp":1700000000}`)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// sameAsPlain compares what a query writes with what encoding/json reads in its rows, in every format that has lines of cells.
func sameAsPlain(t *testing.T, rows []json.RawMessage, fields []string, query ...string) {
	t.Helper()
	const page = 13 // more than one page, and one that is not full
	query = append(query, "--page-size", strconv.Itoa(page))
	if fields != nil {
		query = append(query, "--fields", strings.Join(fields, ","))
	}
	plain := make([]plainRow, len(rows))
	for n, raw := range rows {
		plain[n] = plainRowOf(t, raw)
	}
	for _, how := range []struct {
		format string
		safe   bool
	}{{"csv", false}, {"csv", true}, {"tsv", false}} {
		args := append(slices.Clone(query), "--format", how.format)
		if how.safe {
			args = append(args, "--csv.safe")
		}
		want, got := plainLines(t, plain, page, how.format, how.safe, fields), succeed(t, args...)
		for n := range max(len(want), len(got)) {
			if n >= len(want) || n >= len(got) || want[n] != got[n] {
				t.Fatalf("%s: byte %d\n%q, want\n%q", args, n, got[max(n-200, 0):min(n+100, len(got))], want[max(n-200, 0):min(n+100, len(want))])
			}
		}
	}
}

var (
	oddNames = []string{
		"ip", "pluginID", "repository", "severity", "firstSeen", "lastSeen", "firstSeenDate", "pluginText", "port", "raw", "raw.ip", "a", "a.b", "a.b.c", "repository.id", "caf\\u00e9", "q\\\"", "",
	}
	oddValues = []string{
		`"1545071370"`, `1545071370`, `"7"`, `-1`, `1e3`, `0`, `""`, `null`, `true`, `false`, `"plain"`, `"a, b"`, `"a;b"`, `" before"`, `"after "`, `" "`, `"\u00a0hard blank"`, `"a\tb"`, `"a\r\nb\nc\\d\/e"`,
		`"\"quoted\", \"twice\""`, `"\""`, `"=1+1"`, `"+3.25"`, `"-2+3"`, `"  @SUM(A1)"`, `"\uff1d1"`, `"'"`, `"x=1"`, `"\b\f\u0000\u001f"`, `"caf\u00e9 \ud83d\ude00"`, `"half \ud83d pair \udc00\ud83d\u0041"`, "\"caf\xc3\xa9 漢字\"", "\"bad \xff\xfe\"", "\"\\u00e9\xe9,\"",
		`{"id":"3","name":"Lab","description":""}`, `{"id":3,"name":"High, very","id":"2"}`, `{"ID":1,"Name":"x"}`, `{"id":null,"name":["x"]}`, `{"id":"4"}`, `{ "name" : "only \"this\"" }`, `{"b":{"c":"deep"}}`, `{"b":{"c":{"d":1}},"b.c":7}`,
		`{"firstSeen":"1545071370","firstSeenDate":"own"}`, `{}`, `[]`, `[1, "two", {"three" : 3}]`, `"` + strings.Repeat("long text, \\n", 50) + `"`,
	}
)

func TestMadeUpRowsAreWrittenAsEncodingJSONReadsThem(t *testing.T) {
	asAnalyst(t)
	var rows []json.RawMessage
	url := rowsOf(t, &rows)
	for _, seed := range exhaustive.Sample([]uint64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, 3) {
		r := rand.New(rand.NewPCG(seed, 2))
		var members []string
		member := func() string {
			blank := func() string { return []string{"", "", "", " ", "\n\t"}[r.IntN(5)] }
			return blank() + `"` + oddNames[r.IntN(len(oddNames))] + `"` + blank() + ":" + blank() + oddValues[r.IntN(len(oddValues))] + blank()
		}
		for range 12 {
			members = append(members, member())
		}
		fields := []string{"ip", "repository.id", "repository.name", "raw.ip", "raw.repository.name", "firstSeenDate", "raw.firstSeenTime", "lastSeenTime", "a.b", "a.b.c", "a.firstSeenDate", "raw.a.firstSeenTime", "pluginText"}
		// The first row has all that the fields name, for they are refused else.
		rows = []json.RawMessage{json.RawMessage(`{"ip":"192.0.2.1","repository":{"id":"1","name":"x"},"firstSeen":"1545071370","lastSeen":1545071370,"a":{"b":{"c":5},"firstSeen":"7"},"pluginText":"","raw":"r"}`)}
		for range 50 {
			switch r.IntN(6) { // mostly like the one before
			case 0:
				members = append(members, member())
			case 1, 2:
				members[r.IntN(len(members))] = member()
			case 3:
				if i := r.IntN(len(members)); len(members) > 1 {
					members = slices.Delete(members, i, i+1)
				}
			case 4:
				r.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
			}
			rows = append(rows, json.RawMessage("{"+strings.Join(members, ",")+"}"))
		}
		rows = append(rows, json.RawMessage(`"no object"`), json.RawMessage(`7`), rows[3])
		sameAsPlain(t, rows, nil, "--url", url, "query", "vulndetails")
		sameAsPlain(t, rows, fields, "--url", url, "query", "sumip")
		sameAsPlain(t, rows, []string{"ip"}, "--url", url, "query", "sumip")
	}
}

func TestRowsOfSimulatedConsolesAreWrittenAsEncodingJSONReadsThem(t *testing.T) {
	asAnalyst(t)
	for _, dialect := range dialects {
		console := sctest.Start(t, sctest.Options{Dialect: dialect, Hosts: 20, Plugins: 100})
		for _, tool := range []string{"vulndetails", "sumip", "sumid", "sumremediation"} {
			query := []string{"--url", console.URL, "query", tool, "--limit", "40"}
			var rows []json.RawMessage
			for line := range strings.Lines(succeed(t, append(query, "--format", "jsonl")...)) {
				rows = append(rows, json.RawMessage(line))
			}
			if len(rows) == 0 {
				t.Fatalf("%s: no rows of %s", dialect, tool)
			}
			sameAsPlain(t, rows, nil, query...)
		}
	}
}

func TestRecordedRowsAreWrittenAsEncodingJSONReadsThem(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "..", "shared", "fixtures", "tenable-sc", "analysis-*.json"))
	if err != nil || len(files) == 0 {
		t.Skip("no recordings beside the project")
	}
	asAnalyst(t)
	var rows []json.RawMessage
	url := rowsOf(t, &rows)
	seen := false
	for _, file := range exhaustive.Sample(files, 20) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var recorded struct {
			Response struct {
				Body string `json:"body_text"`
			}
		}
		var body struct {
			Response struct{ Results []json.RawMessage }
		}
		if err := json.Unmarshal(text, &recorded); err != nil {
			t.Fatal(file, err)
		}
		if json.Unmarshal([]byte(recorded.Response.Body), &body) == nil && len(body.Response.Results) > 0 {
			seen = true
			rows = body.Response.Results[:min(len(body.Response.Results), 20)]
			sameAsPlain(t, rows, nil, "--url", url, "query", "vulndetails")
		}
	}
	if !seen {
		t.Error("no rows among the recordings")
	}
}
