package recording

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/conceal"
)

// Recorder remembers what passes through its transports. It is safe for concurrent use.
type Recorder struct {
	mu       sync.Mutex
	accounts []string // as the site calls them
	seen     []Seen
	lost     int
	secrets  []string // of requests and answers
	users    []string // who logged in
	rpcPath  string
}

// Seen is one request and its answer, as they were: it is not to be written anywhere.
type Seen struct {
	Account     string
	place       int
	Session     bool       // made by somebody who is logged in
	Login       bool       // it opens or ends a session: never part of a recording
	Reads       bool       // it changes nothing but sessions
	Call        string     // "GET /scanResult/12", "vuln::query"
	Query       url.Values // of the address
	Input       []byte     // JSON; nil: none
	Status      int
	Start       time.Time
	Took        time.Duration
	ContentType string
	Version     string // of the header SecurityCenter
	Body        []byte
	TLS         *tls.ConnectionState // nil: none
}

// Transport returns a transport that remembers what an account asks and is answered. Requests that get no whole answer
// are counted only.
func (r *Recorder) Transport(account string, next http.RoundTripper) http.RoundTripper {
	r.mu.Lock()
	defer r.mu.Unlock()
	place := slices.Index(r.accounts, account)
	if place < 0 {
		place = len(r.accounts)
		r.accounts = append(r.accounts, account)
	}
	if next == nil {
		next = http.DefaultTransport
	}
	return &transport{of: r, account: account, place: place, next: next}
}

// Seen returns what was remembered since the place in it that is given, in the order of the answers.
func (r *Recorder) Seen(from int) []Seen {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.seen[min(from, len(r.seen)):])
}

// Secrets returns the credentials, cookies, tokens and keys that passed.
func (r *Recorder) Secrets() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.secrets)
}

type transport struct {
	of      *Recorder
	account string
	place   int
	next    http.RoundTripper
}

// CloseIdleConnections closes those of the transport below.
func (t *transport) CloseIdleConnections() {
	if c, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	s := Seen{Account: t.account, place: t.place, Start: time.Now()}
	if err := t.of.request(req, &s); err != nil {
		return nil, err
	}
	resp, err := t.next.RoundTrip(req)
	if err != nil {
		t.of.lose()
		return nil, err
	}
	s.TLS = resp.TLS
	s.Status, s.ContentType, s.Version = resp.StatusCode, resp.Header.Get("Content-Type"), resp.Header.Get("SecurityCenter")
	for _, c := range resp.Cookies() {
		t.of.learn(c.Value)
	}
	resp.Body = &body{ReadCloser: resp.Body, of: t.of, seen: s}
	return resp, nil
}

// body remembers an answer when it was read to its end.
type body struct {
	io.ReadCloser
	of   *Recorder
	seen Seen

	mu   sync.Mutex // Close may come while Read waits
	text bytes.Buffer
	over bool
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.text.Write(p[:n])
	if err == io.EOF && !b.over {
		b.over = true
		b.seen.Took, b.seen.Body = time.Since(b.seen.Start), b.text.Bytes()
		b.of.add(b.seen)
	}
	return n, err
}

func (b *body) Close() error {
	err := b.ReadCloser.Close()
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.over {
		b.over = true
		b.of.lose()
	}
	return err
}

func (r *Recorder) lose() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lost++
}

func (r *Recorder) add(s Seen) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen = append(r.seen, s)
	var found any
	if json.Unmarshal(s.Body, &found) == nil {
		r.learnFields(found)
	}
}

func (r *Recorder) learn(secrets ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keep(secrets...)
}

// keep takes up secrets. r.mu is held.
func (r *Recorder) keep(secrets ...string) {
	for _, s := range secrets {
		if s != "" && !slices.Contains(r.secrets, s) {
			r.secrets = append(r.secrets, s)
		}
	}
}

// learnFields takes up what fields hold whose names are those of secrets. r.mu is held.
func (r *Recorder) learnFields(v any) {
	switch t := v.(type) {
	case map[string]any:
		for name, value := range t {
			switch text, isText := value.(string); {
			case isText && conceal.SecretName(name) && len(text) >= 6:
				r.keep(text)
			default:
				r.learnFields(value)
			}
		}
	case []any:
		for _, value := range t {
			r.learnFields(value)
		}
	}
}

// request describes a request, and takes up its secrets.
func (r *Recorder) request(req *http.Request, s *Seen) error {
	var text []byte
	if req.Body != nil && req.Body != http.NoBody && req.GetBody != nil {
		again, err := req.GetBody()
		if err == nil {
			text, err = io.ReadAll(again)
		}
		if err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for name, values := range req.Header {
		switch name = strings.ToLower(name); {
		case name == "cookie", name == "x-apikey", name == "authorization", name == "proxy-authorization", conceal.SecretName(name):
			for part := range strings.FieldsFuncSeq(strings.Join(values, ";"), func(c rune) bool { return strings.ContainsRune(";, ", c) }) {
				_, value, named := strings.Cut(part, "=")
				if !named {
					value = part
				}
				if !strings.EqualFold(value, "Basic") && !strings.EqualFold(value, "Bearer") {
					r.keep(value)
				}
			}
		case name == "x-securitycenter":
			r.keep(values...)
		}
	}
	path := req.URL.Path
	if at := strings.LastIndex(path, "/rest/"); at >= 0 {
		r.rest(req, path[at+len("/rest"):], text, s)
		return nil
	}
	form, err := url.ParseQuery(string(text))
	if err != nil || form.Get("module") == "" {
		s.Call = req.Method + " " + path
		return nil
	}
	r.rpcPath = path
	if strings.HasSuffix(path, "/sc4/request.php") {
		r.rpcPath = "/sc4/request.php"
	} else {
		r.rpcPath = "/request.php"
	}
	s.Call = form.Get("module") + "::" + form.Get("action")
	s.Session = form.Get("token") != ""
	s.Login = form.Get("module") == "auth"
	action := form.Get("action")
	s.Reads = s.Login || action == "init" || action == "query" || strings.HasPrefix(action, "get") || strings.HasPrefix(action, "sum")
	s.Input = []byte(form.Get("input"))
	r.keep(form.Get("token"))
	if s.Login {
		r.login(s.Input)
	}
	return nil
}

func (r *Recorder) rest(req *http.Request, call string, text []byte, s *Seen) {
	s.Call, s.Query = req.Method+" "+call, req.URL.Query()
	s.Session = req.Header.Get("X-SecurityCenter") != "" || req.Header.Get("x-apikey") != ""
	s.Login = call == "/token"
	s.Reads = s.Login || req.Method == http.MethodGet || call == "/analysis"
	if len(text) > 0 {
		s.Input = text
	}
	if s.Login {
		r.login(text)
	}
}

// login takes up who logs in with what. r.mu is held.
func (r *Recorder) login(input []byte) {
	var in struct{ Username, Password, Token string }
	if json.Unmarshal(input, &in) == nil {
		r.keep(in.Password, in.Token)
		if in.Username != "" && !slices.Contains(r.users, in.Username) {
			r.users = append(r.users, in.Username)
		}
	}
}
