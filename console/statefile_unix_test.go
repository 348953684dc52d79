//go:build unix

package console

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestWhatRootMakesBelongsToWhoseFolderItIs(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	const nobody = 65534
	path := statePath(t)
	folder := filepath.Dir(path)
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(folder, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	g := user("wrong").guard(t, process(path, nil), address)
	if err := g.Allow(t.Context()); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != 3 {
		t.Fatalf("%d files, want the state and two locks: %v", len(entries), err)
	}
	g.Done(errRefused)
	for _, e := range append(entries[:1:1], entries[2]) { // the lock of the login is gone
		info, err := os.Stat(filepath.Join(folder, e.Name()))
		if err != nil {
			continue
		}
		if stat, ok := info.Sys().(*syscall.Stat_t); !ok || stat.Uid != nobody {
			t.Errorf("%s belongs to %v", e.Name(), info.Sys())
		}
	}
}

func TestALinkInPlaceOfALockIsNotFollowed(t *testing.T) {
	path := statePath(t)
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	if err := os.Symlink(elsewhere, path+".lock"); err != nil {
		t.Fatal(err)
	}
	process(path, nil)
	if _, err := os.Stat(elsewhere); err == nil {
		t.Error("a file was made where the link leads")
	}
}
