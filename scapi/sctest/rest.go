package sctest

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
)

// answerREST answers a request to /rest/path.
func (x *exchange) answerREST(path string) *reply {
	key := x.r.Header.Get("x-apikey")
	token := x.r.Header.Get("X-SecurityCenter")
	kind, _, _ := strings.Cut(path, "/")
	loginCall := kind == "token" && x.r.Method == http.MethodPost
	if key != "" && x.c.release.atLeast(5, 13) {
		if token != "" || x.c.o.Quirks.APIKeysDisabled {
			return &reply{status: http.StatusBadRequest, response: "", err: &apiError{http.StatusBadRequest, 1, "API keys cannot be used.\n"}}
		}
		if x.account = x.c.sessions.keyAccount(key); x.account == nil {
			return x.withCookie(failure(errBadKey))
		}
	} else if s := x.c.sessions.find(x.r, token, x.now); s != nil && !loginCall {
		x.account = s.account
	}
	switch {
	case loginCall:
		return x.restLogin()
	case x.account == nil && path == "system" && x.r.Method == http.MethodGet:
		return x.anonymousSystem()
	case x.account == nil:
		return x.withCookie(failure(errInvalidToken))
	}
	response, err := x.route(path)
	if err != nil {
		return failure(err)
	}
	if rep, ok := response.(*reply); ok {
		return rep
	}
	rep := success(response)
	if kind == "ticket" {
		rep.warnings = object{} // as the vendor's example has it
	}
	return rep
}

// withCookie adds the session cookie that an unauthenticated reply carries, unless the client has an open session.
func (x *exchange) withCookie(rep *reply) *reply {
	if x.c.sessions.open(cookieOf(x.r)) {
		return rep
	}
	x.setCookie(rep, x.c.sessions.anonymousCookie())
	return rep
}

// anonymousSystem is GET /system without a login; with a client certificate of a user it is his login.
func (x *exchange) anonymousSystem() *reply {
	s := x.c.sessions.certificateLogin(x.r, x.now)
	if s == nil {
		return x.withCookie(success(x.c.system(false)))
	}
	x.account = s.account
	o := x.c.system(true)
	if !x.c.release.atLeast(6, 5) {
		o["token"] = x.token(s)
	}
	rep := success(o)
	x.setCookie(rep, s.cookie)
	return rep
}

func (x *exchange) token(s *session) any {
	n, err := strconv.Atoi(s.token)
	if err != nil || x.c.o.Quirks.TokenAsString {
		return s.token
	}
	return n
}

func (x *exchange) restLogin() *reply {
	var in struct {
		Username       string `json:"username"`
		Password       string `json:"password"`
		ReleaseSession scalar `json:"releaseSession"`
	}
	if decode(x.body, &in) != nil {
		return failure(refuse(1, "Invalid request body.\n"))
	}
	var s *session
	var err error
	if in.Username == "" && x.c.sessions.certificateAccount(x.r) != nil {
		s = x.c.sessions.certificateLogin(x.r, x.now)
	} else {
		s, err = x.c.sessions.login(in.Username, in.Password, in.ReleaseSession == "true", x.now)
	}
	if err != nil {
		var refused *apiError
		errors.As(err, &refused)
		rep := &reply{status: refused.status, response: "", err: refused}
		if x.c.release.atLeast(6, 7) {
			rep.status = http.StatusOK // how the login went is in error_code alone
		}
		return rep
	}
	if s == nil {
		return success(object{"releaseSession": true})
	}
	x.account = s.account
	unassociated := x.r.TLS != nil && len(x.r.TLS.PeerCertificates) > 0 && x.c.sessions.certificateAccount(x.r) == nil
	rep := success(object{"token": x.token(s), "lastLogin": epoch(x.now.Unix() - day), "lastLoginIP": "192.0.2.7",
		"failedLogins": "0", "failedLoginIP": "", "lastFailedLogin": "0", "unassociatedCert": trueFalse(unassociated)})
	if x.c.release.atLeast(6, 7) { // two cookies, of which the last counts
		x.setCookie(rep, x.c.sessions.anonymousCookie())
	}
	x.setCookie(rep, s.cookie)
	return rep
}

// forbidden is what a call answers that the account may not make. Its code, 145, is a choice: clients know a missing
// permission by the text.
func (x *exchange) forbidden() error {
	return refuse(145, "User '%s' does not have permission to perform this action.\n", x.account.Username)
}

func notFound(kind, id string) error {
	name := strings.ToUpper(kind[:1]) + kind[1:]
	return refuse(147, "Unable to find existing %s #%s.\n%s #%s does not exist.\n", name, id, name, id)
}

func splitFields(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

// project keeps the id and the named fields; nil keeps everything.
func project(o object, fields []string) object {
	if fields == nil {
		return o
	}
	kept := object{}
	for _, f := range append([]string{"id"}, fields...) {
		if v, ok := o[f]; ok {
			kept[f] = v
		}
	}
	return kept
}
