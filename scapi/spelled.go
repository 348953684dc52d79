package scapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
)

// Spelled is a query in the words of its console.
type Spelled struct {
	Call    string          // "POST /rest/analysis", "vuln::query"
	Body    json.RawMessage // of the first request: what the call is given
	Tool    string          // as this version calls it
	Source  string          // likewise: cumulative, patched, mitigated, individual, lce
	Filters []string        // likewise: "severity = 4", "pluginID <= 999999"
}

// Spell checks a query and spells it for the console, logging in if need be. It
// asks nothing.
func (c *Client) Spell(ctx context.Context, q Query) (Spelled, error) {
	p, err := c.plan(ctx, q)
	if err != nil {
		return Spelled{}, err
	}
	start, end := p.query.Offset, p.pageEnd(p.query.Offset)
	rpc, rest := p.rpcInput(start, end), p.restBody(start, end)
	s := Spelled{Call: p.call(start, end).name(p.target.dialect), Tool: rest.Query.Tool, Source: rest.SourceType}
	body := any(rest)
	if p.target.dialect == RPC {
		body, s.Tool, s.Source = rpc, rpc.Tool, rpc.SourceType
	}
	if s.Body, err = plainJSON(body); err != nil {
		return Spelled{}, fmt.Errorf("query: %w", err)
	}
	for _, f := range p.filters {
		value, err := plainJSON(f.Value)
		if text, ok := f.Value.(string); ok {
			value = json.RawMessage(text)
		}
		if err != nil {
			return Spelled{}, fmt.Errorf("query: filter %s: %w", f.Name, err)
		}
		s.Filters = append(s.Filters, fmt.Sprintf("%s %s %s", f.Name, f.Operator, value))
	}
	return s, nil
}

// plainJSON is v as JSON without the escapes that only HTML needs.
func plainJSON(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSpace(b.Bytes()), err
}
