package sctest_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// oldBoundary is the fixed boundary of an old client, sic.
const oldBoundary = "----------MultiPartWebFormBoundry"

// upload sends a file as old clients do, with any boundary, and returns the reply.
func (c *client) upload(boundary, filename, content, input string) envelope {
	c.t.Helper()
	var body bytes.Buffer
	rpc := c.s.Options().Dialect == sctest.RPC
	path := "/rest/file/upload"
	if rpc {
		path = "/request.php"
		for _, part := range [][2]string{{"action", "upload"}, {"module", "file"}, {"request_id", "1"}, {"token", c.token}, {"input", input}} {
			fmt.Fprintf(&body, "--%s\r\nContent-Disposition: form-data; name=%q\r\n\r\n%s\r\n", boundary, part[0], part[1])
		}
	} else if input != "" {
		fmt.Fprintf(&body, "--%s\r\nContent-Disposition: form-data; name=\"returnContent\"\r\n\r\n%s\r\n", boundary, input)
	}
	fmt.Fprintf(&body, "--%s\r\nContent-Disposition: form-data; name=\"Filedata\"; filename=%q\r\nContent-Type: application/xml\r\n\r\n%s\r\n--%s--\r\n",
		boundary, filename, content, boundary)
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.s.URL+path, &body)
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "multipart/form-data; boundary="+boundary)
	if !rpc {
		req.Header.Set("X-SecurityCenter", c.token)
	}
	e, err := c.send(req)
	if err != nil {
		c.t.Fatal(err)
	}
	return e
}

func (c *client) handle(boundary, filename, content, input string) string {
	c.t.Helper()
	var out struct{ Filename, OriginalFilename, Content string }
	c.decode(c.upload(boundary, filename, content, input), &out)
	if out.OriginalFilename != filename || out.Filename == "" || out.Filename == filename {
		c.t.Fatalf("%+v", out)
	}
	if wanted := strings.Contains(input, "true"); wanted != (out.Content == content) {
		c.t.Fatalf("content %q after %q", out.Content, input)
	}
	return out.Filename
}

func TestAnUploadedFileIsImportedAsItWas(t *testing.T) {
	t.Parallel()
	const content = "<tab>\r\n--not-the-boundary\r\n\x00\xff</tab>"
	for _, tt := range []struct {
		kind     string
		dialect  sctest.Dialect
		boundary string
		input    string
		call     func(c *client, handle string) envelope
		answers  bool // the name of what was made
	}{
		{"dashboard", sctest.REST, "a1b2", "", func(c *client, h string) envelope {
			return c.rest(http.MethodPost, "/dashboard/import", map[string]any{"filename": h, "name": "Tab", "order": 1})
		}, true},
		{"report", sctest.REST, oldBoundary, "true", func(c *client, h string) envelope {
			return c.rest(http.MethodPost, "/reportDefinition/import", map[string]any{"filename": h, "name": "Tab"})
		}, true},
		{"policy", sctest.REST, oldBoundary, "false", func(c *client, h string) envelope {
			return c.rest(http.MethodPost, "/policy/import", map[string]any{"filename": h, "name": "Tab"})
		}, true},
		{"scanResult", sctest.REST, "a1b2", "", func(c *client, h string) envelope {
			return c.rest(http.MethodPost, "/scanResult/import", map[string]any{"filename": h, "name": "Tab", "repository": map[string]any{"id": 1}})
		}, false},
		{"dashboard", sctest.RPC, oldBoundary, `{"returnContent":"false"}`, func(c *client, h string) envelope {
			return c.rpc("dashboard", "importTab", map[string]any{"filename": h, "name": "Tab"})
		}, true},
		{"report", sctest.RPC, "a1b2", `{"returnContent":"true"}`, func(c *client, h string) envelope {
			return c.rpc("report", "import", map[string]any{"filename": h, "name": "Tab"})
		}, true},
	} {
		t.Run(tt.dialect.String()+" "+tt.kind, func(t *testing.T) {
			content := content
			if strings.Contains(tt.input, "true") {
				content = "<tab/>" // what comes back is text
			}
			s := sctest.Start(t, sctest.Options{Dialect: tt.dialect, Hosts: 20, Now: fixed})
			c := newClient(t, s).analyst()
			handle := c.handle(tt.boundary, "tab.xml", content, tt.input)
			e := tt.call(c, handle)
			if e.Code != 0 || tt.answers != strings.Contains(e.Body, `"name":"Tab"`) {
				t.Fatal(e.Body)
			}
			done := s.Imports()
			if len(done) != 1 || done[0].Kind != tt.kind || done[0].Name != "Tab" || done[0].Filename != "tab.xml" ||
				done[0].Account != sctest.AnalystUsername || string(done[0].Content) != content {
				t.Errorf("%+v", done)
			}
			if e := tt.call(c, handle); e.Code != 147 || len(s.Imports()) != 1 || len(s.Uploads()) != 0 {
				t.Errorf("a second time: %s", e.Body)
			}
		})
	}
}

func TestAnUploadBelongsToItsUser(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{Hosts: 20})
	handle := newClient(t, s).admin().handle("x", "tab.xml", "<tab/>", "")
	analyst := newClient(t, s).analyst()
	if e := analyst.rest(http.MethodPost, "/dashboard/import", map[string]any{"filename": handle, "name": "Tab"}); e.Code != 147 {
		t.Errorf("another user's file: %s", e.Body)
	}
	if e := analyst.rest(http.MethodPost, "/file/clear", map[string]any{"filename": handle}); e.Code != 147 || len(s.Uploads()) != 1 {
		t.Errorf("another user's file: %s", e.Body)
	}
	admin := newClient(t, s).admin()
	if e := admin.rest(http.MethodPost, "/repository/2/import", map[string]any{"file": handle}); e.Code != 0 || !strings.Contains(e.Body, `"importRepository"`) {
		t.Errorf("a repository: %s", e.Body)
	}
	if done := s.Imports(); len(done) != 1 || done[0].Repository != "2" {
		t.Errorf("%+v", done)
	}
	if e := admin.rest(http.MethodPost, "/dashboard/import", map[string]any{"filename": handle, "name": "Tab"}); e.Code != 145 {
		t.Errorf("a dashboard of an administrator: %s", e.Body)
	}
	other := admin.handle("x", "tab.xml", "<tab/>", "")
	if e := admin.rest(http.MethodPost, "/file/clear", map[string]any{"filename": other}); e.Code != 0 || len(s.Uploads()) != 0 {
		t.Errorf("cleared: %s, %d left", e.Body, len(s.Uploads()))
	}
}

func TestAnUploadNeedsAFile(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{Hosts: 20})
	c := newClient(t, s).analyst()
	if e := c.rest(http.MethodPost, "/file/upload", map[string]any{"filename": "x"}); e.Code == 0 {
		t.Errorf("no multipart body: %s", e.Body)
	}
	if e := c.rest(http.MethodPost, "/dashboard/import", map[string]any{"name": "x"}); e.Code != 146 {
		t.Errorf("no file: %s", e.Body)
	}
	if e := c.upload("x", "empty.xml", "", ""); e.Code != 0 {
		t.Errorf("an empty file is a file: %s", e.Body)
	}
}
