package dashboards

import (
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the JSON of the boards anew")

func TestTheJSONInTheFolderIsCurrent(t *testing.T) {
	var names []string
	for _, b := range Boards() {
		want, err := b.JSON()
		if err != nil {
			t.Fatal(err)
		}
		name := b.Name + ".json"
		names = append(names, name)
		if *update {
			if err := os.WriteFile(name, want, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s differs from the code: run go test ./dashboards -update (-code +file):\n%s", name, diff)
		}
	}
	files, err := filepath.Glob("*.json")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	if diff := cmp.Diff(names, files); diff != "" {
		t.Errorf("boards and files differ (-boards +files):\n%s", diff)
	}
}

// stored is what the tests read of a board's JSON: what Grafana will see.
type stored struct {
	UID, Title, Description string
	SchemaVersion           int
	Time                    struct{ From string }
	Templating              struct{ List []struct{ Name, Type string } }
	Annotations             struct {
		List []struct {
			Name, IconColor, TitleFormat, Expr string
			Enable                             bool
			Datasource                         struct{ UID string }
		}
	}
	Panels []storedPanel
}

type storedPanel struct {
	ID                       int
	Type, Title, Description string
	Collapsed                bool
	GridPos                  struct{ X, Y, W, H int }
	Datasource               *struct{ Type, UID string }
	Targets                  []struct {
		RefID, Expr    string
		Instant, Range bool
		Datasource     struct{ UID string }
	}
	FieldConfig struct {
		Defaults struct {
			Unit  string
			Links []struct{ URL string }
		}
		Overrides []struct {
			Properties []struct {
				ID    string
				Value json.RawMessage
			}
		}
	}
	Panels []storedPanel
}

// boards returns the boards as they are in the folder, by name, and all their
// panels, those of collapsed rows among them.
func boards(t *testing.T) (map[string]stored, map[string][]storedPanel) {
	t.Helper()
	all, panels := map[string]stored{}, map[string][]storedPanel{}
	for _, b := range Boards() {
		raw, err := os.ReadFile(b.Name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var s stored
		if err := json.Unmarshal(raw, &s); err != nil {
			t.Fatalf("%s.json: %v", b.Name, err)
		}
		all[b.Name] = s
		for _, p := range s.Panels {
			panels[b.Name] = append(append(panels[b.Name], p), p.Panels...)
		}
	}
	return all, panels
}

func TestEveryPanelSaysWhatItShowsInWhichUnitFromTheChosenSource(t *testing.T) {
	_, panels := boards(t)
	kinds := []string{"timeseries", "stat", "bargauge", "table", "state-timeline", "heatmap"} // of Grafana's core
	for name, ps := range panels {
		for _, p := range ps {
			if p.Type == "row" {
				continue
			}
			at := name + ": " + p.Title
			if !slices.Contains(kinds, p.Type) {
				t.Errorf("%s: a panel of type %q", at, p.Type)
			}
			if len(p.Description) < 30 || !strings.HasSuffix(p.Description, ".") {
				t.Errorf("%s: described by %q, want sentences", at, p.Description)
			}
			if p.FieldConfig.Defaults.Unit == "" {
				t.Errorf("%s: no unit", at)
			}
			if p.Datasource == nil || p.Datasource.Type != "prometheus" || p.Datasource.UID != "${datasource}" {
				t.Errorf("%s: data source %v, want the variable", at, p.Datasource)
			}
			if len(p.Targets) == 0 {
				t.Errorf("%s: no query", at)
			}
			for _, q := range p.Targets {
				if q.Datasource.UID != "${datasource}" {
					t.Errorf("%s %s: data source %q, want the variable", at, q.RefID, q.Datasource.UID)
				}
				if over := p.Type == "timeseries" || p.Type == "state-timeline" || p.Type == "heatmap"; q.Instant == q.Range || over && q.Instant {
					t.Errorf("%s %s: instant %v, range %v", at, q.RefID, q.Instant, q.Range)
				}
			}
		}
	}
}

func TestEveryColumnOfNumbersHasAUnitOrWords(t *testing.T) {
	for _, b := range Boards() {
		for _, r := range b.Rows {
			for _, p := range r.Panels {
				if (p.Kind == Table) != (len(p.Columns) > 0) {
					t.Errorf("%s: %s is a %s of %d columns", b.Name, p.Title, p.Kind, len(p.Columns))
				}
				for _, c := range p.Columns {
					if len(c.Of) == 1 && c.Unit == "" && len(c.Words) == 0 {
						t.Errorf("%s: %s: the column %s has neither unit nor words", b.Name, p.Title, c.Title)
					}
				}
				if p.SortBy != "" && !slices.ContainsFunc(p.Columns, func(c Column) bool { return c.Title == p.SortBy }) {
					t.Errorf("%s: %s is sorted by %s, which is no column", b.Name, p.Title, p.SortBy)
				}
			}
		}
	}
}

// On a screen of 1400 pixels a column that is told no width has Grafana's least, and what does not fit is cut.
func TestEveryColumnOfATableIsSeen(t *testing.T) {
	const screen, edges, least = 1376, 24, 150
	for _, b := range Boards() {
		for _, r := range b.Rows {
			for _, p := range r.Panels {
				width := 0
				for _, c := range p.Columns {
					if c.Width == 0 {
						c.Width = least
					}
					width += c.Width
				}
				if has := p.W*screen/24 - edges; width > has {
					t.Errorf("%s: the columns of %s need %d pixels of %d", b.Name, p.Title, width, has)
				}
			}
		}
	}
}

// Without a word of its own Grafana says "No data", of a fault and of its
// absence alike.
func TestEveryPanelThatMayBeEmptySaysWhatThatMeans(t *testing.T) {
	goodIfEmpty := 0
	for _, b := range Boards() {
		for _, r := range b.Rows {
			for _, p := range r.Panels {
				at := b.Name + ": " + p.Title
				if p.Empty == "" && p.Kind != Series && p.Kind != Heatmap {
					t.Errorf("%s says nothing where it has no value", at)
				}
				says := strings.Contains(p.Empty, "good")
				if says {
					goodIfEmpty++
				}
				for _, q := range p.Queries {
					// A comparison at the end takes away all that is in order.
					if p.Kind == Table && onlyTheBad.MatchString(q.Expr) && !says || strings.Contains(p.About, "Empty is good") && !says {
						t.Errorf("%s shows only what is bad and does not say that its emptiness is good: %s", at, q.Expr)
					}
				}
			}
		}
	}
	if goodIfEmpty < 8 {
		t.Errorf("%d panels say that their emptiness is good, expected at least 8", goodIfEmpty)
	}
}

var onlyTheBad = regexp.MustCompile(`(==|>) [0-9.]+\)?$|ALERTS`)

func TestPanelsHaveTheirOwnIdAndPlace(t *testing.T) {
	all, panels := boards(t)
	uids := map[string]bool{}
	for name, ps := range panels {
		if uids[all[name].UID] || all[name].UID != "securitycenter-"+name {
			t.Errorf("%s: uid %q", name, all[name].UID)
		}
		uids[all[name].UID] = true
		ids, taken := map[int]string{}, map[[2]int]string{}
		folded := false
		for _, p := range ps {
			if other, ok := ids[p.ID]; ok || p.ID == 0 {
				t.Errorf("%s: %s and %s have id %d", name, p.Title, other, p.ID)
			}
			ids[p.ID] = p.Title
			g := p.GridPos
			if g.W < 1 || g.H < 1 || g.X < 0 || g.X+g.W > 24 {
				t.Errorf("%s: %s lies at %+v, outside of 24 columns", name, p.Title, g)
			}
			for x := g.X; x < g.X+g.W; x++ {
				for y := g.Y; y < g.Y+g.H; y++ {
					if other, ok := taken[[2]int{x, y}]; ok {
						t.Fatalf("%s: %s lies on %s", name, p.Title, other)
					}
					taken[[2]int{x, y}] = p.Title
				}
			}
			if p.Type == "row" {
				if folded && !p.Collapsed {
					t.Errorf("%s: the row %s is open below a collapsed one", name, p.Title)
				}
				folded = p.Collapsed
			}
		}
	}
}

func TestEveryBoardSaysWhichGrafanaItNeeds(t *testing.T) {
	all, _ := boards(t)
	for name, b := range all {
		if !strings.HasSuffix(b.Description, needsGrafana) || !strings.Contains(needsGrafana, "12.0") || b.SchemaVersion != 41 {
			t.Errorf("%s: schema %d, described by %q, want it to say: %s", name, b.SchemaVersion, b.Description, needsGrafana)
		}
	}
	if !strings.Contains(readme(t), "Grafana 12.0 and later") {
		t.Error("README.md does not say for which Grafana the boards are")
	}
}

func TestEveryBoardShowsWhatExplainsAStep(t *testing.T) {
	all, _ := boards(t)
	for name, b := range all {
		var names []string
		for _, a := range b.Annotations.List {
			names = append(names, a.Name)
			if a.Datasource.UID != "${datasource}" || a.IconColor == "" || !strings.Contains(a.TitleFormat, "{{instance}}") {
				t.Errorf("%s: %+v, want the chosen source, a colour and the console's name", name, a)
			}
			if a.Enable != (a.Name != "Feed updated" || !strings.HasSuffix(b.Time.From, "0d")) {
				t.Errorf("%s looks back from %s: %s is shown: %t", name, b.Time.From, a.Name, a.Enable)
			}
		}
		if want := []string{"Console upgraded", "Exporter restarted", "Feed updated", "Risk rules changed"}; !slices.Equal(names, want) {
			t.Errorf("%s shows %q, want %q", name, names, want)
		}
	}
}

func readme(t *testing.T) string {
	t.Helper()
	body, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// Two screens of 1920 × 1080 points without Grafana's own bars, in lines of 30 points and 8 between them.
const twoScreens = 50

func TestWhatIsOpenOfABoardIsTwoScreensAtMost(t *testing.T) {
	all, _ := boards(t)
	for name, b := range all {
		end, folded := 0, 0
		for _, p := range b.Panels { // those of collapsed rows are within them
			if p.Collapsed {
				folded++
				continue
			}
			end = max(end, p.GridPos.Y+p.GridPos.H)
		}
		end += folded
		if end > twoScreens {
			t.Errorf("%s: %d lines are open, want %d at most: collapse what is looked at seldom", name, end, twoScreens)
		}
	}
}

func TestPanelsOfALineHaveOneHeightAndFillIt(t *testing.T) {
	_, panels := boards(t)
	for name, ps := range panels {
		width, height := map[int]int{}, map[int]int{}
		for _, p := range ps {
			y := p.GridPos.Y
			width[y] += p.GridPos.W
			if h := height[y]; h != 0 && h != p.GridPos.H {
				t.Errorf("%s: %s is %d high beside a panel of %d", name, p.Title, p.GridPos.H, h)
			}
			height[y] = p.GridPos.H
		}
		for _, y := range slices.Sorted(maps.Keys(width)) {
			if width[y] != 24 {
				t.Errorf("%s: the line at %d is %d columns wide, want 24", name, y, width[y])
			}
		}
	}
}

var (
	selectorOrName = regexp.MustCompile(`\b((?:[a-z_]+:)?(?:securitycenter|process|go|promhttp)_[\w:]+|up|scrape_duration_seconds|ALERTS)\b(\{[^}]*\})?`)
	variable       = regexp.MustCompile(`\$\{?(\w+)`)
)

func TestEverySelectorIsRestrictedToTheChosenJobAndInstance(t *testing.T) {
	var seen int
	for _, e := range Expressions() {
		if slices.Contains([]string{"job", "instance", "exporter", "sla", "repository_id"}, e.Panel) {
			continue // the choices themselves; a later one is restricted by those before it
		}
		found := selectorOrName.FindAllStringSubmatch(e.Expr, -1)
		if len(found) == 0 {
			t.Errorf("%s: %s selects nothing: %s", e.Board, e.Panel, e.Expr)
		}
		for _, m := range found {
			seen++
			instance := "$instance"
			if !strings.Contains(m[1], "securitycenter_") && m[1] != "up" && m[1] != "ALERTS" && m[1] != "scrape_duration_seconds" || strings.HasPrefix(m[1], "securitycenter_exporter_") {
				instance = "$exporter"
			}
			if e.Panel == "Exporter restarted" { // boards without the choice of an exporter show all of the job
				instance = ""
			}
			if !strings.Contains(m[2], `job=~"$job"`) || instance != "" && !strings.Contains(m[2], `instance=~"`+instance+`"`) {
				t.Errorf("%s: %s selects %s%s, want the job and instance %s", e.Board, e.Panel, m[1], m[2], instance)
			}
		}
	}
	if seen < 200 {
		t.Errorf("%d selectors found, want some hundreds", seen)
	}
}

func TestEveryVariableInUseIsDefined(t *testing.T) {
	all, panels := boards(t)
	builtIn := []string{"__rate_interval", "__range", "__data", "__value"}
	for name, b := range all {
		known := slices.Clone(builtIn)
		for _, v := range b.Templating.List {
			known = append(known, v.Name)
		}
		check := func(at, text string) {
			for _, m := range variable.FindAllStringSubmatch(text, -1) {
				if !slices.Contains(known, m[1]) {
					t.Errorf("%s: %s uses $%s, which the board does not define: %s", name, at, m[1], text)
				}
			}
		}
		for _, p := range panels[name] {
			for _, q := range p.Targets {
				check(p.Title, q.Expr)
			}
			for _, l := range p.FieldConfig.Defaults.Links {
				check(p.Title, l.URL)
			}
		}
		for _, e := range Expressions() {
			if e.Board == name {
				check(e.Panel, e.Expr)
			}
		}
	}
}

func TestLinksLeadToBoards(t *testing.T) {
	all, panels := boards(t)
	board := regexp.MustCompile(`/d/securitycenter-(\w+)`)
	var seen int
	for name, ps := range panels {
		for _, p := range ps {
			var urls []string
			for _, l := range p.FieldConfig.Defaults.Links {
				urls = append(urls, l.URL)
			}
			for _, o := range p.FieldConfig.Overrides {
				for _, property := range o.Properties {
					if property.ID == "links" {
						urls = append(urls, string(property.Value))
					}
				}
			}
			for _, u := range urls {
				for _, m := range board.FindAllStringSubmatch(u, -1) {
					seen++
					if _, ok := all[m[1]]; !ok {
						t.Errorf("%s: %s leads to the board %q, which is none", name, p.Title, m[1])
					}
				}
			}
		}
	}
	if seen == 0 {
		t.Error("no link between boards")
	}
}

func TestEveryQueryOfAPanelIsAmongTheExpressions(t *testing.T) {
	_, panels := boards(t)
	var want, got []string
	for name, ps := range panels {
		for _, p := range ps {
			for _, q := range p.Targets {
				want = append(want, name+": "+p.Title+": "+q.Expr)
			}
		}
	}
	for _, e := range Expressions() {
		got = append(got, e.Board+": "+e.Panel+": "+e.Expr)
	}
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("Expressions lacks %s", w)
		}
	}
}

func TestScopeIsAddedToEverySelector(t *testing.T) {
	for in, want := range map[string]string{
		`securitycenter_up`:      `securitycenter_up{job=~"$job",instance=~"$instance"}`,
		`max(a_up{x="1"} or up)`: `max(a_up{x="1"} or up{job=~"$job",instance=~"$instance"})`,
		`sum by (severity) (securitycenter_vulnerabilities{severity="high"} offset 7d)`:   `sum by (severity) (securitycenter_vulnerabilities{job=~"$job",instance=~"$instance",severity="high"} offset 7d)`,
		`rate(process_cpu_seconds_total[5m])`:                                             `rate(process_cpu_seconds_total{job=~"$job",instance=~"$exporter"}[5m])`,
		`instance_severity:securitycenter_vulnerabilities:sum{severity="high"} offset 7d`: `instance_severity:securitycenter_vulnerabilities:sum{job=~"$job",instance=~"$instance",severity="high"} offset 7d`,
		`instance:securitycenter_hosts:sum / 2`:                                           `instance:securitycenter_hosts:sum{job=~"$job",instance=~"$instance"} / 2`,
		`securitycenter_exporter_build_info`:                                              `securitycenter_exporter_build_info{job=~"$job",instance=~"$exporter"}`,
	} {
		if got := scoped(in); got != want {
			t.Errorf("scoped(%s)\n got %s\nwant %s", in, got, want)
		}
	}
}
