package collector

// Source is where a metric comes from: the console call on each dialect, empty
// where there is none, and what it costs the console each time.
type Source struct{ REST, RPC, Cost string }

// fromStatus is a source of several collectors.
var fromStatus = Source{"GET /status", "", "1 request, the same for all that has this source"}
