package zipstream_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/zipstream"
)

// entry is a file as an archive may hold it.
type entry struct {
	name       string
	content    []byte
	deflated   bool
	descriptor bool // checksum and sizes behind the file
	bare       bool // the descriptor has no magic
	large      bool // sizes of 8 bytes
	flags      uint16
}

// bytes returns the file with its header, as archive/zip would not write it.
func (e entry) bytes(tb testing.TB) []byte {
	tb.Helper()
	le := binary.LittleEndian
	packed, method := e.content, uint16(0)
	if e.deflated {
		var b bytes.Buffer
		w, err := flate.NewWriter(&b, flate.BestSpeed)
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := w.Write(e.content); err != nil {
			tb.Fatal(err)
		}
		if err := w.Close(); err != nil {
			tb.Fatal(err)
		}
		packed, method = b.Bytes(), 8
	}
	sum, size, packedSize := crc32.ChecksumIEEE(e.content), uint64(len(e.content)), uint64(len(packed))
	b := []byte(zipstream.Magic)
	flags := e.flags
	if e.descriptor {
		flags |= 8
	}
	b = le.AppendUint16(b, 45)
	b = le.AppendUint16(b, flags)
	b = le.AppendUint16(b, method)
	b = le.AppendUint32(b, 0) // time
	var extra []byte
	switch {
	case e.descriptor:
		b = append(b, make([]byte, 12)...)
	case e.large:
		b = le.AppendUint32(b, sum)
		b = le.AppendUint64(b, 1<<64-1)
		extra = le.AppendUint16(extra, 0x5455) // another kind comes before
		extra = le.AppendUint16(extra, 1)
		extra = append(extra, 0)
		extra = le.AppendUint16(extra, 1)
		extra = le.AppendUint16(extra, 16)
		extra = le.AppendUint64(extra, size)
		extra = le.AppendUint64(extra, packedSize)
	default:
		b = le.AppendUint32(b, sum)
		b = le.AppendUint32(b, uint32(packedSize))
		b = le.AppendUint32(b, uint32(size))
	}
	b = le.AppendUint16(b, uint16(len(e.name)))
	b = le.AppendUint16(b, uint16(len(extra)))
	b = append(append(b, e.name...), extra...)
	b = append(b, packed...)
	if e.descriptor {
		if !e.bare {
			b = append(b, "PK\x07\x08"...)
		}
		b = le.AppendUint32(b, sum)
		if e.large {
			b = le.AppendUint64(b, packedSize)
			b = le.AppendUint64(b, size)
		} else {
			b = le.AppendUint32(b, uint32(packedSize))
			b = le.AppendUint32(b, uint32(size))
		}
	}
	return b
}

// directory stands for what follows the files; nobody reads it.
var directory = append([]byte("PK\x01\x02"), make([]byte, 64)...)

func archive(tb testing.TB, entries ...entry) []byte {
	tb.Helper()
	var b []byte
	for _, e := range entries {
		b = append(b, e.bytes(tb)...)
	}
	return append(b, directory...)
}

func unpack(r io.Reader) ([]byte, error) {
	f, err := zipstream.First(r)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(f)
}

// text is long enough to need several reads, and holds what looks like parts
// of an archive.
var text = []byte(strings.Repeat("<ReportItem/>PK\x07\x08PK\x03\x04", 20_000) + "PK\x07\x08\x00\x00\x00\x00 and PK\x07")

func TestTheFirstFileIsUnpackedHoweverItWasPacked(t *testing.T) {
	nessus := func(e entry) entry {
		e.name, e.content = "124.nessus", text
		return e
	}
	second := entry{name: "second", content: []byte("second")}
	for name, entries := range map[string][]entry{
		"deflated":                        {nessus(entry{deflated: true})},
		"deflated, sizes behind":          {nessus(entry{deflated: true, descriptor: true}), second},
		"deflated, bare descriptor":       {nessus(entry{deflated: true, descriptor: true, bare: true}), second},
		"deflated, large sizes behind":    {nessus(entry{deflated: true, descriptor: true, large: true})},
		"deflated, large sizes":           {nessus(entry{deflated: true, large: true})},
		"stored":                          {nessus(entry{}), second},
		"stored, large sizes":             {nessus(entry{large: true})},
		"stored, sizes behind":            {nessus(entry{descriptor: true}), second},
		"stored, large sizes behind":      {nessus(entry{descriptor: true, large: true})},
		"folders first":                   {{name: "a/"}, {name: "a/b/"}, nessus(entry{deflated: true}), second},
		"a name that climbs out":          {{name: "../../etc/passwd", content: text}},
		"an absolute name":                {{name: `C:\Windows\x`, content: text, deflated: true}},
		"no name":                         {{content: text}},
		"a name with a NUL":               {{name: "a\x00b", content: text, descriptor: true}},
		"a long name":                     {{name: strings.Repeat("x", 65535), content: text}},
		"a name like a folder's, but not": {{name: "x/", content: text, deflated: true, descriptor: true}},
	} {
		t.Run(name, func(t *testing.T) {
			b := archive(t, entries...)
			for how, r := range map[string]io.Reader{
				"at once": bytes.NewReader(b), "byte by byte": iotest.OneByteReader(bytes.NewReader(b)), "with early EOF": iotest.DataErrReader(bytes.NewReader(b)),
			} {
				if got, err := unpack(r); !bytes.Equal(got, text) || err != nil {
					t.Errorf("%s: %d bytes of %d, %v", how, len(got), len(text), err)
				}
			}
		})
	}
}

func TestAnEmptyFileIsAFile(t *testing.T) {
	for _, e := range []entry{{}, {deflated: true}, {descriptor: true}, {deflated: true, descriptor: true}} {
		e.name = "empty"
		if got, err := unpack(bytes.NewReader(archive(t, e, entry{name: "second", content: text}))); len(got) != 0 || err != nil {
			t.Errorf("%+v: %d bytes, %v", e, len(got), err)
		}
	}
}

func TestWhatTheStandardLibraryPacksIsUnpacked(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	if _, err := z.Create("folder/"); err != nil {
		t.Fatal(err)
	}
	w, err := z.Create("folder/1.nessus")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := unpack(&b); !bytes.Equal(got, text) || err != nil {
		t.Errorf("%d bytes of %d, %v", len(got), len(text), err)
	}
}

func TestAnArchiveThatIsCutOffIsNoWholeFile(t *testing.T) {
	content := []byte("some content that is short, some content that is short")
	for name, e := range map[string]entry{
		"stored": {}, "deflated": {deflated: true}, "stored, sizes behind": {descriptor: true}, "deflated, sizes behind": {deflated: true, descriptor: true},
	} {
		e.name, e.content = "1.nessus", content
		whole := e.bytes(t)
		for n := range len(whole) + 1 { // the directory is missing at least
			if _, err := unpack(bytes.NewReader(whole[:n])); !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatalf("%s, %d bytes of %d: %v", name, n, len(whole), err)
			}
		}
	}
}

func TestADamagedArchiveIsAnError(t *testing.T) {
	good := entry{name: "x", content: []byte("content"), deflated: true}
	change := func(at int, b byte) []byte {
		a := archive(t, good)
		a[at] = b
		return a
	}
	many := make([]entry, 1001)
	for i := range many {
		many[i].name = "a/"
	}
	for name, test := range map[string]struct {
		archive []byte
		says    string
	}{
		"no archive":                {[]byte("<html>nothing</html>"), "begins with"},
		"an empty archive":          {append([]byte("PK\x05\x06"), make([]byte, 18)...), "no file in it"},
		"folders only":              {archive(t, entry{name: "a/"}), "no file in it"},
		"folders without end":       {archive(t, many...), "more than 1000 folders"},
		"an encrypted file":         {archive(t, entry{name: "x", content: text, flags: 1}), "encrypted"},
		"an encrypted directory":    {archive(t, entry{name: "x", content: text, flags: 1 << 13}), "encrypted"},
		"an unknown method":         {change(8, 99), "unknown method 99"},
		"a wrong checksum":          {change(14, 0x55), "checksum"},
		"a wrong size":              {change(22, 0x55), "bytes in a file of"},
		"bytes that are no deflate": {change(31, 0xff), ""},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := unpack(bytes.NewReader(test.archive)); !errors.Is(err, zipstream.ErrFormat) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("error %v", err)
			}
		})
	}
	impossible := archive(t, entry{name: "x", content: text, large: true})
	binary.LittleEndian.PutUint64(impossible[30+1+5+4:], 1<<63)
	if _, err := unpack(bytes.NewReader(impossible)); !errors.Is(err, zipstream.ErrFormat) {
		t.Errorf("a size that cannot be: %v", err)
	}
}

func TestErrorsOfTheSourceAreHandedOn(t *testing.T) {
	broken := errors.New("line broken")
	for _, e := range []entry{{}, {deflated: true}, {descriptor: true}} {
		e.name, e.content = "x", text
		whole := e.bytes(t)
		for _, n := range []int{0, 10, 31, len(whole) / 2} {
			r := io.MultiReader(bytes.NewReader(whole[:n]), iotest.ErrReader(broken))
			if _, err := unpack(r); !errors.Is(err, broken) || errors.Is(err, zipstream.ErrFormat) {
				t.Errorf("%+v after %d bytes: %v", e.deflated, n, err)
			}
		}
	}
}

func TestABombIsUnpackedInConstantMemory(t *testing.T) {
	bomb := entry{name: "bomb", content: make([]byte, 64<<20), deflated: true, descriptor: true}
	b := archive(t, bomb)
	bomb.content = nil
	if len(b) > 1<<20 {
		t.Fatalf("the bomb has %d bytes", len(b))
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f, err := zipstream.First(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, f); n != 64<<20 || err != nil {
		t.Fatalf("%d bytes, %v", n, err)
	}
	runtime.ReadMemStats(&after)
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 1<<20 {
		t.Errorf("unpacking took %d bytes of memory", allocated)
	}
}

// FuzzFirst damages archives at one place: whatever is unpacked without an
// error is what was packed.
func FuzzFirst(f *testing.F) {
	for seed := range uint8(16) {
		f.Add([]byte("some content PK\x07\x08 some content"), seed, uint16(0), byte(0))
		f.Add([]byte("some content PK\x07\x08 some content"), seed, uint16(5*seed), byte(1))
		f.Add([]byte("some content"), seed, uint16(6), byte(14)) // the flags
	}
	f.Fuzz(func(t *testing.T, content []byte, kind uint8, at uint16, damage byte) {
		e := entry{name: "x", content: content, deflated: kind&1 != 0, descriptor: kind&2 != 0, large: kind&4 != 0, bare: kind&9 == 9}
		b := archive(t, e)
		b[int(at)%len(b)] ^= damage
		got, err := unpack(bytes.NewReader(b))
		if err == nil && !bytes.Equal(got, content) {
			t.Errorf("%q became %q", content, got)
		}
		if damage == 0 && err != nil {
			t.Errorf("%q: %v", content, err)
		}
	})
}

// FuzzGarbage unpacks what is no archive at all.
func FuzzGarbage(f *testing.F) {
	f.Add([]byte(zipstream.Magic))
	f.Add(archive(f, entry{name: "a/"}, entry{name: "x", content: text, descriptor: true}))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := zipstream.First(bytes.NewReader(b))
		if err != nil {
			return
		}
		const limit = 1 << 24
		if n, err := io.Copy(io.Discard, io.LimitReader(r, limit)); err == nil && n < limit && len(b) < 32 {
			t.Error("a file without a header")
		}
	})
}
