package sctest

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
)

// answerREST answers a request to /rest/…; parts are the elements of the path behind it.
func (x *exchange) answerREST(parts []string) *reply {
	key := x.r.Header.Get("x-apikey")
	token := x.r.Header.Get("X-SecurityCenter")
	loginCall := parts[0] == "token" && x.r.Method == http.MethodPost
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
	case x.account == nil && parts[0] == "system" && len(parts) == 1 && x.r.Method == http.MethodGet:
		return x.anonymousSystem()
	case x.account == nil:
		return x.withCookie(failure(errInvalidToken))
	case parts[0] == "token" && x.r.Method == http.MethodDelete:
		x.c.sessions.end(x.r)
		return success("")
	}
	response, err := x.route(parts)
	if err != nil {
		return failure(err)
	}
	if rep, ok := response.(*reply); ok {
		return rep
	}
	rep := success(response)
	if parts[0] == "ticket" {
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
		return &reply{status: refused.status, response: "", err: refused}
	}
	if s == nil {
		return success(object{"releaseSession": true})
	}
	x.account = s.account
	unassociated := x.r.TLS != nil && len(x.r.TLS.PeerCertificates) > 0 && x.c.sessions.certificateAccount(x.r) == nil
	rep := success(object{"token": x.token(s), "lastLogin": epoch(x.now.Unix() - day), "lastLoginIP": "192.0.2.7",
		"failedLogins": "0", "failedLoginIP": "", "lastFailedLogin": "0", "unassociatedCert": trueFalse(unassociated)})
	x.setCookie(rep, s.cookie)
	return rep
}

// forbidden is what a call answers that the account may not make. Its code, 145, is a choice: clients know a missing
// permission by the text.
func (x *exchange) forbidden() error {
	return refuse(145, "User '%s' does not have permission to perform this action.\n", x.account.Username)
}

// resource is a kind of object with a list and details.
type resource struct {
	list       func(*exchange) []object
	short      string // fields of a list without fields=
	wrapped    bool   // organisation users get usable and manageable
	admin, org bool   // who may read it
}

func (c *Console) makeRoutes() map[string]resource {
	now := func(x *exchange) int64 { return x.now.Unix() }
	scannerShort := "id,name,description,agentCapable,status"
	repositoryShort := "id,name,description"
	if c.release.atLeast(6, 0) {
		scannerShort += ",wasCapable,statusMessage"
		repositoryShort += ",uuid,dataFormat"
	}
	plain := "id,name,description,status"
	none := func(*exchange) []object { return []object{} }
	return map[string]resource{
		"scanner":    {(*exchange).scannerList, scannerShort, false, true, true},
		"zone":       {(*exchange).zoneList, "", false, true, true},
		"repository": {(*exchange).repositoryList, repositoryShort, false, true, true},
		"job":        {func(x *exchange) []object { return c.jobs(now(x)) }, "id,type,status,organization,targetedTime,startTime", false, true, false},
		"scan":       {(*exchange).scanList, plain, true, false, true},
		"scanResult": {(*exchange).scanResultList, plain, true, false, true},
		"asset":      {func(x *exchange) []object { return c.assetObjects(x.account) }, "id,name,description,type,status", true, true, true},
		"credential": {func(*exchange) []object { return c.credentialObjects() }, "id,name,description,type", true, true, true},
		"role":       {func(*exchange) []object { return c.roles() }, "id,name,description", false, true, true},
		"user": {func(x *exchange) []object { return c.users(x.account, x.r.URL.Query().Get("orgID")) },
			"id,username,firstname,lastname", false, true, true},
		"organization": {func(*exchange) []object { return c.organizations() }, "id,name,description", false, true, false},
		"group":        {func(*exchange) []object { return c.groups() }, "id,name,description", false, false, true},
		"ticket":       {func(*exchange) []object { return c.tickets() }, plain, true, false, true},
		"query":        {func(*exchange) []object { return c.savedQueries() }, "", true, false, true},
		"acceptRiskRule": {func(x *exchange) []object { return c.riskRules(false, now(x)) },
			"id,hostType,hostValue,port,protocol,expires,status,repository,organization,user,plugin", false, true, true},
		"recastRiskRule": {func(x *exchange) []object { return c.riskRules(true, now(x)) },
			"id,hostType,hostValue,port,protocol,expires,status,repository,organization,user,plugin,newSeverity,order", false, true, true},
		"alert": {none, plain, true, false, true}, "policy": {none, plain, true, true, true},
		"auditFile": {func(*exchange) []object { return c.auditFileObjects() }, "id,name,description,type,status", true, true, true},
		"agentScan": {none, plain, true, false, true},
		"lce":       {none, plain, false, true, true}, "notification": {none, "", false, true, true},
	}
}

// route answers an authenticated request.
func (x *exchange) route(parts []string) (any, error) {
	if answer, known, err := x.special(parts); known || err != nil {
		return answer, err
	}
	res, ok := x.c.routes[parts[0]]
	if !ok || len(parts) > 2 {
		return notFoundPage(), nil
	}
	if x.account.Administrator && !res.admin || !x.account.Administrator && !res.org {
		return nil, x.forbidden()
	}
	fields := splitFields(x.r.URL.Query().Get("fields"))
	if len(parts) == 2 {
		return x.one(res, parts[0], parts[1], x.r.Method, fields)
	}
	if x.r.Method != http.MethodGet {
		return nil, x.forbidden()
	}
	list := res.list(x)
	if fields == nil {
		fields = splitFields(res.short)
	}
	for i := range list {
		list[i] = project(list[i], fields)
	}
	switch {
	case list == nil:
		list = []object{}
	case !res.wrapped:
	case !x.account.Administrator:
		manageable := list
		if len(list) > 0 && parts[0] == "asset" {
			manageable = list[1:] // "All Defined Ranges" is only usable
		}
		return object{"usable": list, "manageable": manageable}, nil
	case parts[0] == "asset":
		return object{"assets": list}, nil
	}
	return list, nil
}

// one answers GET and PATCH of a single object.
func (x *exchange) one(res resource, kind, id, method string, fields []string) (any, error) {
	if id == "tag" {
		return []any{}, nil
	}
	if !isNumber(id) {
		return nil, refuse(146, "Invalid %s id '%s'.\n", kind, id)
	}
	list := res.list
	if kind == "scanResult" { // details reach further back than the list
		list = (*exchange).everyScanResult
	}
	edit := editors[kind]
	if method == http.MethodPatch && edit != nil && !x.account.Administrator {
		in, err := x.input()
		if err != nil {
			return nil, err
		}
		if err := edit(x.c, id, in, false); err != nil {
			return nil, err
		}
	} else if method != http.MethodGet {
		return nil, x.forbidden()
	}
	for _, o := range list(x) {
		if o["id"] == id {
			if kind == "asset" {
				o["viewableIPs"] = x.viewable(id, fields)
			}
			return project(o, fields), nil
		}
	}
	return nil, notFound(kind, id)
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
