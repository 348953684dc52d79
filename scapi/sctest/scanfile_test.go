package sctest_test

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/exhaustive"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// aResult returns the id of a result that can be downloaded.
func aResult(t *testing.T, s *sctest.Server) string {
	t.Helper()
	for _, r := range s.ScanResults() {
		if r.Status == "Completed" {
			return r.ID
		}
	}
	t.Fatal("no completed scan result")
	return ""
}

// download asks for the scan file of a result; the body is open.
func (c *client) download(id, format string) (*http.Response, error) {
	c.t.Helper()
	var req *http.Request
	var err error
	if c.s.Options().Dialect == sctest.RPC {
		form := `request_id=1&module=scanResult&action=download&token=` + c.token + `&input={"scanResultID":"` + id + `","downloadType":"` + format + `"}`
		path := "/request.php"
		if strings.HasPrefix(c.s.Options().Version, "4.2") {
			path = "/sc4/request.php"
		}
		req, err = http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.s.URL+path, strings.NewReader(form))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	} else {
		req, err = http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.s.URL+"/rest/scanResult/"+id+"/download", strings.NewReader(`{"downloadType":"`+format+`"}`))
		req.Header.Set("X-SecurityCenter", c.token)
	}
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Cookie", "TNS_SESSIONID="+c.cookie)
	return c.http.RoundTrip(req)
}

func TestADownloadedScanIsTheScanFileInAnArchive(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		dialect         sctest.Dialect
		version, format string
		root            string // of the XML; empty: a text
	}{
		{sctest.REST, "6.4.0", "v2", "NessusClientData_v2"},
		{sctest.RPC, "4.8.1", "v2", "NessusClientData_v2"},
		{sctest.RPC, "4.4.0", "v1", "NessusClientData"},
		{sctest.RPC, "4.2.0", "nessus", "NessusClientData"},
		{sctest.RPC, "4.2.0", "nsr", ""},
	} {
		t.Run(tt.version+" "+tt.format, func(t *testing.T) {
			s := sctest.Start(t, sctest.Options{Dialect: tt.dialect, Version: tt.version, Hosts: 50, Now: fixed, ScanBytes: 300_000})
			c := newClient(t, s).analyst()
			id := aResult(t, s)
			resp, err := c.download(id, tt.format)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			if resp.ContentLength >= 0 {
				t.Error("the archive is not made while it is sent")
			}
			z, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
			if err != nil || len(z.File) != 1 {
				t.Fatalf("%v in %.200s", err, body)
			}
			member, err := z.File[0].Open()
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(member)
			if err != nil {
				t.Fatal(err)
			}
			var want bytes.Buffer
			if err := s.WriteScan(&want, id, tt.format); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want.Bytes()) || len(got) < 300_000 || len(got) > 400_000 {
				t.Errorf("%d bytes, want %d", len(got), want.Len())
			}
			if len(body)*40 < len(got) {
				t.Errorf("%d bytes in %d: real scans do not shrink like that", len(got), len(body))
			}
			if tt.root != "" {
				if root := rootOf(t, got); root != tt.root {
					t.Errorf("root element %s, want %s", root, tt.root)
				}
			}
		})
	}
}

// rootOf reads an XML document to its end and returns its root element.
func rootOf(t *testing.T, document []byte) (root string) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(document))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return root
		}
		if err != nil {
			t.Fatal(err)
		}
		if start, ok := token.(xml.StartElement); ok && root == "" {
			root = start.Name.Local
		}
	}
}

func TestWhatCannotBeDownloadedIsRefused(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{Hosts: 20, Now: fixed})
	c := newClient(t, s).analyst()
	if e := c.rest(http.MethodPost, "/scanResult/"+aResult(t, s)+"/download", map[string]string{"downloadType": "nsr"}); e.Code != 146 {
		t.Errorf("an old format: %s", e.Body)
	}
	for _, r := range s.ScanResults() {
		if r.Status == "Running" || r.Status == "Error" {
			if e := c.rest(http.MethodPost, "/scanResult/"+r.ID+"/download", map[string]string{}); e.Code != 143 {
				t.Errorf("%s: %s", r.Status, e.Body)
			}
		}
	}
}

func TestAScanOfAnEmptyRepositoryHasNoHosts(t *testing.T) {
	t.Parallel()
	c := sctest.New(sctest.Options{Hosts: 1, Repositories: 4, Now: fixed, ScanBytes: 1000})
	empty := 0
	for _, r := range c.ScanResults() {
		var b bytes.Buffer
		if err := c.WriteScan(&b, r.ID, "v2"); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), "<ReportHost ") {
			empty++
		}
	}
	if empty == 0 {
		t.Error("every scan has hosts")
	}
}

func TestAPlainScanDownloadIsNoArchive(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{Hosts: 20, Now: fixed, Quirks: sctest.Quirks{PlainScanDownload: true}})
	resp, err := newClient(t, s).analyst().download(aResult(t, s), "v2")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || rootOf(t, body) != "NessusClientData_v2" {
		t.Errorf("%v: %.100s", err, body)
	}
}

func TestABodyCanBeCutSeveredAndSlow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := sctest.StartPipe(t, sctest.Options{Hosts: 20, Now: fixed, ScanBytes: 1 << 20})
		c := newClient(t, s).analyst()
		id := aResult(t, s)
		read := func(e sctest.Effect) ([]byte, time.Duration, error) {
			defer s.Inject(sctest.Fault{Endpoint: "POST /scanResult/{id}/download", Effect: e})()
			start := time.Now()
			resp, err := c.download(id, "v2")
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			return body, time.Since(start), err
		}
		if body, _, err := read(sctest.Truncate()); err != nil || len(body) != 100 {
			t.Errorf("cut: %d bytes, %v", len(body), err)
		}
		if body, _, err := read(sctest.Sever(70_000)); err == nil || len(body) != 70_000 {
			t.Errorf("severed: %d bytes, %v", len(body), err)
		}
		if body, took, err := read(sctest.SlowBody(time.Second)); err != nil || took < time.Duration(len(body)/(32<<10))*time.Second {
			t.Errorf("slow: %d bytes in %v, %v", len(body), took, err)
		}
		// A client that leaves in the middle is noticed: the end of the test waits for every goroutine.
		defer s.Inject(sctest.Fault{Endpoint: "POST /scanResult/{id}/download", Effect: sctest.SlowBody(time.Hour)})()
		resp, err := c.download(id, "v2")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(resp.Body, make([]byte, 1000)); err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestALongScanIsWrittenFast(t *testing.T) {
	t.Parallel()
	exhaustive.Only(t)
	const length = 200 << 20
	c := sctest.New(sctest.Options{Hosts: 200, Now: fixed, ScanBytes: length})
	id := ""
	for _, r := range c.ScanResults() {
		id = r.ID
	}
	start := time.Now()
	n := counter(0)
	if err := c.WriteScan(&n, id, "v2"); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); n < length || took > 20*time.Second {
		t.Errorf("%d bytes in %v", n, took)
	}
	t.Logf("%d MB in %v", n>>20, time.Since(start))
}

type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}
