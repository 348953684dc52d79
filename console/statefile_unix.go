//go:build unix

package console

import (
	"os"
	"path/filepath"
	"syscall"

	"github.com/gofrs/flock"
	"github.com/google/renameio/v2"
)

// replaceFile puts a file of this content in the place of the one at path, in one step.
func replaceFile(path string, content []byte) error {
	pending, err := renameio.NewPendingFile(path, renameio.WithTempDir(filepath.Dir(path)), renameio.WithStaticPermissions(0o600))
	if err != nil {
		return err
	}
	defer func() { _ = pending.Cleanup() }()
	if _, err := pending.Write(content); err != nil {
		return err
	}
	if uid, gid, ok := heir(path); ok {
		if err := pending.Chown(uid, gid); err != nil {
			return err
		}
	}
	return pending.CloseAtomicallyReplace()
}

// heir returns to whom what root makes at path belongs, whose folder it is: root
// who runs scctl beside the exporter must not lock it out of its own state.
func heir(path string) (uid, gid int, ok bool) {
	if os.Geteuid() != 0 {
		return 0, 0, false
	}
	info, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return 0, 0, false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || stat.Uid == 0 {
		return 0, 0, false
	}
	return int(stat.Uid), int(stat.Gid), true
}

// handOver gives a lock that root has made to its heir.
func handOver(path string) {
	if uid, gid, ok := heir(path); ok {
		_ = os.Lchown(path, uid, gid)
	}
}

// lockOptions: whoever owns the folder must not make root open another file.
func lockOptions() []flock.Option {
	return []flock.Option{flock.SetPermissions(0o600), flock.SetFlag(os.O_CREATE | os.O_RDONLY | syscall.O_NOFOLLOW)}
}
