package sctest

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// restCall answers an authenticated request: with a response, or with a whole *reply. The request that it is given has
// the values of the path.
type restCall func(x *exchange, r *http.Request) (any, error)

// routed is a request on its way through the table of calls, and what it was answered.
type routed struct {
	x      *exchange
	answer any
	err    error
}

type routedKey struct{}

// makeRoutes is the table of the calls of REST. What is not in it is answered as a web server does.
func (c *Console) makeRoutes() *http.ServeMux {
	mux := http.NewServeMux()
	on := func(pattern string, call restCall) {
		mux.HandleFunc(pattern, func(_ http.ResponseWriter, r *http.Request) {
			to := r.Context().Value(routedKey{}).(*routed)
			if r.Method == http.MethodHead && strings.HasPrefix(pattern, http.MethodGet) {
				return // a ServeMux takes it for GET, the console does not
			}
			to.answer, to.err = call(to.x, r)
		})
	}
	for kind, res := range c.resources {
		on("/rest/"+kind, func(x *exchange, _ *http.Request) (any, error) { return x.list(res, kind) })
		on("/rest/"+kind+"/{id}", func(x *exchange, r *http.Request) (any, error) {
			return x.one(res, kind, r.PathValue("id"), r.Method, x.fields())
		})
	}
	c.routeSystem(on)
	c.routePlugins(on)
	c.routeFiles(on)
	on("POST /rest/analysis", func(x *exchange, _ *http.Request) (any, error) { return x.analysis() })
	if c.release.atLeast(6, 0) {
		on("GET /rest/cve/{id}", func(_ *exchange, r *http.Request) (any, error) { return vulnerabilityText(r.PathValue("id")), nil })
	}
	on("GET /rest/scanner/{id}/health", func(x *exchange, r *http.Request) (any, error) { return x.scannerHealth(r.PathValue("id")) })
	on("POST /rest/scanner/updateStatus", func(x *exchange, _ *http.Request) (any, error) { return x.updateStatus() })
	on("POST /rest/scanResult/{id}/download", func(x *exchange, r *http.Request) (any, error) {
		in, err := x.input()
		if err != nil {
			return nil, err
		}
		return x.downloadScan(r.PathValue("id"), in.text("downloadType"))
	})
	for _, call := range []string{"deviceInfo", "ipInfo"} {
		info := func(x *exchange, r *http.Request) (any, error) { return x.deviceInfo(r.PathValue("id")) }
		on("GET /rest/"+call, info)
		on("GET /rest/repository/{id}/"+call, info)
	}
	for kind := range editors {
		on("POST /rest/"+kind+"/{id}/share", func(x *exchange, r *http.Request) (any, error) { return x.share(kind, r.PathValue("id")) })
	}
	return mux
}

// routeSystem adds the calls of the console itself and of who asks.
func (c *Console) routeSystem(on func(string, restCall)) {
	on("DELETE /rest/token", func(x *exchange, r *http.Request) (any, error) {
		c.sessions.end(r)
		return "", nil
	})
	on("GET /rest/system", func(x *exchange, _ *http.Request) (any, error) { return project(c.system(true), x.fields()), nil })
	on("GET /rest/system/diagnostics", func(x *exchange, _ *http.Request) (any, error) {
		if !x.account.Administrator {
			return nil, x.forbidden()
		}
		return c.diagnostics(x.now.Unix()), nil
	})
	on("GET /rest/currentUser", func(x *exchange, _ *http.Request) (any, error) {
		return project(c.currentUser(x.account), x.fields()), nil
	})
	on("GET /rest/currentOrganization", func(x *exchange, _ *http.Request) (any, error) {
		for _, o := range c.organizations() {
			if o["id"] == strconv.Itoa(x.account.Organization) && !x.account.Administrator {
				return project(o, x.fields()), nil
			}
		}
		return nil, x.forbidden()
	})
	on("GET /rest/status", func(x *exchange, _ *http.Request) (any, error) {
		return project(c.status(x.account, x.now.Unix()), x.fields()), nil
	})
	on("GET /rest/feed", func(x *exchange, _ *http.Request) (any, error) { return c.feeds(x.now.Unix()), nil })
	on("GET /rest/feed/{kind}", func(x *exchange, r *http.Request) (any, error) {
		if one, ok := c.feeds(x.now.Unix())[r.PathValue("kind")]; ok {
			return one, nil
		}
		return nil, notFound("feed", r.PathValue("kind"))
	})
}

// routePlugins adds the calls of plugins and their families.
func (c *Console) routePlugins(on func(string, restCall)) {
	on("GET /rest/plugin", func(x *exchange, _ *http.Request) (any, error) { return x.plugins() })
	on("GET /rest/plugin/{id}", func(x *exchange, r *http.Request) (any, error) { return x.plugin(r.PathValue("id")) })
	on("GET /rest/pluginFamily", func(x *exchange, _ *http.Request) (any, error) { return x.families(), nil })
	on("GET /rest/pluginFamily/{id}", func(x *exchange, r *http.Request) (any, error) { return x.family(r.PathValue("id")) })
	on("GET /rest/pluginFamily/{id}/plugins", func(x *exchange, r *http.Request) (any, error) { return x.familyMembers(r.PathValue("id")) })
}

// routeFiles adds uploads, and the imports of what was uploaded.
func (c *Console) routeFiles(on func(string, restCall)) {
	on("POST /rest/file/upload", func(x *exchange, _ *http.Request) (any, error) { return x.uploadCall() })
	on("POST /rest/file/clear", func(x *exchange, _ *http.Request) (any, error) { return x.clearCall() })
	for _, kind := range []string{"dashboard", "reportDefinition", "policy", "asset"} {
		on("POST /rest/"+kind+"/import", func(x *exchange, _ *http.Request) (any, error) { return x.importObject(kind) })
	}
	on("POST /rest/scanResult/import", func(x *exchange, _ *http.Request) (any, error) { return x.importScan() })
	on("POST /rest/repository/{id}/import", func(x *exchange, r *http.Request) (any, error) { return x.importRepository(r.PathValue("id")) })
}

// vulnerabilityText is GET /cve/{id}: JSON without an envelope.
func vulnerabilityText(id string) *reply {
	return &reply{status: http.StatusOK, raw: append(phpJSON(object{"primary_vuln_id": id,
		"descriptions": []object{{"description_text": "Example text of " + id + "."}}}), '\n')}
}

// route answers an authenticated request to /rest/path.
func (x *exchange) route(path string) (any, error) {
	to := &routed{x: x, answer: notFoundPage()}
	r := x.r.WithContext(context.WithValue(x.r.Context(), routedKey{}, to))
	r.URL = &url.URL{Path: "/rest/" + path}
	x.c.routes.ServeHTTP(nowhere{}, r)
	return to.answer, to.err
}

// nowhere takes what a ServeMux itself answers to calls that it does not know.
type nowhere struct{}

func (nowhere) Header() http.Header            { return http.Header{} }
func (nowhere) Write(data []byte) (int, error) { return len(data), nil }
func (nowhere) WriteHeader(int)                {}

// fields are those that the request asks for; nil for none in particular.
func (x *exchange) fields() []string { return splitFields(x.r.URL.Query().Get("fields")) }
