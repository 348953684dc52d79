package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

const masked = "<secret>"

// secret is a password or key, or where to find it. The text is behind a
// pointer, so that printing a struct that holds a secret cannot show it.
type secret struct {
	inline *string
	file   string // path as the process opens it
	env    string // name of an environment variable
}

// read returns the secret as it is now; "" where none is configured. One line
// end after it is not part of it, because editors and echo leave one.
func (s secret) read() (string, error) {
	switch {
	case s.inline != nil:
		return *s.inline, nil
	case s.file != "":
		data, err := readRegular(s.file)
		if err != nil {
			return "", err
		}
		text := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
		if text == "" {
			return "", fmt.Errorf("file %s is empty", s.file)
		}
		return text, nil
	case s.env != "":
		text, ok := os.LookupEnv(s.env)
		if !ok {
			return "", fmt.Errorf("environment variable %s is not set", s.env)
		}
		if text == "" {
			return "", fmt.Errorf("environment variable %s is empty", s.env)
		}
		return text, nil
	}
	return "", nil
}

// secret reads NAME, NAME_file or NAME_env, of which at most one may stand.
// The returned place is that of the key that was found. what begins a sentence.
func (m *mapping) secret(name, what string) (secret, value) {
	var s secret
	var at value
	for _, key := range []struct{ name, kind, help string }{
		{name, "secret", what + ", in clear text."},
		{name + "_file", "path", what + " is the content of this file, which is read again when it changes. One line end after it is ignored."},
		{name + "_env", "name of a variable", what + " is in this environment variable."},
	} {
		v, ok := m.take(key.name, key.kind, "", key.help)
		if !ok {
			continue
		}
		if at.doc != nil {
			v.refuse("stands beside "+at.path[strings.LastIndex(at.path, ".")+1:],
				fmt.Sprintf("only one of %s, %s_file, %s_env", name, name, name))
			continue
		}
		at = v
		switch key.name {
		case name:
			if text, ok := v.text("the secret itself"); ok {
				s.inline = &text
			}
		case name + "_file":
			if path, ok := v.text("the path of a file that holds the secret"); ok {
				s.file = m.doc.resolve(path)
			}
		default:
			if env, ok := v.text("the name of an environment variable"); ok {
				s.env = env
			}
		}
		if _, err := s.read(); err != nil {
			v.refuse(fileTrouble(err), "a readable secret that is not empty")
		}
	}
	return s, at
}

// readRegular returns the content of a file, which must be a regular one: a
// pipe could be read only once and a device might never end.
func readRegular(path string) ([]byte, error) {
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
	data, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxFileBytes {
		return nil, fmt.Errorf("file %s is larger than 1 MiB", path)
	}
	return data, nil
}

// fileTrouble says in a few words why a file could not be read.
func fileTrouble(err error) string {
	var p *os.PathError
	if errors.As(err, &p) {
		return fmt.Sprintf("cannot read file %s: %v", p.Path, p.Err)
	}
	return err.Error()
}
