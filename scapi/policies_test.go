package scapi_test

import (
	"errors"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestPolicies(t *testing.T) {
	t.Parallel()
	c, _ := scripted(t, scapi.REST, "5.8.0", table(map[string]said{"GET /policy": {Response: `{"usable":[{"id":"1000009","name":"Full","description":"d"},
		{"id":"1000001","name":"Patch"}],"manageable":[{"id":"1000001","name":"Patch"}]}`}}))
	got, err := c.Policies(t.Context())
	check(t, "policies", err, got, []scapi.Policy{{ID: "1000001", Name: "Patch"}, {ID: "1000009", Name: "Full", Description: "d"}})

	_, _, old := simulated(t, sctest.Options{Dialect: sctest.RPC, Hosts: 10, Plugins: 1000})
	if _, err := old.Policies(t.Context()); !errors.Is(err, scapi.ErrUnsupported) {
		t.Errorf("SecurityCenter 4: %v", err)
	}
}
