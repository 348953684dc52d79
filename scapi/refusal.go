package scapi

import (
	"errors"
	"net/http"
	"regexp"
	"strings"
)

// Refusal is what a console says that it does not know.
type Refusal struct {
	Of Refused
	// Name is the filter, the operator or the tool, as the console calls it; empty where it
	// names none.
	Name string
	// Filter is the filter that the refused operator or value belongs to, as far as it can be told.
	Filter string
}

// Refused is the kind of thing that a console does not know.
type Refused int

// The kinds of refusals.
const (
	RefusedFilter   Refused = iota + 1 // a filter
	RefusedOperator                    // an operator of a filter
	RefusedValue                       // a value of a filter, or its form
	RefusedTool                        // an analysis tool
	RefusedCall                        // the call itself
)

// phrasings are the words in which consoles say that they do not know something, as far as they
// have been seen: whole sentences of several releases, under error codes 143, 146 and others. The
// codes themselves say little: 143 also stands for a passing failure, and 146 for a missing
// permission. Groups named name and filter pick out what is meant.
var phrasings = []struct {
	of Refused
	*regexp.Regexp
}{
	// The operator '<=' is invalid for the filter 'pluginID'. · Operator "contains" is not recognized
	{RefusedOperator, phrasing(`\boperator Q(?P<name>[^Q]+)Q is UNKNOWN(?:.*?\bfilter Q(?P<filter>[^Q]+)Q)?`)},
	{RefusedOperator, phrasing(`\b(?:UNKNOWN) operator:? Q(?P<name>[^Q]+)Q(?:.*?\bfilter Q(?P<filter>[^Q]+)Q)?`)},
	// The value '0:x' of the filter 'firstSeen' is invalid. · The value for Filter "repository" contains …
	// Filter 'repository' should be an array of records
	{RefusedValue, phrasing(`\bvalue(?: Q[^Q]*Q)? (?:of|for)(?: the)? filter Q(?P<filter>[^Q]+)Q`)},
	{RefusedValue, phrasing(`\bfilter Q(?P<filter>[^Q]+)Q (?:should|must) (?:be|have|contain)\b`)},
	// The filter 'x' is invalid (valid filters: …) · Filter "x" is not recognized
	{RefusedFilter, phrasing(`\bfilter Q(?P<name>[^Q]+)Q is UNKNOWN`)},
	{RefusedFilter, phrasing(`\b(?:UNKNOWN) filter:? Q(?P<name>[^Q]+)Q`)},
	{RefusedTool, phrasing(`\btool Q(?P<name>[^Q]+)Q is UNKNOWN`)},
	{RefusedTool, phrasing(`\b(?:UNKNOWN) tool:? Q(?P<name>[^Q]+)Q`)},
	// Resource is not supported.
	{RefusedCall, phrasing(`\b(?:resource|module|action|method) (?:Q(?P<name>[^Q]+)Q )?is UNKNOWN`)},
	{RefusedCall, phrasing(`\b(?:UNKNOWN) (?:resource|module|action|method)\b`)},
}

// phrasing compiles a pattern in which Q is either quotation mark and UNKNOWN what means unknown.
func phrasing(pattern string) *regexp.Regexp {
	pattern = strings.ReplaceAll(pattern, "[^Q]", `[^'"]`)
	pattern = strings.ReplaceAll(pattern, "Q", `['"]`)
	pattern = strings.ReplaceAll(pattern, "UNKNOWN", `(?:invalid|unknown|unrecognized|unsupported|not (?:recognized|supported|valid|known))`)
	return regexp.MustCompile(`(?i)` + pattern)
}

// RefusalOf returns what err says that the console does not know: a filter, an operator, a value or
// a tool of a query, or the call itself, in any wording and under any error code that was seen. It
// also holds for a filter that was not sent because the console's version lacks it
// (ErrUnsupported). Other errors, refusals in words never seen among them, are none.
//
// A page of a web server in place of a call (HTTP 404 without an envelope) is RefusedCall without a
// name: only who knows that other calls are answered can tell that it means that.
func RefusalOf(err error) (Refusal, bool) {
	var lacking *unsupportedFilter
	if errors.As(err, &lacking) {
		return Refusal{Of: RefusedFilter, Name: lacking.name, Filter: lacking.name}, true
	}
	var e *Error
	if !errors.As(err, &e) {
		return Refusal{}, false
	}
	return e.refusal()
}

func (e *Error) refusal() (Refusal, bool) {
	if !e.envelope {
		if e.Status == http.StatusNotFound {
			return Refusal{Of: RefusedCall}, true
		}
		return Refusal{}, false
	}
	for _, p := range phrasings {
		m := p.FindStringSubmatch(e.words())
		if m == nil {
			continue
		}
		r := Refusal{Of: p.of, Filter: e.filterOf}
		if i := p.SubexpIndex("name"); i > 0 {
			r.Name = e.masked(m[i])
		}
		if i := p.SubexpIndex("filter"); i > 0 && m[i] != "" {
			r.Filter = e.masked(m[i])
		}
		switch r.Of {
		case RefusedFilter:
			r.Filter = r.Name
		case RefusedValue:
			r.Name = r.Filter
		}
		return r, true
	}
	return Refusal{}, false
}

// attributed completes an error of the query: a console that does not know an operator does not say of
// which filter, but the query tells where only one has it.
func (p plan) attributed(err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	r, ok := e.refusal()
	if !ok || r.Of != RefusedOperator || r.Filter != "" {
		return err
	}
	for _, f := range p.filters {
		if f.Operator != r.Name {
			continue
		}
		if e.filterOf != "" {
			e.filterOf = "" // it may be either
			break
		}
		e.filterOf = f.Name
	}
	return err
}

// permission are words of a console that does not let an account do something.
// No recording of such an answer exists, so any of them will do.
var permission = regexp.MustCompile(`(?i)permission|permitted|\baccess\b|privilege|not authorized|unauthorized|not allowed|administrator|forbidden`)

// passing are words of a console that could not do now what it knows how to do.
var passing = regexp.MustCompile(`(?i)database is locked|no response from showvulns`)

// sessionsTaken are words of a console whose user has all the sessions that he may have. Where it
// says so with releaseSession it needs none of them.
var sessionsTaken = regexp.MustCompile(`(?i)\b(?:maximum|limit|number|too many|simultaneous|concurrent|exceed(?:ed|s)?)\b.*\bsessions?\b|` +
	`\bsessions?\b.*\b(?:limit|maximum|exceed(?:ed|s)?|too many)\b|\balready logged in\b`)

// Codes of the envelope that mean something. Others are not documented.
const (
	codeNoResource   = 10 // "Resource is not supported."
	codeInvalidToken = 12
	codePermission   = 145 // by convention; no recording
	codeNoObject     = 147
)

// IsPermission reports whether the account may not make the call, while its session is fine.
func IsPermission(err error) bool {
	e, ok := refusalOf(err)
	if !ok || IsLoginRefused(err) {
		return false
	}
	switch e.Code {
	case codePermission:
		return true
	case codeInvalidToken, codeNoObject:
		return false
	}
	_, unknown := e.refusal()
	return !unknown && permission.MatchString(e.words())
}

// IsNotFound reports whether the object, or the path itself, does not exist.
func IsNotFound(err error) bool { return errors.Is(err, ErrNotFound) }

func (e *Error) notFound() bool {
	if e.Status == http.StatusNotFound {
		return true
	}
	message := strings.ToLower(e.words())
	return e.envelope && (e.Code == codeNoObject ||
		strings.Contains(message, "does not exist") || strings.Contains(message, "unable to find"))
}

// refusalOf returns the console's refusal of a call, made in an envelope.
func refusalOf(err error) (*Error, bool) {
	var e *Error
	ok := errors.As(err, &e) && e.envelope
	return e, ok
}
