package sctest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// apiError is a refusal: an HTTP status (REST), and the code and message of the envelope.
type apiError struct {
	status, code int
	msg          string
}

func (e *apiError) Error() string { return e.msg }

// refuse makes an error of the console. Code 1 stands for refusals whose code nobody recorded.
func refuse(code int, format string, args ...any) *apiError {
	return &apiError{status: 403, code: code, msg: fmt.Sprintf(format, args...)}
}

// rawFilter is a filter as it came.
type rawFilter struct {
	FilterName string          `json:"filterName"`
	Operator   string          `json:"operator"`
	Value      json.RawMessage `json:"value"`
}

// text returns a filter's value that is a string or a number.
func (f rawFilter) text() string {
	var s string
	if json.Unmarshal(f.Value, &s) == nil {
		return strings.TrimSpace(s)
	}
	return strings.TrimSpace(string(f.Value))
}

// records returns the ids of a value that is an array of {"id":…}.
func (f rawFilter) records() ([]string, error) {
	var list []struct {
		ID scalar `json:"id"`
	}
	if err := json.Unmarshal(f.Value, &list); err != nil {
		return nil, refuse(146, "Filter '%s' should be an array of records", f.FilterName)
	}
	ids := make([]string, len(list))
	for i, r := range list {
		ids[i] = string(r.ID)
	}
	return ids, nil
}

// scalar accepts a JSON string, number or boolean and keeps its text.
type scalar string

func (s *scalar) UnmarshalJSON(b []byte) error {
	var text string
	if json.Unmarshal(b, &text) == nil {
		*s = scalar(text)
		return nil
	}
	if string(b) == "null" {
		return nil
	}
	*s = scalar(b)
	return nil
}

func (s scalar) number(def int) int {
	n, err := strconv.Atoi(strings.TrimSpace(string(s)))
	if err != nil {
		return def
	}
	return n
}

// span is a closed range of numbers.
type span struct{ lo, hi int64 }

func inSpans(spans []span, n int64) bool {
	return slices.ContainsFunc(spans, func(s span) bool { return n >= s.lo && n <= s.hi })
}

// parseSpans reads "1,5-9,12".
func parseSpans(text string) ([]span, bool) {
	var spans []span
	for _, part := range strings.Split(text, ",") {
		lo, hi, isRange := strings.Cut(strings.TrimSpace(part), "-")
		if !isRange {
			hi = lo
		}
		a, err1 := strconv.ParseInt(lo, 10, 64)
		b, err2 := strconv.ParseInt(hi, 10, 64)
		if err1 != nil || err2 != nil {
			return nil, false
		}
		spans = append(spans, span{a, b})
	}
	return spans, true
}

// apply adds the filters to the selection, as the console's version understands them.
func (c *Console) apply(s *selection, filters []rawFilter) error {
	last := map[string]rawFilter{} // one filter of a name; the last one counts
	var names []string
	for _, f := range filters {
		if _, ok := last[f.FilterName]; !ok {
			names = append(names, f.FilterName)
		}
		last[f.FilterName] = f
	}
	for _, name := range names {
		rule, ok := c.filterRules[name]
		if !ok {
			return c.invalidFilter("vuln", name, c.filterNames())
		}
		f := last[name]
		if f.Operator == "" {
			f.Operator = "="
		}
		if slices.Contains(c.o.RefuseOperators, f.Operator) || !strings.Contains(" "+rule.operators+" ", " "+f.Operator+" ") {
			return c.notRecognized("Operator", f.Operator, refuse(146, "Invalid parameters specified for vuln query.  The operator '%s' is invalid for the filter '%s'.", f.Operator, name))
		}
		if err := rule.add(s, f); err != nil {
			return err
		}
	}
	if c.o.Quirks.AcceptedHidden && last["acceptRiskStatus"].FilterName == "" && last["acceptedRisk"].FilterName == "" {
		s.tests = append(s.tests, func(f *finding) bool { return !f.accepted })
	}
	return nil
}

// invalidFilter is the console's refusal of a filter that it does not know; the two blanks are its own.
func (c *Console) invalidFilter(kind, name string, valid []string) error {
	return c.notRecognized("Filter", name, refuse(146, "Invalid parameters specified for %s query.  The filter '%s' is invalid (valid filters: %s).",
		kind, name, strings.Join(valid, ", ")))
}

// notRecognized is usual, or the words of a console that speaks 143.
func (c *Console) notRecognized(what, name string, usual *apiError) error {
	if !c.o.Quirks.Speaks143 {
		return usual
	}
	return refuse(143, "Unable to process Vuln Query.\nAn error occurred when building the vuln query command.\n%s \"%s\" is not recognized\n", what, name)
}

func (c *Console) filterNames() []string {
	names := make([]string, 0, len(c.filterRules))
	for name := range c.filterRules {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func badValue(f rawFilter) error {
	return refuse(146, "Invalid parameters specified for vuln query.  The value '%s' of the filter '%s' is invalid.", f.text(), f.FilterName)
}
