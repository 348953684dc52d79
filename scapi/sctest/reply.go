package sctest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// reply is an answer before it is written.
type reply struct {
	status   int
	response any
	err      *apiError
	message  string // beside a success
	warnings any    // nil: []
	bare     bool
	// bare replies come from the authentication layer: text/html, and no newline at the end.

	header http.Header // in addition
	raw    []byte      // when not nil: the body, instead of an envelope
	stream func(io.Writer) error
	// stream, when not nil and without raw, writes the body; its error ends the connection.

	sever int           // when positive: the connection ends after that many bytes of the body
	pause time.Duration // between the pieces of the body
}

func success(response any) *reply {
	return &reply{status: http.StatusOK, response: response}
}

// failure turns an error into a reply; 12 and 0 are those of the authentication layer.
func failure(err error) *reply {
	var api *apiError
	if !errors.As(err, &api) {
		api = refuse(1, "%v", err)
	}
	return &reply{status: api.status, response: "", err: api,
		bare: api.status == http.StatusForbidden && (api.code == 12 || api.code == 0)}
}

func page(status int, text string) *reply {
	return &reply{status: status, header: http.Header{"Content-Type": {"text/html; charset=iso-8859-1"}},
		raw: []byte("<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n<html><head>\n<title>" + text +
			"</title>\n</head><body>\n<h1>" + text + "</h1>\n</body></html>\n")}
}

func notFoundPage() *reply { return page(http.StatusNotFound, "404 Not Found") }

// envelope writes the reply's body.
func (x *exchange) envelope(rep *reply) []byte {
	warnings := rep.warnings
	if warnings == nil {
		warnings = []any{}
	}
	if x.c.o.Quirks.WarningsObject {
		warnings = object{}
	}
	response := rep.response
	if x.c.o.Quirks.NumbersAsNumbers {
		response = retype(response, true, false)
	}
	code, msg := 0, rep.message
	if rep.err != nil {
		code, msg = rep.err.code, rep.err.msg
	}
	var out bytes.Buffer
	for _, part := range []struct {
		key string
		v   any
	}{{"type", "regular"}, {"response", response}, {"error_code", code}, {"error_msg", msg}, {"warnings", warnings},
		{"timestamp", x.now.Unix()}} {
		if out.Len() == 0 {
			out.WriteByte('{')
		} else {
			out.WriteByte(',')
		}
		fmt.Fprintf(&out, "%q:", part.key)
		out.Write(phpJSON(part.v))
	}
	out.WriteByte('}')
	if !rep.bare {
		out.WriteByte('\n')
	}
	return out.Bytes()
}

// retype turns texts that are numbers into numbers, and, when asked, numbers into texts.
func retype(v any, toNumber, toText bool) any {
	data, err := json.Marshal(v)
	if err != nil {
		return v
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var plain any
	if dec.Decode(&plain) != nil {
		return v
	}
	var swap func(any) any
	swap = func(v any) any {
		switch t := v.(type) {
		case map[string]any:
			for k := range t {
				t[k] = swap(t[k])
			}
		case []any:
			for i := range t {
				t[i] = swap(t[i])
			}
		case string:
			if n, err := strconv.ParseInt(t, 10, 64); toNumber && err == nil {
				return n
			}
		case json.Number:
			if toText {
				return t.String()
			}
		}
		return v
	}
	return swap(plain)
}

// chunkedFrom is the body length from which real consoles send chunks instead of a Content-Length.
const chunkedFrom = 8200

func (x *exchange) write(rep *reply) {
	h := x.w.Header()
	h.Set("Server", "Apache")
	h.Set("Cache-Control", "no-store, no-cache, must-revalidate")
	if x.c.release.atLeast(5, 18) {
		h.Set("Cache-Control", "no-cache, no-store")
	}
	h.Set("Pragma", "no-cache")
	h.Set("Expires", "Thu, 19 Nov 1981 08:52:00 GMT")
	h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Type", "application/json")
	if rep.bare {
		h.Set("Content-Type", "text/html; charset=UTF-8")
	}
	if x.c.o.Dialect == REST && !x.c.release.atLeast(5, 20) {
		h.Set("SecurityCenter", x.c.o.Version)
	}
	for key, values := range rep.header {
		h[key] = values
	}
	body := rep.raw
	if body == nil && rep.stream == nil {
		body = x.envelope(rep)
	}
	if rep.raw == nil && rep.stream != nil || rep.sever > 0 || rep.pause > 0 {
		x.writeSlowly(rep, body)
		return
	}
	if len(body) < chunkedFrom {
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	x.w.WriteHeader(rep.status)
	if len(body) >= chunkedFrom {
		_ = http.NewResponseController(x.w).Flush() // chunks, whatever the length
	}
	_, _ = x.w.Write(body) // the client may have gone
}

// writeSlowly writes a body piece by piece, in chunks.
func (x *exchange) writeSlowly(rep *reply, body []byte) {
	x.w.WriteHeader(rep.status)
	out := &pieces{x: x, rep: rep}
	err := http.NewResponseController(x.w).Flush()
	if err == nil && body == nil && rep.stream != nil {
		err = rep.stream(out)
	} else if err == nil {
		_, err = out.Write(body)
	}
	if err != nil {
		panic(http.ErrAbortHandler) // net/http's own way to end a connection in the middle of a body
	}
}

// pieces passes a body on as a fault wants it.
type pieces struct {
	x    *exchange
	rep  *reply
	sent int
}

var errSevered = errors.New("the connection ends here")

// pieceSize is how much of a body is sent at a time.
const pieceSize = 32 << 10

func (p *pieces) Write(data []byte) (n int, err error) {
	for len(data) > 0 {
		piece := data[:min(pieceSize, len(data))]
		if p.rep.sever > 0 {
			piece = piece[:min(len(piece), p.rep.sever-p.sent)]
		}
		m, err := p.x.w.Write(piece)
		n, p.sent, data = n+m, p.sent+m, data[m:]
		if err == nil && p.rep.sever > 0 && p.sent >= p.rep.sever {
			_ = http.NewResponseController(p.x.w).Flush()
			err = errSevered
		}
		if err == nil && p.rep.pause > 0 {
			if err = http.NewResponseController(p.x.w).Flush(); err == nil && !wait(p.x.r.Context(), p.rep.pause) {
				err = p.x.r.Context().Err()
			}
		}
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// setCookie gives the client a session cookie, beside those that the reply has; over plain HTTP without the attribute that would keep it from coming back.
func (x *exchange) setCookie(rep *reply, value string) {
	parts := []string{cookieName + "=" + value, "path=/"}
	if x.r.TLS != nil {
		parts = append(parts, "secure")
	}
	parts = append(parts, "HttpOnly")
	if x.c.release.atLeast(5, 18) {
		parts = append(parts, "SameSite=Strict")
	}
	if rep.header == nil {
		rep.header = http.Header{}
	}
	rep.header.Add("Set-Cookie", strings.Join(parts, "; "))
}
