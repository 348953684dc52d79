package exporter

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/securitycenter-exporter/securitycenter_exporter/config"
)

const aboutConfiguration = `# Configuration

Written by a test from what the code reads. [config.yml.example](../config.yml.example) shows the same as a file to copy.

Only ` + "`consoles`, and in it `name`, `url` and `accounts`" + `, must be there. Durations are written as Prometheus writes them: 30s, 5m,
1h30m, 1d. Relative paths start from the folder of the file. Nothing is substituted: a ` + "`${…}`" + ` in a password is part of the
password. YAML anchors, aliases and tags are refused: put a password that begins with &, * or ! in quotes. An unknown key, a
wrong type or a value out of bounds is refused with its line, and with what was expected; ` + "`--config.check`" + ` says so without
starting, and prints the settings in force with secrets masked. Editors that know JSON Schema say most of it while you type:
[config.schema.json](../config.schema.json) is written from the same code, and the first line of the example names it. The file is at most 1 MiB.

In the headings, ` + "`[]`" + ` stands for every entry of a list, and ` + "`NAME`" + ` for a name. – means that there is no default.
`

// TestTheReferenceOfTheConfigurationIsWhatTheCodeReads compares
// docs/configuration.md with what the readers of the file ask for. Write it anew
// with -update.
func TestTheReferenceOfTheConfigurationIsWhatTheCodeReads(t *testing.T) {
	want := aboutConfiguration + config.Reference(KnownCollectors())
	path := filepath.Join("..", "docs", "configuration.md")
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(got), want); d != "" {
		t.Errorf("differs from the code (-file +code), write it anew with -update:\n%s", d)
	}
}

// TestTheSchemaOfTheConfigurationIsWhatTheCodeReads compares config.schema.json with
// what the readers of the file ask for. Write it anew with -update.
func TestTheSchemaOfTheConfigurationIsWhatTheCodeReads(t *testing.T) {
	want, err := config.Schema(KnownCollectors())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("..", "config.schema.json")
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(got), string(want)); d != "" {
		t.Errorf("differs from the code (-file +code), write it anew with -update:\n%s", d)
	}
}

// TestTheSchemaAcceptsEveryConfigurationThatIsShipped reads config.schema.json as an
// editor does.
func TestTheSchemaAcceptsEveryConfigurationThatIsShipped(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile(filepath.Join("..", "config.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	production, err := os.ReadFile(filepath.Join("..", "deploy", "kubernetes", "overlays", "production", "config.yml"))
	if err != nil {
		t.Fatal(err)
	}
	text := example(t)
	if !strings.Contains(text, "# yaml-language-server: $schema=config.schema.json\n") {
		t.Error("the example does not name the schema")
	}
	for name, text := range map[string]string{
		"the example": text, "with watches": uncommented(text, "watches"), "with policies": uncommented(text, "sla"),
		"the overlay for production": string(production),
	} {
		var x any
		if err := yaml.Unmarshal([]byte(text), &x); err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(x); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		misspelt := x.(map[string]any)
		misspelt["consols"] = misspelt["consoles"]
		if schema.Validate(x) == nil {
			t.Errorf("%s: a misspelt key is accepted", name)
		}
	}
}

// TestThePrintedDefaultsOfCollectorsAreReadBack fails where a collector declares
// a default that its own key would not accept.
func TestThePrintedDefaultsOfCollectorsAreReadBack(t *testing.T) {
	first, err := config.Parse([]byte(hq), "", KnownCollectors())
	if err != nil {
		t.Fatal(err)
	}
	text, err := first.Masked()
	if err != nil {
		t.Fatal(err)
	}
	second, err := config.Parse(text, "", KnownCollectors())
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range first.Consoles[0].Collectors {
		if got := second.Consoles[0].Collectors[name]; !s.SameData(got) {
			t.Errorf("collector %s: own keys are %#v by default and %#v when they are read back", name, s.Own, got.Own)
		}
	}
}

func example(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "config.yml.example"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// uncommented is the example with what its block of that key has in comments.
func uncommented(text, key string) string {
	before, block, _ := strings.Cut(text, "\n"+key+":")
	block, after, _ := strings.Cut(block, "\n\n")
	block = regexp.MustCompile(`(?m)^  # `).ReplaceAllString(strings.TrimPrefix(block, " []"), "  ")
	return before + "\n" + key + ":" + block + "\n\n" + after
}

func TestTheExampleOfAConfigurationIsAccepted(t *testing.T) {
	text := example(t)
	for _, x := range []struct {
		name, text        string
		watches, policies int
	}{
		{"as it stands", text, 0, 1},
		{"with the watches in its comments", uncommented(text, "watches"), 6, 1},
		{"with the policies in its comments", uncommented(text, "sla"), 0, 3},
	} {
		t.Run(x.name, func(t *testing.T) {
			c, err := config.Parse([]byte(x.text), "config.yml.example", KnownCollectors())
			if err != nil {
				t.Fatal(err)
			}
			if len(c.Consoles) != 1 || len(c.Consoles[0].Accounts) != 2 || len(c.Watches) != x.watches || len(c.SLA) != x.policies {
				t.Errorf("read %d consoles, %d watches, %d policies; want 1, %d, %d", len(c.Consoles), len(c.Watches), len(c.SLA), x.watches, x.policies)
			}
		})
	}
}

func TestTheExampleOfAConfigurationNamesEveryKey(t *testing.T) {
	text := example(t)
	group, keys := "", 0
	for line := range strings.Lines(config.Reference(KnownCollectors())) {
		if title, ok := strings.CutPrefix(line, "## "); ok {
			group = strings.TrimSpace(title)
		}
		row := regexp.MustCompile("^\\| `([^`]+)`").FindStringSubmatch(line)
		if row == nil {
			continue
		}
		keys++
		// A preset is no key: it stands where a comment lists the presets.
		if !regexp.MustCompile(`(?m)[\s{-]`+row[1]+`:`).MatchString(text) && (!strings.HasPrefix(group, "Presets") || !strings.Contains(text, row[1])) {
			t.Errorf("the example does not name %s of %s", row[1], group)
		}
	}
	if keys < 80 {
		t.Errorf("the reference has %d keys, want at least 80", keys)
	}
}
