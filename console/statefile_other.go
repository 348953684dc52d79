//go:build !unix

package console

import (
	"os"

	"github.com/gofrs/flock"
)

// replaceFile writes the file: there is no way to replace it in one step.
func replaceFile(path string, content []byte) error { return os.WriteFile(path, content, 0o600) }

func handOver(string) {}

func lockOptions() []flock.Option { return []flock.Option{flock.SetPermissions(0o600)} }
