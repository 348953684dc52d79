//go:build e2e

package e2e

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What an owner has to see to goes to its team where the example has a route for it, and
// to those who look after all findings where it has none.
func TestAnAlertOfAnOwnerGoesToItsTeam(t *testing.T) {
	for owner, receiver := range map[string]string{"payments": "team-payments", "web": "vulnerability-management"} {
		test := exec.Command(tool(t, "AMTOOL", "amtool"), "config", "routes", "test", "--config.file", filepath.Join("..", "alerts", "alertmanager.yml"),
			"alertname=SecurityCenterOwnerOverdueCritical", "owner="+owner, "severity=warning", "class=symptom")
		out, err := test.Output()
		if got := strings.TrimSpace(string(out)); err != nil || got != receiver {
			t.Errorf("of %s it goes to %q, want %q: %v", owner, got, receiver, err)
		}
	}
}
