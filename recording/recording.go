// Package recording keeps what a console answered during one cycle of the exporter, without what it says of its owner: a
// folder of two files that a site can read, approve and give away, and that a test can be made of.
//
// A Recorder stands between a client and the network and remembers requests and answers, in memory. Recorder.Recording
// takes out of them what is nobody's business: credentials, cookies, tokens and keys leave no trace; names, addresses,
// hosts, users and texts of plugins are replaced by others of the same length, the same ones by the same ones, by a key
// that is thrown away. What is left is what the product says: numbers, ids, types, states, versions, error codes, the
// order of things and their sizes. Nothing is written before that.
package recording

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Format is the version of the folder's format.
const Format = 1

// The files of a recording.
const (
	manifestFile  = "recording.json"
	exchangesFile = "exchanges.jsonl"
)

// Manifest says what a recording is of.
type Manifest struct {
	Format     int       `json:"format"`
	Dialect    string    `json:"dialect"`            // "rest" or "rpc"
	Version    string    `json:"version"`            // of the console; empty where it does not say
	RPCPath    string    `json:"rpc_path,omitempty"` // where request.php was
	Recorded   int64     `json:"recorded"`           // the console's clock at the first answer, as seconds since 1970; shifted if times are
	Accounts   []Account `json:"accounts"`
	Collectors []string  `json:"collectors"`
	Kept       []string  `json:"kept,omitempty"` // what was not replaced
	Shifted    bool      `json:"times_shifted,omitempty"`
	Lost       int       `json:"lost,omitempty"` // requests that no whole answer came to
}

// Account is one that requests were made through.
type Account struct {
	Name string `json:"name"` // account-1, account-2, …
	Kind string `json:"kind"` // administrator, organization, unknown
}

// Exchange is one request and its answer.
type Exchange struct {
	Account int               `json:"account"`           // place in Manifest.Accounts
	Session bool              `json:"session,omitempty"` // it was made by somebody who is logged in
	Call    string            `json:"call"`              // "GET /scanResult/12", "vuln::query"
	Query   map[string]string `json:"query,omitempty"`   // of the address
	Input   json.RawMessage   `json:"input,omitempty"`   // of the request
	Status  int               `json:"status"`
	Took    float64           `json:"took"`             // seconds until the answer was read
	Bytes   int64             `json:"bytes"`            // of the answer as it came
	Header  string            `json:"header,omitempty"` // the version that the header SecurityCenter tells
	Answer  json.RawMessage   `json:"answer,omitempty"` // JSON
	Text    string            `json:"text,omitempty"`   // what is none
}

// Recording is what was recorded of one console.
type Recording struct {
	Manifest
	Exchanges []Exchange
}

// Start is the console's clock when the recording began.
func (r *Recording) Start() time.Time { return time.Unix(r.Recorded, 0) }

// Write writes the recording to a folder, which it makes. A folder that already holds one is an error.
func (r *Recording) Write(dir string) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	manifest, err := json.MarshalIndent(r.Manifest, "", "  ")
	if err != nil {
		return err
	}
	var lines bytes.Buffer
	out := json.NewEncoder(&lines)
	out.SetEscapeHTML(false)
	for _, x := range r.Exchanges {
		if err := out.Encode(x); err != nil {
			return err
		}
	}
	for _, file := range []struct {
		name string
		data []byte
	}{{manifestFile, append(manifest, '\n')}, {exchangesFile, lines.Bytes()}} {
		if err := writeNew(filepath.Join(dir, file.name), file.data); err != nil {
			return err
		}
	}
	return nil
}

func writeNew(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// Open reads the recording of a folder.
func Open(dir string) (*Recording, error) {
	text, err := os.ReadFile(filepath.Join(dir, manifestFile))
	if err != nil {
		return nil, fmt.Errorf("read recording: %w", err)
	}
	r := &Recording{}
	if err := json.Unmarshal(text, &r.Manifest); err != nil {
		return nil, fmt.Errorf("read recording: %s: %w", filepath.Join(dir, manifestFile), err)
	}
	if r.Format != Format {
		return nil, fmt.Errorf("read recording: %s is of format %d, want %d", dir, r.Format, Format)
	}
	f, err := os.Open(filepath.Join(dir, exchangesFile))
	if err != nil {
		return nil, fmt.Errorf("read recording: %w", err)
	}
	defer f.Close()
	in := json.NewDecoder(bufio.NewReader(f))
	for {
		var x Exchange
		err := in.Decode(&x)
		switch {
		case errors.Is(err, io.EOF):
			return r, nil
		case err != nil:
			return nil, fmt.Errorf("read recording: %s, exchange %d: %w", f.Name(), len(r.Exchanges)+1, err)
		case x.Account < 0 || x.Account >= len(r.Accounts):
			return nil, fmt.Errorf("read recording: %s, exchange %d: there is no account %d", f.Name(), len(r.Exchanges)+1, x.Account)
		}
		r.Exchanges = append(r.Exchanges, x)
	}
}
