package config

import (
	"bytes"
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"time"

	"github.com/alecthomas/units"
	promconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"
)

// masked stands in place of a secret.
const masked = "<secret>"

// printed is a place of the file as Masked prints it. The readers make it: they
// note under every key what they have set, or its default.
type printed struct {
	key    string
	leaf   any        // what is in force, without secrets; nil where that is inside, or nothing
	inside []*printed // the keys of a mapping as they were asked for, or the entries of a list
	list   bool
	// sparse leaves out what is not set, here and inside: for blocks that one
	// would not write for their defaults.
	sparse bool
}

// add returns a new place inside p. An entry of a list has no key.
func (p *printed) add(key string) *printed {
	child := &printed{key: key, sparse: p.sparse}
	p.inside = append(p.inside, child)
	return child
}

// print notes what is in force at v. Whatever is secret has a type that says so,
// and is masked here. A text that is empty is none: the file cannot give it.
func (v value) print(x any) {
	switch s := x.(type) {
	case promconfig.Secret:
		x = hide(string(s))
	case []promconfig.Secret:
		hidden := make([]string, len(s))
		for i := range s {
			hidden[i] = masked
		}
		x = hidden
	case *url.URL:
		x = hideUser(s)
	case time.Duration:
		x = promDuration(s)
	case units.Base2Bytes:
		x = written(s)
	}
	if x == "" || v.printed.sparse && unset(x) {
		return
	}
	v.printed.leaf = x
}

func unset(x any) bool {
	r := reflect.ValueOf(x)
	return r.IsZero() || r.Kind() == reflect.Slice && r.Len() == 0
}

func hide(secret string) string {
	if secret == "" {
		return ""
	}
	return masked
}

// hideUser returns a URL without the user name and password in it.
func hideUser(u *url.URL) string {
	shown := *u
	shown.User = nil
	if u.User == nil {
		return shown.String()
	}
	return strings.Replace(shown.String(), "://", "://"+masked+"@", 1)
}

// node returns p as YAML; nil where nothing is in force.
func (p *printed) node() (*yaml.Node, error) {
	n := &yaml.Node{Kind: yaml.MappingNode}
	switch {
	case p.leaf != nil:
		err := n.Encode(p.leaf)
		if n.Kind != yaml.ScalarNode {
			n.Style = yaml.FlowStyle
		}
		return n, err
	case p.list:
		n.Kind = yaml.SequenceNode
	}
	for _, child := range p.inside {
		inside, err := child.node()
		switch {
		case err != nil:
			return nil, err
		case inside == nil:
		case p.list:
			n.Content = append(n.Content, inside)
		default:
			key := &yaml.Node{}
			key.SetString(child.key)
			n.Content = append(n.Content, key, inside)
		}
	}
	if len(n.Content) == 0 && (!p.list || p.sparse) {
		return nil, nil
	}
	return n, nil
}

// Masked returns the effective configuration, defaults included, as YAML.
// Secrets that stand in the file are shown as <secret>, as are the values of
// extra headers; of other secrets the path or variable is shown.
func (c *Config) Masked() ([]byte, error) {
	root, err := c.printed.node()
	if err != nil {
		return nil, fmt.Errorf("write effective configuration: %w", err)
	}
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(root); err != nil {
		return nil, fmt.Errorf("write effective configuration: %w", err)
	}
	if err := encoder.Close(); err != nil {
		return nil, fmt.Errorf("write effective configuration: %w", err)
	}
	return b.Bytes(), nil
}

func promDuration(d time.Duration) string { return model.Duration(d).String() }
