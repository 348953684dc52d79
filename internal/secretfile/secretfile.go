// Package secretfile takes a secret out of the content of a file, as editors,
// shells and Windows leave it there.
package secretfile

import (
	"bytes"
	"errors"
	"unicode/utf8"
)

// Text returns the secret that is the content of a file. A byte order mark of
// UTF-8 before it and one line end after it are not part of it. Content that can
// be no secret is an error that follows the name of the file: what is not UTF-8
// would reach the console garbled, and each try would count towards locking the
// account.
func Text(content []byte) (string, error) {
	const saveAgain = ": save it again as UTF-8 (in PowerShell with -Encoding ascii)"
	switch {
	case bytes.HasPrefix(content, []byte("\xff\xfe")), bytes.HasPrefix(content, []byte("\xfe\xff")), bytes.IndexByte(content, 0) >= 0:
		return "", errors.New("is UTF-16 text" + saveAgain)
	case !utf8.Valid(content):
		return "", errors.New("is not UTF-8 text" + saveAgain)
	}
	text := WithoutLineEnd(bytes.TrimPrefix(content, []byte("\xef\xbb\xbf")))
	if len(text) == 0 {
		return "", errors.New("is empty")
	}
	return string(text), nil
}

// WithoutLineEnd returns content without one line end after it, of either kind:
// editors and echo leave one.
func WithoutLineEnd(content []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(content, []byte("\n")), []byte("\r"))
}
