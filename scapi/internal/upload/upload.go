// Package upload encodes a file as the consoles of both dialects take it: as
// the part Filedata of a multipart form.
package upload

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// errOver is what a request reads that is over.
var errOver = errors.New("the request is over")

// File is a file on its way to a console. It is read while it is sent.
type File struct {
	name    string
	content io.Reader
	start   int64 // of what is to be sent, where content can be rewound
	size    int64 // -1: unknown
	rewind  io.Seeker

	mu      sync.Mutex // held while content is read
	request int        // the one that may read
	used    bool
}

// New returns a file of this name, from where r stands to its end. The name
// loses its directory. A reader that can seek is sent with its length, and
// again if need be.
func New(name string, r io.Reader) (*File, error) {
	f := &File{name: name[strings.LastIndexAny(name, `/\`)+1:], content: r, size: -1}
	if f.name == "" {
		return nil, errors.New("a file without a name")
	}
	s, ok := r.(io.Seeker)
	if !ok {
		return f, nil
	}
	// What claims to seek but cannot, such as a pipe, is sent as it comes.
	start, err := s.Seek(0, io.SeekCurrent)
	if err != nil {
		return f, nil //nolint:nilerr // see above
	}
	end, err := s.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = s.Seek(start, io.SeekStart)
	}
	if err != nil {
		return nil, fmt.Errorf("measure %s: %w", f.name, err)
	}
	f.start, f.size, f.rewind = start, max(end-start, 0), s
	return f, nil
}

// Name is the name that the console is told.
func (f *File) Name() string { return f.name }

// Attach makes the form of the fields and the file, in this order, the body of
// a request. An earlier request cannot read the file any more.
func (f *File) Attach(req *http.Request, fields map[string]string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.request++
	if f.used {
		if f.rewind == nil {
			return fmt.Errorf("%s cannot be sent again: it was read already", f.name)
		}
		if _, err := f.rewind.Seek(f.start, io.SeekStart); err != nil {
			return fmt.Errorf("rewind %s: %w", f.name, err)
		}
	}
	f.used = true

	var text bytes.Buffer
	form := multipart.NewWriter(&text)
	// Only a file that knows its boundary could end the form.
	if err := form.SetBoundary("form-" + rand.Text()); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if err := form.WriteField(name, fields[name]); err != nil {
			return err
		}
	}
	if _, err := form.CreateFormFile("Filedata", f.name); err != nil {
		return err
	}
	begin := text.Len()
	if err := form.Close(); err != nil {
		return err
	}
	head, tail := text.Bytes()[:begin], text.Bytes()[begin:]
	req.Body = io.NopCloser(io.MultiReader(bytes.NewReader(head), &reading{f, f.request}, bytes.NewReader(tail)))
	req.ContentLength = -1
	if f.size >= 0 {
		req.ContentLength = f.size + int64(text.Len())
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	return nil
}

// Release makes sure that no request reads the file any more: one that is over
// may have been about to.
func (f *File) Release() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.request++
}

// reading is the file as one request reads it.
type reading struct {
	file    *File
	request int
}

func (r *reading) Read(p []byte) (int, error) {
	r.file.mu.Lock()
	defer r.file.mu.Unlock()
	if r.request != r.file.request {
		return 0, errOver
	}
	n, err := r.file.content.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("read %s: %w", r.file.name, err)
	}
	return n, err
}
