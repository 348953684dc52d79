package scapi_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestAQueryIsSpelledInTheConsolesOwnWordsAndNotSent(t *testing.T) {
	t.Parallel()
	from := simulatedNow.AddDate(0, 0, -30)
	epochs := fmt.Sprintf("%d-9999999999", from.Unix())
	query := scapi.Query{Source: scapi.Mitigated, Tool: "sumip", Limit: 1, Filters: []scapi.Filter{
		scapi.ByRepository("1", "2"), scapi.BySeverity(scapi.Critical), scapi.ByPluginID(1, 999999), scapi.LastMitigated(from, time.Time{}),
	}}
	for _, tt := range []struct {
		sctest.Options
		want scapi.Spelled
	}{
		{sctest.Options{Version: "6.1.0"}, scapi.Spelled{
			Call: "POST /rest/analysis", Tool: "sumip", Source: "patched",
			Filters: []string{`repository = [{"id":"1"},{"id":"2"}]`, "severity = 4", "pluginID <= 999999", "lastMitigated = " + epochs},
			Body: json.RawMessage(`{"type":"vuln","sourceType":"patched","query":{"tool":"sumip","type":"vuln","startOffset":0,"endOffset":1,"filters":[` +
				`{"filterName":"repository","operator":"=","value":[{"id":"1"},{"id":"2"}]},{"filterName":"severity","operator":"=","value":"4"},` +
				`{"filterName":"pluginID","operator":"<=","value":"999999"},{"filterName":"lastMitigated","operator":"=","value":"` + epochs + `"}]}}`),
		}},
		{sctest.Options{Dialect: sctest.RPC, Version: "4.4.0"}, scapi.Spelled{
			Call: "vuln::query", Tool: "sumip", Source: "mitigated",
			Filters: []string{"repositoryIDs = 1,2", "severity = 4", "pluginID = 1-999999", "lastMitigated = 0:30"},
			Body: json.RawMessage(`{"tool":"sumip","sourceType":"mitigated","startOffset":0,"endOffset":1,"filters":[` +
				`{"filterName":"repositoryIDs","operator":"=","value":"1,2"},{"filterName":"severity","operator":"=","value":"4"},` +
				`{"filterName":"pluginID","operator":"=","value":"1-999999"},{"filterName":"lastMitigated","operator":"=","value":"0:30"}]}`),
		}},
	} {
		server, _, client := simulated(t, tt.Options)
		got, err := client.Spell(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		var body any
		if json.Unmarshal(got.Body, &body) != nil {
			t.Errorf("%s is no JSON", got.Body)
		}
		if diff := cmp.Diff(tt.want, got, cmp.Transformer("object", func(raw json.RawMessage) (v any) {
			_ = json.Unmarshal(raw, &v)
			return v
		})); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if n := server.Count(func(r sctest.Request) bool { return r.Tool == "sumip" && len(r.Filters) > 0 }); n > 0 {
			t.Errorf("%d queries were sent", n)
		}
	}
	_, _, client := simulated(t, sctest.Options{})
	if _, err := client.Spell(t.Context(), scapi.Query{}); err == nil {
		t.Error("a query without a tool is spelled")
	}
}
