package doctor

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/recording"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// told is what an envelope says.
type told struct {
	Response json.RawMessage `json:"response"`
	Code     json.Number     `json:"error_code"`
	Message  string          `json:"error_msg"`
}

// envelope is what an exchange was answered; false: there is none.
func envelope(e recording.Exchange) (told, bool) {
	var t told
	return t, e.Answer != nil && json.Unmarshal(e.Answer, &t) == nil && t.Code != ""
}

// template is a call without ids.
func template(call string) string {
	parts := strings.Split(call, "/")
	for i := 1; i < len(parts); i++ {
		if _, err := strconv.ParseInt(parts[i], 10, 64); err == nil {
			parts[i] = "{id}"
		}
	}
	return strings.Join(parts, "/")
}

// asked is what became of one call.
type asked struct {
	times, answered, refused, broken int
	slowest                          float64
	most                             int64
	refusal                          string // the last
}

// calls tells how every call was answered, whoever asked it first.
func (x *examination) calls(r *recording.Recording) []Check {
	by := map[string]*asked{}
	for _, e := range r.Exchanges {
		rest := !strings.Contains(e.Call, "::")
		if rest != (r.Dialect == "rest") {
			continue // to find out what the console speaks
		}
		name := template(e.Call)
		if by[name] == nil {
			by[name] = &asked{}
		}
		by[name].note(e)
	}
	var checks []Check
	for _, name := range slices.Sorted(maps.Keys(by)) {
		a := by[name]
		c := Check{ID: "call." + name, Area: areaCalls, Name: name, Result: OK, Means: "The families of this call are absent: see docs/metrics.md, and what the collectors lack.",
			Do: "Nothing, if the console's version does not have the call or no account may make it; else send this report."}
		c.Found = fmt.Sprintf("%d times, answered %d, at most %.1f s and %s bytes", a.times, a.answered, a.slowest, magnitude(a.most))
		switch {
		case a.broken > 0 && a.answered == 0:
			c.Result, c.Found = Wrong, c.Found+"; no answer of a console: "+a.refusal
			c.Means = "Collectors that need this call fail, and keep what they last read."
		case a.answered == 0:
			c.Result, c.Found = Limited, c.Found+"; refused: "+a.refusal
		}
		checks = append(checks, c)
	}
	return append(checks, pages(r))
}

func (a *asked) note(e recording.Exchange) {
	a.times++
	a.slowest, a.most = max(a.slowest, e.Took), max(a.most, e.Bytes)
	switch t, ok := envelope(e); {
	case ok && t.Code == "0":
		a.answered++
	case ok:
		a.refused++
		a.refusal = fmt.Sprintf("status %d, code %s, %s", e.Status, t.Code, cmp.Or(strings.Join(strings.Fields(t.Message), " "), "no words"))
	case e.Status == 404:
		a.refused++
		a.refusal = "status 404, a page of the web server"
	default:
		a.broken++
		a.refusal = fmt.Sprintf("status %d, no envelope", e.Status)
	}
}

// pages tells whether pages of findings have the rows that they were asked for.
func pages(r *recording.Recording) Check {
	c := Check{ID: "call.pages", Area: areaCalls, Name: "rows of pages", Result: OK, Found: "no page has more rows than asked for",
		Means: "A page also holds rows of the next one, or what is none. No row is lost: the next page is asked for where this one was asked to end, and rows that come twice are dropped.",
		Do:    "Nothing."}
	odd := 0
	for _, e := range r.Exchanges {
		var in struct {
			Query                  struct{ StartOffset, EndOffset json.Number }
			StartOffset, EndOffset json.Number
			Tool                   string
		}
		if len(e.Input) == 0 || json.Unmarshal(e.Input, &in) != nil {
			continue
		}
		start, _ := cmp.Or(in.Query.StartOffset, in.StartOffset, "0").Int64()
		end, err := cmp.Or(in.Query.EndOffset, in.EndOffset).Int64()
		t, ok := envelope(e)
		var page struct{ Results []json.RawMessage }
		if err != nil || !ok || json.Unmarshal(t.Response, &page) != nil {
			continue
		}
		if int64(len(page.Results)) > end-start {
			odd++
		}
	}
	if odd > 0 {
		c.Result, c.Found = Limited, "pages have more rows than asked for"
	}
	return c
}

// objects calls f with every object of an answer, and the name of the field that it is in.
func objects(text json.RawMessage, f func(field string, object map[string]any)) {
	in := json.NewDecoder(strings.NewReader(string(text)))
	in.UseNumber()
	var v any
	if in.Decode(&v) != nil {
		return
	}
	var visit func(v any, field string)
	visit = func(v any, field string) {
		switch t := v.(type) {
		case map[string]any:
			f(field, t)
			for _, name := range slices.Sorted(maps.Keys(t)) {
				visit(t[name], name)
			}
		case []any:
			for _, e := range t {
				visit(e, field)
			}
		}
	}
	visit(v, "")
}

// words are texts that were found where words of the product stand, and are not known.
type words map[string]bool

func (w words) add(text string) { w[text] = true }

func (w words) String() string { return strings.Join(slices.Sorted(maps.Keys(w)), ", ") }

// lookup is a check of a vocabulary.
type lookup struct {
	id, name, means string
	calls           []string // that tell it
	look            func(unknown words, field string, object map[string]any)
}

func text(object map[string]any, field string) string {
	switch t := object[field].(type) {
	case string:
		return t
	case json.Number:
		return t.String()
	}
	return ""
}

// lookups are the vocabularies.
var lookups = []lookup{
	{"scan_status", "states of scans", "Scans in such a state count as other: securitycenter_scan_results{status=\"other\"}, and whether they succeeded is not known.",
		[]string{"GET /scanResult", "scanResult::getRange"}, func(unknown words, _ string, o map[string]any) {
			if _, result := o["importStatus"]; !result {
				return
			}
			if s := text(o, "status"); !collector.KnownScanStatus(s) {
				unknown.add(s)
			}
			if s := text(o, "importStatus"); !collector.KnownImportStatus(s) {
				unknown.add("import: " + s)
			}
		}},
	{"scanner_status", "status bits of scanners", "Scanners with such a bit have securitycenter_scanner_status{status=\"other\"}; whether they can scan is told by the other bits.",
		[]string{"GET /scanner", "scanner::init", "zone::init"}, func(unknown words, field string, o map[string]any) {
			n, err := strconv.ParseInt(text(o, "status"), 10, 64)
			if err != nil || field == "zones" {
				return
			}
			if bits := scapi.ScannerStatus(n).Unnamed(); bits != 0 {
				unknown.add(strconv.FormatInt(int64(bits), 10))
			}
		}},
	{"feeds", "names of feeds", "Such a feed has its own name in the label feed; alerts about feeds do not know it.",
		[]string{"GET /feed"}, func(unknown words, field string, o map[string]any) {
			if field != "response" {
				return
			}
			for name := range o {
				if !slices.Contains([]string{"active", "passive", "lce", "event", "industrial", "sc"}, name) {
					unknown.add(name)
				}
			}
		}},
	{"repository_types", "types of repositories", "Such a repository is not chosen by repositories: {types: […]}, and its size may be absent.",
		[]string{"GET /repository", "repository::init"}, func(unknown words, _ string, o map[string]any) {
			if _, repository := o["dataFormat"]; !repository {
				return
			}
			if s := strings.ToLower(text(o, "type")); !slices.Contains([]string{"", "local", "remote", "offline"}, s) {
				unknown.add(text(o, "type"))
			}
			if s := text(o, "dataFormat"); !slices.Contains([]string{"", "ipv4", "ipv6", "mobile", "agent", "universal"}, strings.ToLower(s)) {
				unknown.add("format: " + s)
			}
		}},
	{"plugin_types", "types of plugins", "Plugins of such a type are not counted by securitycenter_plugins.",
		[]string{"POST /analysis", "GET /pluginFamily", "vuln::query"}, func(unknown words, field string, o map[string]any) {
			if field != "family" {
				return
			}
			if s := text(o, "type"); !slices.Contains([]string{"", "active", "passive", "lce", "event", "compliance", "custom"}, s) {
				unknown.add(s)
			}
		}},
	{"types", "types of ids", "Nothing is lost: numbers are read as texts, and texts as numbers.",
		[]string{"GET /scanner", "GET /repository", "GET /zone", "GET /scanResult", "GET /scan"}, func(unknown words, field string, o map[string]any) {
			listed := field == "usable" || field == "manageable" || field == "response"
			if _, number := o["id"].(json.Number); listed && number {
				unknown.add("numbers where texts are usual")
			}
		}},
}

// vocabulary looks for words that nobody has seen yet.
func vocabulary(r *recording.Recording) []Check {
	unknown := map[string]words{} // by the lookups that somebody answered
	for _, e := range r.Exchanges {
		of := slices.DeleteFunc(slices.Clone(lookups), func(l lookup) bool { return !slices.Contains(l.calls, e.Call) })
		if len(of) == 0 {
			continue
		}
		t, ok := envelope(e)
		if !ok || t.Code != "0" {
			continue
		}
		for _, l := range of {
			if unknown[l.id] == nil {
				unknown[l.id] = words{}
			}
		}
		objects(e.Answer, func(field string, o map[string]any) {
			for _, l := range of {
				l.look(unknown[l.id], field, o)
			}
		})
	}
	var checks []Check
	for _, l := range lookups {
		found := unknown[l.id]
		if found == nil {
			continue // what nobody answers is told with the calls
		}
		c := Check{ID: "vocabulary." + l.id, Area: areaVocabulary, Name: l.name, Result: OK, Found: "nothing unknown", Means: l.means, Do: "Send this report."}
		if len(found) > 0 {
			c.Result, c.Found = Limited, "unknown: "+found.String()
		}
		checks = append(checks, c)
	}
	return append(checks, fields(r))
}

// fields compares what lists were asked for with what is in them.
func fields(r *recording.Recording) Check {
	missing := words{}
	admins := slices.ContainsFunc(r.Accounts, func(a recording.Account) bool { return a.Kind == "administrator" })
	for _, e := range r.Exchanges {
		if !admins && (e.Call == "GET /scanner" || e.Call == "GET /zone") {
			continue // others are told names only
		}
		wanted := e.Query["fields"]
		t, ok := envelope(e)
		if wanted == "" || !ok || t.Code != "0" {
			continue
		}
		there, some := map[string]bool{}, false
		names := strings.Split(wanted, ",")
		objects(t.Response, func(_ string, o map[string]any) {
			_, listed := o[names[0]]
			some = some || listed
			for name := range o { // also of objects inside: versions differ in where a field is
				there[name] = true
			}
		})
		for _, name := range names {
			if some && !there[name] {
				missing.add(template(e.Call) + " " + name)
			}
		}
	}
	c := Check{ID: "vocabulary.fields", Area: areaVocabulary, Name: "fields that are expected", Result: OK, Found: "all are there",
		Means: "What is told by such a field is absent.", Do: "Nothing, if the console's version is too old for it; else send this report."}
	if len(missing) > 0 {
		c.Result, c.Found = Limited, "not there: "+missing.String()
	}
	return c
}
