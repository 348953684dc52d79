package exporter

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/binary"
	"hash/crc32"
	"io"
	"iter"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/errlist"
)

// A scrape is answered with parts that are ready: the segment of every slot,
// encoded and compressed when its data was loaded, and what is known of the
// console, encoded anew only after it has changed. They are joined: a family
// lies whole in one part, and a part compressed by itself can be followed by
// another, because deflate goes on after any block that is not the last.

// expose answers with the metrics of the named collectors of a console (nil:
// of all that are on) in the format that the client asks for, after those that own
// returns. Without a console there are no others.
func (e *Exporter) expose(w *answer, r *http.Request, t *target, names []string, own func() ([]*dto.MetricFamily, error)) {
	ctx, cancel := context.WithTimeout(r.Context(), e.deadline(r))
	defer cancel()
	if format, f, ok := negotiate(r); ok {
		pieces, err := compose(ctx, t, names, own, f)
		if err == nil {
			w.header["Vary"] = []string{"Accept", "Accept-Encoding"} // as promhttp has it
			w.header.Set("Content-Type", string(format))
			if f.gzip() {
				w.header.Set("Content-Encoding", "gzip")
			}
			w.pieces = pieces
			return
		}
		e.log.Error("A page could not be put together from what is kept", "err", err)
	}
	gather := func() (families []*dto.MetricFamily, err error) {
		if own != nil {
			families, err = own()
		}
		if t != nil {
			more, fails := t.gather(ctx, names)
			families, err = append(families, more...), errlist.Join(err, fails)
			sortFamilies(families)
		}
		return families, err
	}
	promhttp.HandlerFor(prometheus.GathererFunc(gather), promhttp.HandlerOpts{
		ErrorLog:          errorLog{e.log},
		ErrorHandling:     promhttp.ContinueOnError,
		EnableOpenMetrics: true,
	}).ServeHTTP(w, r)
}

// compose returns the page of expose in a form.
func compose(ctx context.Context, t *target, names []string, own func() ([]*dto.MetricFamily, error), f form) ([][]byte, error) {
	var parts []*encoded
	if t != nil {
		var err error
		if parts, err = t.parts(ctx, names, f); err != nil {
			return nil, err
		}
	}
	if own != nil {
		families, err := own()
		if err != nil {
			return nil, err
		}
		part, err := encode(f, slices.Values(families))
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	return f.join(parts), nil
}

// own returns the metrics of the exporter itself.
func (e *Exporter) own() ([]*dto.MetricFamily, error) {
	families, err := e.self.Gather()
	// In OpenMetrics the counter go_memstats_alloc_bytes_total goes by the name
	// of this gauge, which tells the same as go_memstats_heap_alloc_bytes.
	families = slices.DeleteFunc(families, func(f *dto.MetricFamily) bool { return f.GetName() == "go_memstats_alloc_bytes" })
	return families, err
}

// form is how a page is written.
type form int

const (
	plainText form = iota
	gzipText
	plainOpenMetrics
	gzipOpenMetrics
	forms // how many there are
)

func (f form) gzip() bool        { return f == gzipText || f == gzipOpenMetrics }
func (f form) openMetrics() bool { return f == plainOpenMetrics || f == gzipOpenMetrics }

// accepted are the formats that can be asked for, the preferred first.
var accepted = expfmt.DefaultOpenMetricsAcceptedFormats()

// negotiate returns the content type and the form that promhttp would answer
// with. It reports false for what is seldom asked for, and then promhttp's to
// answer: some families only, protobuf, names in another spelling, encodings
// weighed against each other.
func negotiate(r *http.Request) (format expfmt.Format, f form, ok bool) {
	format = expfmt.NegotiateAccept(r.Header, accepted...)
	switch format.FormatType() {
	case expfmt.TypeTextPlain:
		f = plainText
	case expfmt.TypeOpenMetrics:
		f = plainOpenMetrics
	default:
		return format, f, false
	}
	// Our names are valid in every format: to forbid others changes nothing.
	if s := format.ToEscapingScheme(); s != model.NoEscaping && s != model.UnderscoreEscaping {
		return format, f, false
	}
	encodings := r.Header["Accept-Encoding"]
	if len(encodings) > 1 || r.URL.Query().Has("name[]") {
		return format, f, false
	}
	gzip := false
	for _, all := range encodings {
		if all == "" {
			break
		}
		for encoding := range strings.SplitSeq(all, ",") {
			switch encoding = strings.TrimSpace(encoding); {
			case encoding == "gzip":
				gzip = true
			case encoding == "" || strings.ContainsFunc(encoding, func(c rune) bool { return (c < 'a' || c > 'z') && c != '-' }), encoding == "identity" && encoding != all:
				return format, f, false
			}
		}
	}
	if gzip {
		f++
	}
	return format, f, true
}

// encoded is a part of a page in one form.
type encoded struct {
	bytes  []byte // compressed: blocks that end with a byte, none of which is the last
	length int64  // of the text
	sum    uint32 // CRC-32 of the text
	shift  uint32 // what it makes of the sum of the text before it
}

// encode writes families, each whole or in several pieces one after the other.
func encode(f form, pieces iter.Seq[*dto.MetricFamily]) (*encoded, error) {
	e := newEncoder(f)
	defer e.release()
	var text bytes.Buffer
	name := ""
	for piece := range pieces {
		text.Reset()
		write := expfmt.MetricFamilyToText
		if f.openMetrics() {
			write = func(w io.Writer, family *dto.MetricFamily) (int, error) {
				return expfmt.MetricFamilyToOpenMetrics(w, family)
			}
		}
		if _, err := write(&text, piece); err != nil {
			return nil, err
		}
		samples := text.Bytes()
		for piece.GetName() == name && bytes.HasPrefix(samples, []byte("#")) { // it is introduced already
			_, samples, _ = bytes.Cut(samples, []byte("\n"))
		}
		name = piece.GetName()
		if err := e.write(samples); err != nil {
			return nil, err
		}
	}
	return e.finish()
}

// encoder makes an encoded of text.
type encoder struct {
	encoded
	out     bytes.Buffer
	deflate *flate.Writer // nil: the text stays as it is
}

// deflaters are idle ones: each has a megabyte, which is costly to make.
var deflaters = sync.Pool{New: func() any {
	w, _ := flate.NewWriter(nil, flate.DefaultCompression) // it knows this level
	return w
}}

func newEncoder(f form) *encoder {
	e := &encoder{}
	if f.gzip() {
		e.deflate, _ = deflaters.Get().(*flate.Writer)
		e.deflate.Reset(&e.out)
	}
	return e
}

func (e *encoder) release() {
	if e.deflate != nil {
		deflaters.Put(e.deflate)
	}
}

func (e *encoder) write(text []byte) error {
	e.length += int64(len(text))
	e.sum = crc32.Update(e.sum, crc32.IEEETable, text)
	if e.deflate != nil {
		_, err := e.deflate.Write(text)
		return err
	}
	_, err := e.out.Write(text)
	return err
}

func (e *encoder) finish() (*encoded, error) {
	if e.deflate != nil {
		if err := e.deflate.Flush(); err != nil {
			return nil, err
		}
	}
	e.bytes = bytes.Clone(e.out.Bytes()) // and no more: it is kept for long
	e.shift = shiftBy(e.length)
	return &e.encoded, nil
}

const (
	gzipHeader  = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff" // deflate, no name, no time, no known system
	gzipTrailer = "\x03\x00"                                 // the last block, which is empty; then come sum and length
	openEnd     = "# EOF\n"
)

// ends are how a page in each form ends.
var ends = func() (all [forms]*encoded) {
	for f := range forms {
		e := newEncoder(f)
		text := ""
		if f.openMetrics() {
			text = openEnd
		}
		_ = e.write([]byte(text)) // to memory
		all[f], _ = e.finish()
		e.release()
	}
	return all
}()

// join returns a page of these parts, in pieces.
func (f form) join(parts []*encoded) [][]byte {
	parts = append(parts, ends[f])
	pieces := make([][]byte, 0, len(parts)+2)
	if f.gzip() {
		pieces = append(pieces, []byte(gzipHeader))
	}
	var sum uint32
	var length int64
	for _, p := range parts {
		pieces = append(pieces, p.bytes)
		sum = times(sum, p.shift) ^ p.sum
		length += p.length
	}
	if f.gzip() {
		trailer := binary.LittleEndian.AppendUint32([]byte(gzipTrailer), sum)
		pieces = append(pieces, binary.LittleEndian.AppendUint32(trailer, uint32(length)))
	}
	return pieces
}
