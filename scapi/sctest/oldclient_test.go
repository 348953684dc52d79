package sctest_test

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// oldClient behaves on the wire as the Python module of SecurityCenter 4 does: it stores the whole text of
// Set-Cookie and sends it back as it is, leaves input out when there is none, opens a connection for each call and
// knows the errors by the envelope alone.
type oldClient struct {
	t             *testing.T
	s             *sctest.Server
	cookie, token string
}

func (c *oldClient) send(body, contentType string) []byte {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.s.URL+"/request.php", strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Close = true
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Accept-Encoding", "identity")
	req.Header.Set("User-Agent", "Python-urllib/2.7")
	if c.cookie != "" {
		req.Header.Set("Cookie", c.cookie)
	}
	resp, err := c.s.Transport().RoundTrip(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	if set := resp.Header["Set-Cookie"]; len(set) > 0 {
		c.cookie = strings.Join(set, ", ")
	}
	data, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		c.t.Fatalf("status %d, %v: %s", resp.StatusCode, err, data)
	}
	return data
}

func (c *oldClient) call(module, action string, input any) []byte {
	c.t.Helper()
	form := url.Values{"request_id": {fmt.Sprint(10000 + rand.IntN(10001))}, "module": {module}, "action": {action}}
	if input != nil {
		data, err := json.Marshal(input)
		if err != nil {
			c.t.Fatal(err)
		}
		form.Set("input", strings.ReplaceAll(string(data), `":`, `": `))
	}
	if c.token != "" {
		form.Set("token", c.token)
	}
	return c.send(form.Encode(), "application/x-www-form-urlencoded")
}

func (c *oldClient) response(data []byte, into any) {
	c.t.Helper()
	var e struct {
		ErrorCode int    `json:"error_code"`
		ErrorMsg  string `json:"error_msg"`
		Response  json.RawMessage
	}
	if err := json.Unmarshal(data, &e); err != nil {
		c.t.Fatalf("%v in %.200s", err, data)
	}
	if e.ErrorCode != 0 {
		c.t.Fatalf("[%d]: %s", e.ErrorCode, e.ErrorMsg)
	}
	if err := json.Unmarshal(e.Response, into); err != nil {
		c.t.Fatalf("%v in %.200s", err, data)
	}
}

func TestTheOldPythonModuleWouldWork(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"4.4.2", "4.6.2.2", "4.8.1"} {
		t.Run(version, func(t *testing.T) {
			s := sctest.Start(t, sctest.Options{Dialect: sctest.RPC, Version: version, Hosts: 40, Now: fixed})
			c := &oldClient{t: t, s: s}
			var system struct{ Version string }
			c.response(c.call("system", "init", nil), &system)
			if system.Version != version || !strings.Contains(c.cookie, "; ") {
				t.Fatalf("version %q, cookie %q", system.Version, c.cookie)
			}
			var login struct{ Token json.Number }
			c.response(c.call("auth", "login", map[string]string{"username": sctest.AnalystUsername, "password": sctest.AnalystPassword}), &login)
			c.token = login.Token.String()

			// query: a page that is shorter than asked ends the loop; an exact multiple takes one request more.
			rows := 0
			for {
				var page struct {
					TotalRecords string
					Results      []map[string]string
				}
				c.response(c.call("vuln", "query", map[string]any{"tool": "sumip", "sourceType": "cumulative", "filters": []any{},
					"startOffset": rows, "endOffset": rows + 10}), &page)
				rows += len(page.Results)
				if len(page.Results) < 10 || page.TotalRecords == "0" {
					break
				}
			}
			if rows == 0 || rows > 40 {
				t.Errorf("%d hosts", rows)
			}

			// asset_update and credential_update, which write back what they read.
			var assets struct{ Assets []map[string]json.RawMessage }
			c.response(c.call("asset", "init", nil), &assets)
			for _, a := range assets.Assets[1:] {
				payload := map[string]any{"name": "Renamed"}
				keys := []string{"id", "type", "description", "visibility", "group", "users"}
				if version == "4.8.1" {
					keys = []string{"id", "type", "description", "tags"}
				}
				for _, key := range append(keys, "rules", "definedIPs", "definedDNSNames") {
					if v, ok := a[key]; ok {
						payload[key] = v
					}
				}
				before, _ := s.Asset(strings.Trim(string(a["id"]), `"`))
				c.response(c.call("asset", "edit", payload), &map[string]any{})
				after, _ := s.Asset(before.ID)
				before.Name, before.Modified = "Renamed", after.Modified
				if asJSON(t, after) != asJSON(t, before) {
					t.Errorf("%+v, was %+v", after, before)
				}
			}
			var credentials struct {
				Credentials []map[string]json.RawMessage
			}
			c.response(c.call("credential", "init", nil), &credentials)
			for _, k := range credentials.Credentials {
				payload := map[string]any{"id": json.Number(strings.Trim(string(k["id"]), `"`)), "username": "other"}
				keys := map[string][]string{"windows": {"domain"}, "kerberos": {"ip", "port", "protocol", "realm"}, "snmp": {},
					"ssh": {"publickey", "privatekey", "priviledgeEscalation", "escalationUsername"}}[strings.Trim(string(k["type"]), `"`)]
				keys = append(keys, "type", "name", "description")
				if version != "4.8.1" { // which shares by tags; the module was never changed for its credentials
					keys = append(keys, "visibility", "group", "users")
				}
				for _, key := range keys {
					if k[key] == nil {
						t.Fatalf("no %s in %s", key, k["type"])
					}
					payload[key] = k[key]
				}
				before, _ := s.Credential(strings.Trim(string(k["id"]), `"`))
				c.response(c.call("credential", "edit", payload), &map[string]any{})
				after, _ := s.Credential(before.ID)
				if _, has := before.Fields["username"]; has {
					before.Fields["username"] = "other"
				}
				before.Modified = after.Modified
				if asJSON(t, after) != asJSON(t, before) {
					t.Errorf("%+v, was %+v", after, before)
				}
			}

			// dashboard_import: an upload with a fixed boundary, and then the call.
			var file struct{ Filename string }
			body := ""
			for _, part := range [][2]string{{"action", "upload"}, {"input", `{"returnContent": "false"}`}, {"token", c.token}, {"module", "file"}, {"request_id", "12345"}} {
				body += "--" + oldBoundary + "\r\nContent-Disposition: form-data; name=\"" + part[0] + "\"\r\n\r\n" + part[1] + "\r\n"
			}
			body += "--" + oldBoundary + "\r\nContent-Disposition: form-data; name=\"Filedata\"; filename=\"tab.xml\"\r\nContent-Type: application/xml\r\n\r\n<tab/>\r\n--" +
				oldBoundary + "--\r\n"
			c.response(c.send(body, "multipart/form-data; boundary="+oldBoundary), &file)
			c.response(c.call("dashboard", "importTab", map[string]string{"filename": file.Filename, "name": "Tab"}), &map[string]any{})
			if done := s.Imports(); len(done) != 1 || string(done[0].Content) != "<tab/>" {
				t.Errorf("%+v", done)
			}

			// scan_list and scan_download.
			var list struct {
				ScanResults []struct{ ID, DownloadAvailable string }
			}
			c.response(c.call("scanResult", "getRange", map[string]any{"startTime": clock.Unix() - 2592000, "endTime": clock.Unix(), "userID": "all"}), &list)
			for _, r := range list.ScanResults {
				if r.DownloadAvailable == "true" {
					data := c.call("scanResult", "download", map[string]any{"scanResultID": r.ID, "downloadType": "v2"})
					if z, err := zip.NewReader(strings.NewReader(string(data)), int64(len(data))); err != nil || len(z.File) != 1 {
						t.Errorf("scan %s: %v", r.ID, err)
					}
					break
				}
			}

			// logout: the token in the form and in the input.
			c.call("auth", "logout", map[string]string{"token": c.token})
			if s.Sessions() != 0 {
				t.Error("the session is still open")
			}
		})
	}
}
