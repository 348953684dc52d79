package doctor_test

import (
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

func document(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile("../" + path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The table of what was tested claims no version that is not examined here, and leaves none out.
func TestTheDocumentsTellWhichVersionsWereTried(t *testing.T) {
	_, table, _ := strings.Cut(document(t, "docs/tested.md"), "| version | so far | doctor reports |\n|---|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	rows := map[string]string{}
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		rows[strings.TrimSpace(cells[1])] = strings.TrimSpace(cells[2])
	}
	for name := range plainConsoles {
		_, version, _ := strings.Cut(name, " ")
		if !strings.HasPrefix(rows[version], "simulated") {
			t.Errorf("%s: %q", version, rows[version])
		}
		delete(rows, version)
	}
	if len(rows) != 1 || rows["any other"] != "nothing" {
		t.Errorf("nobody tries %q", rows)
	}
}

// A form that GitHub cannot read is not shown.
func TestTheFormForReportsIsOne(t *testing.T) {
	var form struct {
		Name, Description, Title string
		Labels                   []string
		Body                     []struct {
			Type, ID   string
			Attributes struct {
				Label, Value string
				Options      []any
			}
			Validations struct{ Required bool }
		}
	}
	if err := yaml.Unmarshal([]byte(document(t, ".github/ISSUE_TEMPLATE/doctor-report.yml")), &form); err != nil {
		t.Fatal(err)
	}
	if form.Name == "" || form.Description == "" || len(form.Body) == 0 {
		t.Errorf("%+v", form)
	}
	required, ids := map[string]bool{}, map[string]bool{}
	for _, field := range form.Body {
		switch field.Type {
		case "markdown":
			if field.Attributes.Value == "" {
				t.Error("a text without words")
			}
			continue
		case "input", "textarea":
		case "dropdown", "checkboxes":
			if len(field.Attributes.Options) == 0 {
				t.Errorf("%s has nothing to choose", field.ID)
			}
		default:
			t.Errorf("%s is of type %q", field.ID, field.Type)
		}
		if field.ID == "" || ids[field.ID] || field.Attributes.Label == "" {
			t.Errorf("%+v", field)
		}
		ids[field.ID], required[field.ID] = true, field.Validations.Required
	}
	if !required["version"] || !required["report"] {
		t.Errorf("what has to be told is not: %v", required)
	}
}
