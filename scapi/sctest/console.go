package sctest

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Console is a simulated Security Center: an http.Handler, and the second path to everything it answers.
type Console struct {
	o           Options
	release     release
	world       *world
	sessions    sessions
	filterRules map[string]filterRule
	resources   map[string]resource // of REST
	routes      *http.ServeMux      // of REST
	orders      pluginOrders
	selections  selections
	events      func() []event // of every hour
	familySizes func() map[int]int

	mu       sync.Mutex
	faults   []*activeFault
	requests []*Request
	inFlight int
	most     int

	assets      map[int][]*assetList // of each organisation, snapshots: an edit replaces the slice
	assetEdits  int
	credentials []*credential
	uploads     []Upload
	uploaded    uint64 // files ever, which makes their handles
	imports     []Import
}

// New returns a console. It takes no more than a few seconds and some bytes per host at any size up to a million.
func New(o Options) *Console {
	o = o.withDefaults()
	c := &Console{o: o, release: parseRelease(o.Version), world: newWorld(o)}
	c.sessions = sessions{o: &c.o, byCookie: map[string]*session{}, refused: map[string]int{}}
	c.filterRules = c.makeFilters()
	c.resources = c.makeResources()
	c.routes = c.makeRoutes()
	c.events = sync.OnceValue(func() []event { return makeEvents(c.world) })
	c.familySizes = sync.OnceValue(c.world.plugins.countFamilies)
	c.assets, c.credentials = map[int][]*assetList{}, c.firstCredentials()
	return c
}

func (c *Console) now() int64 { return c.o.Now().Unix() }

// Options returns the options of the console with the defaults filled in.
func (c *Console) Options() Options { return c.o }

// Request is one request that the console saw.
type Request struct {
	Time     time.Time
	Method   string
	Endpoint string // "GET /scanResult/{id}", "POST /analysis", "vuln::query"
	Query    string // of the URL
	Account  string // user name; empty before and without a login
	Tool     string // of an analysis query
	Source   string // of an analysis query
	Filters  []string
	Start    int // first row asked for
	End      int // row after the last
	InFlight int // requests being answered when this one came, with this one
	Status   int // of the answer; 0 while there is none
}

// maxRequests bounds the log: the older half goes when it is full.
const maxRequests = 20_000

// exchange is one request being answered.
type exchange struct {
	c       *Console
	w       http.ResponseWriter
	r       *http.Request
	now     time.Time
	body    []byte
	account *Account
	seen    Request
	call    rpcCall
}

// maxBody bounds what the console reads of a request.
const maxBody = 64 << 20

// ServeHTTP answers a request: /rest/… or request.php, by the dialect of the console.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "unreadable request body", http.StatusBadRequest)
		return
	}
	x := &exchange{c: c, w: w, r: r, now: c.o.Now(), body: body}
	x.seen = Request{Time: x.now, Method: r.Method, Query: r.URL.RawQuery}
	answer := x.identify()
	entry := c.enter(x)
	var rep *reply
	defer func() { c.leave(entry, x, rep) }()
	rep = x.withFaults(answer)
	if rep != nil {
		x.write(rep)
	}
}

// identify names the call, so that faults can be aimed at it, and returns what answers it.
func (x *exchange) identify() func() *reply {
	path := x.r.URL.Path
	if x.c.o.Dialect == RPC {
		// 4.0 to 4.2 had it below /sc4; later clients know the other place only, so it is served at both.
		known := path == "/request.php" || path == "/sc4/request.php" && !x.c.release.atLeast(4, 3)
		if !known || x.r.Method != http.MethodPost {
			x.seen.Endpoint = x.r.Method + " " + path
			return notFoundPage
		}
		x.parseCall()
		return x.answerRPC
	}
	rest, ok := strings.CutPrefix(path, "/rest/")
	if !ok {
		x.seen.Endpoint = x.r.Method + " " + path
		return notFoundPage
	}
	rest = strings.Trim(rest, "/")
	parts := strings.Split(rest, "/")
	named := make([]string, len(parts))
	for i, p := range parts {
		named[i] = p
		if i > 0 && isNumber(p) {
			named[i] = "{id}"
		}
	}
	x.seen.Endpoint = x.r.Method + " /" + strings.Join(named, "/")
	if parts[0] == "analysis" {
		if q, err := x.restQuestion(); err == nil {
			x.note(q)
		}
	}
	return func() *reply { return x.answerREST(rest) }
}

func (x *exchange) note(q question) {
	x.seen.Tool, x.seen.Source, x.seen.Start, x.seen.End = q.tool, q.source, q.start, q.end
	for _, f := range q.filters {
		x.seen.Filters = append(x.seen.Filters, f.FilterName+f.Operator+f.text())
	}
}

func isNumber(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

func (c *Console) enter(x *exchange) *Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inFlight++
	c.most = max(c.most, c.inFlight)
	x.seen.InFlight = c.inFlight
	if len(c.requests) >= maxRequests {
		c.requests = append([]*Request(nil), c.requests[maxRequests/2:]...)
	}
	entry := x.seen
	c.requests = append(c.requests, &entry)
	return &entry
}

// leave completes the log entry.
func (c *Console) leave(entry *Request, x *exchange, rep *reply) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inFlight--
	if x.account != nil {
		entry.Account = x.account.Username
	}
	if rep != nil {
		entry.Status = rep.status
	}
}

// Requests returns what the console saw, oldest first; at least the latest 10,000 requests.
func (c *Console) Requests() []Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := make([]Request, len(c.requests))
	for i, r := range c.requests {
		list[i] = *r
	}
	return list
}

// Count returns the number of requests in the log that match; nil matches all.
func (c *Console) Count(match func(Request) bool) int {
	n := 0
	for _, r := range c.Requests() {
		if match == nil || match(r) {
			n++
		}
	}
	return n
}

// ForgetRequests empties the log and the record of requests in flight.
func (c *Console) ForgetRequests() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests, c.most = nil, c.inFlight
}

// MaxInFlight returns the largest number of requests that were being answered at one time.
func (c *Console) MaxInFlight() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.most
}

// wait passes the time unless the request is given up; then it returns false.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
