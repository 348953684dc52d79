package collector

// Len returns the number of samples, those of undeclared families too.
func (m *Metrics) Len() int {
	n := 0
	for _, all := range m.samples {
		n += all.n
	}
	return n
}
