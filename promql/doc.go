// Package promql proves that the pack and the exporter agree: its test parses
// every expression of the alerts, the recording rules and the dashboards with
// Prometheus' own parser, and fails on a metric or label that nothing exposes.
package promql
