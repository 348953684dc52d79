package console

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"
	"golang.org/x/crypto/argon2"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/regularfile"
)

const (
	stateVersion = 1
	// mostRefusals bounds what is kept: the latest.
	mostRefusals = 1000
	// filePatience is how long others may hold the lock of the file, which they
	// need for milliseconds.
	filePatience = 5 * time.Second
	// loginPoll is how often it is looked whether a login of another process has
	// ended.
	loginPoll = 100 * time.Millisecond
)

// DefaultStateFile returns where refused logins are kept unless somebody says
// otherwise: in the first folder of $STATE_DIRECTORY, which systemd sets, else in
// that of the user. It is empty where neither is known.
func DefaultStateFile() string {
	const program, name = "securitycenter_exporter", "logins.json"
	if folders := filepath.SplitList(os.Getenv("STATE_DIRECTORY")); len(folders) > 0 && folders[0] != "" {
		return filepath.Join(folders[0], name)
	}
	variable, otherwise := "XDG_STATE_HOME", filepath.Join(".local", "state")
	if runtime.GOOS == "windows" {
		variable, otherwise = "LocalAppData", filepath.Join("AppData", "Local")
	}
	if folder := os.Getenv(variable); filepath.IsAbs(folder) {
		return filepath.Join(folder, program, name)
	}
	home, err := os.UserHomeDir()
	if err != nil || home == "" {
		return ""
	}
	return filepath.Join(home, otherwise, program, name)
}

// state is the content of a state file. No secret is in it: credentials are
// argon2id under the file's own random salt.
type state struct {
	Version int                `json:"version"`
	Salt    []byte             `json:"salt"`
	Refused map[string]refusal `json:"refused"`
}

// id tells one file from one that has taken its place; empty for no file.
func (s *state) id() string {
	if s == nil {
		return ""
	}
	return string(s.Salt)
}

// parseState returns the state that is the content of a file; nil for content of
// nothing but blanks, as after `: > FILE`.
func parseState(content []byte) (*state, error) {
	if len(bytes.TrimSpace(content)) == 0 {
		return nil, nil
	}
	var s state
	if err := json.Unmarshal(content, &s); err != nil {
		return nil, errors.New("not the JSON of a state file") // what it is instead is nobody's business
	}
	switch {
	case s.Version != stateVersion:
		return nil, fmt.Errorf("version %d, expected %d", s.Version, stateVersion)
	case len(s.Salt) < 16:
		return nil, errors.New("no salt")
	}
	for _, r := range s.Refused {
		if r.Count < 1 || r.Count > 1<<20 || r.Last.IsZero() || (r.Next.IsZero() != r.blocked()) {
			return nil, errors.New("an entry that makes no sense")
		}
	}
	if s.Refused == nil {
		s.Refused = map[string]refusal{}
	}
	return &s, nil
}

// stateFile keeps refusals across restarts and between processes.
type stateFile struct {
	path     string
	log      *slog.Logger
	reckon   func(text, salt []byte) []byte // argon2id; nil: that
	lost     func()                         // told when content that was corrupt is replaced; may be nil
	ailing   atomic.Bool                    // it is of no use, and that was said
	unlocked atomic.Bool                    // it cannot be locked, and that was said
}

// derive returns the key of a login in the file.
func (f *stateFile) derive(text, salt []byte) string {
	if f.reckon != nil {
		return base64.RawStdEncoding.EncodeToString(f.reckon(text, salt))
	}
	// OWASP's choice for little memory. No two run at a time: see Refusals.filing.
	return base64.RawStdEncoding.EncodeToString(argon2.IDKey(text, salt, 2, 19<<10, 1, 32))
}

// open makes the file if there is none, and so finds out whether it can be written.
func (f *stateFile) open() { f.change(func(*state) bool { return false }) }

// trouble warns once, until something works again: what is wrong with the file
// never ends a program.
func (f *stateFile) trouble(err error) {
	if !f.ailing.Swap(true) {
		f.log.Warn("Refused logins count in this process only: the state file is of no use", "file", f.path, "err", err)
	}
}

// lockless warns once that the file cannot be locked. That it cannot even be made
// where its folder is missing, others say.
func (f *stateFile) lockless(err error) {
	if !f.ailing.Load() && !errors.Is(err, fs.ErrNotExist) && !f.unlocked.Swap(true) {
		f.log.Warn("The state file cannot be locked: processes that share it may not hear of one another's refused logins", "file", f.path, "err", err)
	}
}

// errCorrupt is the error for content that is none of a state file.
var errCorrupt = errors.New("corrupt")

// read returns the content; nil if there is none. Files are replaced whole, so no
// lock is needed.
func (f *stateFile) read() (*state, error) {
	if runtime.GOOS == "windows" { // where they are not
		defer f.lock()()
	}
	s, err := f.load()
	if err != nil {
		f.trouble(err)
	}
	return s, err
}

func (f *stateFile) load() (*state, error) {
	content, err := regularfile.Read(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case errors.Is(err, regularfile.ErrTooLarge):
		return nil, fmt.Errorf("%w: %w", errCorrupt, err)
	case err != nil:
		return nil, err
	}
	s, err := parseState(content)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errCorrupt, err)
	}
	return s, nil
}

// change applies f to the content, under the lock, and writes it where f says that
// it has changed, where there was none, and where it was corrupt. It returns whether
// the file now says what f made of it.
func (f *stateFile) change(apply func(*state) bool) (kept bool) {
	err := os.MkdirAll(filepath.Dir(f.path), 0o700)
	if err != nil {
		f.trouble(err)
		return false
	}
	defer f.lock()()
	s, err := f.load()
	corrupt := errors.Is(err, errCorrupt)
	if err != nil && !corrupt {
		f.trouble(err) // it is not ours to replace
		return false
	}
	fresh := s == nil
	if fresh {
		s = &state{Version: stateVersion, Salt: newSalt(), Refused: map[string]refusal{}}
	}
	if apply(s) || fresh {
		s.prune()
		if err := s.write(f.path); err != nil {
			f.trouble(err)
			return false
		}
	}
	if corrupt {
		if !f.ailing.Load() {
			f.log.Warn("The state file was no such file and begins anew: refused logins in it are forgotten", "file", f.path, "err", err)
		}
		if f.lost != nil {
			f.lost()
		}
	}
	f.ailing.Store(false)
	return true
}

func (s *state) write(path string) error {
	content, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		return err
	}
	return replaceFile(path, append(content, '\n'))
}

// prune keeps the latest refusals.
func (s *state) prune() {
	if len(s.Refused) <= mostRefusals {
		return
	}
	keys := slices.SortedFunc(maps.Keys(s.Refused), func(a, b string) int {
		return cmp.Or(s.Refused[b].Last.Compare(s.Refused[a].Last), cmp.Compare(a, b))
	})
	for _, key := range keys[mostRefusals:] {
		delete(s.Refused, key)
	}
}

// lock takes the lock of the file and returns what gives it back. Without a lock
// the file is of use all the same: what two write at once, one of them loses.
func (f *stateFile) lock() (unlock func()) {
	ctx, cancel := context.WithTimeout(context.Background(), filePatience)
	defer cancel()
	l := flock.New(f.path+".lock", lockOptions()...)
	if _, err := l.TryLockContext(ctx, time.Millisecond); err != nil {
		f.lockless(err)
		return func() {}
	}
	handOver(l.Path())
	return func() { _ = l.Unlock() }
}

// lockLogin waits, within ctx, until no other process that shares the file logs
// the same user in. The error is that ctx ended: without a lock it does not wait.
func (f *stateFile) lockLogin(ctx context.Context, whose string) (unlock func(), err error) {
	path := f.path + "." + whose + ".lock"
	for {
		l := flock.New(path, lockOptions()...)
		_, err := l.TryLockContext(ctx, loginPoll)
		switch {
		case err != nil && ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil:
			f.lockless(err)
			return func() {}, nil
		}
		handOver(path)
		if inPlace(l, path) {
			return func() {
				_ = os.Remove(path) // before others get the lock: see inPlace
				_ = l.Unlock()
			}, nil
		}
		_ = l.Unlock()
	}
}

// inPlace reports whether a locked file is still the one of its path: who had the
// lock before has removed it.
func inPlace(l *flock.Flock, path string) bool {
	ours, err := l.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(path)
	return err == nil && os.SameFile(ours, there)
}
