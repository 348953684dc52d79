package regularfile_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/regularfile"
)

func TestRead(t *testing.T) {
	folder := t.TempDir()
	write := func(size int) (string, []byte) {
		path, content := filepath.Join(folder, "file"), bytes.Repeat([]byte("x"), size)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path, content
	}
	for _, size := range []int{0, 1, regularfile.Most} {
		path, want := write(size)
		if got, err := regularfile.Read(path); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes: %d bytes, %v", size, len(got), err)
		}
	}
	path, _ := write(regularfile.Most + 1)
	if got, err := regularfile.Read(path); !errors.Is(err, regularfile.ErrTooLarge) || got != nil {
		t.Errorf("a file that is too large: %d bytes, %v", len(got), err)
	}
	if _, err := regularfile.Read(filepath.Join(folder, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	for _, path := range []string{folder, os.DevNull} {
		if _, err := regularfile.Read(path); err == nil || err.Error() != path+" is not a regular file" {
			t.Errorf("%s: %v", path, err)
		}
	}
}
