package scapi_test

import (
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestRiskRules(t *testing.T) {
	t.Parallel()
	const rules = `[{"id":"26","hostType":"asset","hostValue":{"id":"5","name":"Lab","description":""},"port":"443","protocol":"TCP","expires":1700000000,"status":"0",
			"comments":"until moved","createdTime":"1690000000","modifiedTime":"1690003600","repository":{"id":"1","name":"Default"},"organization":{"id":"1","name":"Org"},
			"user":{"id":"2","username":"api","firstname":"A","lastname":"B"},"plugin":{"id":"19506","name":"Scan Information"},"newSeverity":{"id":"1","name":"Low"}},
		{"id":"9","hostType":"ip","hostValue":"192.0.2.1,192.0.2.8-192.0.2.9","port":"any","protocol":"any","expires":"-1","newSeverity":"7"},
		{"id":"10","hostType":"uuid","hostValue":["a-b"],"expires":"0","repository":{"id":-1}},
		{"id":"11","hostType":"all","hostValue":"","newSeverity":"0"}]`
	c, _ := scripted(t, scapi.REST, "5.8.0", table(map[string]said{"GET /acceptRiskRule": {Response: rules}, "GET /recastRiskRule": {Response: rules}}))
	for what, list := range map[string]func() ([]scapi.RiskRule, error){
		"accept": func() ([]scapi.RiskRule, error) { return c.AcceptRiskRules(t.Context()) },
		"recast": func() ([]scapi.RiskRule, error) { return c.RecastRiskRules(t.Context()) },
	} {
		got, err := list()
		check(t, what, err, got, []scapi.RiskRule{
			{ID: "9", HostType: "ip", Hosts: []string{"192.0.2.1", "192.0.2.8-192.0.2.9"}, Port: "any", Protocol: "any"},
			{ID: "10", HostType: "uuid", Hosts: []string{"a-b"}},
			{ID: "11", HostType: "all", Severity: scapi.Some(scapi.Info)},
			{
				ID: "26", HostType: "asset", Asset: scapi.Ref{ID: "5", Name: "Lab"}, Port: "443", Protocol: "TCP", Expires: epoch(1700000000), Status: "0",
				Comments: "until moved", Created: epoch(1690000000), Modified: epoch(1690003600), Repository: scapi.Ref{ID: "1", Name: "Default"},
				Organization: scapi.Ref{ID: "1", Name: "Org"}, User: scapi.UserRef{ID: "2", Username: "api", Name: "A B"},
				Plugin: scapi.Ref{ID: "19506", Name: "Scan Information"}, Severity: scapi.Some(scapi.Low),
			},
		})
	}
}

func TestRiskRulesOfSimulatedConsoles(t *testing.T) {
	t.Parallel()
	server, _, c := simulated(t, sctest.Options{})
	accept, errA := c.AcceptRiskRules(t.Context())
	recast, errB := c.RecastRiskRules(t.Context())
	want := server.RiskRules()
	if errA != nil || errB != nil || len(accept) != len(want) || len(recast) != len(want) {
		t.Fatalf("%d accept-risk rules, %v; %d recast-risk rules, %v; want %d", len(accept), errA, len(recast), errB, len(want))
	}
	states := map[string]int{}
	for i, w := range want {
		for _, r := range []scapi.RiskRule{accept[i], recast[i]} {
			if r.ID != w.ID || !r.Expires.Equal(w.Expires) || r.HostType != w.HostType || r.Plugin.ID == "" || r.Repository.ID != "1" {
				t.Errorf("rule %+v, want %+v", r, w)
			}
			if (len(r.Hosts) > 0) != (r.HostType == "ip" || r.HostType == "uuid") || (r.Asset.ID != "") != (r.HostType == "asset") {
				t.Errorf("hosts of %+v", r)
			}
		}
		if accept[i].Severity.Valid || recast[i].Severity != scapi.Some(scapi.Severity(w.Severity)) {
			t.Errorf("severities %v and %v, want none and %d", accept[i].Severity, recast[i].Severity, w.Severity)
		}
		switch end := w.Expires; {
		case end.IsZero():
			states["never"]++
		case end.Before(simulatedNow):
			states["over"]++
		case end.Before(simulatedNow.AddDate(0, 0, 30)):
			states["soon"]++
		default:
			states["later"]++
		}
	}
	if len(states) != 4 {
		t.Errorf("states %v", states)
	}
}
