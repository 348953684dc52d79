// Package zipstream reads the first file of a ZIP archive while the archive
// arrives, in constant memory. The directory at an archive's end is not
// needed: each file has a header of its own, and what was unpacked is checked
// against its checksum.
package zipstream

import (
	"bufio"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
)

// ErrFormat is wrapped by every complaint about the archive itself. What ends
// too early is io.ErrUnexpectedEOF; other errors are those of the source.
var ErrFormat = errors.New("not a valid ZIP archive")

// Magic is how an archive that holds something begins.
const Magic = "PK\x03\x04"

// What a header says of how a file is packed.
const (
	stored   = 0
	deflated = 8

	flagEncrypted  = 1 << 0
	flagDescriptor = 1 << 3 // checksum and sizes come after the file
	flagMasked     = 1 << 13
)

const (
	descriptorMagic = "PK\x07\x08"
	headerSize      = 30
	zip64Extra      = 1
	// unknownSize in a header means that an extra field has the size.
	unknownSize = 1<<32 - 1
	// maxFolders may come before the first file.
	maxFolders = 1000
)

// First returns the content of the first file of the archive that src holds.
// Folders are passed over. The reader ends with io.EOF only after the checksum
// was found right; src then stands behind the file.
func First(src io.Reader) (io.Reader, error) {
	r := bufio.NewReaderSize(src, 64<<10)
	for range maxFolders {
		h, err := readHeader(r)
		if err != nil {
			return nil, err
		}
		f, err := h.open(r)
		if err != nil {
			return nil, err
		}
		if !h.folder {
			return f, nil
		}
		if _, err := io.Copy(io.Discard, f); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%w: more than %d folders and no file", ErrFormat, maxFolders)
}

// header is what an archive says before a file.
type header struct {
	flags, method uint16
	crc           uint32
	size          uint64 // unpacked
	folder        bool
}

func readHeader(r *bufio.Reader) (header, error) {
	start, err := r.Peek(len(Magic))
	if err != nil {
		return header{}, early(err)
	}
	switch string(start) {
	case Magic:
	case "PK\x05\x06", "PK\x01\x02", "PK\x06\x06":
		return header{}, fmt.Errorf("%w: no file in it", ErrFormat)
	default:
		return header{}, fmt.Errorf("%w: it begins with %q", ErrFormat, start)
	}
	var b [headerSize]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return header{}, early(err)
	}
	le := binary.LittleEndian
	h := header{
		flags: le.Uint16(b[6:]), method: le.Uint16(b[8:]), crc: le.Uint32(b[14:]), size: uint64(le.Uint32(b[22:])),
	}
	packed := uint64(le.Uint32(b[18:]))
	name := make([]byte, le.Uint16(b[26:]))
	extra := make([]byte, le.Uint16(b[28:]))
	for _, part := range [][]byte{name, extra} {
		if _, err := io.ReadFull(r, part); err != nil {
			return header{}, early(err)
		}
	}
	if h.size == unknownSize {
		h.size = largeSize(extra, h.size)
	}
	h.folder = bytes.HasSuffix(name, []byte("/")) && h.size == 0 && packed == 0 && h.flags&flagDescriptor == 0
	return h, nil
}

// largeSize returns the size of the extra field of archives beyond 4 GB.
func largeSize(extra []byte, size uint64) uint64 {
	le := binary.LittleEndian
	for len(extra) >= 4 {
		kind, length := le.Uint16(extra), int(le.Uint16(extra[2:]))
		extra = extra[4:]
		if length > len(extra) {
			break
		}
		if kind == zip64Extra && length >= 8 {
			return le.Uint64(extra)
		}
		extra = extra[length:]
	}
	return size
}

// open returns the content of the file whose header was just read.
func (h header) open(r *bufio.Reader) (*file, error) {
	f := &file{r: r, header: h}
	switch {
	case h.flags&(flagEncrypted|flagMasked) != 0:
		return nil, fmt.Errorf("%w: it is encrypted", ErrFormat)
	case h.method == deflated:
		// Takes no byte too many, because r gives single ones.
		f.content = flate.NewReader(r)
	case h.method != stored:
		return nil, fmt.Errorf("%w: packed by unknown method %d", ErrFormat, h.method)
	case h.flags&flagDescriptor != 0:
		f.content = untilDescriptor{f}
	case h.size > 1<<62:
		return nil, fmt.Errorf("%w: a size of %d bytes", ErrFormat, h.size)
	default:
		f.content = io.LimitReader(r, int64(h.size))
	}
	return f, nil
}

// file is the content of a file, as it is unpacked.
type file struct {
	header
	r       *bufio.Reader
	content io.Reader
	sum     uint32 // so far
	n       uint64 // so far
	err     error
}

func (f *file) Read(p []byte) (int, error) {
	if f.err != nil || len(p) == 0 {
		return 0, f.err
	}
	n, err := f.content.Read(p)
	f.sum = crc32.Update(f.sum, crc32.IEEETable, p[:n])
	f.n += uint64(n)
	switch {
	case err == io.EOF:
		f.err = f.check()
	case err != nil:
		f.err = corrupt(err)
	}
	return n, f.err
}

// check compares what was unpacked with what the archive says, and returns
// io.EOF if it is the same. Behind a file stands another, or the directory:
// otherwise the header lied.
func (f *file) check() error {
	want, behind := f.crc, []int{0}
	if f.flags&flagDescriptor != 0 {
		b, err := f.r.Peek(8)
		if err != nil {
			return early(err)
		}
		// The magic may be missing, and the sizes have 4 or 8 bytes.
		n := len(b)
		b = bytes.TrimPrefix(b, []byte(descriptorMagic))
		n -= len(b)
		want, behind = binary.LittleEndian.Uint32(b), []int{n + 12, n + 20}
	} else if f.n != f.size {
		if f.method == stored {
			return io.ErrUnexpectedEOF
		}
		return fmt.Errorf("%w: %d bytes in a file of %d", ErrFormat, f.n, f.size)
	}
	if f.sum != want {
		return fmt.Errorf("%w: wrong checksum", ErrFormat)
	}
	for _, at := range behind {
		b, err := f.r.Peek(at + 2)
		if err != nil {
			return early(err)
		}
		if string(b[at:]) == "PK" {
			return io.EOF
		}
	}
	return fmt.Errorf("%w: neither file nor directory behind the first", ErrFormat)
}

// untilDescriptor is a file that is stored as it is and whose length is only
// told behind it: it ends where a descriptor stands that fits all before it.
type untilDescriptor struct{ *file }

func (u untilDescriptor) Read(p []byte) (int, error) {
	// A descriptor takes 16 or 24 bytes, and the archive's directory follows.
	if _, err := u.r.Peek(24); err != nil {
		return 0, early(err)
	}
	b, err := u.r.Peek(u.r.Buffered())
	if err != nil {
		return 0, err
	}
	switch at := bytes.Index(b, []byte(descriptorMagic)); {
	case at == 0 && u.fits(b[len(descriptorMagic):]):
		return 0, io.EOF
	case at == 0:
		b = b[:1]
	case at > 0:
		b = b[:at]
	default:
		b = b[:len(b)-len(descriptorMagic)+1] // it may begin in the last bytes
	}
	n := copy(p, b)
	_, err = u.r.Discard(n)
	return n, err
}

// fits reports whether a descriptor, without its magic, is that of the bytes
// so far: checksum and two equal sizes of 4 or 8 bytes.
func (u untilDescriptor) fits(b []byte) bool {
	le := binary.LittleEndian
	if le.Uint32(b) != u.sum {
		return false
	}
	b = b[4:]
	short := uint64(le.Uint32(b)) == u.n && uint64(le.Uint32(b[4:])) == u.n
	return short || le.Uint64(b) == u.n && le.Uint64(b[8:]) == u.n
}

// early is the error of a source that ended within a file.
func early(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// corrupt tells bytes that cannot be unpacked from errors of the source.
func corrupt(err error) error {
	var (
		input    flate.CorruptInputError
		internal flate.InternalError
	)
	if errors.As(err, &input) || errors.As(err, &internal) {
		return fmt.Errorf("%w: %s", ErrFormat, strings.TrimPrefix(err.Error(), "flate: "))
	}
	return early(err)
}
