package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// schema is a JSON Schema, of draft 7: what editors speak.
type schema map[string]any

// elsewhere are mappings that take the keys of another one.
func elsewhere() map[string]string {
	return map[string]string{
		"consoles[].accounts[].tls_config": "consoles[].http.tls_config",
		"consoles[].collectors":            "collectors",
	}
}

// Schema returns a JSON Schema of the file, for editors. It comes from the readers
// themselves, as Reference does, and refuses what they refuse of a key or a value by
// itself; what does not fit together is for --config.check. known are as for Load.
func Schema(known []Collector) ([]byte, error) {
	w := schemaWriter{groups: map[string][]field{}, definitions: schema{}}
	for _, f := range fields(known) {
		w.groups[f.group] = append(w.groups[f.group], f)
	}
	for _, group := range slices.Sorted(maps.Values(elsewhere())) {
		content, err := w.mapping(group)
		if err != nil {
			return nil, err
		}
		w.definitions[definition(group)] = content
	}
	root, err := w.mapping("")
	if err != nil {
		return nil, err
	}
	root["$schema"] = "http://json-schema.org/draft-07/schema#"
	root["title"] = "Configuration of securitycenter_exporter"
	root["definitions"] = w.definitions
	text, err := json.MarshalIndent(root, "", "  ")
	return append(text, '\n'), err
}

type schemaWriter struct {
	groups      map[string][]field
	definitions schema
}

// definition is the name of a mapping that several keys take.
func definition(group string) string { return group[strings.LastIndex(group, ".")+1:] }

// mapping is the schema of a mapping of the file.
func (w schemaWriter) mapping(group string) (schema, error) {
	own := w.groups[group]
	if len(own) == 0 { // keys are the user's own
		values, err := w.mapping(group + ".NAME")
		return schema{"type": "object", "additionalProperties": values}, err
	}
	properties := schema{}
	var needed []string
	for _, f := range own {
		content, err := w.value(f)
		if err != nil {
			return nil, err
		}
		properties[f.name] = content
		if f.fallback == required {
			needed = append(needed, f.name)
		}
	}
	s := schema{"type": "object", "additionalProperties": false, "properties": properties}
	if needed != nil {
		s["required"] = needed
	}
	return s, nil
}

// value is the schema of a key.
func (w schemaWriter) value(f field) (schema, error) {
	path := strings.TrimPrefix(f.group+"."+f.name, ".")
	s, err := w.kind(f.kind, path)
	if err != nil {
		return nil, fmt.Errorf("schema of %s: %w", path, err)
	}
	help := strings.TrimSpace(f.help)
	if f.fallback != "" && f.fallback != required {
		help = strings.TrimSpace(help + " Default: " + f.fallback + ".")
	}
	if _, refers := s["$ref"]; refers { // what stands beside a reference is not looked at
		s = schema{"allOf": []schema{s}}
	}
	if help != "" {
		s["description"] = strings.ReplaceAll(help, "`", "")
	}
	return s, nil
}

var (
	numberWords = regexp.MustCompile(`^number from (\d+) to (\d+)$`)
	listWords   = regexp.MustCompile(`^list of (.+?)(?:, at most (\d+))?$`)
)

// kind is the schema of what the reference calls so.
func (w schemaWriter) kind(kind, path string) (schema, error) {
	if m := numberWords.FindStringSubmatch(kind); m != nil {
		return schema{"type": "integer", "minimum": json.Number(m[1]), "maximum": json.Number(m[2])}, nil
	}
	if m := listWords.FindStringSubmatch(kind); m != nil {
		entry, err := w.entry(m[1], path)
		s := schema{"type": "array", "items": entry}
		if m[2] != "" {
			s["maxItems"] = json.Number(m[2])
		}
		return s, err
	}
	if words, ok := strings.CutPrefix(kind, "one of "); ok {
		return choiceSchema(words), nil
	}
	switch {
	case kind == "mapping":
		if group := elsewhere()[path]; group != "" {
			return schema{"$ref": "#/definitions/" + definition(group)}, nil
		}
		return w.mapping(path)
	case kind == "mapping of label names to texts":
		return schema{
			"type": "object", "additionalProperties": textSchema(),
			"propertyNames": schema{"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
		}, nil
	case kind == "mapping of names to lists of texts":
		return schema{"type": "object", "additionalProperties": schema{"type": "array", "items": textSchema()}}, nil
	case kind == "text, number, mapping or list":
		return schema{"type": []string{"string", "number", "boolean", "object", "array"}}, nil
	case kind == flagKind:
		return schema{"type": "boolean"}, nil
	case kind == "id of a saved query", kind == "id of a repository":
		return idSchema(), nil
	case strings.HasPrefix(kind, "duration from "):
		return schema{"type": "string", "pattern": "^([0-9]+y)?([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$", "minLength": 2}, nil
	case strings.HasPrefix(kind, "bytes from "):
		return schema{"type": "string", "pattern": "^[0-9.]+ ?[A-Za-z]"}, nil
	case strings.HasPrefix(kind, "URL"):
		return schema{"type": "string", "pattern": "^[A-Za-z0-9]+:"}, nil
	case strings.HasPrefix(kind, "text, 1 to 64 "):
		return schema{"type": textTypes(), "pattern": objectName.String()}, nil
	case kind == "text", kind == "PEM text", kind == "secret", kind == "path", kind == "name of a variable":
		return textSchema(), nil
	}
	return nil, fmt.Errorf("no schema is known for %q", kind)
}

// entry is the schema of an entry of a list.
func (w schemaWriter) entry(of, path string) (schema, error) {
	switch of {
	case "mappings":
		return w.mapping(path + "[]")
	case "ids", "repository ids", "plugin ids", "asset list ids":
		return idSchema(), nil
	case "texts", "secrets", "paths", "names", "networks or addresses":
		return textSchema(), nil
	case "CVE ids":
		return schema{"type": "string", "pattern": "^[Cc][Vv][Ee]-[0-9]{4}-[0-9]{4,19}$"}, nil
	}
	if strings.Contains(of, ", ") {
		return choiceSchema(of), nil
	}
	return nil, fmt.Errorf("no schema is known for a list of %q", of)
}

// choiceSchema is that of one of the words; a number may stand without quotes.
func choiceSchema(words string) schema {
	var values []any
	for word := range strings.SplitSeq(words, ", ") {
		if n, err := strconv.Atoi(word); err == nil {
			values = append(values, n)
		}
		values = append(values, word)
	}
	return schema{"enum": values}
}

// textTypes are what is taken as a text, as it is written: see value.text.
func textTypes() []string { return []string{"string", "number", "boolean"} }

func textSchema() schema { return schema{"type": textTypes(), "minLength": 1} }

func idSchema() schema {
	return schema{"type": []string{"integer", "string"}, "pattern": "^0*[1-9][0-9]*$", "minimum": 1}
}
