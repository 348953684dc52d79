package main

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"time"

	"go.yaml.in/yaml/v3"
)

// durations are what the waiting times of a rule become.
type durations struct {
	wait   time.Duration // for and keep_firing_for
	window time.Duration // ranges and offsets
}

// shorten returns a rule file with the waiting times of every rule replaced.
func shorten(file []byte, short durations) ([]byte, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(file, &document); err != nil {
		return nil, err
	}
	rules := 0
	for _, root := range document.Content {
		for _, group := range elements(value(root, "groups")) {
			for _, rule := range elements(value(group, "rules")) {
				rules++
				if err := shortenRule(rule, short); err != nil {
					return nil, err
				}
			}
		}
	}
	if rules == 0 {
		return nil, fmt.Errorf("found no rules, expected groups with rules")
	}
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	if err := errors.Join(encoder.Encode(&document), encoder.Close()); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func shortenRule(rule *yaml.Node, short durations) error {
	for _, key := range []string{"for", "keep_firing_for"} {
		if n := value(rule, key); n != nil {
			n.Value = promDuration(short.wait)
		}
	}
	expr := value(rule, "expr")
	if expr == nil {
		return fmt.Errorf("line %d: the rule has no expr", rule.Line)
	}
	shortened, err := shortenExpr(expr.Value, short.window)
	if err != nil {
		return fmt.Errorf("line %d: expr: %w", expr.Line, err)
	}
	expr.Value = shortened
	return nil
}

// subqueryStep is the resolution that a subquery gets, a second being as fine as Prometheus evaluates.
const subqueryStep = time.Second

var (
	// Strings and comments come first: what looks like a range in them is text.
	tokens = regexp.MustCompile("(?i)\"(?:[^\"\\\\]|\\\\.)*\"|'(?:[^'\\\\]|\\\\.)*'|`[^`]*`|#[^\\n]*|\\[[^\\]]*\\]|\\boffset\\s+[-+]?\\s*[0-9][0-9a-z.]*")
	ranges = regexp.MustCompile(`^\[\s*[0-9][0-9a-z.]*\s*(:\s*(?:[0-9][0-9a-z.]*)?\s*)?\]$`)
	amount = regexp.MustCompile(`[0-9][0-9a-z.]*$`)
)

// shortenExpr replaces the ranges and offsets of an expression and leaves every other character as it is. Outside
// strings and comments PromQL has brackets only round a range.
func shortenExpr(expr string, window time.Duration) (string, error) {
	var failure error
	short := tokens.ReplaceAllStringFunc(expr, func(token string) string {
		switch token[0] {
		case '"', '\'', '`', '#':
			return token
		case '[':
			parts := ranges.FindStringSubmatch(token)
			switch {
			case parts == nil:
				failure = fmt.Errorf("got the range %s, expected a plain duration such as [5m] or [1d:5m]", token)
				return token
			case parts[1] != "":
				return fmt.Sprintf("[%s:%s]", promDuration(window), promDuration(subqueryStep))
			default:
				return "[" + promDuration(window) + "]"
			}
		default:
			return amount.ReplaceAllString(token, promDuration(window))
		}
	})
	return short, failure
}

// promDuration writes a duration as Prometheus does: Go's 1m0s and 1.5s are no durations there.
func promDuration(d time.Duration) string { return fmt.Sprintf("%dms", d.Milliseconds()) }

// value returns what a mapping has under a key, or nil.
func value(mapping *yaml.Node, key string) *yaml.Node {
	if mapping == nil || mapping.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i+1]
		}
	}
	return nil
}

func elements(sequence *yaml.Node) []*yaml.Node {
	if sequence == nil || sequence.Kind != yaml.SequenceNode {
		return nil
	}
	return sequence.Content
}
