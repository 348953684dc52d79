// Package grafana proves that Grafana knows what the boards say: its test reads
// every board strictly by Grafana's own schema, and fails on a field, an option
// or a value that is not in it.
package grafana
