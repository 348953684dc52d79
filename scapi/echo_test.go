package scapi

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/exhaustive"
)

// What is planted in the tests of this file, each with signs that escaping
// changes where a secret of its kind may have them.
const (
	echoPassword  = `p"a/s<Zq7>&w%o+r d'ü-K4x9`
	echoToken     = "1357924680"
	echoCookie    = "c00kie9f8e7d6c5b4a"
	echoAccessKey = "acc3ssKEY0123456789"
	echoSecretKey = "s3cr3tKEY+abc/def=="
	echoHeader    = `Bearer gat3way"tok&en<value>`
	echoProxyUser = "pr0xyuser"
	echoProxyPass = `pr0xy"p&ss<w0rd>`
	echoConnect   = "c0nnectH3ader/value"
	echoStored    = `st0red"cred&ential<x>` // of a credential that is written
)

var echoSecrets = []string{
	echoPassword, echoToken, echoCookie, echoAccessKey, echoSecretKey, echoHeader,
	echoProxyUser, echoProxyPass, echoConnect, echoStored,
}

// echoOf is a request as a console may repeat it: piece by piece, so that
// each may come first.
func echoOf(req *http.Request, body []byte) []string {
	pieces := []string{req.URL.String(), string(body)}
	if decoded, err := url.QueryUnescape(string(body)); err == nil {
		pieces = append(pieces, decoded)
	}
	for name, values := range req.Header {
		if name == "User-Agent" || name == "Accept" || name == "Accept-Encoding" || name == "Content-Length" {
			continue
		}
		for _, value := range values {
			pieces = append(pieces, value, name+": "+value)
			if scheme, pair, ok := strings.Cut(value, " "); ok && strings.EqualFold(scheme, "Basic") {
				if decoded, err := base64.StdEncoding.DecodeString(pair); err == nil {
					pieces = append(pieces, string(decoded))
				}
			}
		}
	}
	return slices.DeleteFunc(pieces, func(s string) bool { return s == "" })
}

// hostileAnswers write an answer that holds a text.
var hostileAnswers = map[string]func(w io.Writer, text string){
	"error envelope": func(w io.Writer, text string) {
		message, _ := json.Marshal("refused: " + text)
		respond(w, "403 Forbidden", "application/json", `{"type":"regular","response":"","error_code":146,"error_msg":`+string(message)+`,"warnings":[`+string(message)+`],"timestamp":1}`)
	},
	"lost session": func(w io.Writer, text string) {
		message, _ := json.Marshal("invalid token " + text)
		respond(w, "403 Forbidden", "application/json", `{"type":"regular","response":"","error_code":12,"error_msg":`+string(message)+`}`)
	},
	"HTML 200":  func(w io.Writer, text string) { respond(w, "200 OK", "text/html", "<p>"+text+"</p>") },
	"HTML 403":  func(w io.Writer, text string) { respond(w, "403 Forbidden", "text/html", text) },
	"HTML 500":  func(w io.Writer, text string) { respond(w, "500 Oops", "text/html", "<b>"+text) },
	"text, cut": func(w io.Writer, text string) { respond(w, "200 OK", "text/plain", text[:len(text)*4/5]) },
	"truncated JSON": func(w io.Writer, text string) {
		quoted, _ := json.Marshal(text)
		respond(w, "200 OK", "application/json", `{"error_msg":`+string(quoted[:len(quoted)*4/5]))
	},
	"redirect": func(w io.Writer, text string) {
		fmt.Fprintf(w, "HTTP/1.1 302 Found\r\nLocation: https://other.test/%s?x=%s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", url.PathEscape(text), url.QueryEscape(text))
	},
	"redirect to what is no address": func(w io.Writer, text string) {
		fmt.Fprintf(w, "HTTP/1.1 302 Found\r\nLocation: https://[::%s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", straight(text))
	},
	"reason phrase": func(w io.Writer, text string) { respond(w, "500 "+straight(text), "text/html", "<p>") },
	"content type":  func(w io.Writer, text string) { respond(w, "200 OK", straight(text), "x") },
	"no HTTP":       func(w io.Writer, text string) { fmt.Fprintf(w, "%s\r\n\r\n", straight(text)) },
	"no status":     func(w io.Writer, text string) { fmt.Fprintf(w, "HTTP/1.1 %s\r\n\r\n", straight(text)) },
	"broken header": func(w io.Writer, text string) {
		fmt.Fprintf(w, "HTTP/1.1 200 OK\r\n%s\r\n\r\n", strings.ReplaceAll(straight(text), ":", ""))
	},
	"broken length": func(w io.Writer, text string) {
		fmt.Fprintf(w, "HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\n", straight(text))
	},
	"other header": func(w io.Writer, text string) { respond(w, "500 Oops\r\nX-Echo: "+straight(text), "text/html", "<p>") },
	"broken trailer": func(w io.Writer, text string) {
		fmt.Fprintf(w, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n%s\r\n", straight(text))
	},
	"version": func(w io.Writer, text string) {
		version, _ := json.Marshal(text)
		respond(w, "200 OK", "application/json", `{"type":"regular","response":{"version":`+string(version)+`},"error_code":0,"error_msg":""}`)
	},
}

func straight(text string) string { return strings.NewReplacer("\r", " ", "\n", " ").Replace(text) }

func respond(w io.Writer, status, contentType, body string) {
	fmt.Fprintf(w, "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", status, contentType, len(body), body)
}

// hostile is a console that lets its client in and then answers with what it
// was asked; from the login on, if that is what it repeats.
type hostile struct {
	write   func(w io.Writer, text string)
	spell   func(string) string
	atLogin bool
	turn    int // which piece comes first
}

func (h *hostile) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	form, _ := url.ParseQuery(string(body))
	name := req.URL.Path
	if form.Get("module") != "" {
		name = form.Get("module") + "::" + form.Get("action")
	}
	friendly := map[string]string{
		"/rest/token": `{"token":` + echoToken + `}`, "auth::login": `{"token":` + echoToken + `,"sessionID":"` + echoCookie + `"}`,
		"/rest/system": `{"version":"6.4.0"}`, "system::init": `{"version":"4.8.1"}`,
		"/rest/currentUser": orgUser, "auth::logout": `""`,
	}
	login := name == "/rest/token" || name == "auth::login" || name == "/rest/currentUser" && req.Header.Get("X-Apikey") != ""
	if answer, ok := friendly[name]; ok && (!h.atLogin || !login) {
		http.SetCookie(w, &http.Cookie{Name: sessionCookieName, Value: echoCookie})
		fmt.Fprintf(w, `{"type":"regular","response":%s,"error_code":0,"error_msg":""}`, answer)
		return
	}
	connection, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	defer connection.Close()
	pieces := echoOf(req, body)
	slices.Sort(pieces)
	pieces = slices.Concat(pieces[h.turn%len(pieces):], pieces[:h.turn%len(pieces)])
	h.write(connection, h.spell(strings.Join(pieces, "\n")))
}

// adding adds a header, as the transport of a configuration does.
type adding struct {
	http.RoundTripper
	name, value string
}

func (a adding) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set(a.name, a.value)
	return a.RoundTripper.RoundTrip(req)
}

// tellsNothing fails where a text holds a secret, or a part of one, in any
// reading.
func tellsNothing(t *testing.T, where, text string) {
	t.Helper()
	shows := false
	unescaped(text, func(l layer) {
		for _, part := range echoParts {
			if !shows && strings.Contains(l.text, part) {
				shows = true
				t.Errorf("%s shows %q:\n%.600s", where, part, text)
			}
		}
	})
	if reading, ok := survives(text, echoSecrets...); ok && !shows {
		t.Errorf("%s shows a secret, in %.600s:\n%.600s", where, reading, text)
	}
}

// echoParts are the pieces of echoSecrets that give one away.
var echoParts = func() []string {
	var parts []string
	for _, secret := range echoSecrets {
		secret = strings.TrimPrefix(secret, "Bearer ")
		for i := 0; i+7 <= len(secret); i++ {
			parts = append(parts, secret[i:i+7])
		}
	}
	return parts
}()

// leaves are the texts of a log in JSON.
func leaves(t *testing.T, log []byte) []string {
	t.Helper()
	var all []string
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			all = append(all, v)
		case map[string]any:
			for _, inside := range v {
				walk(inside)
			}
		}
	}
	for d := json.NewDecoder(bytes.NewReader(log)); ; {
		var record any
		if err := d.Decode(&record); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		walk(record)
	}
}

// chain are the texts of an error and of all that can be unwrapped of it.
func chain(err error) []string {
	if err == nil {
		return nil
	}
	all := []string{err.Error(), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err)}
	switch u := err.(type) { //nolint:errorlint // it is unwrapped here
	case interface{ Unwrap() error }:
		all = append(all, chain(u.Unwrap())...)
	case interface{ Unwrap() []error }:
		for _, inside := range u.Unwrap() {
			all = append(all, chain(inside)...)
		}
	}
	if r, ok := RefusalOf(err); ok {
		all = append(all, r.Name, r.Filter)
	}
	var n net.Error
	if errors.As(err, &n) {
		all = append(all, n.Error())
	}
	return all
}

// echoing makes calls on a console and tells all that they say.
func echoing(t *testing.T, o Options) {
	t.Helper()
	var log bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	o.Retries, o.Logger, o.Trace = -1, logger, logger
	var said []string
	o.Observe = func(_ context.Context, x Exchange) { said = append(said, chain(x.Err)...) }
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	raws := []RawCall{
		{Method: "GET", Path: "/feed", Module: "plugin", Action: "init"},
		{Method: "PATCH", Path: "/credential/1", Module: "credential", Action: "edit", Body: map[string]any{"password": echoStored, "name": "x"}},
	}
	for _, raw := range raws {
		_, err := c.Raw(t.Context(), raw)
		said = append(said, chain(err)...)
	}
	body, err := c.RawStream(t.Context(), raws[0])
	if said = append(said, chain(err)...); err == nil {
		_, err = io.Copy(io.Discard, body)
		said = append(said, chain(err)...)
		body.Close()
	}
	_, err = c.DownloadScan(t.Context(), "5", "")
	said = append(said, chain(err)...)
	version, err := c.Version(t.Context())
	said = append(append(said, version), chain(err)...)
	said = append(said, chain(c.Logout(t.Context()))...)
	if len(said) < 4 || log.Len() == 0 {
		t.Errorf("%d texts, log of %d bytes", len(said), log.Len())
	}
	slices.Sort(said)
	for _, text := range slices.Compact(said) {
		tellsNothing(t, "an error", text)
	}
	for _, text := range leaves(t, log.Bytes()) {
		tellsNothing(t, "the log", text)
	}
}

func TestAConsoleThatRepeatsRequestsGivesNothingAway(t *testing.T) {
	t.Parallel()
	type way struct {
		name  string
		write func(string) string
	}
	var ways []way
	for i, a := range escapes {
		ways = append(ways, way{a.name, a.write})
		if b := escapes[(i*3+1)%len(escapes)]; i > 0 {
			ways = append(ways, way{a.name + " in " + b.name, func(s string) string { return b.write(a.write(s)) }})
		}
	}
	accounts := map[string]Credentials{
		"password": {Username: "u", Password: echoPassword}, "keys": {AccessKey: echoAccessKey, SecretKey: echoSecretKey},
	}
	apart := 15
	if exhaustive.Tests {
		apart = 3
	}
	for kind, write := range hostileAnswers {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			turn := len(kind)
			for i, way := range ways {
				if i > 0 && (i+turn)%apart > 0 { // each is seen with some kinds
					continue
				}
				for account, credentials := range accounts {
					for _, api := range []API{REST, RPC} {
						if api == RPC && account == "keys" {
							continue
						}
						h := &hostile{write: write, spell: way.write, atLogin: turn%3 == 0, turn: turn}
						turn++
						server := httptest.NewUnstartedServer(h)
						server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
						server.Start()
						transport := &http.Transport{DisableKeepAlives: true}
						echoing(t, Options{
							URL: server.URL, API: api, Transport: adding{transport, "X-Gateway", echoHeader},
							Secrets:     func() []string { return HeaderSecrets(echoHeader) },
							Credentials: func() (Credentials, error) { return credentials, nil },
						})
						server.Close()
						if t.Failed() {
							t.Fatalf("%s with %s, as %s, at login: %v", api, account, way.name, h.atLogin)
						}
					}
				}
			}
		})
	}
}

// refusingProxy repeats what it is asked where it refuses to connect.
func refusingProxy(t *testing.T, spell func(string) string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			connection, err := l.Accept()
			if err != nil {
				return
			}
			if req, err := http.ReadRequest(bufio.NewReader(connection)); err == nil {
				text := straight(spell(strings.Join(echoOf(req, nil), " ")))
				fmt.Fprintf(connection, "HTTP/1.1 407 %s\r\nX-Echo: %s\r\n\r\n", text, text)
			}
			connection.Close()
		}
	}()
	return l.Addr().String()
}

func TestAProxyThatRefusesGivesNothingAway(t *testing.T) {
	t.Parallel()
	for _, e := range escapes {
		proxy := &url.URL{Scheme: "http", Host: refusingProxy(t, e.write), User: url.UserPassword(echoProxyUser, echoProxyPass)}
		transport, err := NewTransport(TransportOptions{Proxy: proxy.String()})
		if err != nil {
			t.Fatal(err)
		}
		transport.ProxyConnectHeader = http.Header{"X-Connect": {echoConnect}}
		for _, address := range []string{"https://console.test", "http://console.test"} {
			echoing(t, Options{
				URL: address, API: REST, Transport: transport,
				Credentials: func() (Credentials, error) { return Credentials{Username: "u", Password: echoPassword}, nil },
			})
			if t.Failed() {
				t.Fatalf("%s, %s", e.name, address)
			}
		}
		transport.CloseIdleConnections()
	}
}
