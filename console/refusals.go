package console

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// pauses is how long a login is left alone after the first and the second
// refusal. After one more it is blocked: further tries would lock the user on the
// console, most of which do so at five.
var pauses = [...]time.Duration{15 * time.Minute, time.Hour}

// Refusals remembers the logins that consoles refused: by the console's address
// and the credentials themselves, whichever account, console or process tried
// them. Changed credentials are others, of which nothing is known. It is safe for
// concurrent use; all consoles of a process share one.
type Refusals struct {
	log  *slog.Logger
	file *stateFile // nil: they are remembered by this process only
	salt []byte     // of fingerprints

	filing sync.Mutex // one at a time reads, reckons and writes; before mu

	mu    sync.Mutex
	known map[fingerprint]*record
	turns map[string]*turn // by login.whose
}

// refusal is what is remembered of credentials that were refused.
type refusal struct {
	Count int       `json:"refusals"`
	Last  time.Time `json:"last"`
	Next  time.Time `json:"next,omitzero"` // no login before; zero: never
}

func (r refusal) blocked() bool { return r.Count > len(pauses) }

// waits returns the time before which no login is tried; zero if there is no such
// time. A clock that was far ahead when it was written does not make it wait for
// years: the number of refusals holds all the same.
func (r refusal) waits(now time.Time) time.Time {
	longest := pauses[len(pauses)-1]
	next := r.Next
	if latest := r.Last.Add(longest); next.After(latest) {
		next = latest
	}
	if r.Count == 0 || r.blocked() || !now.Before(next) || r.Last.After(now.Add(longest)) {
		return time.Time{}
	}
	return next
}

// again returns r after one more refusal.
func (r refusal) again(now time.Time) refusal {
	r.Count++
	r.Last, r.Next = now, time.Time{}
	if !r.blocked() {
		r.Next = now.Add(pauses[r.Count-1])
	}
	return r
}

// record is a refusal as a process remembers it.
type record struct {
	refusal
	answer    error  // the console's last; nil: another process heard it
	filed     string // salt of the state file that has it; empty: none has
	salt, key string // its key in the state file of this salt, reckoned once
}

// turn is whose login it is.
type turn struct {
	*semaphore.Weighted
	users int // who have it or wait for it
}

// OpenRefusals returns what is remembered of refused logins in the file at path,
// which is made if need be. What goes wrong with the file is logged: refusals then
// count in this process only. An empty path means that there shall be no file.
func OpenRefusals(path string, log *slog.Logger) *Refusals {
	r := &Refusals{log: log, salt: newSalt(), known: map[fingerprint]*record{}, turns: map[string]*turn{}}
	if path != "" {
		r.file = &stateFile{path: path, log: log, lost: r.unfile}
		r.file.open()
	}
	return r
}

func newSalt() []byte {
	salt := make([]byte, 32)
	_, _ = rand.Read(salt) // never fails
	return salt
}

// Guard returns the options of a client whose logins are guarded, for who has no
// Console. certificate is as in AccountOptions.
func (r *Refusals) Guard(o scapi.Options, certificate func() ([]byte, error)) (scapi.Options, error) {
	g, err := r.guard(&o, certificate, slog.New(slog.DiscardHandler))
	if err != nil {
		return o, err
	}
	o.LoginGuard = g
	return o, nil
}

// Reload forgets what was in a state file that somebody has deleted: that is how
// he says that an account was mended on the console itself.
func (r *Refusals) Reload() {
	if r.file == nil {
		return
	}
	r.filing.Lock()
	defer r.filing.Unlock()
	s, err := r.file.read()
	if err != nil {
		return // whatever is wrong, nobody has deleted it
	}
	if s == nil {
		r.file.open()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for p, rec := range r.known {
		if rec.filed != "" && rec.filed != s.id() {
			delete(r.known, p)
		}
	}
}

// unfile keeps what a corrupt file may have said: its successor does not say it,
// but nobody has deleted it.
func (r *Refusals) unfile() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, rec := range r.known {
		rec.filed = ""
	}
}

// remedy says in words that follow "until" what ends a block.
func (r *Refusals) remedy() string {
	if r.file == nil {
		return "the credentials change or the exporter is restarted"
	}
	return "the credentials change, or " + r.file.path + " is deleted and the exporter reloads"
}

// remembered returns what this process remembers of a login, without looking into the file.
func (r *Refusals) remembered(p fingerprint) refusal {
	r.mu.Lock()
	defer r.mu.Unlock()
	if rec := r.known[p]; rec != nil {
		return rec.refusal
	}
	return refusal{}
}

// check returns why a login is not tried now; nil if it may be. The turn is the
// caller's.
func (r *Refusals) check(l login) error {
	r.filing.Lock()
	defer r.filing.Unlock()
	rec := r.record(l)
	s, err := r.readFile()
	if err == nil && s != nil {
		r.merge(rec, s, l)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	answer := rec.answer
	if answer == nil {
		answer = scapi.ErrLoginRefused
	}
	switch next := rec.waits(time.Now()); {
	case rec.blocked():
		return fmt.Errorf("%w: refused %d times, left alone until %s; last answer, at %s: %w",
			ErrLoginPostponed, rec.Count, r.remedy(), rec.Last.UTC().Format(time.RFC3339), answer)
	case !next.IsZero():
		return fmt.Errorf("%w: refused, next try at %s; last answer, at %s: %w",
			ErrLoginPostponed, next.UTC().Format(time.RFC3339), rec.Last.UTC().Format(time.RFC3339), answer)
	}
	return nil
}

// merge takes what the file says of a login. Where the record came from this
// file, the file is right: another process may have logged in since. Otherwise
// the file is another one than it was, and the worse of the two holds.
func (r *Refusals) merge(rec *record, s *state, l login) {
	var there refusal
	if len(s.Refused) > 0 {
		there = s.Refused[r.key(rec, s, l)]
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if rec.filed != s.id() && there.Count < max(rec.Count, 1) {
		return
	}
	if !there.Last.Equal(rec.Last) {
		rec.answer = nil
	}
	rec.refusal, rec.filed = there, s.id()
	if there.Count == 0 {
		rec.filed = ""
	}
}

// refused remembers one more refusal of a login, and returns what is then known.
func (r *Refusals) refused(l login, answer error) refusal {
	r.filing.Lock()
	defer r.filing.Unlock()
	rec := r.record(l)
	now := rec.again(time.Now().UTC().Round(0))
	filed := ""
	if r.file != nil && !r.file.change(func(s *state) bool {
		key := r.key(rec, s, l)
		if there := s.Refused[key]; there.Count >= now.Count { // by a process that did not wait for us
			now = there.again(now.Last)
		}
		s.Refused[key] = now
		filed = s.id()
		return true
	}) {
		filed = ""
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	rec.refusal, rec.answer, rec.filed = now, answer, filed
	return now
}

// succeeded forgets the refusals of a login.
func (r *Refusals) succeeded(l login) {
	r.filing.Lock()
	defer r.filing.Unlock()
	rec := r.record(l)
	if s, err := r.readFile(); err == nil && s != nil && len(s.Refused) > 0 && s.Refused[r.key(rec, s, l)].Count > 0 {
		r.file.change(func(s *state) bool {
			key := r.key(rec, s, l)
			_, there := s.Refused[key]
			delete(s.Refused, key)
			return there
		})
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.known, r.fingerprint(l))
}

func (r *Refusals) readFile() (*state, error) {
	if r.file == nil {
		return nil, nil
	}
	return r.file.read()
}

// record returns what is known of a login, making it if need be.
func (r *Refusals) record(l login) *record {
	p := r.fingerprint(l)
	r.mu.Lock()
	defer r.mu.Unlock()
	rec := r.known[p]
	if rec == nil {
		rec = &record{}
		r.known[p] = rec
	}
	return rec
}

// key returns the key of a login in a state file. Reckoning it takes tens of
// milliseconds and 19 MiB, which is the point of it; it is done once for each
// login and file, and not at all while the file has no entry to compare with.
func (r *Refusals) key(rec *record, s *state, l login) string {
	if rec.salt != s.id() {
		rec.salt, rec.key = s.id(), r.file.derive(l.text(), s.Salt)
	}
	return rec.key
}

// wait waits, within ctx, until it is the login's turn: logins of one user go one
// at a time, in this process and among those that share the file. leave ends the
// turn.
func (r *Refusals) wait(ctx context.Context, whose string) (leave func(), err error) {
	r.mu.Lock()
	t := r.turns[whose]
	if t == nil {
		t = &turn{Weighted: semaphore.NewWeighted(1)}
		r.turns[whose] = t
	}
	t.users++
	r.mu.Unlock()
	gone := func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if t.users--; t.users == 0 {
			delete(r.turns, whose)
		}
	}
	if err := t.Acquire(ctx, 1); err != nil {
		gone()
		return nil, err
	}
	unlock := func() {}
	if r.file != nil {
		if unlock, err = r.file.lockLogin(ctx, whose); err != nil {
			t.Release(1)
			gone()
			return nil, err
		}
	}
	return func() {
		unlock()
		t.Release(1)
		gone()
	}, nil
}
