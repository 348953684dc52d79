package scapi

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// call spells the query for the rows from start to before end.
func (p plan) call(start, end int64) call {
	if p.target.dialect == RPC {
		module := "vuln"
		if p.query.Source == Events {
			module = "events"
		}
		k := action(module, "query", p.rpcInput(start, end))
		k.class = Analysis
		return k
	}
	return call{endpoint: "/analysis", class: Analysis,
		rest: restCall{Method: http.MethodPost, Path: "/analysis", Body: p.restBody(start, end)}}
}

type restAnalysis struct {
	Type       string    `json:"type"`
	SourceType string    `json:"sourceType"`
	Query      restQuery `json:"query"`
	SortField  string    `json:"sortField,omitempty"`
	SortDir    string    `json:"sortDir,omitempty"`
	// Versions differ in where they look for these two: here, or in the query.
	ScanID string `json:"scanID,omitempty"`
	View   string `json:"view,omitempty"`
}

type restQuery struct {
	Tool        string       `json:"tool"`
	Type        string       `json:"type"`
	StartOffset int64        `json:"startOffset"`
	EndOffset   int64        `json:"endOffset"`
	Filters     []wireFilter `json:"filters"`
	ScanID      string       `json:"scanID,omitempty"`
	View        string       `json:"view,omitempty"`
	*restQueryObject
}

// restQueryObject is what makes a query a whole object, as those that are saved
// and the web client's are. From 6.7 on consoles want it; before, nobody looks.
type restQueryObject struct {
	Name          string   `json:"name"`
	Description   string   `json:"description"`
	Context       string   `json:"context"`
	Status        int      `json:"status"` // -1: not saved
	CreatedTime   int      `json:"createdTime"`
	ModifiedTime  int      `json:"modifiedTime"`
	Groups        []string `json:"groups"`
	SourceType    string   `json:"sourceType"`
	SortColumn    string   `json:"sortColumn,omitempty"`
	SortDirection string   `json:"sortDirection,omitempty"`
	VulnTool      string   `json:"vulnTool,omitempty"`
}

func (p plan) restBody(start, end int64) restAnalysis {
	q := p.query
	kind, source := "vuln", string(q.Source)
	switch q.Source {
	case Mitigated:
		source = "patched"
	case Events:
		kind = "event"
	}
	body := restAnalysis{Type: kind, SourceType: source, Query: restQuery{
		Tool: q.Tool, Type: kind, StartOffset: start, EndOffset: end, Filters: p.filters,
	}}
	if q.Sort != "" {
		body.SortField, body.SortDir = q.Sort, strings.ToUpper(q.direction())
	}
	if q.Source == Individual {
		body.ScanID, body.View = q.ScanID, q.view()
		body.Query.ScanID, body.Query.View = body.ScanID, body.View
	}
	if !p.target.version.before(6, 7) {
		body.Query.restQueryObject = &restQueryObject{
			Status: -1, Groups: []string{}, SourceType: source, SortColumn: body.SortField, SortDirection: strings.ToLower(body.SortDir),
		}
		if kind == "vuln" {
			body.Query.VulnTool = q.Tool
		}
	}
	return body
}

type rpcQuery struct {
	Tool          string       `json:"tool"`
	SourceType    string       `json:"sourceType"`
	StartOffset   int64        `json:"startOffset"`
	EndOffset     int64        `json:"endOffset"`
	Filters       []wireFilter `json:"filters"`
	SortField     string       `json:"sortField,omitempty"`
	SortDir       string       `json:"sortDir,omitempty"`
	ScanID        string       `json:"scanID,omitempty"`
	DateDirectory string       `json:"dateDirectory,omitempty"`
	View          string       `json:"view,omitempty"`
}

func (p plan) rpcInput(start, end int64) rpcQuery {
	q := p.query
	input := rpcQuery{Tool: q.Tool, SourceType: string(q.Source), StartOffset: start, EndOffset: end, Filters: p.filters}
	if q.Source == Mitigated && !p.target.version.before(4, 6) {
		input.SourceType = "patched"
	}
	if p.target.version.before(4, 2) { // 4.0 has other names for two tools
		switch q.Tool {
		case "sumid":
			input.Tool = "sumplugin"
		case "sumprotocol":
			input.Tool = "sumprot"
		}
	}
	if q.Sort != "" {
		input.SortField, input.SortDir = q.Sort, q.direction()
	}
	if q.Source == Individual {
		input.ScanID, input.DateDirectory, input.View = q.ScanID, q.Directory.Format(time.DateOnly), q.view()
	}
	return input
}

func (q Query) direction() string {
	if q.Direction == "" {
		return string(Descending)
	}
	return string(q.Direction)
}

func (q Query) view() string {
	if q.View == "" {
		return "all"
	}
	return q.View
}

// malformed says that an answer to the query is not what it should be.
func (p plan) malformed(what string) error {
	return &Error{
		Call: p.call(0, 0).name(p.target.dialect),
		Err:  fmt.Errorf("%w: tool %s: %s", ErrMalformed, p.query.Tool, what),
	}
}
