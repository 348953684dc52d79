package rest

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestRequestsAreEncoded(t *testing.T) {
	base := &url.URL{Scheme: "https", Host: "sc.test:8443", Path: "/prefix"}
	req, err := Request{
		Method: "POST", Path: "/scanResult/a b?c#d/download", Query: url.Values{"fields": {"id,name"}},
		Body: map[string]string{"downloadType": "v2"}, Header: http.Header{"x-extra": {"1"}},
	}.HTTP(t.Context(), base)
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
	req, err := Request{Method: "GET", Path: "/system"}.HTTP(t.Context(), &url.URL{Scheme: "http", Host: "sc.test"})
	if err != nil || req.Body != nil || req.Header.Get("Content-Type") != "" || req.URL.String() != "http://sc.test/rest/system" {
		t.Errorf("%v, %v", req, err)
	}
}

func TestRequestsThatCannotBeMadeAreErrors(t *testing.T) {
	base := &url.URL{Scheme: "http", Host: "sc.test"}
	for _, r := range []Request{
		{Method: "GET", Path: ""}, {Method: "GET", Path: "system"}, {Method: "GET", Path: "/a/../b"}, {Method: "GET", Path: "/."},
		{Method: "G ET", Path: "/system"}, {Method: "POST", Path: "/x", Body: func() {}},
	} {
		if _, err := r.HTTP(t.Context(), base); err == nil {
			t.Errorf("%+v went through", r)
		}
	}
}

func TestLostSessionsAndWrongKeysAreTold(t *testing.T) {
	for _, test := range []struct {
		status, code int
		message      string
		session, key bool
	}{
		{403, 12, "This request contains an invalid token.", true, true}, {200, 12, "", true, true}, {401, 0, "", true, true},
		{403, 99, "Invalid Token", true, true}, {403, 0, "", false, true},
		{403, 146, "The filter 'x' is invalid", false, false}, {403, 0, "text", false, false},
		{200, 0, "", false, false}, {400, 0, "", false, false}, {500, 0, "invalid token", false, false},
	} {
		if got := SessionLost(test.status, test.code, test.message); got != test.session {
			t.Errorf("session, %+v: %v", test, got)
		}
		if got := KeysRefused(test.status, test.code, test.message); got != test.key {
			t.Errorf("key, %+v: %v", test, got)
		}
	}
}

func TestNessusIsRecognised(t *testing.T) {
	for body, want := range map[string]bool{
		`{"error":"The requested file was not found."}`: true, `{"error":"x","response":""}`: false, `{"error":""}`: false,
		`{"error":7}`: false, `{}`: false, `<html>`: false, ``: false, `[]`: false,
	} {
		if Nessus([]byte(body)) != want {
			t.Errorf("%s: %v", body, !want)
		}
	}
}

func TestKeysHaveTheDocumentedForm(t *testing.T) {
	if got := Keys("aa", "bb"); got != "accesskey=aa; secretkey=bb" || strings.HasSuffix(got, ";") {
		t.Errorf("%q", got)
	}
}
