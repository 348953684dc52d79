package sctest_test

import (
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func itoa(n int) string { return strconv.Itoa(n) }

func TestSummariesByReferenceCountFindingsAndHosts(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{Seed: 4, Hosts: 200, Now: fixed})
	c := newClient(t, s).analyst()
	type host struct{ repository, ip, uuid string }
	findings := map[string]int{}
	hosts := map[string]map[host]bool{}
	for f := range s.Findings() {
		if !f.Open() {
			continue
		}
		for _, cve := range f.CVEs {
			findings[cve]++
			if hosts[cve] == nil {
				hosts[cve] = map[host]bool{}
			}
			hosts[cve][host{f.Host.Repository, f.Host.IP, f.Host.UUID}] = true
		}
	}
	summary := c.query("sumcve", "cumulative", 0, 100_000)
	if len(summary.Results) != len(findings) || len(findings) == 0 {
		t.Fatalf("%d CVEs, want %d", len(summary.Results), len(findings))
	}
	for _, row := range summary.Results {
		cve := row["cveID"].(string)
		if row["total"] != itoa(findings[cve]) || row["hostTotal"] != itoa(len(hosts[cve])) {
			t.Fatalf("%v, want %d findings on %d hosts", row, findings[cve], len(hosts[cve]))
		}
	}
	detail := c.query("cveipdetail", "cumulative", 3, 8)
	if detail.TotalRecords.String() != itoa(len(findings)) || len(detail.Results) != 5 {
		t.Fatalf("%s records, %d rows", detail.TotalRecords, len(detail.Results))
	}
	for i, row := range detail.Results {
		cve := row["cveID"].(string)
		if cve != summary.Results[3+i]["cveID"] {
			t.Errorf("row %d is %s", i, cve)
		}
		n := 0
		for _, h := range row["hosts"].([]any) {
			entry := h.(map[string]any)
			for _, one := range entry["iplist"].([]any) {
				o := one.(map[string]any)
				if !hosts[cve][host{entry["repositoryID"].(string), o["ip"].(string), o["uuid"].(string)}] {
					t.Fatalf("%s is not on %v", cve, o)
				}
				n++
			}
		}
		if n != len(hosts[cve]) || row["total"] != itoa(n) {
			t.Errorf("%s: %d hosts, want %d", cve, n, len(hosts[cve]))
		}
	}
	for tool, column := range map[string]string{"sumiavm": "iavmID", "summsbulletin": "msbulletinID", "iavmipdetail": "iavmID"} {
		p := c.query(tool, "cumulative", 0, 10)
		if len(p.Results) == 0 || p.Results[0][column] == nil {
			t.Errorf("%s: %v", tool, p)
		}
	}
	for _, tool := range []string{"sumcce", "cceipdetail", "sumuserresponsibility", "listmailclients", "listwebclients"} {
		if e := c.ask(tool, "cumulative", 0, 10); e.Code != 0 || !strings.Contains(e.Body, `"totalRecords":"0"`) || !strings.Contains(e.Body, `"results":[]`) {
			t.Errorf("%s: %s", tool, e.Body)
		}
	}
}

func TestPluginsAreListedWithTheirHosts(t *testing.T) {
	t.Parallel()
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		t.Run(dialect.String(), func(t *testing.T) {
			s := sctest.Start(t, sctest.Options{Dialect: dialect, Seed: 4, Hosts: 200, Now: fixed})
			c := newClient(t, s).analyst()
			sums := c.query("sumid", "cumulative", 0, 50)
			details := c.query("vulnipdetail", "cumulative", 0, 50)
			short := c.query("vulnipsummary", "cumulative", 0, 50)
			ranges := false
			for i, row := range sums.Results {
				d, v := details.Results[i], short.Results[i]
				n, addresses := 0, 0
				for _, h := range d["hosts"].([]any) {
					n += len(h.(map[string]any)["iplist"].([]any))
				}
				for _, h := range v["hosts"].([]any) {
					list := h.(map[string]any)["iplist"].(string)
					ranges = ranges || strings.Contains(list, "-")
					addresses += len(expand(t, strings.ReplaceAll(list, ",", "\n")))
				}
				if d["pluginID"] != row["pluginID"] || v["pluginID"] != row["pluginID"] || row["hostTotal"] != itoa(n) || d["total"] != itoa(n) || addresses != n {
					t.Fatalf("row %d: %v has %d hosts and %d addresses", i, row, n, addresses)
				}
			}
			if !ranges || len(sums.Results) != 50 {
				t.Errorf("%d rows, ranges: %v", len(sums.Results), ranges)
			}
		})
	}
}

func TestAnIPListHasEveryAddressOnceNeighboursAsRanges(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{Seed: 4, Hosts: 200, Now: fixed})
	c := newClient(t, s).analyst()
	want := map[netip.Addr]bool{}
	for f := range s.Findings() {
		if f.Open() {
			want[netip.MustParseAddr(f.Host.IP)] = true
		}
	}
	var out map[string]any
	c.decode(c.rest(http.MethodPost, "/analysis", map[string]any{"type": "vuln", "sourceType": "cumulative",
		"query": map[string]any{"tool": "iplist", "type": "vuln", "filters": []any{}}}), &out)
	if results, there := out["results"]; !there || results != nil {
		t.Errorf("results: %v", results)
	}
	delete(out, "results")
	n, ranges := 0, false
	for i := range len(out) {
		text := out[itoa(i)].(string)
		ranges = ranges || strings.Contains(text, "-")
		for _, ip := range expand(t, text) {
			if !want[netip.MustParseAddr(ip)] {
				t.Fatalf("%s has no finding", ip)
			}
			n++
		}
	}
	if n != len(want) || !ranges {
		t.Errorf("%d addresses, want %d; ranges: %v", n, len(want), ranges)
	}
}
