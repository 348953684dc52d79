package sctest

import (
	"crypto/subtle"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// cookieName is the session cookie of every version.
const cookieName = "TNS_SESSIONID"

type session struct {
	cookie, token string
	account       *Account
	lastUse       time.Time
}

// sessions are the users that are logged in, and who is locked out.
type sessions struct {
	mu       sync.Mutex
	o        *Options
	byCookie map[string]*session
	refused  map[string]int // refused logins by user since the last success
	issued   uint64
}

// The codes of the first two are recorded. What a refused login answers is not known: 11 is a choice.
var (
	errInvalidToken = &apiError{http.StatusForbidden, 12, "This request contains an invalid token."}
	errBadKey       = &apiError{http.StatusForbidden, 0, ""}
	errBadLogin     = &apiError{http.StatusForbidden, 11, "Invalid login credentials.\n"}
	errLocked       = &apiError{http.StatusForbidden, 11, "Invalid login credentials. The account is locked.\n"}
)

// newCookie returns a value for the session cookie: 32 hexadecimal digits. The console is locked.
func (s *sessions) newCookie() string {
	s.issued++
	return fmt.Sprintf("%016x%016x", mix(s.o.Seed, 50, s.issued), mix(s.o.Seed, 51, s.issued))
}

// anonymousCookie is the cookie of a reply to a request without a session.
func (s *sessions) anonymousCookie() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.newCookie()
}

// login starts a session. It returns nil and no error when the user has reached the session limit and release is
// not asked for.
func (s *sessions) login(username, password string, release bool, now time.Time) (*session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.o.LockAfter > 0 && s.refused[username] >= s.o.LockAfter {
		return nil, errLocked
	}
	for i := range s.o.Accounts {
		a := &s.o.Accounts[i]
		if a.Username == username && a.Locked {
			return nil, errLocked
		}
		if a.Username == username && a.Password != "" && equal(a.Password, password) {
			s.refused[username] = 0
			return s.start(a, release, now), nil
		}
	}
	s.refused[username]++
	return nil, errBadLogin
}

// start opens a session of the account, or returns nil at the limit. The sessions are locked.
func (s *sessions) start(a *Account, release bool, now time.Time) *session {
	s.expire(now)
	open := 0
	for _, other := range s.byCookie {
		if other.account == a {
			open++
		}
	}
	if s.o.SessionLimit > 0 && open >= s.o.SessionLimit {
		if !release {
			return nil
		}
		for key, other := range s.byCookie {
			if other.account == a {
				delete(s.byCookie, key)
			}
		}
	}
	cookie := s.newCookie()
	n := &session{cookie: cookie, account: a, lastUse: now, token: fmt.Sprint(1_000_000_000 + mix(s.o.Seed, 52, s.issued)%1_000_000_000)}
	s.byCookie[cookie] = n
	return n
}

// certificateLogin starts a session for the user of a client certificate; nil when it belongs to nobody.
func (s *sessions) certificateLogin(r *http.Request, now time.Time) *session {
	a := s.certificateAccount(r)
	if a == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.start(a, false, now)
}

func (s *sessions) certificateAccount(r *http.Request) *Account {
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		return nil
	}
	cn := r.TLS.PeerCertificates[0].Subject.CommonName
	for i := range s.o.Accounts {
		if a := &s.o.Accounts[i]; a.CertificateCN != "" && a.CertificateCN == cn {
			return a
		}
	}
	return nil
}

// find returns the session of a cookie and a token, and counts the request as use of it.
func (s *sessions) find(r *http.Request, token string, now time.Time) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire(now)
	found := s.byCookie[cookieOf(r)]
	if found == nil || token == "" || !equal(found.token, token) {
		return nil
	}
	found.lastUse = now
	return found
}

// open says whether the cookie is that of a session.
func (s *sessions) open(cookie string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.byCookie[cookie] != nil
}

// cookieOf finds the session anywhere in the Cookie header: old clients send back the whole Set-Cookie text.
func cookieOf(r *http.Request) string {
	for _, header := range r.Header["Cookie"] {
		if _, after, ok := strings.Cut(header, cookieName+"="); ok {
			value, _, _ := strings.Cut(after, ";")
			value, _, _ = strings.Cut(value, ",")
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func (s *sessions) expire(now time.Time) {
	for key, other := range s.byCookie {
		if now.Sub(other.lastUse) >= s.o.SessionTimeout {
			delete(s.byCookie, key)
		}
	}
}

// end closes the session of a request, whether it was still open or not.
func (s *sessions) end(r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byCookie, cookieOf(r))
}

// keyAccount returns the account of an x-apikey header: accesskey=…; secretkey=…, in any case and order.
func (s *sessions) keyAccount(header string) *Account {
	var access, secret string
	for _, part := range strings.Split(header, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "accesskey":
			access = strings.TrimSpace(value)
		case "secretkey":
			secret = strings.TrimSpace(value)
		}
	}
	for i := range s.o.Accounts {
		a := &s.o.Accounts[i]
		if a.AccessKey != "" && equal(a.AccessKey, access) && equal(a.SecretKey, secret) {
			return a
		}
	}
	return nil
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// Sessions returns the number of open sessions.
func (c *Console) Sessions() int {
	c.sessions.mu.Lock()
	defer c.sessions.mu.Unlock()
	c.sessions.expire(c.o.Now())
	return len(c.sessions.byCookie)
}

// ExpireSessions ends every session, as a restart of the console does.
func (c *Console) ExpireSessions() {
	c.sessions.mu.Lock()
	defer c.sessions.mu.Unlock()
	clear(c.sessions.byCookie)
}

// Locked says whether the user is locked out, by an administrator or after too many refused logins.
func (c *Console) Locked(username string) bool {
	if slices.ContainsFunc(c.o.Accounts, func(a Account) bool { return a.Username == username && a.Locked }) {
		return true
	}
	c.sessions.mu.Lock()
	defer c.sessions.mu.Unlock()
	return c.o.LockAfter > 0 && c.sessions.refused[username] >= c.o.LockAfter
}

// SetPassword changes the password of a user. Sessions that are open stay so: what a real console does is not known.
func (c *Console) SetPassword(username, password string) {
	c.sessions.mu.Lock()
	defer c.sessions.mu.Unlock()
	for i := range c.o.Accounts {
		if a := &c.o.Accounts[i]; a.Username == username {
			a.Password = password
		}
	}
}

// Unlock lets a locked user log in again, as an administrator does.
func (c *Console) Unlock(username string) {
	c.sessions.mu.Lock()
	defer c.sessions.mu.Unlock()
	delete(c.sessions.refused, username)
}
