package grafana

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/bargauge"
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/heatmap"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/statetimeline"
	"github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

func TestMain(m *testing.M) {
	known := cog.NewRuntime() // what the library reads options and queries by; panels of another type are refused
	known.RegisterPanelcfgVariant(bargauge.VariantConfig())
	known.RegisterPanelcfgVariant(heatmap.VariantConfig())
	known.RegisterPanelcfgVariant(stat.VariantConfig())
	known.RegisterPanelcfgVariant(statetimeline.VariantConfig())
	known.RegisterPanelcfgVariant(table.VariantConfig())
	known.RegisterPanelcfgVariant(timeseries.VariantConfig())
	known.RegisterDataqueryVariant(prometheus.VariantConfig())
	os.Exit(m.Run())
}

// check reads a board as strictly as the schema is.
func check(raw []byte) error {
	var board dashboard.Dashboard
	err := board.UnmarshalJSONStrict(raw)
	if none, is := errors.AsType[cog.BuildErrors](err); is && len(none) == 0 { // what the library returns where all is well
		err = board.Validate()
	}
	return err
}

// boards are the boards by their files.
func boards(t *testing.T) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "dashboards", "*.json"))
	if err != nil || len(files) < 6 {
		t.Fatalf("found the boards %q, %v", files, err)
	}
	all := map[string][]byte{}
	for _, file := range files {
		if all[filepath.Base(file)], err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestEveryBoardKeepsToGrafanasSchema(t *testing.T) {
	for name, raw := range boards(t) {
		if err := check(raw); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatGrafanaDoesNotKnowIsNoticed(t *testing.T) {
	posture := string(boards(t)["posture.json"])
	for what, tt := range map[string]struct{ from, to, says string }{
		"a field of a board":        {`"editable": true`, `"editables": true`, "editables"},
		"a field of an annotation":  {`"titleFormat": `, `"titelFormat": `, "titelFormat"},
		"a field of a query":        {`"legendFormat": `, `"legend": `, "legend"},
		"a field of a panel":        {`"fieldConfig": `, `"fieldsConfig": `, "fieldsConfig"},
		"an option of a stat":       {`"graphMode": `, `"graph": `, "graph"},
		"an option of a bar gauge":  {`"namePlacement": `, `"names": `, "names"},
		"a table's option left out": {`"frameIndex": 0,`, ``, "frameIndex"},
		"a way to draw a line":      {`"lineInterpolation": `, `"interpolation": `, "interpolation"},
		"a number that is a text":   {`"schemaVersion": 41`, `"schemaVersion": "41"`, "schemaVersion"},
	} {
		changed := strings.Replace(posture, tt.from, tt.to, 1)
		if changed == posture {
			t.Fatalf("%s: the posture board has no %s", what, tt.from)
		}
		if err := check([]byte(changed)); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v, want it to name %s", what, err, tt.says)
		}
	}
}
