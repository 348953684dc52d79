package scapi

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/zipstream"
)

// DownloadScan returns the file of a scan result: the first of the archive
// that the console sends, unpacked as it arrives, in constant memory. Consoles
// that send the XML without an archive are understood. The caller closes it:
// until then the request is inside Options.Gate. A file that is cut off or
// damaged, or larger than Options.MaxDownload (ErrTooLarge), ends in an error
// instead of io.EOF.
//
// The format is v2 for .nessus files as Nessus 4.2 and later write them, and
// what an empty one means. SecurityCenter 4.4 and later also have v1; before,
// there were nessus, which an empty format then means, and nsr. REST has v2
// and scap1_2. What a console lacks is ErrUnsupported, before any request.
//
// REST POST /scanResult/{id}/download, RPC scanResult::download.
func (c *Client) DownloadScan(ctx context.Context, id, format string) (io.ReadCloser, error) {
	number, err := strconv.ParseUint(id, 10, 63)
	if err != nil {
		return nil, wrongArgument("scan result %q: the id is no number", id)
	}
	t, err := c.target(ctx)
	if err != nil {
		return nil, err
	}
	if format, err = t.downloadFormat(format); err != nil {
		return nil, err
	}
	k := call{
		endpoint: "/scanResult/{id}/download",
		slow:     true,
		rest: restCall{
			Method: http.MethodPost, Path: "/scanResult/" + id + "/download", Body: map[string]string{"downloadType": format},
		},
		rpc: rpcCall{Module: "scanResult", Action: "download", Input: map[string]any{
			"scanResultID": number, "downloadType": format,
		}},
	}.labelled(t.dialect, "scanResult::download")
	var file *scanFile
	err = c.withSession(ctx, func(w way, s *session) error {
		d, err := c.stream(ctx, k, w, s)
		if err != nil {
			return err
		}
		file = &scanFile{download: d, name: k.name(w.dialect), limit: c.options.MaxDownload, left: c.options.MaxDownload}
		return file.open(k, w, s, format == "nsr")
	})
	if err != nil {
		return nil, err
	}
	return file, nil
}

// downloadFormat checks a format of scan results, and fills in the usual one.
func (t target) downloadFormat(format string) (string, error) {
	usual, others := "v2", "scap1_2"
	switch {
	case t.dialect == RPC && t.version.before(4, 4):
		usual, others = "nessus", "nsr"
	case t.dialect == RPC:
		others = "v1"
	}
	switch format {
	case "", usual:
		return usual, nil
	case others:
		return others, nil
	case "v1", "v2", "nessus", "nsr", "scap1_2":
		return "", fmt.Errorf("scan result in format %s: %w: it has %s and %s", format, ErrUnsupported, usual, others)
	}
	return "", wrongArgument("scan result: unknown format %q", format)
}

// scanFile is a scan result on its way.
type scanFile struct {
	*download
	name    string // of the call
	content io.Reader
	limit   int64 // bytes that may come
	left    int64 // of them
	err     error
}

// open finds out what the console sends: an archive, or a file, which is XML
// unless plain text was asked for. What is neither is an error, which ends the
// download.
func (f *scanFile) open(k call, w way, s *session, plain bool) error {
	body := bufio.NewReaderSize(f.download, prefixSize)
	start, err := body.Peek(len(zipstream.Magic))
	if err != nil && !errors.Is(err, io.EOF) {
		return f.fail(f.failed(err))
	}
	if bytes.HasPrefix(start, []byte("PK")) {
		unpacked, err := zipstream.First(body)
		if err != nil {
			return f.fail(f.failed(err))
		}
		content := bufio.NewReaderSize(unpacked, prefixSize)
		if _, err := content.Peek(1); errors.Is(err, io.EOF) {
			return f.fail(f.failed(fmt.Errorf("%w: an archive with an empty file", ErrMalformed)))
		}
		f.content = content // what else went wrong comes again with the first Read
		return nil
	}
	if start, err = body.Peek(prefixSize); err != nil && !errors.Is(err, io.EOF) {
		return f.fail(f.failed(err))
	}
	if isXML(start) || plain && isPlain(start) {
		f.content = body
		return nil
	}
	r := reply{status: http.StatusOK, header: f.header, mask: f.mask, body: start}
	err = r.judge(k, w.dialect, s)
	if err == nil {
		err = f.mask.refused(&Error{
			Call: f.name, Status: r.status, Err: fmt.Errorf("%w: an answer without a file", ErrMalformed),
		}, string(r.envelope.ErrorMsg))
	}
	return f.fail(err)
}

// isPlain reports whether a text is neither JSON nor in a markup language.
func isPlain(text []byte) bool {
	text = begun(text)
	return len(text) > 0 && text[0] != '{' && text[0] != '[' && text[0] != '<'
}

// isXML reports whether a text is XML rather than a page for people.
func isXML(text []byte) bool {
	return bytes.HasPrefix(begun(text), []byte("<")) && !isPage(text)
}

// Read reads on. A failure is remembered for Observe.
func (f *scanFile) Read(p []byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	if int64(len(p)) > f.left+1 {
		p = p[:f.left+1]
	}
	n, err := f.content.Read(p)
	if int64(n) > f.left {
		n, err = int(f.left), fmt.Errorf("%w: more than %d bytes", ErrTooLarge, f.limit)
	}
	f.left -= int64(n)
	switch {
	case errors.Is(err, io.EOF):
		f.err = io.EOF
		// The directory of the archive is left. With it read, the connection
		// can be used again.
		_, _ = io.CopyN(io.Discard, f.download, prefixSize)
	case err != nil:
		f.err = f.failed(err)
		f.exchange.Err = f.err
	}
	return n, f.err
}

// failed is an error of the download with its call.
func (f *scanFile) failed(err error) error {
	if errors.Is(err, zipstream.ErrFormat) {
		err = join(ErrMalformed, err)
	}
	return f.mask.failed(&Error{Call: f.name, Err: err})
}
