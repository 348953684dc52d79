package scapi_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

const guideFile = "../docs/client.md"

func guide(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(guideFile)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// guideRow is what the guide says of a function of the Python module.
type guideRow struct{ function, goName, rpc, rest string }

func guideTable(t *testing.T) (rows []guideRow) {
	t.Helper()
	_, table, found := strings.Cut(guide(t), "| Python | Go |")
	if !found {
		t.Fatal("no table of the Python functions")
	}
	for _, line := range strings.Split(table, "\n")[2:] {
		cells := strings.Split(line, " |")
		if len(cells) != 6 {
			break
		}
		rows = append(rows, guideRow{strings.Join(namesOf(cells[0]), " "), cells[1], cells[2], cells[3]})
	}
	return rows
}

var quoted = regexp.MustCompile("`([^`]+)`")

// namesOf are the names in a cell.
func namesOf(cell string) (names []string) {
	for _, match := range quoted.FindAllStringSubmatch(cell, -1) {
		names = append(names, match[1])
	}
	return names
}

func TestTheGuideKnowsEveryFunctionOfThePythonModule(t *testing.T) {
	t.Parallel()
	var got []string
	for _, row := range guideTable(t) {
		got = append(got, row.function)
		if len(namesOf(row.goName)) == 0 {
			t.Errorf("%s has no successor", row.function)
		}
	}
	alike(t, "functions", nil, slices.Sorted(slices.Values(moduleFunctions)), slices.Sorted(slices.Values(got)))
}

var goNames = regexp.MustCompile(`\b(client|scapi|sctest|Options|TransportOptions|PluginQuery)\.([A-Z]\w*)`)

func TestTheGuideNamesNothingThatDoesNotExist(t *testing.T) {
	t.Parallel()
	members := func(kind reflect.Type) (names []string) {
		for i := range kind.NumMethod() {
			names = append(names, kind.Method(i).Name)
		}
		if kind.Kind() == reflect.Struct {
			for i := range kind.NumField() {
				names = append(names, kind.Field(i).Name)
			}
		}
		return names
	}
	known := map[string][]string{
		"client":           members(reflect.TypeFor[*scapi.Client]()),
		"scapi":            declared(t, "."),
		"sctest":           declared(t, "sctest"),
		"Options":          members(reflect.TypeFor[scapi.Options]()),
		"TransportOptions": members(reflect.TypeFor[scapi.TransportOptions]()),
		"PluginQuery":      members(reflect.TypeFor[scapi.PluginQuery]()),
	}
	mentioned := map[string]bool{}
	for _, match := range goNames.FindAllStringSubmatch(guide(t), -1) {
		mentioned[match[1]] = true
		if !slices.Contains(known[match[1]], match[2]) {
			t.Errorf("%s: there is no %s", guideFile, match[0])
		}
	}
	for of := range known {
		if !mentioned[of] {
			t.Errorf("%s mentions nothing of %s", guideFile, of)
		}
	}
	for _, method := range known["client"] {
		if !strings.Contains(guide(t), "client."+method) && !slices.Contains([]string{"Dialect", "Version"}, method) {
			t.Errorf("%s does not mention client.%s", guideFile, method)
		}
	}
}

// declared are the exported names at the top of a package.
func declared(t *testing.T, dir string) (names []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil {
					names = append(names, d.Name.Name)
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					switch s := s.(type) {
					case *ast.TypeSpec:
						names = append(names, s.Name.Name)
					case *ast.ValueSpec:
						for _, name := range s.Names {
							names = append(names, name.Name)
						}
					}
				}
			}
		}
	}
	return slices.DeleteFunc(names, func(name string) bool { return !ast.IsExported(name) })
}
