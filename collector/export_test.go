package collector

import "github.com/securitycenter-exporter/securitycenter_exporter/scapi"

// Len returns the number of samples, those of undeclared families too.
func (m *Metrics) Len() int {
	n := 0
	for _, all := range m.samples {
		n += all.n
	}
	return n
}

// SetCounts is setCounts of all severities.
func (m *Metrics) SetCounts(f *Family, counts scapi.Counts, labels ...string) {
	m.setCounts(f, allSeverities, counts, labels...)
}
