package sctest

import (
	"encoding/json"
	"strings"
)

// restQuestion reads the body of POST /analysis. Offsets and the scan may stand in the query or beside it.
func (x *exchange) restQuestion() (question, error) {
	type part struct {
		Tool        string          `json:"tool"`
		Type        string          `json:"type"`
		StartOffset *scalar         `json:"startOffset"`
		EndOffset   *scalar         `json:"endOffset"`
		Filters     json.RawMessage `json:"filters"`
		ScanID      scalar          `json:"scanID"`
		View        string          `json:"view"`
		ID          scalar          `json:"id"`
	}
	var in struct {
		part
		SourceType string `json:"sourceType"`
		SortField  string `json:"sortField"`
		SortDir    string `json:"sortDir"`
		WasVuln    string `json:"wasVuln"`
		Date       string `json:"date"`
		Query      part   `json:"query"`
	}
	if err := decode(x.body, &in); err != nil {
		return question{}, refuse(1, "Invalid request body.\n")
	}
	if err := x.wholeQuery(in.Type); err != nil {
		return question{}, err
	}
	offset := func(inner, outer *scalar, def int) int {
		if inner == nil {
			inner = outer
		}
		if inner == nil {
			return def
		}
		return inner.number(def)
	}
	q := question{kind: in.Type, tool: in.Query.Tool, source: in.SourceType, sortField: in.SortField,
		descending: strings.EqualFold(in.SortDir, "desc"), scanID: string(in.Query.ScanID), view: in.Query.View,
		start: offset(in.Query.StartOffset, in.StartOffset, 0), end: offset(in.Query.EndOffset, in.EndOffset, 50), date: in.Date}
	if q.scanID == "" {
		q.scanID, q.view = string(in.ScanID), in.View
	}
	filters := in.Query.Filters
	if in.Query.ID != "" {
		for _, saved := range x.c.savedQueries() {
			if saved["id"] == string(in.Query.ID) {
				q.tool = saved["tool"].(string)
				filters = phpJSON(saved["filters"])
			}
		}
	}
	if err := decode(filters, &q.filters); err != nil {
		return q, refuse(146, "Invalid filters.\n")
	}
	if in.WasVuln != "" {
		q.filters = append(q.filters, rawFilter{"wasVuln", "=", phpJSON(in.WasVuln)})
	}
	return q, nil
}

// wholeQuery refuses a query that lacks a part of what the web client sends, as consoles from 6.7 on do. In which words is not
// known.
func (x *exchange) wholeQuery(kind string) error {
	if !x.c.release.atLeast(6, 7) || kind != "vuln" && kind != "event" {
		return nil
	}
	var in struct{ Query fields }
	if decode(x.body, &in) != nil {
		return refuse(1, "Invalid request body.\n")
	}
	parts := []string{"name", "description", "context", "status", "createdTime", "modifiedTime", "groups", "type", "tool", "sourceType", "startOffset",
		"endOffset", "filters"}
	if kind == "vuln" {
		parts = append(parts, "vulnTool")
	}
	for _, part := range parts {
		if !in.Query.has(part) {
			return refuse(146, "Invalid parameters specified for %s query.  The parameter '%s' of the query is missing.", kind, part)
		}
	}
	return nil
}

// analysis is POST /analysis: for organisation users only, but for the log of the console.
func (x *exchange) analysis() (any, error) {
	q, err := x.restQuestion()
	if err != nil {
		return nil, err
	}
	if q.kind == "scLog" {
		return x.consoleLog(q)
	}
	if x.account.Administrator {
		return nil, x.forbidden()
	}
	switch q.kind {
	case "mobile":
		return x.mobile(q)
	case "event":
		if q.source != "lce" && q.source != "archive" {
			return nil, refuse(146, "Invalid parameters specified for event query.  The source type '%s' is invalid.", q.source)
		}
		got, chosen, err := x.c.eventAnswer(q, x.now.Unix())
		if err != nil {
			return nil, err
		}
		o := object{"totalRecords": got.total, "returnedRecords": len(got.rows), "startOffset": q.start, "endOffset": q.end,
			"matchingDataElementCount": scalar(got.matching).number(0), "results": got.list(),
			"startTime": chosen.from, "endTime": chosen.to}
		if q.tool == "sumtime" {
			o["startTime"] = epoch(chosen.from) // a text in this tool alone
		}
		return o, nil
	case "vuln":
	default:
		return nil, refuse(146, "Invalid parameters specified for query.  The type '%s' is invalid.", q.kind)
	}
	switch q.source {
	case "cumulative", "patched", "individual":
	default:
		return nil, refuse(146, "Invalid parameters specified for vuln query.  The source type '%s' is invalid.", q.source)
	}
	got, err := x.c.vulnerabilities(x.account, q, x.now.Unix())
	if err != nil {
		return nil, err
	}
	switch q.tool {
	case "iplist":
		return got.rows[0], nil
	case "trend":
		return object{"totalRecords": -1, "returnedRecords": -1, "startOffset": "0", "endOffset": "-1",
			"matchingDataElementCount": got.matching, "results": got.rows}, nil
	}
	switch quirks := x.c.o.Quirks; {
	case quirks.NoMatchingCount:
		got.matching = "-1"
	case quirks.WrongMatchingCount:
		got.matching = strings.Replace(got.matching, ":", "1:", 1)
	}
	return object{"totalRecords": epoch(int64(got.total)), "returnedRecords": len(got.rows), "startOffset": epoch(int64(q.start)),
		"endOffset": epoch(int64(q.end)), "matchingDataElementCount": got.matching, "results": got.list()}, nil
}

// list returns the rows; none are an empty array, not null.
func (a answer) list() []object {
	if a.rows == nil {
		return []object{}
	}
	return a.rows
}
