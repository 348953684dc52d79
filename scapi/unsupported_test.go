package scapi_test

import (
	"errors"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// What SecurityCenter 4 has no call for is said before anything is sent but the login.
func TestWhatSecurityCenter4DoesNotTell(t *testing.T) {
	t.Parallel()
	c, s := scripted(t, scapi.RPC, "4.8.1", table(nil))
	ctx := t.Context()
	for what, call := range map[string]func() error{
		"accept-risk rules": func() error { _, err := c.AcceptRiskRules(ctx); return err },
		"recast-risk rules": func() error { _, err := c.RecastRiskRules(ctx); return err },
		"scanner health":    func() error { _, err := c.ScannerHealth(ctx, "1"); return err },
		"plugin families":   func() error { _, err := c.PluginFamilies(ctx); return err },
		"a plugin family":   func() error { _, err := c.PluginFamily(ctx, "1"); return err },
		"saved queries":     func() error { _, err := c.SavedQueries(ctx); return err },
		"a saved query":     func() error { _, err := c.SavedQuery(ctx, "1"); return err },
		"audit files":       func() error { _, err := c.AuditFiles(ctx); return err },
	} {
		if err := call(); !errors.Is(err, scapi.ErrUnsupported) || len(s.calls()) > 0 {
			t.Errorf("%s: error %v after %v, want ErrUnsupported before any request", what, err, s.calls())
		}
	}
}
