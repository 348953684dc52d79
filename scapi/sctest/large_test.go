package sctest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/exhaustive"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

const million = 1_000_000

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// The bounds are generous: they catch a console that stores its findings, not a slow machine.
func TestAMillionHostsStartFastAndStaySmall(t *testing.T) {
	exhaustive.Only(t)
	before, began := heap(), time.Now()
	s := sctest.Start(t, sctest.Options{Hosts: million, Now: fixed})
	if d := time.Since(began); d > 10*time.Second {
		t.Errorf("started in %v", d)
	}
	if n := heap() - before; n > 150<<20 {
		t.Errorf("%d MB of heap", n>>20)
	}
	c := newClient(t, s).analyst()
	for _, tool := range []string{"sumip", "sumseverity"} {
		began := time.Now()
		p := c.query(tool, "cumulative", 0, 1, filter{"pluginID", "<=", 999999}, filter{"acceptRiskStatus", "=", "nonAccepted"})
		if d := time.Since(began); d > time.Second || len(p.Results) == 0 {
			t.Errorf("%s: %d rows in %v", tool, len(p.Results), d)
		}
	}
	p := c.query("sumip", "cumulative", million-10, million)
	if len(p.Results) != 10 || p.TotalRecords.String() != "1000000" {
		t.Errorf("the last page has %d rows of %s", len(p.Results), p.TotalRecords)
	}
}

func BenchmarkOneRowOfAMillion(b *testing.B) {
	console := sctest.New(sctest.Options{Hosts: million, Now: fixed})
	for _, body := range []string{
		`{"type":"vuln","sourceType":"cumulative","query":{"tool":"sumip","type":"vuln","startOffset":0,"endOffset":1,"filters":[{"filterName":"firstSeen","operator":"=","value":"30:all"}]}}`,
		`{"type":"vuln","sourceType":"cumulative","query":{"tool":"sumseverity","type":"vuln","startOffset":0,"endOffset":5,"filters":[]}}`,
		`{"type":"vuln","sourceType":"cumulative","sortField":"score","sortDir":"desc","query":{"tool":"sumip","type":"vuln","startOffset":0,"endOffset":100,"filters":[]}}`,
		`{"type":"vuln","sourceType":"cumulative","query":{"tool":"listvuln","type":"vuln","startOffset":20000000,"endOffset":20001000,"filters":[]}}`,
		`{"type":"vuln","sourceType":"cumulative","query":{"tool":"sumip","type":"vuln","startOffset":0,"endOffset":1,"filters":[{"filterName":"ip","operator":"=","value":"10.0.0.0/8"}]}}`,
	} {
		var q struct {
			SortField string
			Query     struct {
				Tool    string
				Filters []filter
			}
		}
		if err := json.Unmarshal([]byte(body), &q); err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprint(q.Query.Tool, q.SortField, q.Query.Filters), func(b *testing.B) {
			for b.Loop() {
				req := httptest.NewRequest(http.MethodPost, "/rest/analysis", strings.NewReader(body))
				req.Header.Set("x-apikey", "accesskey="+sctest.AnalystAccessKey+"; secretkey="+sctest.AnalystSecretKey)
				w := httptest.NewRecorder()
				console.ServeHTTP(w, req)
				if w.Code != http.StatusOK {
					b.Fatal(w.Body.String())
				}
			}
		})
	}
}

func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		sctest.New(sctest.Options{Hosts: million, Now: fixed})
	}
}
