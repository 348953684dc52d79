package scapi

import (
	"net/http"
	"net/url"
	"strconv"
	"testing"
)

func TestRPCCallsAreEncodedAsAForm(t *testing.T) {
	t.Parallel()
	endpoint := &url.URL{Scheme: "https", Host: "sc.test", Path: "/sc4/request.php"}
	for _, test := range []struct {
		name         string
		input        any
		token, wants string
	}{
		{"without input", nil, "", "{}"},
		{"with input and token", map[string]any{"tool": "sumip", "name": "a&b=ü"}, "123", `{"name":"a\u0026b=ü","tool":"sumip"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			req, err := rpcCall{Module: "vuln", Action: "query", Input: test.input, Header: http.Header{"x-extra": {"1"}}}.request(t.Context(), endpoint, test.token)
			if err != nil {
				t.Fatal(err)
			}
			if err := req.ParseForm(); err != nil {
				t.Fatal(err)
			}
			f := req.PostForm
			if f.Get("module") != "vuln" || f.Get("action") != "query" || f.Get("input") != test.wants || f.Get("token") != test.token || f.Has("token") != (test.token != "") {
				t.Errorf("form %v", f)
			}
			if id, err := strconv.Atoi(f.Get("request_id")); err != nil || id < 10000 || id > 20000 {
				t.Errorf("request_id %q", f.Get("request_id"))
			}
			if req.Method != http.MethodPost || req.URL.String() != endpoint.String() || req.Header.Get("X-Extra") != "1" {
				t.Errorf("%s %s %v", req.Method, req.URL, req.Header)
			}
		})
	}
}

func TestInputThatCannotBeEncodedIsAnError(t *testing.T) {
	t.Parallel()
	if _, err := (rpcCall{Module: "a", Action: "b", Input: func() {}}).request(t.Context(), &url.URL{Scheme: "http", Host: "x"}, ""); err == nil {
		t.Error("no error")
	}
}
