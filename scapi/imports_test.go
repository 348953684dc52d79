package scapi_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// template has what would end a form with a fixed boundary.
const template = "<?xml version=\"1.0\"?>\r\n------------MultiPartWebFormBoundry--\r\n<dashboard/>"

// importer is one of the two importing calls.
type importer struct {
	name, kind string
	call       func(*scapi.Client) func(string, io.Reader, string) (json.RawMessage, error)
	rest, rpc  string
}

func importers(t *testing.T) []importer {
	t.Helper()
	return []importer{
		{"a dashboard", "dashboard", func(c *scapi.Client) func(string, io.Reader, string) (json.RawMessage, error) {
			return func(name string, r io.Reader, file string) (json.RawMessage, error) {
				return c.ImportDashboard(t.Context(), name, r, file)
			}
		}, "POST /dashboard/import", "dashboard::importTab"},
		{"a report", "report", func(c *scapi.Client) func(string, io.Reader, string) (json.RawMessage, error) {
			return func(name string, r io.Reader, file string) (json.RawMessage, error) {
				return c.ImportReport(t.Context(), name, r, file)
			}
		}, "POST /reportDefinition/import", "report::import"},
	}
}

func TestATemplateArrivesAsItIs(t *testing.T) {
	t.Parallel()
	onBothDialects(t, sctest.Options{}, func(t *testing.T, s *sctest.Server) {
		c := dialSimulated(t, s, asAnalyst)
		for _, i := range importers(t) {
			for how, r := range map[string]io.Reader{
				"with its length": strings.NewReader(template), "as it comes": iotest.HalfReader(strings.NewReader(template)),
			} {
				before := len(s.Imports())
				response, err := i.call(c)("Größe \"1\"", r, "/home/me/board.xml")
				if err != nil {
					t.Fatalf("%s, %s: %v", i.name, how, err)
				}
				if !json.Valid(response) {
					t.Errorf("%s: answer %s", i.name, response)
				}
				all := s.Imports()
				if len(all) != before+1 {
					t.Fatalf("%s: %d imports", i.name, len(all)-before)
				}
				got := all[before]
				if got.Kind != i.kind || got.Name != "Größe \"1\"" || got.Filename != "board.xml" || string(got.Content) != template {
					t.Errorf("%s, %s: %+v", i.name, how, got)
				}
			}
		}
		if left := s.Uploads(); len(left) != 0 {
			t.Errorf("%d uploads left", len(left))
		}
	})
}

func TestAnUploadIsSentAgainAfterALostSession(t *testing.T) {
	t.Parallel()
	onBothDialects(t, sctest.Options{}, func(t *testing.T, s *sctest.Server) {
		c := dialSimulated(t, s, asAnalyst)
		if err := c.Login(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.ExpireSessions()
		content := strings.Repeat("content\n", 100_000)
		handle, err := c.Upload(t.Context(), strings.NewReader(content), "x.xml")
		if err != nil || handle == "" {
			t.Fatalf("%q, %v", handle, err)
		}
		if up := s.Uploads(); len(up) != 1 || string(up[0].Content) != content || up[0].Handle != handle {
			t.Errorf("%d uploads", len(up))
		}
		s.ExpireSessions()
		_, err = c.Upload(t.Context(), iotest.OneByteReader(strings.NewReader("short")), "x.xml")
		if err == nil || !strings.Contains(err.Error(), "read already") {
			t.Errorf("a file that cannot be rewound: %v", err)
		}
	})
}

func TestUploadsThatFailSaySo(t *testing.T) {
	t.Parallel()
	for api, version := range bothDialects {
		for name, test := range map[string]struct {
			answers map[string]said
			file    io.Reader
			as      string
			says    string
		}{
			"the console refuses the file":   {map[string]said{"upload": {Code: 1, Message: "No file was uploaded."}}, strings.NewReader("x"), "x", "No file was uploaded."},
			"the console gives no name":      {map[string]said{"upload": {Response: `{}`}}, strings.NewReader("x"), "x", "no name of the uploaded file"},
			"the console refuses the import": {map[string]said{"upload": {Response: `{"filename":"h"}`}, "import": {Code: 5, Message: "not a template"}}, strings.NewReader("x"), "x", "not a template"},
			"the file cannot be read":        {map[string]said{"upload": {Response: `{"filename":"h"}`}}, iotest.ErrReader(errors.New("disk broken")), "x", "read x: disk broken"},
			"the file has no name":           {nil, strings.NewReader("x"), "folder/", "without a name"},
		} {
			c := scriptedFiles(t, api, version, test.answers)
			_, err := c.ImportReport(t.Context(), "My report", test.file, test.as)
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%s over %s: %v", name, api, err)
			}
		}
		c, s := scripted(t, api, version, table(nil))
		if _, err := c.ImportDashboard(t.Context(), "", strings.NewReader("x"), "x"); err == nil || len(s.calls()) != 0 {
			t.Errorf("an import without a name over %s: %v", api, err)
		}
	}
}

// scriptedFiles is a client of a console that answers uploads and imports so.
func scriptedFiles(t *testing.T, api scapi.API, version string, answers map[string]said) *scapi.Client {
	t.Helper()
	return clientOver(t, api, &uploads{
		script: &script{version: version, answer: func(a asked) said {
			if strings.Contains(a.Call, "import") {
				return answers["import"]
			}
			return said{}
		}},
		answer: answers["upload"],
	})
}

func clientOver(t *testing.T, api scapi.API, transport http.RoundTripper) *scapi.Client {
	t.Helper()
	c, err := scapi.New(scapi.Options{
		URL: "http://console.example.org", API: api, Transport: transport, Retries: -1,
		Credentials: func() (scapi.Credentials, error) {
			return scapi.Credentials{Username: "api", Password: "secret"}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// uploads is a script for forms with files.
type uploads struct {
	*script
	answer said
	lazy   bool // answers without having read the file
	body   io.Reader
}

func (u *uploads) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		return u.script.RoundTrip(r)
	}
	u.body = r.Body
	if !u.lazy {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return nil, err
		}
	}
	response := u.answer.Response
	if response == "" {
		response = `""`
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{}, Request: r,
		Body: io.NopCloser(strings.NewReader(fmt.Sprintf(`{"response":%s,"error_code":%d,"error_msg":%q}`, response, u.answer.Code, u.answer.Message))),
	}, nil
}

func TestADryRunShowsUploadAndImport(t *testing.T) {
	t.Parallel()
	onBothDialects(t, sctest.Options{}, func(t *testing.T, s *sctest.Server) {
		for _, i := range importers(t) {
			var shown []scapi.DryRequest
			c := dialSimulated(t, s, asAnalyst, func(o *scapi.Options) {
				o.DryRun = func(r scapi.DryRequest) { shown = append(shown, r) }
			})
			content := strings.NewReader(template)
			if _, err := i.call(c)("Tab", content, "board.xml"); !errors.Is(err, scapi.ErrDryRun) {
				t.Errorf("%s: %v", i.name, err)
			}
			if len(shown) != 2 || shown[0].File != "board.xml" || !bytes.Contains(shown[1].Body, []byte(`"name":"Tab"`)) {
				t.Errorf("%s: shown %+v", i.name, shown)
			}
			if content.Len() != len(template) {
				t.Errorf("%s: the file was read", i.name)
			}
		}
		if len(s.Uploads())+len(s.Imports()) != 0 {
			t.Error("something was sent")
		}
	})
}

func TestAFileIsNotReadAfterItsUpload(t *testing.T) {
	t.Parallel()
	source := strings.NewReader("content")
	console := &uploads{script: &script{version: "6.4.0", answer: table(nil)}, answer: said{Response: `{"filename":"h"}`}, lazy: true}
	if name, err := clientOver(t, scapi.REST, console).Upload(t.Context(), source, "x"); name != "h" || err != nil {
		t.Fatalf("%q, %v", name, err)
	}
	// As the transport of net/http may, while it winds up.
	if _, err := io.Copy(io.Discard, console.body); err == nil || source.Len() != len("content") {
		t.Errorf("%d bytes left, %v", source.Len(), err)
	}
}
