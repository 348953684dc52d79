package sctest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// recorded is one exchange with a recording console of version 5.8.
type recorded struct {
	Request struct {
		Method, Path string
		Body         json.RawMessage
	}
	Response struct {
		Status   int
		BodyText string `json:"body_text"`
	}
}

// kinds lists the fields of an answer with their JSON types, a line each, the first row standing for all of an array.
func kinds(v any, path string, into map[string]string) {
	switch t := v.(type) {
	case map[string]any:
		for key, sub := range t {
			kinds(sub, path+"."+key, into)
		}
	case []any:
		into[path] = "array"
		if len(t) > 0 {
			kinds(t[0], path+"[]", into)
		}
	default:
		into[path] = fmt.Sprintf("%T", v)
	}
}

// The console's answers have the fields and the JSON types of a recording one's.
func TestAnswersHaveTheShapeOfTheRecordedOnes(t *testing.T) {
	t.Parallel()
	dir := filepath.Join("..", "..", "..", "shared", "fixtures", "tenable-sc")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no recorded answers here")
	}
	s := sctest.Start(t, sctest.Options{Version: "5.8.0", Hosts: 60, Now: fixed})
	admin, analyst := newClient(t, s).admin(), newClient(t, s).analyst()
	var results struct{ Usable []struct{ ID, Status string } }
	analyst.decode(analyst.rest(http.MethodGet, "/scanResult", nil), &results)
	done := slices.IndexFunc(results.Usable, func(r struct{ ID, Status string }) bool { return r.Status == "Completed" })

	for _, tt := range []struct {
		file, path string // path: where ours differs
		as         *client
		except     []string // fields that differ on purpose, or that depend on the console's set-up
	}{
		{"status.json", "", admin, nil},
		{"feed.json", "", admin, nil},
		{"system.json", "", admin, []string{"reportTypes", "timezones"}},
		{"system-diagnostics-1.json", "", admin, nil},
		{"scanner-list.json", "", admin, nil},
		{"scanner-details.json", "/scanner/4", admin, []string{"certInfo", "nessusManagerOrgs", "zones"}},
		{"zone-details.json", "/zone/1", admin, nil},
		{"repository-details.json", "/repository/1", admin, []string{"organizations"}},
		{"scan-list.json", "", analyst, nil},
		{"scan-details.json", "/scan/1", analyst, []string{"policyPrefs", "credentials", "assets", "reports", "policy", "plugin", "zone", "schedule.dependent", "schedule.objectType"}},
		{"scanresult-list.json", "", analyst, nil},
		{"scanresult-details.json", "/scanResult/" + results.Usable[done].ID, analyst, []string{"progress", "SCI", "resultsSyncID", "repository", "scan"}},
		{"asset-list.json", "", analyst, nil},
		{"plugin-list-1.json", "", analyst, nil},
		{"pluginfamily-list.json", "", analyst, nil},
		{"error-invalid-token.json", "", newClient(t, s), nil},
		{"analysis-vuln-sumip-1.json", "", analyst, nil},
		{"analysis-vuln-sumseverity-1.json", "", analyst, nil},
		{"analysis-vuln-sumid-1.json", "", analyst, nil},
		{"analysis-vuln-sumasset-1.json", "", analyst, nil},
		{"analysis-vuln-sumclassc-1.json", "", analyst, nil},
		{"analysis-vuln-listvuln-1.json", "", analyst, nil},
		{"analysis-vuln-vulndetails-1.json", "", analyst, nil},
		{"analysis-vuln-sumremediation-1.json", "", analyst, nil},
		{"analysis-sclog-1.json", "", analyst, []string{"skip"}}, // whose keys are months
		{"analysis-mobile-listvuln-1.json", "", analyst, []string{"results"}},
		{"analysis-mobile-sumdeviceid-1.json", "", analyst, []string{"results"}},
		{"analysis-event-sumtype-1.json", "", analyst, nil},
		{"analysis-event-syslog-1.json", "", analyst, nil},
		{"analysis-event-listdata-1.json", "", analyst, nil},
	} {
		t.Run(tt.file, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join(dir, tt.file))
			if os.IsNotExist(err) {
				t.Skip("not among the recordings")
			}
			if err != nil {
				t.Fatal(err)
			}
			var recording recorded
			if err := json.Unmarshal(data, &recording); err != nil {
				t.Fatal(err)
			}
			path := strings.TrimPrefix(recording.Request.Path, "/rest")
			if tt.path != "" {
				path = tt.path
			}
			var in any
			if s := string(recording.Request.Body); s != "" && s != "null" {
				in = recording.Request.Body
			}
			ours := tt.as.rest(recording.Request.Method, path, in)
			if ours.Status != recording.Response.Status {
				t.Fatalf("status %d, recorded %d: %.300s", ours.Status, recording.Response.Status, ours.Body)
			}
			want, got := shape(t, recording.Response.BodyText), shape(t, ours.Body)
			for field, kind := range want {
				skip := false
				for _, e := range tt.except {
					skip = skip || strings.HasPrefix(field, ".response."+e)
				}
				if have, ok := got[field]; !skip && have != kind {
					if !ok {
						have = "absent"
					}
					t.Errorf("%s: %s, recorded %s", field, have, kind)
				}
			}
			if strings.HasSuffix(recording.Response.BodyText, "\n") != strings.HasSuffix(ours.Body, "\n") {
				t.Error("the final newline differs")
			}
		})
	}
}

func shape(t *testing.T, body string) map[string]string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatalf("%v in %.200s", err, body)
	}
	fields := map[string]string{}
	kinds(v, "", fields)
	return fields
}
