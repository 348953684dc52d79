package scapi

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestRESTCallsAreEncoded(t *testing.T) {
	t.Parallel()
	base := &url.URL{Scheme: "https", Host: "sc.test:8443", Path: "/prefix"}
	req, err := restCall{
		Method: "POST", Path: "/scanResult/a b?c#d/download", Query: url.Values{"fields": {"id,name"}},
		Body: map[string]string{"downloadType": "v2"}, Header: http.Header{"x-extra": {"1"}},
	}.request(t.Context(), base)
	if err != nil {
		t.Fatal(err)
	}
	if got := req.URL.String(); got != "https://sc.test:8443/prefix/rest/scanResult/a%20b%3Fc%23d/download?fields=id%2Cname" {
		t.Errorf("URL %s", got)
	}
	body, err := io.ReadAll(req.Body)
	if err != nil || string(body) != `{"downloadType":"v2"}` || req.Header.Get("Content-Type") != "application/json" || req.Header.Get("X-Extra") != "1" {
		t.Errorf("body %s, header %v, %v", body, req.Header, err)
	}
	if base.Path != "/prefix" || base.RawQuery != "" {
		t.Errorf("the base URL was changed: %s", base)
	}
}

func TestARequestWithoutBodyHasNoContentType(t *testing.T) {
	t.Parallel()
	req, err := restCall{Method: "GET", Path: "/system"}.request(t.Context(), &url.URL{Scheme: "http", Host: "sc.test"})
	if err != nil || req.Body != nil || req.Header.Get("Content-Type") != "" || req.URL.String() != "http://sc.test/rest/system" {
		t.Errorf("%v, %v", req, err)
	}
}

func TestRequestsThatCannotBeMadeAreErrors(t *testing.T) {
	t.Parallel()
	base := &url.URL{Scheme: "http", Host: "sc.test"}
	for _, r := range []restCall{
		{Method: "GET", Path: ""}, {Method: "GET", Path: "system"}, {Method: "GET", Path: "/a/../b"}, {Method: "GET", Path: "/."},
		{Method: "G ET", Path: "/system"}, {Method: "POST", Path: "/x", Body: func() {}},
	} {
		if _, err := r.request(t.Context(), base); err == nil {
			t.Errorf("%+v went through", r)
		}
	}
}

func TestKeysHaveTheDocumentedForm(t *testing.T) {
	t.Parallel()
	if got := keysHeader("aa", "bb"); got != "accesskey=aa; secretkey=bb" || strings.HasSuffix(got, ";") {
		t.Errorf("%q", got)
	}
}
