package config

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

// compiled is the schema of the collectors that the tests know.
var compiled = sync.OnceValues(func() (*jsonschema.Schema, error) {
	text, err := Schema(known())
	if err != nil {
		return nil, err
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("config.schema.json", document); err != nil {
		return nil, err
	}
	return c.Compile("config.schema.json")
})

// bySchema says what the schema says of a file. It knows nothing of what is no YAML.
func bySchema(t *testing.T, text string) error {
	t.Helper()
	s, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	var x any
	if err := yaml.Unmarshal([]byte(text), &x); err != nil {
		t.Fatal(err)
	}
	return s.Validate(asJSON(x))
}

// asJSON is what an editor makes of YAML.
func asJSON(x any) any {
	switch x := x.(type) {
	case map[string]any:
		for _, k := range slices.Collect(maps.Keys(x)) {
			x[k] = asJSON(x[k])
		}
	case map[any]any:
		object := map[string]any{}
		for k, v := range x {
			object[fmt.Sprint(k)] = asJSON(v)
		}
		return object
	case []any:
		for i := range x {
			x[i] = asJSON(x[i])
		}
	case time.Time:
		return x.String()
	case float64:
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return "number"
		}
	}
	return x
}

// formal are the problems that a schema can find: those of a key or a value by
// itself.
var formal = regexp.MustCompile(`is not a known key|is not a collector|is a (?:mapping|list), expected (?:a|one|the) |is missing|expected true or false|expected a whole number from|expected one of (auto|TLS|local|tenable|first_seen|16|repository)`)

// checkSchema fails where the schema refuses what the readers accept, or accepts
// what they refuse for its form.
func checkSchema(t *testing.T, text, problems string) {
	t.Helper()
	var node yaml.Node
	var x any
	if yaml.Unmarshal([]byte(text), &node) != nil || node.Decode(&x) != nil || unseen(&node) {
		return
	}
	err := bySchema(t, text)
	switch {
	case problems == "" && err != nil:
		t.Errorf("the schema refuses what is accepted: %v", err)
	case problems != "" && err == nil && formal.MatchString(problems):
		t.Errorf("the schema accepts what is refused with\n%s", problems)
	}
}

// unseen reports whether there is what an editor does not see as the readers do:
// nothing where a value belongs, which null written out is not, and merge keys.
func unseen(n *yaml.Node) bool {
	return n.Kind == 0 || n.Kind == yaml.ScalarNode && (n.ShortTag() == "!!null" || n.ShortTag() == "!!merge") || slices.ContainsFunc(n.Content, unseen)
}

func TestTheSchemaRefusesWhatAnEditorShallMark(t *testing.T) {
	for _, x := range []struct{ name, text, says string }{
		{"nothing", "{}", "missing property 'consoles'"},
		{"a key that does not exist", atTop("consols: []"), "'consols' not allowed"},
		{"a key of a console that does not exist", inConsole("tiemout: 5s"), "'tiemout' not allowed"},
		{"a duration without a unit", inConsole("timeout: 30"), "/consoles/0/timeout"},
		{"a duration of no known unit", inConsole("timeout: 30 sec"), "/consoles/0/timeout"},
		{"a number out of bounds", inConsole("page_size: 20000"), "maximum"},
		{"a word that is none of the choices", inConsole("api: soap"), "/consoles/0/api"},
		{"a collector that does not exist", atTop("collectors: {sytem: {}}"), "'sytem' not allowed"},
		{"the same in a console", inConsole("collectors: {sytem: {}}"), "'sytem' not allowed"},
		{"a key of another collector", atTop("collectors: {system: {top: 5}}"), "'top' not allowed"},
		{"an entry of a list that is no id", inConsole("repositories: {include: [Default]}"), "/consoles/0/repositories/include/0"},
		{"too many entries", atTop("collectors: {hosts: {assets: [1, 2, 3, 4]}}"), "maxItems"},
		{"a key of a certificate that does not exist", withAccount("{name: a, tls_config: {crt: x}}"), "'crt' not allowed"},
		{"a name with a space", withAccount("{name: a b, username: u, password: p}"), "/consoles/0/accounts/0/name"},
		{"a watch without a name", atTop("watches: [{cves: [CVE-2021-44228]}]"), "missing property 'name'"},
		{"a header that is no mapping", inConsole("http: {http_headers: {X-A: b}}"), "/http_headers/X-A"},
	} {
		t.Run(x.name, func(t *testing.T) {
			err := bySchema(t, x.text)
			if err == nil || !strings.Contains(err.Error(), x.says) {
				t.Errorf("the schema says %v, want %q", err, x.says)
			}
		})
	}
}
