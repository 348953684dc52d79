package promql

import (
	"fmt"
	"maps"
	"slices"

	"github.com/prometheus/prometheus/promql/parser"
)

// labelsOf parses an expression and returns the labels that its result may
// have. The error tells every metric and label in it that does not exist.
func (n names) labelsOf(expression string) (map[string]bool, error) {
	e, err := parser.NewParser(parser.Options{}).ParseExpr(expression)
	if err != nil {
		return nil, err
	}
	c := &checker{names: n}
	labels := c.labels(e)
	if len(c.wrong) > 0 {
		return nil, fmt.Errorf("%s: %q", expression, c.wrong)
	}
	return labels, nil
}

type checker struct {
	names
	wrong []string
}

func (c *checker) refuse(format string, args ...any) {
	c.wrong = append(c.wrong, fmt.Sprintf(format, args...))
}

// labels returns the labels that the result of e may have, and notes what is
// wrong below it.
func (c *checker) labels(e parser.Expr) map[string]bool {
	switch e := e.(type) {
	case *parser.VectorSelector:
		return c.selector(e)
	case *parser.MatrixSelector:
		return c.labels(e.VectorSelector)
	case *parser.SubqueryExpr:
		return c.labels(e.Expr)
	case *parser.ParenExpr:
		return c.labels(e.Expr)
	case *parser.UnaryExpr:
		return c.labels(e.Expr)
	case *parser.StepInvariantExpr:
		return c.labels(e.Expr)
	case *parser.AggregateExpr:
		return c.aggregate(e)
	case *parser.BinaryExpr:
		return c.binary(e)
	case *parser.Call:
		return c.call(e)
	}
	return map[string]bool{} // numbers and texts
}

func (c *checker) selector(s *parser.VectorSelector) map[string]bool {
	if s.Name == "" {
		return c.family(s)
	}
	known, there := c.names[s.Name]
	if !there {
		c.refuse("no metric %s", s.Name)
		return map[string]bool{}
	}
	for _, m := range s.LabelMatchers {
		if !known[m.Name] {
			c.refuse("%s has no label %s", s.Name, m.Name)
		}
	}
	return maps.Clone(known)
}

// family is a selector of several metrics by a pattern of their names.
func (c *checker) family(s *parser.VectorSelector) map[string]bool {
	result := map[string]bool{}
	for _, m := range s.LabelMatchers {
		for name, known := range c.names {
			if m.Name == "__name__" && m.Matches(name) {
				maps.Copy(result, known)
			}
		}
	}
	if len(result) == 0 {
		c.refuse("no metric %s", s)
	}
	return result
}

func (c *checker) aggregate(a *parser.AggregateExpr) map[string]bool {
	if a.Param != nil {
		c.labels(a.Param)
	}
	below := c.labels(a.Expr)
	c.known(below, a.Grouping, "groups by")
	switch {
	case a.Op == parser.TOPK, a.Op == parser.BOTTOMK, a.Op == parser.LIMITK, a.Op == parser.LIMIT_RATIO:
		return below
	case a.Without:
		for _, l := range a.Grouping {
			delete(below, l)
		}
		return below
	}
	result := map[string]bool{}
	for _, l := range a.Grouping {
		result[l] = true
	}
	return result
}

func (c *checker) binary(b *parser.BinaryExpr) map[string]bool {
	left, right := c.labels(b.LHS), c.labels(b.RHS)
	if b.VectorMatching == nil {
		if b.LHS.Type() == parser.ValueTypeScalar {
			return right
		}
		return left
	}
	m := b.VectorMatching
	c.known(left, m.MatchingLabels, "matches on")
	c.known(right, m.MatchingLabels, "matches on")
	switch m.Card {
	case parser.CardOneToMany:
		c.known(left, m.Include, "includes")
		for _, l := range m.Include {
			right[l] = true
		}
		return right
	case parser.CardManyToOne:
		c.known(right, m.Include, "includes")
		for _, l := range m.Include {
			left[l] = true
		}
		return left
	case parser.CardManyToMany:
		if b.Op == parser.LOR {
			maps.Copy(left, right)
		}
		return left
	}
	if m.On { // one to one: what both are matched on is left
		on := map[string]bool{}
		for _, l := range m.MatchingLabels {
			on[l] = true
		}
		return on
	}
	return left
}

func (c *checker) call(call *parser.Call) map[string]bool {
	result := map[string]bool{}
	for _, argument := range call.Args {
		maps.Copy(result, c.labels(argument))
	}
	text := func(i int) string {
		if s, ok := call.Args[i].(*parser.StringLiteral); ok {
			return s.Val
		}
		return ""
	}
	switch call.Func.Name {
	case "label_replace":
		c.known(result, []string{text(3)}, "replaces from")
		result[text(1)] = true
	case "label_join":
		result[text(1)] = true
	case "histogram_quantile":
		if !result["le"] {
			c.refuse("histogram_quantile without the label le")
		}
		delete(result, "le")
	}
	return result
}

// known refuses labels that are not there.
func (c *checker) known(there map[string]bool, labels []string, what string) {
	for _, l := range labels {
		if l != "" && !there[l] {
			c.refuse("%s %s, which is not among %q", what, l, slices.Sorted(maps.Keys(there)))
		}
	}
}
