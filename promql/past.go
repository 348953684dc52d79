package promql

import (
	"fmt"
	"slices"

	"github.com/prometheus/prometheus/promql/parser"
)

// renamed returns what an expression says of the past of objects by their
// names. A name may change: the object is then two series in a window, or has
// none under its name of now at an offset. So the past is looked up by the id,
// below an aggregation or on the right of a matching that leaves the name out.
func (n names) renamed(expression string) ([]string, error) {
	e, err := parser.NewParser(parser.Options{}).ParseExpr(expression)
	if err != nil {
		return nil, err
	}
	var wrong []string
	parser.Inspect(e, func(node parser.Node, path []parser.Node) error {
		s, is := node.(*parser.VectorSelector)
		if !is || !ofThePast(s, path) {
			return nil
		}
		for label := range n[s.Name] {
			if n[s.Name][label+"_id"] && !byID(label, s, path) {
				wrong = append(wrong, fmt.Sprintf("%s is looked up in the past by the label %s", s.Name, label))
			}
		}
		return nil
	})
	slices.Sort(wrong)
	return wrong, nil
}

func ofThePast(s *parser.VectorSelector, path []parser.Node) bool {
	return s.OriginalOffset != 0 || s.Timestamp != nil || slices.ContainsFunc(path, func(n parser.Node) bool {
		switch n := n.(type) {
		case *parser.MatrixSelector, *parser.SubqueryExpr:
			return true
		case *parser.VectorSelector:
			return n.OriginalOffset != 0
		}
		return false
	})
}

// byID reports whether something on the way up from s drops the label before
// anything is joined by it.
func byID(label string, s *parser.VectorSelector, path []parser.Node) bool {
	var below parser.Node = s
	for _, above := range slices.Backward(path) {
		switch above := above.(type) {
		case *parser.AggregateExpr:
			picks := above.Op == parser.TOPK || above.Op == parser.BOTTOMK || above.Op == parser.LIMITK || above.Op == parser.LIMIT_RATIO
			if !picks && above.Without == slices.Contains(above.Grouping, label) {
				return true
			}
		case *parser.BinaryExpr:
			switch m := above.VectorMatching; {
			case m == nil, above.Op == parser.LOR: // a number beside it, or both sides as they are
			case m.On == slices.Contains(m.MatchingLabels, label):
				return false // joined by the name
			case above.RHS == below:
				return true
			}
		}
		below = above
	}
	return false
}
