package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// copies is a configuration of two consoles, of which lab has these copies and hq those.
func copies(lab, hq string) string {
	return strings.TrimSuffix(minimal, "\n") + "\n    repositories: {same_as: " + hq + "}\n" +
		"  - {name: lab, url: 'https://lab', accounts: [{name: a, username: u, password: p}], repositories: {same_as: " + lab + "}}\n"
}

func TestACopyIsReadWithItsOriginal(t *testing.T) {
	c := parse(t, copies("[{id: 3, console: hq, repository: 01}, {id: 4, console: hq, repository: 1}]", "[]"))
	want := []SameAs{{"3", "hq", "1"}, {"4", "hq", "1"}}
	if d := cmp.Diff(want, c.Consoles[1].SameAs); d != "" || c.Consoles[0].SameAs != nil {
		t.Errorf("copies (-want +got):\n%s, and on hq %v", d, c.Consoles[0].SameAs)
	}
}

func TestACopyThatWouldBeInNoSumIsRefused(t *testing.T) {
	for name, tt := range map[string]struct{ lab, hq, says string }{
		"of a console that is not there": {"[{id: 3, console: other, repository: 1}]", "[]", `is "other", expected the name of another console`},
		"of its own console":             {"[{id: 3, console: lab, repository: 1}]", "[]", `is "lab", expected the name of another console`},
		"of a copy":                      {"[{id: 3, console: hq, repository: 1}]", "[{id: 1, console: lab, repository: 5}]", "which is a copy itself"},
		"of each other":                  {"[{id: 3, console: hq, repository: 1}]", "[{id: 1, console: lab, repository: 3}]", "which is a copy itself"},
		"twice":                          {"[{id: 3, console: hq, repository: 1}, {id: 3, console: hq, repository: 2}]", "[]", "repeats"},
		"without its id":                 {"[{console: hq, repository: 1}]", "[]", "id: is missing"},
		"without a console":              {"[{id: 3, repository: 1}]", "[]", "console: is missing"},
		"without the original":           {"[{id: 3, console: hq}]", "[]", "repository: is missing"},
		"by a name":                      {"[{id: Default, console: hq, repository: 1}]", "[]", "the id of a repository"},
		"with a key too many":            {"[{id: 3, console: hq, repository: 1, name: x}]", "[]", "is not a known key"},
	} {
		if _, err := Parse([]byte(copies(tt.lab, tt.hq)), "", nil); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("a copy %s: %v, want it to say: %s", name, err, tt.says)
		}
	}
}

func TestWhatIsACopyChangesNothingThatIsReadFromAConsole(t *testing.T) {
	before, after := parse(t, copies("[]", "[]")).Consoles[1], parse(t, copies("[{id: 3, console: hq, repository: 1}]", "[]")).Consoles[1]
	if !before.SameData(after) || before.Equal(after) {
		t.Error("a copy that is named is another console, or the same configuration")
	}
}
