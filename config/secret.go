package config

import (
	"errors"
	"fmt"
	"os"

	promconfig "github.com/prometheus/common/config"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/regularfile"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/secretfile"
)

// secret is a password or key, or where to find it. The text is behind a
// pointer, so that printing a struct that holds a secret cannot show it.
type secret struct {
	inline *string
	file   string // path as the process opens it
	env    string // name of an environment variable
	bytes  bool   // it may be any bytes, not text only
}

// read returns the secret as it is now; "" where none is configured. One line
// end after it is not part of it, because editors and echo leave one.
func (s secret) read() (string, error) {
	switch {
	case s.inline != nil:
		return *s.inline, nil
	case s.file != "":
		data, err := regularfile.Read(s.file)
		if err != nil {
			return "", err
		}
		if s.bytes && len(secretfile.WithoutLineEnd(data)) > 0 {
			return string(secretfile.WithoutLineEnd(data)), nil
		}
		text, err := secretfile.Text(data)
		if err != nil {
			return "", fmt.Errorf("file %s %w", s.file, err)
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

// spellings are the keys that may give a secret, of which at most one may stand:
// the secret, a file, a variable.
func spellings(name string) []string { return []string{name, name + "_file", name + "_env"} }

// secret reads a text from NAME, NAME_file or NAME_env. The returned place is that
// of the key that was found. what begins a sentence.
func (m *mapping) secret(name, what string) (secret, value) { return m.secretOf(secret{}, name, what) }

// secretOf is secret for one that is like s.
func (m *mapping) secretOf(s secret, name, what string) (secret, value) {
	var at value
	ignored := "A byte order mark before it and one line end after it are ignored; UTF-16 is refused"
	if s.bytes {
		ignored = "One line end after it is ignored"
	}
	keys := spellings(name)
	for i, spelling := range []struct {
		kind, help string
		read       func(value)
	}{
		{"secret", what + ", in clear text.", func(v value) {
			if text, ok := v.text("the secret itself"); ok {
				s.inline = &text
				v.print(promconfig.Secret(text))
			}
		}},
		{"path", what + " is the content of this file, which is read again when it changes. " + ignored + ".", func(v value) {
			path, _ := v.text("the path of a file that holds the secret")
			s.file = m.doc.resolve(path)
			v.print(s.file)
		}},
		{"name of a variable", what + " is in this environment variable.", func(v value) {
			s.env, _ = v.text("the name of an environment variable")
			v.print(s.env)
		}},
	} {
		v, ok := m.take(keys[i], spelling.kind, "", spelling.help)
		if !ok {
			continue
		}
		if at.doc != nil {
			v.refuse("stands beside "+at.key(), "only "+oneOf(keys))
			continue
		}
		at = v
		spelling.read(v)
		if _, err := s.read(); err != nil {
			v.refuse(fileTrouble(err), "a readable secret that is not empty")
		}
	}
	return s, at
}

// fileTrouble says in a few words why a file could not be read.
func fileTrouble(err error) string {
	var p *os.PathError
	if errors.As(err, &p) {
		return fmt.Sprintf("cannot read file %s: %v", p.Path, p.Err)
	}
	return err.Error()
}
