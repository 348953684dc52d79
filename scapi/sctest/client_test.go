package sctest_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// clock is the time of most tests.
var clock = time.Date(2026, 5, 20, 10, 30, 0, 0, time.UTC)

func fixed() time.Time { return clock }

// client is a bare client of both dialects, made for these tests alone.
type client struct {
	t      *testing.T
	s      *sctest.Server
	key    string
	cookie string
	token  string
	http   http.RoundTripper
}

func newClient(t *testing.T, s *sctest.Server) *client {
	return &client{t: t, s: s, http: s.Transport()}
}

// envelope is a reply.
type envelope struct {
	Status   int
	Type     string
	Header   http.Header
	Body     string
	Response json.RawMessage
	Code     int    `json:"error_code"`
	Msg      string `json:"error_msg"`
	Time     int64  `json:"timestamp"`
}

func (c *client) send(req *http.Request) (envelope, error) {
	if c.cookie != "" {
		req.Header.Set("Cookie", "TNS_SESSIONID="+c.cookie)
	}
	resp, err := c.http.RoundTrip(req)
	if err != nil {
		return envelope{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return envelope{}, err
	}
	e := envelope{}
	_ = json.Unmarshal(body, &e)
	e.Status, e.Body, e.Header, e.Type = resp.StatusCode, string(body), resp.Header, resp.Header.Get("Content-Type")
	for _, cookie := range resp.Cookies() {
		c.cookie = cookie.Value
	}
	return e, nil
}

func (c *client) try(method, path string, in any) (envelope, error) {
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			c.t.Fatal(err)
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.s.URL+"/rest"+path, body)
	if err != nil {
		c.t.Fatal(err)
	}
	if c.key != "" {
		req.Header.Set("x-apikey", c.key)
	}
	if c.token != "" {
		req.Header.Set("X-SecurityCenter", c.token)
	}
	return c.send(req)
}

func (c *client) rest(method, path string, in any) envelope {
	c.t.Helper()
	e, err := c.try(method, path, in)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	return e
}

func (c *client) rpc(module, action string, in any) envelope {
	c.t.Helper()
	input, err := json.Marshal(in)
	if err != nil {
		c.t.Fatal(err)
	}
	form := url.Values{"request_id": {"1"}, "module": {module}, "action": {action}, "input": {string(input)}, "token": {c.token}}
	path := "/request.php"
	if strings.HasPrefix(c.s.Options().Version, "4.2") || strings.HasPrefix(c.s.Options().Version, "4.0") {
		path = "/sc4/request.php"
	}
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.s.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	e, err := c.send(req)
	if err != nil {
		c.t.Fatalf("%s::%s: %v", module, action, err)
	}
	return e
}

// login logs in by password.
func (c *client) login(user, password string) *client {
	c.t.Helper()
	var e envelope
	if c.s.Options().Dialect == sctest.RPC {
		e = c.rpc("auth", "login", map[string]string{"username": user, "password": password})
	} else {
		e = c.rest(http.MethodPost, "/token", map[string]string{"username": user, "password": password})
	}
	var out struct{ Token json.Number }
	c.decode(e, &out)
	c.token = out.Token.String()
	if c.token == "" {
		c.t.Fatalf("login of %s gave no token: %s", user, e.Body)
	}
	return c
}

func (c *client) analyst() *client { return c.login(sctest.AnalystUsername, sctest.AnalystPassword) }
func (c *client) admin() *client   { return c.login(sctest.AdminUsername, sctest.AdminPassword) }

// decode reads the response of a successful reply.
func (c *client) decode(e envelope, into any) {
	c.t.Helper()
	if e.Status != http.StatusOK || e.Code != 0 {
		c.t.Fatalf("status %d, body %.300s", e.Status, e.Body)
	}
	if err := json.Unmarshal(e.Response, into); err != nil {
		c.t.Fatalf("%v in %.300s", err, e.Body)
	}
}

// filter is an analysis filter.
type filter struct {
	Name  string `json:"filterName"`
	Op    string `json:"operator"`
	Value any    `json:"value"`
}

// page is the answer of an analysis query.
type page struct {
	TotalRecords             json.Number
	ReturnedRecords          json.Number
	MatchingDataElementCount string
	Results                  []map[string]any
}

// ask sends an analysis query in the console's dialect.
func (c *client) ask(tool, source string, start, end int, filters ...filter) envelope {
	c.t.Helper()
	if filters == nil {
		filters = []filter{}
	}
	if c.s.Options().Dialect == sctest.RPC {
		return c.rpc("vuln", "query", map[string]any{"tool": tool, "sourceType": source, "startOffset": start, "endOffset": end, "filters": filters})
	}
	return c.rest(http.MethodPost, "/analysis", map[string]any{"type": "vuln", "sourceType": source,
		"query": map[string]any{"tool": tool, "type": "vuln", "startOffset": start, "endOffset": end, "filters": filters}})
}

func (c *client) query(tool, source string, start, end int, filters ...filter) page {
	c.t.Helper()
	var p page
	c.decode(c.ask(tool, source, start, end, filters...), &p)
	return p
}

// severities returns the counts of sumseverity by severity.
func (c *client) severities(source string, filters ...filter) [5]int {
	c.t.Helper()
	var counts [5]int
	for _, row := range c.query("sumseverity", source, 0, 10, filters...).Results {
		id, isText := row["severity"].(string)
		if !isText {
			id = row["severity"].(map[string]any)["id"].(string)
		}
		counts[atoi(c.t, id)] = atoi(c.t, row["count"].(string))
	}
	return counts
}

func atoi(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
