package scapi_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// findings are the console's, as text, that a query keeps.
func (m *moduleConsole) findings(keep func(sctest.Finding) bool) []string {
	var list []string
	for f := range m.Findings() {
		if keep(f) {
			list = append(list, fmt.Sprintf("%s %s %d %d %d", f.Host.Repository, f.Host.IP, f.PluginID, f.Port, f.Severity))
		}
	}
	slices.Sort(list)
	return list
}

// listed are rows of vulndetails or listvuln in the same text.
func listed(rows []scapi.Row) []string {
	list := make([]string, 0, len(rows))
	for _, r := range rows {
		list = append(list, fmt.Sprintf("%s %s %s %s %d", r.Repository(), r.String("ip"), r.String("pluginID"), r.String("port"), r.Severity().Value))
	}
	slices.Sort(list)
	return list
}

// alike compares what must not be empty either.
func alike[T any](t *testing.T, what string, err error, want, got []T) {
	t.Helper()
	if diff := cmp.Diff(want, got); err != nil || diff != "" || len(want) == 0 {
		t.Errorf("%s: error %v, %d wanted (-want +got):\n%s", what, err, len(want), diff)
	}
}

func sameFindings(t *testing.T, m *moduleConsole, q scapi.Query, keep func(sctest.Finding) bool) {
	t.Helper()
	rows, err := m.user.Query(t.Context(), q)
	alike(t, fmt.Sprintf("rows of %+v", q), err, m.findings(keep), listed(rows))
}

// completed returns a scan result that has data.
func (m *moduleConsole) completed(t *testing.T) sctest.ScanResult {
	t.Helper()
	results := m.ScanResults()
	at := slices.IndexFunc(results, func(r sctest.ScanResult) bool {
		return r.ImportStatus == "Finished" && r.Live > 0 && r.Finished.After(simulatedNow.AddDate(0, 0, -20))
	})
	if at < 0 {
		t.Fatal("no completed scan")
	}
	return results[at]
}

func (m *moduleConsole) download(t *testing.T, format string) ([]byte, error) {
	t.Helper()
	file, err := m.user.DownloadScan(t.Context(), m.completed(t).ID, format)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(file)
	return b, errors.Join(err, file.Close())
}

func forgetUUIDs(byHost map[string]scapi.Counts) map[string]scapi.Counts {
	m := map[string]scapi.Counts{}
	for key, counts := range byHost {
		host := key[:strings.LastIndex(key, " ")+1]
		m[host] = m[host].Add(counts)
	}
	return m
}

// rawList decodes a list that may be under a key.
func rawList(t *testing.T, raw json.RawMessage, key string) (list []map[string]any) {
	t.Helper()
	var under map[string]json.RawMessage
	if json.Unmarshal(raw, &under) == nil {
		raw = under[key]
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		t.Fatalf("%v: %.80s", err, raw)
	}
	return list
}

// sameIDs compares a list with the JSON that it was made from, usable and
// manageable objects taken together.
func sameIDs[T any](t *testing.T, err error, raw json.RawMessage, list []T, id func(T) string) {
	t.Helper()
	var halves map[string]json.RawMessage
	if json.Unmarshal(raw, &halves) != nil {
		halves = map[string]json.RawMessage{"": raw}
	}
	want := map[string]bool{}
	for _, half := range halves {
		var objects []struct{ ID any }
		if json.Unmarshal(half, &objects) != nil {
			continue
		}
		for _, o := range objects {
			want[fmt.Sprint(o.ID)] = true
		}
	}
	got := make([]string, 0, len(list))
	for _, v := range list {
		got = append(got, id(v))
	}
	alike(t, "ids", err, slices.Sorted(maps.Keys(want)), slices.Sorted(slices.Values(got)))
}
