package collector

import "github.com/securitycenter-exporter/securitycenter_exporter/scapi"

// Source is where a metric comes from.
type Source struct {
	REST, RPC string // the console call on each dialect; empty where there is none
	Cost      string // for the console, each time
	// Exception: SecurityCenter 4 has the call, and tells the metric in it only
	// of consoles such as these.
	Exception string
}

// On reports whether consoles of the dialect tell the metric, other than in
// exceptional cases.
func (s Source) On(d scapi.API) bool {
	if d == scapi.RPC {
		return s.RPC != "" && s.Exception == ""
	}
	return s.REST != ""
}

// fromStatus is a source of several collectors.
var fromStatus = Source{REST: "GET /status", Cost: "1 request, the same for all that has this source"}
