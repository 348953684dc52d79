package upload_test

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/upload"
)

// sent is a form as a console reads it.
type sent struct {
	fields   map[string]string
	filename string
	content  string
	boundary string
	length   int64
}

func attach(t *testing.T, f *upload.File, fields map[string]string) (*http.Request, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://sc.test/", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	return req, f.Attach(req, fields)
}

func read(t *testing.T, req *http.Request) sent {
	t.Helper()
	_, params, err := mime.ParseMediaType(req.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		t.Fatal(err)
	}
	if req.ContentLength >= 0 && req.ContentLength != int64(len(body)) {
		t.Errorf("%d bytes announced, %d sent", req.ContentLength, len(body))
	}
	s := sent{fields: map[string]string{}, boundary: params["boundary"], length: req.ContentLength}
	for parts := multipart.NewReader(bytes.NewReader(body), s.boundary); ; {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return s
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case s.content != "":
			t.Error("the file is not the last part")
		case part.FormName() == "Filedata":
			s.filename, s.content = part.FileName(), string(content)
		default:
			s.fields[part.FormName()] = string(content)
		}
	}
}

func TestAFileIsTheLastPartOfAForm(t *testing.T) {
	fields := map[string]string{"module": "file", "input": `{"a":"ü"}`}
	for name, r := range map[string]io.Reader{
		"with its length": strings.NewReader("content"), "as it comes": iotest.OneByteReader(strings.NewReader("content")),
	} {
		f, err := upload.New(`C:\templates/board.xml`, r)
		if err != nil {
			t.Fatal(err)
		}
		req, err := attach(t, f, fields)
		if err != nil {
			t.Fatal(err)
		}
		got := read(t, req)
		if got.filename != "board.xml" || got.content != "content" || len(got.fields) != 2 || got.fields["input"] != fields["input"] {
			t.Errorf("%s: %+v", name, got)
		}
		if known := got.length >= 0; known != (name == "with its length") {
			t.Errorf("%s: length %d", name, got.length)
		}
	}
}

func TestOnlyTheRestOfAFileIsSent(t *testing.T) {
	r := strings.NewReader("read, not read")
	if _, err := r.Seek(6, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	f, err := upload.New("x", r)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second request sends the same
		req, err := attach(t, f, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := read(t, req); got.content != "not read" {
			t.Errorf("sent %q", got.content)
		}
	}
}

func TestBoundariesAreRandom(t *testing.T) {
	seen := map[string]bool{}
	for range 10 {
		f, err := upload.New("x", strings.NewReader(""))
		if err != nil {
			t.Fatal(err)
		}
		req, err := attach(t, f, nil)
		if err != nil {
			t.Fatal(err)
		}
		seen[read(t, req).boundary] = true
	}
	if len(seen) != 10 {
		t.Errorf("%d boundaries in 10 forms", len(seen))
	}
}

func TestAPipeIsSentOnce(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := w.WriteString("piped"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := upload.New("x", r)
	if err != nil {
		t.Fatal(err)
	}
	req, err := attach(t, f, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, req); got.content != "piped" || got.length != -1 {
		t.Errorf("%+v", got)
	}
	if _, err := attach(t, f, nil); err == nil || !strings.Contains(err.Error(), "read already") {
		t.Errorf("a second request: %v", err)
	}
}

func TestARequestThatIsOverReadsNoFile(t *testing.T) {
	source := strings.NewReader("content")
	f, err := upload.New("x", source)
	if err != nil {
		t.Fatal(err)
	}
	first, err := attach(t, f, nil)
	if err != nil {
		t.Fatal(err)
	}
	second, err := attach(t, f, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(first.Body); err == nil {
		t.Error("the first request reads on after the second was made")
	}
	f.Release()
	if _, err := io.ReadAll(second.Body); err == nil || source.Len() != len("content") {
		t.Errorf("the file was read after its release: %v", err)
	}
}

func TestNamesAndFilesThatCannotBeSentAreErrors(t *testing.T) {
	for _, name := range []string{"", "folder/", `C:\`} {
		if _, err := upload.New(name, strings.NewReader("")); err == nil {
			t.Errorf("name %q went through", name)
		}
	}
	f, err := upload.New("a\"b\r\nX: y", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	req, err := attach(t, f, nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(req.Body)
	if err != nil || strings.Contains(string(body), "\nX: y") {
		t.Errorf("a name made a header: %q, %v", body, err)
	}
	broken, err := upload.New("x", iotest.ErrReader(errors.New("disk broken")))
	if err != nil {
		t.Fatal(err)
	}
	if req, err = attach(t, broken, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(req.Body); err == nil || !strings.Contains(err.Error(), "read x: disk broken") {
		t.Errorf("error %v", err)
	}
}
