//go:build e2e

package e2e

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// console is a simulated console of the test's own, which can be stopped and started again at its address.
type console struct {
	*sctest.Console
	name    string
	address string
	server  *http.Server // nil: stopped
	secrets string       // folder of its accounts' password files
}

// startConsole starts a console in which nothing is wrong.
func startConsole(t *testing.T, name string, options sctest.Options) *console {
	t.Helper()
	c := &console{Console: sctest.New(options), name: name, address: freeAddress(t), secrets: t.TempDir()}
	c.Change(func(now *sctest.State) {
		now.NoLateJobs = true
		for _, scanner := range c.Scanners() {
			now.Scanners[scanner.ID] = 1
		}
	})
	c.tell(t, sctest.AdminUsername, sctest.AdminPassword)
	c.tell(t, sctest.AnalystUsername, sctest.AnalystPassword)
	c.start(t)
	t.Cleanup(c.stop)
	return c
}

// tell writes the password that the exporter has for an account.
func (c *console) tell(t *testing.T, account, password string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(c.secrets, account), []byte(password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (c *console) start(t *testing.T) {
	t.Helper()
	listener, err := net.Listen("tcp", c.address)
	if err != nil {
		t.Fatal(err)
	}
	c.server = &http.Server{Handler: c.Console, ReadHeaderTimeout: time.Minute}
	go func(server *http.Server) { _ = server.Serve(listener) }(c.server) // which ends by stop
}

func (c *console) stop() {
	if c.server != nil {
		_ = c.server.Close()
		c.server = nil
	}
}

// entry is what stands about the console under consoles in the exporter's configuration.
func (c *console) entry() string {
	entry := fmt.Sprintf("  - name: %s\n    url: http://%s\n    accounts:\n", c.name, c.address)
	for _, account := range []string{sctest.AdminUsername, sctest.AnalystUsername} {
		entry += fmt.Sprintf("      - {name: %[1]s, username: %[1]s, password_file: %[2]s}\n", account, filepath.Join(c.secrets, account))
	}
	return entry
}
