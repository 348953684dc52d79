package exporter

import (
	"bytes"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/config"
)

// oneAnswer answers every request with one text as the response, but lets accounts in.
type oneAnswer string

// RoundTrip implements http.RoundTripper.
func (s oneAnswer) RoundTrip(req *http.Request) (*http.Response, error) {
	response := string(s)
	path, form := req.URL.Path, url.Values{}
	if req.Body != nil {
		body, _ := io.ReadAll(req.Body)
		form, _ = url.ParseQuery(string(body))
	}
	switch {
	case path == "/rest/system":
		response = `{"version":"6.4.0"}`
	case path == "/rest/token" || form.Get("module") == "auth":
		response = `{"token":1357924680,"sessionID":"abcdef0123456789"}`
	case form.Get("module") == "system":
		response = `{"version":"4.8.1"}`
	case path == "/rest/currentUser":
		response = `{"id":"1","username":"u","role":{"id":"4"},"organization":{"id":"1"}}`
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Request: req,
		Body: io.NopCloser(strings.NewReader(`{"type":"regular","response":` + response + `,"error_code":0,"error_msg":"","warnings":[]}`)),
	}, nil
}

// FuzzPages answers everything that all collectors ask with one text: whatever it is,
// the pages can be read and repeat no markup.
func FuzzPages(f *testing.F) {
	const mark = `<script>x</script>`
	name := `"name":"` + mark + `\u0000\ud800","id":"1"`
	for _, seed := range []string{
		`[]`, `""`, `null`, `7`, `{}`, `[{` + name + `}]`, `{"usable":[{` + name + `}],"manageable":[{` + name + `},{"id":"1"}]}`,
		`{"totalRecords":"1","returnedRecords":1,"startOffset":"0","endOffset":"1","matchingDataElementCount":"-1","results":[{` + name + `,"ip":"` + mark + `","pluginID":"19506","total":"5","severityHigh":"5","score":"50","severity":{"id":"3","name":"High"},"repository":{` + name + `},"family":{` + name + `},"count":"5","hostTotal":"5"}]}`,
		`{"0":{` + name + `},"1":[]}`, `[{` + name + `,"status":"Completed","importStatus":"Finished","finishTime":"1700000000","startTime":"-1","type":"` + mark + `","version":"` + mark + `","uptime":1e300,"loadAvg":"NaN"}]`,
		`{"repositories":[{` + name + `}],"scanners":[{` + name + `,"status":"18446744073709551615"}],"zones":[{` + name + `,"ipList":"0.0.0.0/0,::/0"}],"scanResults":[{` + name + `}]}`,
	} {
		f.Add([]byte(seed), true)
		f.Add([]byte(seed), false)
	}
	f.Fuzz(func(t *testing.T, response []byte, rest bool) {
		if !json.Valid(response) || len(response) > 1<<16 {
			t.Skip()
		}
		synctest.Test(t, func(t *testing.T) { pages(t, string(response), rest, mark) })
	})
}

func pages(t *testing.T, response string, rest bool, mark string) {
	api := "rpc"
	if rest {
		api = "rest"
	}
	yaml := strings.Replace(hq, "url: http://console.example", "url: http://console.example\n    api: "+api, 1) + "\ncollectors:\n"
	for _, col := range collector.All() {
		if !col.Default && !col.Watches && !col.Hosts {
			yaml += "  " + col.Name + ": {enabled: true}\n"
		}
	}
	e, err := New(Options{
		Load:      func() (*config.Config, error) { return config.Parse([]byte(yaml), "config.yml", KnownCollectors()) },
		Transport: func(string) http.RoundTripper { return oneAnswer(response) },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Close() }() // whether it could log out is not the matter
	get := func(path string) *bytes.Buffer {
		w := httptest.NewRecorder()
		e.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != http.StatusOK {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
		return w.Body
	}
	get("/probe?target=hq") // what was never read is waited for
	synctest.Wait()
	page := get("/probe?target=hq")
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(page.Bytes()))
	if err != nil || families["securitycenter_up"] == nil {
		t.Errorf("%s: %v", page, err)
	}
	if text := get("/").String(); strings.Contains(text, mark) {
		t.Errorf("the landing page has markup of the console: %s", text)
	} else if !strings.Contains(text, "hq") {
		t.Errorf("a landing page without the console: %s", html.UnescapeString(text))
	}
	get("/probe?target=hq&debug=true")
}
