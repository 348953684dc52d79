package scapi

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// zipped returns an archive of one file with this content.
func zipped(t testing.TB, content string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("124.nessus")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, content); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const restDownload = "POST /rest/scanResult/124/download"

// downloading is a console of either dialect that answers downloads so.
func downloading(api API, answers ...responder) (*script, string) {
	if api == RPC {
		return rpcConsole().on("scanResult::download", answers...), "scanResult::download"
	}
	return restConsole().on(restDownload, answers...), restDownload
}

var apis = []API{REST, RPC}

// nessusFile is longer than any answer that is no file.
var nessusFile = `<?xml version="1.0" ?><NessusClientData_v2>` + strings.Repeat("<ReportHost/>\n", 200) + `</NessusClientData_v2>`

func TestTheFileOfAScanIsHandedOut(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"an archive":            zipped(t, nessusFile),
		"a file without one":    nessusFile,
		"a file after a BOM":    "\xef\xbb\xbf" + nessusFile,
		"a file without header": "<NessusClientData_v2/>",
	} {
		for _, api := range apis {
			t.Run(name+" over "+string(api), func(t *testing.T) {
				g, seen := &turnstile{}, &observed{}
				s, _ := downloading(api, raw(200, body, "Content-Type: application/zip", "Content-Transfer-Encoding: BASE64;"))
				c := dial(t, s, over(api), func(o *Options) { o.Gate, o.Observe, o.MaxBody = g, seen.observe, 1000 })
				file, err := c.DownloadScan(t.Context(), "124", "")
				if err != nil {
					t.Fatal(err)
				}
				want := body
				if strings.HasPrefix(body, "PK") {
					want = nessusFile
				}
				got, err := io.ReadAll(file)
				if string(got) != want || err != nil {
					t.Errorf("%q, %v", got, err)
				}
				if _, err := file.Read(make([]byte, 1)); err != io.EOF {
					t.Errorf("behind the end: %v", err)
				}
				if g.inside != 1 {
					t.Error("the gate was left before the end")
				}
				if err := errors.Join(file.Close(), file.Close()); err != nil || g.inside != 0 {
					t.Errorf("close: %v, %d inside", err, g.inside)
				}
				last := seen.seen[len(seen.seen)-1]
				if endpoint := map[API]string{REST: "/scanResult/{id}/download", RPC: "scanResult::download"}[api]; last.Endpoint != endpoint || last.Err != nil || last.Bytes != int64(len(body)) {
					t.Errorf("observed %+v", last)
				}
			})
		}
	}
}

func TestADownloadHandsOutWhatCameWhileItGoesOn(t *testing.T) {
	t.Parallel()
	var numbers strings.Builder
	for i := range 100_000 {
		fmt.Fprintln(&numbers, i*i) // which cannot be packed much
	}
	content := numbers.String()
	archive := zipped(t, content)
	r, w := io.Pipe()
	s, _ := downloading(REST, func(req *http.Request) (*http.Response, error) {
		resp, err := raw(200, "", "Content-Type: application/zip")(req)
		resp.Body = r
		return resp, err
	})
	half := len(archive) / 2
	more := make(chan struct{})
	written := make(chan error, 1)
	go func() {
		_, err := io.WriteString(w, archive[:half])
		<-more // nothing more comes before something was handed out
		_, err2 := io.WriteString(w, archive[half:])
		written <- errors.Join(err, err2, w.Close())
	}()
	file, err := dial(t, s).DownloadScan(t.Context(), "124", "v2")
	if err != nil {
		t.Fatal(err)
	}
	first := make([]byte, 1000)
	if _, err := io.ReadFull(file, first); err != nil {
		t.Fatal(err)
	}
	close(more)
	rest, err := io.ReadAll(file)
	if string(first)+string(rest) != content || err != nil {
		t.Errorf("%d bytes of %d, %v", len(first)+len(rest), len(content), err)
	}
	if err := errors.Join(file.Close(), <-written); err != nil {
		t.Error(err)
	}
}

func TestWhatIsNoFileIsAnErrorWithTheConsolesMessage(t *testing.T) {
	t.Parallel()
	empty := "PK\x05\x06" + strings.Repeat("\x00", 18)
	for name, test := range map[string]struct {
		answer responder
		says   string
		check  func(error) bool
	}{
		"an error":              {refusedWith(403, 143, "Scan Result #124 failed"), "code 143: Scan Result #124 failed", Answered},
		"an error with 200":     {refusedWith(200, 147, "Scan Result #124 does not exist."), "does not exist", IsNotFound},
		"an error after blanks": {raw(200, "\n "+envelope(`""`, 143, "no data")), "code 143: no data", Answered},
		"an error after a BOM":  {raw(200, "\xef\xbb\xbf"+envelope(`""`, 143, "no data")), "no data", Answered},
		"an envelope without":   {raw(200, envelope(`{}`, 0, "being prepared")), "being prepared: malformed answer: an answer without a file", malformedAnswer},
		"a page":                {page(200), `"<!DOCTYPE html>`, malformedAnswer},
		"a page in capitals":    {raw(200, "<HTML>x</HTML>", "Content-Type: text/html"), "<HTML>", malformedAnswer},
		"nothing":               {raw(200, ""), "empty body", malformedAnswer},
		"plain text":            {raw(200, "busy", "Content-Type: text/plain"), `text/plain, "busy"`, malformedAnswer},
		"an archive of nothing": {raw(200, empty), "no file in it", malformedAnswer},
		"no archive after all":  {raw(200, "PKG"), "", func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }},
		"a redirect":            {raw(302, "", "Location: /login"), "", func(err error) bool { return errors.Is(err, ErrRedirect) }},
	} {
		for _, api := range apis {
			t.Run(name+" over "+string(api), func(t *testing.T) {
				g, seen := &turnstile{}, &observed{}
				s, _ := downloading(api, test.answer)
				c := dial(t, s, over(api), func(o *Options) { o.Gate, o.Observe = g, seen.observe })
				file, err := c.DownloadScan(t.Context(), "124", "")
				if err == nil || file != nil || !strings.Contains(err.Error(), test.says) || !test.check(err) {
					t.Errorf("%v, error %v", file, err)
				}
				var e *Error
				if !errors.As(err, &e) || e.Call == "" {
					t.Errorf("an error without its call: %v", err)
				}
				if last := seen.seen[len(seen.seen)-1]; g.inside != 0 || last.Err == nil {
					t.Errorf("%d inside, observed %+v", g.inside, last)
				}
			})
		}
	}
}

func malformedAnswer(err error) bool { return errors.Is(err, ErrMalformed) }

func TestADownloadThatBreaksOffIsNoWholeFile(t *testing.T) {
	t.Parallel()
	archive := zipped(t, strings.Repeat(nessusFile, 100))
	damaged := []byte(archive)
	damaged[len(damaged)/3] ^= 0xff
	for name, test := range map[string]struct {
		body  string
		check func(error) bool
	}{
		"cut off": {archive[:len(archive)/3], func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }},
		"damaged": {string(damaged), malformedAnswer},
	} {
		seen := &observed{}
		s, _ := downloading(REST, raw(200, test.body))
		file, err := dial(t, s, func(o *Options) { o.Observe = seen.observe }).DownloadScan(t.Context(), "124", "")
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.ReadAll(file)
		if err == nil || !test.check(err) || !strings.HasPrefix(err.Error(), restDownload) {
			t.Errorf("%s: %v", name, err)
		}
		if _, again := file.Read(make([]byte, 1)); again == nil || again.Error() != err.Error() {
			t.Errorf("%s, read once more: %v", name, again)
		}
		if err := file.Close(); err != nil || seen.seen[len(seen.seen)-1].Err == nil {
			t.Errorf("%s: %v, observed %+v", name, err, seen.seen[len(seen.seen)-1])
		}
	}
}

func TestADownloadIsBounded(t *testing.T) {
	t.Parallel()
	content := strings.Repeat("x", 5000)
	for _, body := range []string{zipped(t, content), "<x>" + content[3:]} {
		for limit, tooLarge := range map[int64]bool{1: true, 4999: true, 5000: false, 5001: false} {
			s, _ := downloading(REST, raw(200, body))
			file, err := dial(t, s, func(o *Options) { o.MaxDownload = limit }).DownloadScan(t.Context(), "124", "")
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(file)
			if errors.Is(err, ErrTooLarge) != tooLarge || int64(len(got)) != min(limit, 5000) || err != nil && !tooLarge {
				t.Errorf("limit %d: %d bytes, %v", limit, len(got), err)
			}
			if err := file.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestFormatsOfDownloadsDependOnTheConsole(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		api           API
		version       string
		format, sends string // empty: not supported
	}{
		{REST, "6.4.0", "", "v2"}, {REST, "6.4.0", "v2", "v2"}, {REST, "6.4.0", "scap1_2", "scap1_2"},
		{REST, "6.4.0", "v1", ""}, {REST, "6.4.0", "nessus", ""}, {REST, "6.4.0", "nsr", ""},
		{RPC, "4.8.1", "", "v2"}, {RPC, "4.4", "v2", "v2"}, {RPC, "4.4.0", "v1", "v1"}, {RPC, "4.4.0", "nessus", ""}, {RPC, "4.4.0", "scap1_2", ""},
		{RPC, "4.2.0", "", "nessus"}, {RPC, "4.2.0", "nsr", "nsr"}, {RPC, "4.0", "v2", ""}, {RPC, "4.0", "v1", ""},
		{RPC, "", "", "v2"},
	} {
		t.Run(fmt.Sprintf("%s %s %q", test.api, test.version, test.format), func(t *testing.T) {
			s, call := downloading(test.api, func(req *http.Request) (*http.Response, error) {
				if test.api == REST {
					body, err := io.ReadAll(req.Body)
					if err != nil || string(body) != `{"downloadType":"`+test.sends+`"}` {
						t.Errorf("body %s, %v", body, err)
					}
				} else if input := req.PostForm.Get("input"); input != `{"downloadType":"`+test.sends+`","scanResultID":124}` {
					t.Errorf("input %s", input)
				}
				return raw(200, nessusFile)(req)
			})
			if test.api == RPC {
				s.on("system::init", said(`{"version":`+strconv.Quote(test.version)+`}`))
			}
			file, err := dial(t, s, over(test.api)).DownloadScan(t.Context(), "124", test.format)
			if test.sends == "" {
				if !errors.Is(err, ErrUnsupported) || s.count(call) != 0 {
					t.Errorf("%d requests, %v", s.count(call), err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := file.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	s, call := downloading(REST, raw(200, nessusFile))
	c := dial(t, s)
	for _, bad := range [][2]string{{"124", "pdf"}, {"", "v2"}, {"1/../2", "v2"}, {"abc", "v2"}} {
		if _, err := c.DownloadScan(t.Context(), bad[0], bad[1]); err == nil || errors.Is(err, ErrUnsupported) || s.count(call) != 0 {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestAFileOfPlainTextIsForThoseWhoAskedForIt(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		format, body string
		want         bool
	}{
		{"nsr", "192.0.2.1|general/tcp|10180|Security Note\n", true}, {"nessus", "192.0.2.1|general/tcp\n", false},
		{"nsr", " ", false}, {"nsr", "<html>busy</html>", false}, {"nsr", " " + envelope(`""`, 143, "no data"), false},
	} {
		s, _ := downloading(RPC, raw(200, test.body))
		s.on("system::init", said(`{"version":"4.2.0"}`))
		file, err := dial(t, s, over(RPC)).DownloadScan(t.Context(), "124", test.format)
		if (err == nil) != test.want {
			t.Errorf("%+v: %v", test, err)
		}
		if err != nil {
			continue
		}
		if got, err := io.ReadAll(file); string(got) != test.body || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestADownloadRenewsAnExpiredSession(t *testing.T) {
	t.Parallel()
	// The second answer is an error that the stream lets pass for its blanks.
	for name, first := range map[string]responder{
		"an error": expired, "an error after blanks": raw(200, " "+envelope(`""`, 12, "This request contains an invalid token.")),
	} {
		s, _ := downloading(REST, first, raw(200, zipped(t, nessusFile)))
		file, err := dial(t, s).DownloadScan(t.Context(), "124", "")
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got, err := io.ReadAll(file); string(got) != nessusFile || err != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if err := file.Close(); err != nil || s.count("POST /rest/token") != 2 {
			t.Errorf("%s: %d logins, %v", name, s.count("POST /rest/token"), err)
		}
	}
}

func TestTheRecordedDownloadIsUnpacked(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "shared", "fixtures", "tenable-sc", "scanresult-download.json"))
	if err != nil {
		t.Skip("no recordings beside the project")
	}
	_, encoded, _ := strings.Cut(string(text), `"body_base64":`)
	encoded, _, _ = strings.Cut(strings.TrimLeft(encoded, ` "`), `"`)
	body, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	s, _ := downloading(REST, raw(200, string(body), "Content-Type: application/zip", "Content-Transfer-Encoding: BASE64;"))
	file, err := dial(t, s).DownloadScan(t.Context(), "124", "")
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(file)
	if err != nil || uint64(len(got)) != whole.File[0].UncompressedSize64 || !bytes.Contains(got[:100], []byte("xml")) {
		t.Errorf("%d bytes of %d, %v", len(got), whole.File[0].UncompressedSize64, err)
	}
	if err := file.Close(); err != nil {
		t.Error(err)
	}
}

// FuzzDownload answers a download with anything.
func FuzzDownload(f *testing.F) {
	for _, body := range []string{zipped(f, nessusFile), nessusFile, "", "{", envelope(`""`, 143, "no"), "PK\x05\x06", " <html>", "PK\x03\x04"} {
		f.Add([]byte(body), uint16(100))
	}
	f.Fuzz(func(t *testing.T, body []byte, limit uint16) {
		s, _ := downloading(REST, raw(200, string(body)))
		file, err := dial(t, s, over(REST), func(o *Options) { o.MaxDownload = int64(limit) + 1 }).DownloadScan(t.Context(), "124", "")
		if err != nil {
			return
		}
		if n, err := io.Copy(io.Discard, file); n > int64(limit)+1 {
			t.Errorf("%d bytes, %v", n, err)
		}
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestAnEmptyFileInAnArchiveIsNoScan(t *testing.T) {
	t.Parallel()
	for _, api := range apis {
		s, call := downloading(api, raw(200, zipped(t, ""), "Content-Type: application/zip"))
		file, err := dial(t, s, over(api)).DownloadScan(t.Context(), "124", "")
		if file != nil || !errors.Is(err, ErrMalformed) || !strings.Contains(fmt.Sprint(err), call) || !strings.Contains(fmt.Sprint(err), "empty file") {
			t.Errorf("%s: %v, error %v", api, file != nil, err)
		}
	}
}
