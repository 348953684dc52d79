package exporter

import (
	"time"

	"securitycenter_exporter/collector"
	"securitycenter_exporter/config"
)

// KnownCollectors returns what the configuration may say of collectors: those
// there are, and the names that are reserved for later ones.
func KnownCollectors() []config.Collector {
	var known []config.Collector
	for _, c := range collector.All() {
		known = append(known, config.Collector{Name: c.Name, Default: c.Default, Interval: c.Interval})
	}
	for _, name := range []string{"risk", "coverage", "watches", "families", "assets", "subnets", "remediation", "compliance", "tickets", "users", "risk_rules", "events"} {
		known = append(known, config.Collector{Name: name, Interval: time.Hour, Planned: true})
	}
	return append(known, config.Collector{
		Name: "hosts", Interval: time.Hour, Planned: true,
		Keys: []config.Key{{Name: "top", Kind: "int", Default: 100, Help: "hosts with the highest score that are shown one by one"}},
	})
}
