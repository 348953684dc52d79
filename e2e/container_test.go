//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// TestTheBinaryNeedsNothingElse runs it as the image does: alone in an empty root, as a user without a name.
func TestTheBinaryNeedsNothingElse(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root may change the root folder")
	}
	root := t.TempDir()
	content, err := os.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "securitycenter_exporter"), content, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	inContainer := func(arguments ...string) *exec.Cmd {
		return &exec.Cmd{
			Path: "/securitycenter_exporter",
			Args: append([]string{"/securitycenter_exporter"}, arguments...),
			Dir:  "/",
			Env:  []string{},
			SysProcAttr: &syscall.SysProcAttr{
				Chroot:     root,
				Credential: &syscall.Credential{Uid: 65532, Gid: 65532},
			},
		}
	}

	address := "--web.listen-address=" + freeAddress(t)
	exporter := start(t, inContainer("--demo", address))
	exporter.eventually(t, settled, func() error {
		return inContainer("--healthcheck", address).Run() // the health check that the image declares
	})
	exporter.stop(t)
}
