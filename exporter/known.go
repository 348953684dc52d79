package exporter

import (
	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/config"
)

// KnownCollectors returns what the configuration may say of collectors.
func KnownCollectors() []config.Collector {
	var known []config.Collector
	for _, c := range collector.All() {
		known = append(known, config.Collector{Name: c.Name, Help: c.Help, Default: c.Default, Interval: c.Interval, Keys: c.Keys})
	}
	return known
}
