package sctest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/securitycenter-exporter/securitycenter_exporter/recording"
)

// Replayed is a console that answers what another one was recorded to answer: an http.Handler. Requests are matched by what
// they ask for, whatever the order of their parts, and with windows of time as far before now as those of the recording
// were; the console's clock is that of the recording. Where the same was asked several times the answers come in their
// order, and then the last one again. Any account of Accounts may log in.
type Replayed struct {
	recording *recording.Recording
	exact     map[recorded][]*recording.Exchange
	about     map[recorded][]*recording.Exchange // by the meaning at the time of the recording

	mu       sync.Mutex
	asked    map[recorded]int
	issued   int
	sessions map[string]int // account by token
	missing  []string
}

// recorded is what exchanges are found by.
type recorded struct {
	account int // anybody's: -1, who is not logged in
	meaning string
}

// ReplayPassword logs in every account of a recording.
const ReplayPassword = "replay-password"

// Replay returns the console of a recording, which is a folder that scctl record wrote.
func Replay(dir string) (*Replayed, error) {
	r, err := recording.Open(dir)
	if err != nil {
		return nil, err
	}
	return ReplayOf(r), nil
}

// ReplayOf returns the console of a recording.
func ReplayOf(r *recording.Recording) *Replayed {
	c := &Replayed{
		recording: r, exact: map[recorded][]*recording.Exchange{}, about: map[recorded][]*recording.Exchange{},
		asked: map[recorded]int{}, sessions: map[string]int{},
	}
	for i := range r.Exchanges {
		x := &r.Exchanges[i]
		who := x.Account
		if !x.Session {
			who = -1
		}
		exact := recorded{who, recording.Meaning(x.Call, x.Query, x.Input)}
		about := recorded{who, recording.MeaningAt(r.Start(), x.Call, x.Query, x.Input)}
		c.exact[exact] = append(c.exact[exact], x)
		c.about[about] = append(c.about[about], x)
	}
	return c
}

// Recording is what is replayed.
func (c *Replayed) Recording() *recording.Recording { return c.recording }

// Accounts are those of the recording, with user names and passwords that this console takes.
func (c *Replayed) Accounts() []Account {
	var all []Account
	for _, a := range c.recording.Accounts {
		all = append(all, Account{Username: a.Name, Password: ReplayPassword, AccessKey: a.Name, SecretKey: ReplayPassword, Administrator: a.Kind == "administrator"})
	}
	return all
}

// Missing are the requests that the recording has no answer to, each once, in the order in which they came.
func (c *Replayed) Missing() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.missing)
}

// Transport reaches the console in memory, whatever the host of a request.
func (c *Replayed) Transport() http.RoundTripper { return replayTransport{c} }

type replayTransport struct{ c *Replayed }

func (t replayTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if r.Body == nil {
		r = r.Clone(r.Context())
		r.Body = http.NoBody
	}
	defer r.Body.Close()
	w := &inMemory{header: http.Header{}, status: http.StatusOK}
	t.c.ServeHTTP(w, r)
	return &http.Response{
		Status: http.StatusText(w.status), StatusCode: w.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.header, ContentLength: int64(w.body.Len()), Body: io.NopCloser(&w.body), Request: r,
	}, nil
}

// inMemory is an answer that goes nowhere.
type inMemory struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *inMemory) Header() http.Header            { return w.header }
func (w *inMemory) WriteHeader(status int)         { w.status = status }
func (w *inMemory) Write(data []byte) (int, error) { return w.body.Write(data) }

// ServeHTTP answers a request as the recorded console did.
func (c *Replayed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q, err := c.question(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	switch q.call {
	case "POST /token", "auth::login":
		c.login(w, q)
		return
	case "DELETE /token", "auth::logout":
		c.mu.Lock()
		delete(c.sessions, q.token)
		c.mu.Unlock()
		c.envelope(w, http.StatusOK, 0, "", "")
		return
	}
	who := c.account(q)
	if who == -1 && q.token != "" {
		c.envelope(w, http.StatusForbidden, errInvalidToken.code, errInvalidToken.msg, "")
		return
	}
	x := c.find(who, q)
	if x == nil {
		c.unrecorded(w, q)
		return
	}
	if x.Header != "" {
		w.Header().Set("SecurityCenter", x.Header)
	}
	if x.Answer == nil {
		w.Header().Set("Content-Type", "text/html; charset=iso-8859-1")
		w.WriteHeader(x.Status)
		_, _ = w.Write([]byte(x.Text)) // the client may have gone
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(x.Status)
	_, _ = w.Write(x.Answer) // likewise
}

// asking is a request to a recording.
type asking struct {
	call  string
	query map[string]string
	input []byte
	token string // of the session, or the access key; empty: nobody is logged in
	keys  bool
}

func (c *Replayed) question(r *http.Request) (asking, error) {
	x := &exchange{r: r}
	var err error
	if x.body, err = io.ReadAll(io.LimitReader(r.Body, maxBody)); err != nil {
		return asking{}, err
	}
	if at := strings.LastIndex(r.URL.Path, "/rest/"); at >= 0 {
		q := asking{call: r.Method + " " + r.URL.Path[at+len("/rest"):], input: x.body, token: r.Header.Get("X-SecurityCenter")}
		for name, list := range r.URL.Query() {
			if q.query == nil {
				q.query = map[string]string{}
			}
			q.query[name] = strings.Join(list, ",")
		}
		if header := r.Header.Get("x-apikey"); header != "" {
			q.token, q.keys = accessKey(header), true
		}
		return q, nil
	}
	if !strings.HasSuffix(r.URL.Path, "/request.php") || c.recording.Dialect != "rpc" || c.recording.RPCPath != "" && !strings.HasSuffix(r.URL.Path, c.recording.RPCPath) {
		return asking{call: r.Method + " " + r.URL.Path}, nil
	}
	x.parseCall()
	return asking{call: x.call.name(), input: x.call.input, token: x.call.token}, nil
}

func accessKey(header string) string {
	for part := range strings.SplitSeq(header, ";") {
		if name, value, _ := strings.Cut(strings.TrimSpace(part), "="); strings.EqualFold(name, "accesskey") {
			return value
		}
	}
	return ""
}

func (c *Replayed) login(w http.ResponseWriter, q asking) {
	var in struct{ Username, Password string }
	_ = json.Unmarshal(q.input, &in) // no user of this recording then
	place := c.place(in.Username)
	if place < 0 || in.Password != ReplayPassword {
		c.envelope(w, http.StatusForbidden, errBadLogin.code, errBadLogin.msg, "")
		return
	}
	c.mu.Lock()
	c.issued++
	token := strconv.Itoa(1_000_000_000 + c.issued)
	c.sessions[token] = place
	c.mu.Unlock()
	cookie := fmt.Sprintf("%032x", place+1)
	w.Header().Set("Set-Cookie", cookieName+"="+cookie+"; path=/; HttpOnly")
	c.envelope(w, http.StatusOK, 0, "", map[string]any{"token": token, "sessionID": cookie})
}

func (c *Replayed) place(name string) int {
	return slices.IndexFunc(c.recording.Accounts, func(a recording.Account) bool { return a.Name == name })
}

// account is the place of who asks; -1: nobody is logged in.
func (c *Replayed) account(q asking) int {
	if q.keys {
		return c.place(q.token)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if place, ok := c.sessions[q.token]; ok {
		return place
	}
	return -1
}

// find returns the answer to a question: the same one, or the same one at another time.
func (c *Replayed) find(who int, q asking) *recording.Exchange {
	c.mu.Lock()
	defer c.mu.Unlock()
	exact := recorded{who, recording.Meaning(q.call, q.query, q.input)}
	about := recorded{who, recording.MeaningAt(c.recording.Start(), q.call, q.query, q.input)}
	for _, by := range []struct {
		key   recorded
		among map[recorded][]*recording.Exchange
	}{{exact, c.exact}, {about, c.about}} {
		if list := by.among[by.key]; len(list) > 0 {
			n := c.asked[by.key]
			c.asked[by.key]++
			return list[min(n, len(list)-1)]
		}
	}
	return nil
}

// unrecorded answers what the recording does not know: as a web server does where the recorded console cannot have had the
// page, else by an error that no client takes for an answer about its question.
func (c *Replayed) unrecorded(w http.ResponseWriter, q asking) {
	rest := !strings.Contains(q.call, "::")
	if rest && c.recording.Dialect == "rpc" || q.call == "GET /" || strings.HasSuffix(q.call, "request.php") {
		w.Header().Set("Content-Type", "text/html; charset=iso-8859-1")
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write(notFoundPage().raw) // the client may have gone
		return
	}
	text := strings.ReplaceAll(recording.Meaning(q.call, q.query, q.input), "\n", " ")
	c.mu.Lock()
	if !slices.Contains(c.missing, text) {
		c.missing = append(c.missing, text)
	}
	c.mu.Unlock()
	c.envelope(w, http.StatusNotImplemented, 1, "This was not recorded: "+q.call, "")
}

// envelope writes an answer of the replay's own, at the time of the recording.
func (c *Replayed) envelope(w http.ResponseWriter, status, code int, message string, response any) {
	if c.recording.Dialect == "rpc" {
		status = http.StatusOK
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{ // the client may have gone
		"type": "regular", "response": response, "error_code": code, "error_msg": message, "warnings": []any{}, "timestamp": c.recording.Recorded,
	})
}

// Config is a configuration of the exporter for the recording, in YAML, for a console that listens at the address.
func (c *Replayed) Config(name string, address *url.URL) string {
	var b strings.Builder
	fmt.Fprintf(&b, "consoles:\n  - name: %s\n    url: %s\n    accounts:\n", name, address)
	for _, a := range c.Accounts() {
		fmt.Fprintf(&b, "      - {name: %s, username: %[1]s, password: %s}\n", a.Username, a.Password)
	}
	return b.String()
}
