// Package regularfile reads files that somebody names, and that may be anything.
package regularfile

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// Most is the number of bytes that are read at most.
const Most = 1 << 20

// ErrTooLarge is the error of a file of more than Most bytes.
var ErrTooLarge = errors.New("larger than 1 MiB")

// Read returns the content of a file, which must be a regular one: a pipe could
// be read only once and a device might never end.
func Read(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, Most+1))
	if err != nil {
		return nil, err
	}
	if len(content) > Most {
		return nil, fmt.Errorf("file %s is %w", path, ErrTooLarge)
	}
	return content, nil
}
