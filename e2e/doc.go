// Package e2e runs the built exporter the way a user does, against a real Prometheus.
//
// Its tests have the build tag e2e and use two programs, prometheus and promtool, which the environment variables
// PROMETHEUS and PROMTOOL name when they are not in PATH. E2E_OUT names a folder in which the tests leave what they
// saw: every exposition, and Prometheus' list of targets.
package e2e
