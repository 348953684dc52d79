package exporter

import (
	"slices"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/config"
)

// KnownCollectors returns what the configuration may say of collectors.
func KnownCollectors() []config.Collector {
	health := append(labelsOf(healthFamilies), trafficLabels()...)
	var known []config.Collector
	for _, c := range collector.All() {
		known = append(known, config.Collector{
			Name: c.Name, Help: c.Help, Default: c.Default, Interval: c.Interval, Keys: c.Keys,
			Labels: slices.Concat(labelsOf(c.Families), health),
		})
	}
	return known
}

// trafficLabels are the labels of console.Console.Traffic, which tells no
// labels of what it has not counted yet.
func trafficLabels() []string { return []string{"account", "code", "endpoint", "result"} }

func labelsOf(families []*collector.Family) []string {
	var labels []string
	for _, f := range families {
		labels = append(labels, f.Labels...)
	}
	return labels
}
