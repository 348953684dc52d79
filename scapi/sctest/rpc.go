package sctest

import (
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// rpcCall is a request to request.php.
type rpcCall struct {
	module, action, token string
	input                 []byte // one JSON object
}

// name is module::action.
func (r rpcCall) name() string { return r.module + "::" + r.action }

// parseCall reads the form, which is multipart for uploads.
func (x *exchange) parseCall() {
	values := url.Values{}
	if kind, _, err := mime.ParseMediaType(x.r.Header.Get("Content-Type")); err == nil && strings.HasPrefix(kind, "multipart/") {
		f, _ := readForm(x.r.Header.Get("Content-Type"), x.body)
		for name, value := range f.values {
			values.Set(name, value)
		}
	} else if parsed, err := url.ParseQuery(string(x.body)); err == nil {
		values = parsed
	}
	x.call = rpcCall{module: values.Get("module"), action: values.Get("action"), token: values.Get("token"), input: []byte(values.Get("input"))}
	x.seen.Endpoint = x.call.name()
	if strings.HasSuffix(x.call.name(), "::query") {
		if q, err := x.rpcQuestion(); err == nil {
			x.note(q)
		}
	}
}

// answerRPC answers a call. Errors have status 200: clients of that time read the envelope and nothing else.
func (x *exchange) answerRPC() *reply {
	rep := x.callRPC()
	if rep.err != nil {
		rep.status, rep.bare = http.StatusOK, false
	}
	return rep
}

func (x *exchange) callRPC() *reply {
	switch x.call.name() {
	case "system::init":
		o := x.c.system(true)
		s := x.c.sessions.certificateLogin(x.r, x.now)
		if s == nil {
			return x.withCookie(success(o))
		}
		x.account = s.account
		o["token"], o["sessionID"] = x.token(s), s.cookie
		rep := success(o)
		x.setCookie(rep, s.cookie)
		return rep
	case "auth::login":
		return x.rpcLogin()
	}
	s := x.c.sessions.find(x.r, x.call.token, x.now)
	if s == nil {
		return failure(errInvalidToken)
	}
	x.account = s.account
	if x.call.name() == "auth::logout" {
		x.c.sessions.end(x.r)
		return success("")
	}
	call, ok := rpcCalls[x.call.name()]
	if !ok {
		return failure(refuse(1, "Invalid module or action '%s'.", x.call.name()))
	}
	if x.account.Administrator && !call.admin || !x.account.Administrator && !call.org {
		return failure(x.forbidden())
	}
	response, err := call.do(x)
	if err != nil {
		return failure(err)
	}
	if rep, ok := response.(*reply); ok {
		return rep
	}
	return success(response)
}

func (x *exchange) rpcLogin() *reply {
	var in struct{ Username, Password string }
	if decode(x.call.input, &in) != nil {
		return failure(refuse(1, "Invalid input."))
	}
	s, err := x.c.sessions.login(in.Username, in.Password, false, x.now)
	if err != nil {
		var refused *apiError
		errors.As(err, &refused)
		return failure(refused)
	}
	if s == nil {
		return success(object{"releaseSession": true})
	}
	x.account = s.account
	rep := success(object{"token": x.token(s), "sessionID": s.cookie})
	x.setCookie(rep, s.cookie)
	return rep
}

// rpcQuestion reads the input of vuln::query and events::query.
func (x *exchange) rpcQuestion() (question, error) {
	var in struct {
		Tool        string      `json:"tool"`
		SourceType  string      `json:"sourceType"`
		Filters     []rawFilter `json:"filters"`
		StartOffset *scalar     `json:"startOffset"`
		EndOffset   *scalar     `json:"endOffset"`
		SortField   string      `json:"sortField"`
		SortDir     string      `json:"sortDir"`
		ScanID      scalar      `json:"scanID"`
		View        string      `json:"view"`
	}
	if err := decode(x.call.input, &in); err != nil {
		return question{}, refuse(1, "Invalid input.")
	}
	q := question{kind: "vuln", tool: in.Tool, source: in.SourceType, filters: in.Filters, sortField: in.SortField,
		descending: !strings.EqualFold(in.SortDir, "asc"), scanID: string(in.ScanID), view: in.View}
	if x.call.module == "events" {
		q.kind = "event"
	}
	// Without offsets summaries answer every row, the two long lists a thousand.
	q.end = 1 << 30
	if in.Tool == "listvuln" || in.Tool == "vulndetails" {
		q.end = 1000
	}
	if in.StartOffset != nil {
		q.start = in.StartOffset.number(0)
	}
	if in.EndOffset != nil {
		q.end = in.EndOffset.number(q.end)
	}
	return q, nil
}

// vulnQuery is vuln::query. The mitigated data are called mitigated, and from 4.6 on patched too.
func (x *exchange) vulnQuery() (any, error) {
	q, err := x.rpcQuestion()
	if err != nil {
		return nil, err
	}
	switch {
	case q.source == "cumulative", q.source == "individual":
	case q.source == "mitigated", q.source == "patched" && x.c.release.atLeast(4, 6):
		q.source = "patched"
	default:
		return nil, refuse(146, "Invalid parameters specified for vuln query.  The source type '%s' is invalid.", q.source)
	}
	got, err := x.c.vulnerabilities(x.account, q, x.now.Unix())
	if err != nil {
		return nil, err
	}
	switch q.tool {
	case "iplist":
		return got.rows[0], nil
	case "trend":
		return object{"totalRecords": -1, "returnedRecords": -1, "results": got.rows}, nil
	}
	o := object{"totalRecords": epoch(int64(got.total)), "returnedRecords": len(got.rows), "startOffset": epoch(int64(q.start)),
		"endOffset": epoch(int64(q.end)), "results": got.list()}
	if x.c.o.Quirks.RPCMatchingCount {
		o["matchingDataElementCount"] = got.matching
	}
	return o, nil
}

func (x *exchange) eventsQuery() (any, error) {
	q, err := x.rpcQuestion()
	if err != nil {
		return nil, err
	}
	if q.source != "lce" {
		return nil, refuse(146, "Invalid parameters specified for event query.  The source type '%s' is invalid.", q.source)
	}
	got, _, err := x.c.eventAnswer(q, x.now.Unix())
	if err != nil {
		return nil, err
	}
	o := object{"totalRecords": epoch(int64(got.total)), "returnedRecords": len(got.rows), "results": got.list()}
	if x.c.o.Quirks.RPCNumericEventTotals {
		o["totalRecords"] = got.total
	}
	return o, nil
}
