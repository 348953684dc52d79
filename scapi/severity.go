package scapi

import "context"

// Severity is a finding's severity on the scale of SecurityCenter 4.4 and
// later. The 0–3 scale of 4.0 to 4.2 is translated to it.
type Severity int

// The severities, in the console's order.
const (
	Info Severity = iota
	Low
	Medium
	High
	Critical
)

// Severities lists all severities, Info first.
var Severities = [...]Severity{Info, Low, Medium, High, Critical}

// Severities returns the severities that the console knows, the lowest first:
// all, but for SecurityCenter 4.0 to 4.2, which have no Info. What they call low
// holds it, and their numbers of Info, which are 0 in Counts, mean nothing.
// Nothing is asked but what a login does.
func (c *Client) Severities(ctx context.Context) ([]Severity, error) {
	t, err := c.target(ctx)
	if err != nil {
		return nil, err
	}
	return t.severities(), nil
}

func (t target) severities() []Severity {
	first := Info
	if t.oldScale() {
		first = Low
	}
	return append([]Severity(nil), Severities[first:]...)
}

// String returns the lower-case word: info, low, medium, high, critical.
func (s Severity) String() string {
	if s < Info || s > Critical {
		return "unknown"
	}
	return [...]string{"info", "low", "medium", "high", "critical"}[s]
}

// Counts are numbers of findings, indexed by Severity. Info is 0 on a console
// that does not know it: see Client.Severities.
type Counts [5]int64

// Total is the sum over all severities.
func (c Counts) Total() int64 { return c[0] + c[1] + c[2] + c[3] + c[4] }

// Add returns c + o, severity by severity.
func (c Counts) Add(o Counts) Counts {
	for i := range c {
		c[i] += o[i]
	}
	return c
}

// Sub returns c - o, severity by severity; results may be negative.
func (c Counts) Sub(o Counts) Counts {
	for i := range c {
		c[i] -= o[i]
	}
	return c
}
