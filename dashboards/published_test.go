package dashboards

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAPublishedBoardIsTheBoardWithWhatItNeeds(t *testing.T) {
	for _, b := range Boards() {
		plain, err := b.JSON()
		if err != nil {
			t.Fatal(err)
		}
		published, err := b.Published()
		if err != nil {
			t.Fatal(err)
		}
		var want, got map[string]any
		if err := json.Unmarshal(plain, &want); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(published, &got); err != nil {
			t.Fatal(err)
		}
		needed := map[string]bool{}
		for _, n := range got["__requires"].([]any) {
			if n := n.(map[string]any); n["type"] == "panel" {
				needed[n["id"].(string)] = true
			}
		}
		// Every type of the JSON that is a panel's: it stands beside a grid position.
		used := map[string]bool{}
		for _, m := range regexp.MustCompile(`"type": "(barchart|bargauge|gauge|heatmap|piechart|stat|state-timeline|table|text|timeseries|alertlist|logs)"`).FindAllSubmatch(plain, -1) {
			used[string(m[1])] = true
		}
		if d := cmp.Diff(slices.Sorted(maps.Keys(used)), slices.Sorted(maps.Keys(needed))); d != "" {
			t.Errorf("%s: panels that are used and needed differ (-used +needed):\n%s", b.Name, d)
		}
		for _, key := range []string{"__inputs", "__elements", "__requires", "id", "gnetId"} {
			if _, there := got[key]; !there {
				t.Errorf("%s: there is no %s", b.Name, key)
			}
			delete(got, key)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: the published board is another one:\n%s", b.Name, d)
		}
	}
}
