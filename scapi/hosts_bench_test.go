package scapi

import (
	"fmt"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// BenchmarkDecodeHosts is the cost of a page of hosts without reading it.
func BenchmarkDecodeHosts(b *testing.B) {
	const rows = 1000
	text := []byte(`{"results":[`)
	for i := range rows {
		if i > 0 {
			text = append(text, ',')
		}
		text = fmt.Appendf(text, `{"ip":"10.%d.%d.%d","uuid":"","score":"%d","total":"43","severityInfo":"39","severityLow":"0","severityMedium":"3","severityHigh":"0","severityCritical":"1",`+
			`"macAddress":"00:50:56:00:00:%02x","policyName":"Full Safe Scan","pluginSet":"201812150336","netbiosName":"","dnsName":"host-%d.example.org",`+
			`"osCPE":"cpe:\/o:freebsd:freebsd:11.%d","biosGUID":"","tpmID":"","mcafeeGUID":"","lastAuthRun":"","lastUnauthRun":"%d","uniqueness":"repositoryID,ip,dnsName",`+
			`"repository":{"id":"%d","name":"Default","description":"","dataFormat":"IPv4"}}`,
			i>>16, i>>8&255, i&255, i%1000, i&255, i, i%5, 1545071370+i, i%4)
	}
	text = append(text, `]}`...)
	read := newHostReader(false, new(templates[hostTemplate]))
	var r results[Host]
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		r.scan(wire.NewReader(text), read)
		if len(r.rows) != rows {
			b.Fatal(len(r.rows), r.err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
}
