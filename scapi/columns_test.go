package scapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/exhaustive"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// jsonRow is a row as encoding/json reads it: nil for what is no object, and of
// two columns with one name the last.
type jsonRow map[string]json.RawMessage

func jsonRowOf(raw []byte) jsonRow {
	var r jsonRow
	_ = json.Unmarshal(raw, &r) // what is no object has no columns
	return r
}

// of reads a column into a type of the wire, which reads it with encoding/json.
func of[T any, P interface {
	*T
	json.Unmarshaler
}](r jsonRow, name string) T {
	var v T
	if raw, ok := r[name]; ok {
		_ = P(&v).UnmarshalJSON(raw) // never fails
	}
	return v
}

func (r jsonRow) text(name string) string    { return string(of[wire.Str](r, name)) }
func (r jsonRow) known(name string) string   { return known(r.text(name)) }
func (r jsonRow) time(name string) time.Time { return of[wire.Epoch](r, name).Time() }
func (r jsonRow) int(name string) Opt[int64] { return optInt(of[wire.Int](r, name)) }
func (r jsonRow) float(name string) Opt[float64] {
	return optFloat(of[wire.Float](r, name))
}

// ref reads a reference.
func (r jsonRow) ref(name string) wire.Ref {
	var ref struct{ ID, Name wire.Str }
	if json.Unmarshal(r[name], &ref) != nil || !isJSONObject(r[name]) {
		return wire.Ref{ID: of[wire.Str](r, name)}
	}
	return wire.Ref(ref)
}

func isJSONObject(raw []byte) bool {
	return strings.HasPrefix(strings.TrimLeft(string(raw), " \t\r\n"), "{")
}

func (r jsonRow) severity(oldScale bool) Opt[Severity] {
	return severityOf(r.ref("severity"), oldScale)
}

func (r jsonRow) counts() Opt[Counts] {
	var counts Opt[Counts]
	for severity, names := range [][]string{{"severityInfo", "info"}, {"severityLow", "low"}, {"severityMedium", "medium"}, {"severityHigh", "high"}, {"severityCritical", "critical"}} {
		if n := firstOf(r.int(names[0]), r.int(names[1])); n.Valid {
			counts.Value[severity], counts.Valid = n.Value, true
		}
	}
	return counts
}

func (r jsonRow) list(name, between string) []string {
	raw, ok := r[name]
	if !ok {
		return nil
	}
	return several(raw, func(c rune) bool { return strings.ContainsRune(between, c) })
}

// vuln is what a finding must be.
func (r jsonRow) vuln(raw []byte, oldScale bool) Vuln {
	family, repository := refOf(r.ref("family"), r.ref("familyID")), refOf(r.ref("repository"), r.ref("repositoryID"))
	truth := func(name string) Opt[bool] { return optBool(of[wire.Bool](r, name)) }
	v := Vuln{
		PluginID: r.text("pluginID"), PluginName: r.text("pluginName"), FamilyID: family.ID, Family: known(family.Name), Severity: r.severity(oldScale),
		RepositoryID: repository.ID, Repository: repository.Name, IP: address(r.text("ip")), DNSName: r.known("dnsName"), NetBIOSName: r.known("netbiosName"),
		MACAddress: r.known("macAddress"), UUID: r.known("uuid"), HostUUID: r.known("hostUUID"), OS: r.known("operatingSystem"), Uniqueness: r.known("vulnUniqueness"),
		Port: r.int("port"), FirstSeen: r.time("firstSeen"), LastSeen: r.time("lastSeen"), Accepted: truth("acceptRisk"), Recast: truth("recastRisk"),
		AcceptComment: r.known("acceptRiskRuleComment"), RecastComment: r.known("recastRiskRuleComment"), Resurfaced: truth("hasBeenMitigated"), Exploitable: truth("exploitAvailable"),
		RiskFactor: r.known("riskFactor"), BaseScore: r.float("baseScore"), V3BaseScore: r.float("cvssV3BaseScore"), VPR: r.float("vprScore"), ACRScore: r.float("acrScore"),
		AssetExposureScore: r.float("assetExposureScore"), CVEs: r.list("cve", ",\n"), Xrefs: r.list("xref", ",\n"), CPEs: r.list("cpe", "\n"),
		Synopsis: r.text("synopsis"), Description: r.text("description"), Solution: r.text("solution"), SeeAlso: r.text("seeAlso"), Output: r.text("pluginText"),
		Published: r.time("vulnPubDate"), PatchPublished: r.time("patchPubDate"), PluginPublished: r.time("pluginPubDate"), EndOfLife: r.time("seolDate"), Raw: raw,
	}
	for i, ref := range v.Xrefs {
		v.Xrefs[i] = crossReference(ref)
	}
	if inner, tagged := strings.CutPrefix(strings.TrimSpace(v.Output), "<plugin_output>"); tagged {
		v.Output = strings.TrimSpace(strings.TrimSuffix(inner, "</plugin_output>"))
	}
	if v.PluginName == "" {
		v.PluginName = r.text("name")
	}
	switch v.Protocol = strings.ToUpper(r.text("protocol")); v.Protocol {
	case "1":
		v.Protocol = "ICMP"
	case "6":
		v.Protocol = "TCP"
	case "17":
		v.Protocol = "UDP"
	}
	return v
}

// host is what a host must be.
func (r jsonRow) host(raw []byte) Host {
	repository := refOf(r.ref("repository"), r.ref("repositoryID"))
	return Host{
		IP: address(r.known("ip")), UUID: r.known("uuid"), DNSName: r.known("dnsName"), NetBIOSName: r.known("netbiosName"), MACAddress: r.known("macAddress"),
		RepositoryID: repository.ID, RepositoryName: repository.Name, Score: r.int("score"), Total: r.int("total"), Counts: r.counts(), PolicyName: r.known("policyName"),
		PluginSet: of[wire.Stamp](r, "pluginSet").Time(), OSCPE: r.known("osCPE"), BIOSGUID: r.known("biosGUID"), TPMID: r.known("tpmID"), McAfeeGUID: r.known("mcafeeGUID"),
		LastAuthRun: r.time("lastAuthRun"), LastUnauthRun: r.time("lastUnauthRun"), Uniqueness: r.known("uniqueness"), HostUUID: r.known("hostUUID"),
		HostUniqueness: r.known("hostUniqueness"), ACRScore: r.float("acrScore"), AssetExposureScore: r.float("assetExposureScore"), Raw: raw,
	}
}

// cells are what the accessors of a row must say of a column.
type cells struct {
	Text  string
	Int   Opt[int64]
	Float Opt[float64]
	Time  time.Time
	Ref   Ref
}

func (r jsonRow) cells(name string) cells {
	n, whole := of[wire.Int](r, name).Get()
	f, number := of[wire.Float](r, name).Get()
	c := cells{Text: r.text(name), Int: Opt[int64]{n, whole}, Float: Opt[float64]{f, number}, Time: r.time(name)}
	c.Ref = refOf(r.ref(name), wire.Ref{})
	return c
}

// sameAsJSON reads a page of these rows in every way there is, and compares each
// row with what encoding/json reads in it alone.
func sameAsJSON(t *testing.T, rows []json.RawMessage) {
	t.Helper()
	page := []byte(`{"totalRecords":"7","results":[`)
	for i, raw := range rows {
		if i > 0 {
			page = append(page, ',')
		}
		page = append(page, raw...)
	}
	page = append(page, "]}"...)
	same := func(what string, raw []byte, got, want any) {
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%s %s\n(-encoding/json +read):\n%s", what, raw, cmp.Diff(want, got))
		}
	}
	wants, wantCells := make([]jsonRow, len(rows)), make([]map[string]cells, len(rows))
	for i, raw := range rows {
		wants[i], wantCells[i] = jsonRowOf(raw), map[string]cells{}
		for name := range wants[i] {
			wantCells[i][name] = wants[i].cells(name)
		}
	}
	for _, old := range []bool{false, true} {
		vulns := scanned(t, page, len(rows), newVulnReader(old, old, &templates[vulnTemplate]{ofPlugins: true}))
		plain := scanned(t, page, len(rows), plan{target: target{dialect: RPC, version: version{4, 2}}, query: Query{ReuseRaw: true}}.rowReaders()())
		if !old {
			plain = scanned(t, page, len(rows), plan{}.rowReaders()())
		}
		for i, raw := range rows {
			want := wants[i]
			same("finding", raw, vulns[i], want.vuln(raw, old))
			read := map[string]Row{"row": plain[i]}
			if i%4 == 0 { // each of its columns is looked for from the front
				read["row made by hand"] = Row{Raw: raw, oldScale: old}
			}
			for what, row := range read {
				same(what, raw, string(row.Raw), string(raw))
				var compact bytes.Buffer
				if err := json.Compact(&compact, raw); err != nil {
					t.Fatal(err)
				}
				same(what, raw, string(row.Compact()), compact.String())
				repository := refOf(want.ref("repository"), want.ref("repositoryID"))
				same(what, raw, []any{row.Severity(), row.Repository(), row.Counts()}, []any{want.severity(old), repository.ID, want.counts()})
				last := jsonRow{}
				names, values := row.Values(nil)
				for i, name := range names {
					last[name] = values[i]
				}
				if len(values) != len(names) || len(last) != len(want) {
					t.Fatalf("%s %s: %d values of %q", what, raw, len(values), names)
				}
				clear(last)
				for name, value := range row.Columns() {
					last[name] = value
				}
				if want == nil {
					want = jsonRow{}
				}
				same(what, raw, last, want)
				for name := range want {
					same(what, raw, row.Column(name), want[name])
					same(what, raw, cells{row.String(name), row.Int(name), row.Float(name), row.Time(name), row.Ref(name)}, wantCells[i][name])
				}
				same(what, raw, row.String("no such column"), "")
			}
		}
	}
	hosts := scanned(t, page, len(rows), newHostReader(false, new(templates[hostTemplate])))
	for i, raw := range rows {
		same("host", raw, hosts[i], jsonRowOf(raw).host(raw))
	}
}

func scanned[T any](t *testing.T, page []byte, rows int, read rowReader[T]) []T {
	t.Helper()
	in := wire.NewReader(page)
	var r results[T]
	r.scan(in, read)
	if r.err != nil || in.Err() != nil || !in.End() || len(r.rows) != rows {
		t.Fatalf("%d of %d rows of %s: %v, %v", len(r.rows), rows, page, r.err, in.Err())
	}
	return r.rows
}

func TestRowsOfSimulatedConsolesAreReadAsEncodingJSONDoes(t *testing.T) {
	t.Parallel()
	consoles := []sctest.Options{{}, {Version: "5.8.0"}, {Quirks: sctest.Quirks{NumbersAsNumbers: true}}, {Dialect: sctest.RPC}, {Dialect: sctest.RPC, Version: "4.2.0"}}
	for _, o := range exhaustive.Sample(consoles, 2) {
		for _, tool := range []string{"vulndetails", "listvuln", "sumip", "sumid", "sumasset", "sumclassc", "sumremediation"} {
			t.Run(fmt.Sprint(o.Dialect, " ", o.Version, " ", tool), func(t *testing.T) {
				o.Hosts = 30
				server := sctest.Start(t, o)
				c, err := New(Options{URL: server.URL, Credentials: func() (Credentials, error) {
					return Credentials{Username: "analyst", Password: "analyst-password"}, nil
				}})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = c.Logout(context.Background()) })
				rows, err := c.Query(t.Context(), Query{Tool: tool, Limit: 100})
				if err != nil || len(rows) == 0 {
					t.Fatalf("%d rows, %v", len(rows), err)
				}
				raws := make([]json.RawMessage, len(rows))
				for i, row := range rows {
					raws[i] = row.Raw
				}
				sameAsJSON(t, raws)
			})
		}
	}
}

func TestRecordedRowsAreReadAsEncodingJSONDoes(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("..", "..", "shared", "fixtures", "tenable-sc", "analysis-*.json"))
	if err != nil || len(files) == 0 {
		t.Skip("no recordings beside the project")
	}
	for _, file := range files {
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
			sameAsJSON(t, body.Response.Results)
		}
	}
}

// oddValues are values of every type, in places where another is usual.
var oddValues = []string{
	`"5"`, `5`, `-1`, `"-1"`, `0`, `1e3`, `5.0`, `"7.5"`, `" 9 "`, `12345678901234567890`, `"1545071370"`, `1545071370`, `"201812150336"`, `201812150336`, `"201813150336"`,
	`""`, `null`, `true`, `false`, `"Yes"`, `"no"`, `"1"`, `"0"`, `"TCP"`, `"6"`, `17`, `"udp"`, `"N/A"`, `"n\/a"`, `"192.0.2.1"`, `" 2001:db8::1 "`, `"10.0.0.300"`,
	`[]`, `{}`, `["a","b"]`, `["CVE-2020-1", 5, null, ["x"]]`, `"CVE-2020-1, CVE-2020-2,,N/A"`, `"CWE #200,IAVA #2020-A-0001"`, `"cpe:/a:x<br/>cpe:/o:y,z"`, `"a\nb\r\n\tc"`,
	`{"id":"3","name":"High"}`, `{"id":3,"name":"High","id":"2"}`, `{"name":"Low","ID":1}`, `{"id":-1,"name":"Individual Scan"}`, `{"id":{"id":"4"}}`, `{"id":null,"name":["x"]}`, `{"0":"a","1":"b"}`, `{"id":"N/A","name":"N/A"}`,
	`"caf\u00e9 \/ \"q\" \\ \ud83d\ude00"`, `"half \ud83d pair \udc00"`, "\"caf\xc3\xa9 \xff\xfe\"", "\"\\u00e9\xe9\"", `"<plugin_output>\n KB1 <br\/>\n<\/plugin_output>"`, `"  <plugin_output> not closed "`, `"plain"`,
	`[[[[[[{"a":[{}]}]]]]]]`, `"` + strings.Repeat("long text\\n", 200) + `"`, `"` + strings.Repeat("x", 5000) + `"`,
}

// oddNames are columns of findings and hosts, and such as nobody knows.
var oddNames = []string{
	"pluginID", "pluginName", "name", "family", "familyID", "severity", "repository", "repositoryID", "ip", "dnsName", "netbiosName", "macAddress", "uuid", "hostUUID", "operatingSystem",
	"vulnUniqueness", "port", "protocol", "firstSeen", "lastSeen", "acceptRisk", "recastRisk", "acceptRiskRuleComment", "recastRiskRuleComment", "hasBeenMitigated", "exploitAvailable", "riskFactor",
	"baseScore", "cvssV3BaseScore", "vprScore", "acrScore", "assetExposureScore", "cve", "xref", "cpe", "synopsis", "description", "solution", "seeAlso", "pluginText", "vulnPubDate", "patchPubDate",
	"pluginPubDate", "seolDate", "score", "total", "severityInfo", "severityLow", "severityMedium", "severityHigh", "severityCritical", "info", "low", "medium", "high", "critical", "policyName",
	"pluginSet", "osCPE", "biosGUID", "tpmID", "mcafeeGUID", "lastAuthRun", "lastUnauthRun", "uniqueness", "hostUniqueness", "count", "PluginID", "new column", "caf\\u00e9", `q\"uote`, "",
}

// oddRow makes up a row: mostly like the one before, in a way that guesses about it go wrong somewhere.
func oddRow(r *rand.Rand, before []string) []string {
	after := append([]string(nil), before...)
	value := func() string { return oddValues[r.IntN(len(oddValues))] }
	blank := func() string { return []string{"", "", "", " ", "\n\t"}[r.IntN(5)] }
	member := func() string {
		return blank() + `"` + oddNames[r.IntN(len(oddNames))] + `"` + blank() + ":" + blank() + value() + blank()
	}
	for range r.IntN(4) {
		switch r.IntN(4) {
		case 0:
			after = append(after, member())
		case 1:
			if len(after) > 0 {
				after[r.IntN(len(after))] = member()
			}
		case 2:
			if len(after) > 0 {
				i := r.IntN(len(after))
				after = append(after[:i], after[i+1:]...)
			}
		case 3:
			r.Shuffle(len(after), func(i, j int) { after[i], after[j] = after[j], after[i] })
		}
	}
	return after
}

func TestMadeUpRowsAreReadAsEncodingJSONDoes(t *testing.T) {
	t.Parallel()
	for _, seed := range exhaustive.Sample([]uint64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19}, 4) {
		r := rand.New(rand.NewPCG(seed, 1))
		var members []string
		for range 45 {
			members = oddRow(r, members)
		}
		rows := []json.RawMessage{json.RawMessage(`"no object"`), json.RawMessage(`7`), json.RawMessage(`[{"ip":"192.0.2.1"}]`)}
		for range 60 {
			if r.IntN(8) == 0 {
				rows = append(rows, rows[len(rows)-1]) // once more
				continue
			}
			members = oddRow(r, members)
			rows = append(rows, json.RawMessage("{"+strings.Join(members, ",")+"}"))
		}
		var wide []string
		for i := range maxColumns + 5 {
			wide = append(wide, fmt.Sprintf(`"column %d":"%d"`, i, i))
		}
		rows = append(rows, json.RawMessage("{"+strings.Join(append(wide, members...), ",")+"}"), rows[len(rows)-1])
		for _, raw := range rows {
			if !json.Valid(raw) {
				t.Fatalf("no JSON: %s", raw)
			}
		}
		sameAsJSON(t, rows)
	}
}

func FuzzRowsAgreeWithEncodingJSON(f *testing.F) {
	f.Add([]byte(`{"pluginID":"1","ip":"192.0.2.1","description":"a\nb","severity":{"id":"3"}}`), []byte(`{"pluginID":"1","ip":"192.0.2.1","description":"a\nc","severity":3}`))
	for _, value := range oddValues {
		f.Add([]byte(`{"pluginID":"1","cve":`+value+`,"repository":`+value+`,"total":`+value+`}`), []byte(`{"pluginID":"1","cve":`+value+`,"pluginSet":`+value+`,"pluginText":`+value+`}`))
	}
	f.Fuzz(func(t *testing.T, a, b []byte) {
		if !json.Valid(a) || !json.Valid(b) || len(a)+len(b) > 9000 {
			return
		}
		a, b = []byte(strings.Trim(string(a), " \t\r\n")), []byte(strings.Trim(string(b), " \t\r\n"))
		for _, raw := range [][]byte{a, b} {
			if raw[0] != '{' && wire.Empty(raw) { // no row
				return
			}
		}
		sameAsJSON(t, []json.RawMessage{a, b, a, a, b, b})
	})
}
