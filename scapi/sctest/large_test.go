package sctest_test

import (
	"runtime"
	"testing"
	"time"

	"securitycenter_exporter/scapi/sctest"
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
	if testing.Short() {
		t.Skip("takes a few seconds")
	}
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

func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		sctest.New(sctest.Options{Hosts: million, Now: fixed})
	}
}
