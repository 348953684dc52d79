package scapi_test

import (
	"slices"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

func TestSeveritiesAreThoseThatTheConsoleKnows(t *testing.T) {
	t.Parallel()
	all, old := scapi.Severities[:], scapi.Severities[scapi.Low:]
	for _, tc := range []struct {
		api     scapi.API
		version string
		want    []scapi.Severity
	}{
		{scapi.RPC, "4.0.3", old}, {scapi.RPC, "4.2.1", old}, {scapi.RPC, "4.4.1", all}, {scapi.RPC, "4.8.1", all}, {scapi.RPC, "", all},
		{scapi.REST, "5.8.0", all}, {scapi.REST, "6.4.0", all}, {scapi.REST, "", all},
	} {
		c, s := scripted(t, tc.api, tc.version, func(asked) said { return said{} })
		got, err := c.Severities(t.Context())
		if err != nil || !slices.Equal(got, tc.want) {
			t.Errorf("%s %s: %v, %v", tc.api, tc.version, got, err)
		}
		if len(s.calls()) > 0 {
			t.Errorf("%s %s: asked %v", tc.api, tc.version, s.calls())
		}
		got[0] = scapi.Critical // the caller's own
		if again, err := c.Severities(t.Context()); err != nil || !slices.Equal(again, tc.want) {
			t.Errorf("%s %s, again: %v, %v", tc.api, tc.version, again, err)
		}
	}
}
