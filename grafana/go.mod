// A module of its own: Grafana's schema is no part of the exporter.
module github.com/securitycenter-exporter/securitycenter_exporter/grafana

go 1.26.7

require github.com/grafana/grafana-foundation-sdk/go v0.0.22
