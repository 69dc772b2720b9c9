package tarscan

import (
	"bytes"
	"fmt"
	"io"
)

// Kinds of entry, as the archive names them (typeflag).
const (
	Regular   = '0'
	HardLink  = '1'
	Symlink   = '2'
	Char      = '3'
	Block     = '4'
	Directory = '5'
	FIFO      = '6'
)

// Kinds that Next consumes, or turns into others.
const (
	oldRegular    = 0
	contiguous    = '7'
	paxHeader     = 'x'
	paxSolaris    = 'X'
	paxGlobal     = 'g'
	gnuLongName   = 'L'
	gnuLongLink   = 'K'
	gnuSparse     = 'S'
	gnuDirectory  = 'D'
	gnuVolumeName = 'V'
)

// Time is a moment: seconds since 1970 and nanoseconds after it.
type Time struct {
	Sec  int64
	Nsec uint32
}

// Entry is one entry of an archive. Its slices are valid until the next call of Next.
type Entry struct {
	At         int64  // where its header lies in the archive, in bytes
	Kind       byte   // one of the constants, or what the archive says
	Name       []byte // as stored: it may be empty, absolute, or have ".." in it
	Link       []byte // target of a symbolic link, name of an earlier entry for a hard link
	Mode       int64
	UID, GID   int64
	ModTime    Time
	AccessTime Time // zero where the archive does not tell
	Major      int64
	Minor      int64
	Records    []Record // PAX records that are not in other fields

	Size     int64     // bytes of the file, holes included
	Offset   int64     // where its data begins in the archive
	Stored   int64     // bytes of data in the archive
	Sparse   bool      // Segments says where the data belongs
	Segments []Segment // in ascending order, none empty, none overlapping
}

// Record is a key and value of a PAX header.
type Record struct{ Key, Value []byte }

// Segment is N bytes of data at Off in a file. The segments of a file follow one another in the archive.
type Segment struct{ Off, N int64 }

// FormatError is damage to an archive.
type FormatError struct {
	At     int64 // of the block, in bytes from the start
	Detail string
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("damaged tar archive: at byte %d: %s", e.At, e.Detail)
}

// Reader goes through the entries of an archive.
type Reader struct {
	w       window
	next    int64 // where the next block lies
	h       header
	global  []Record
	entry   Entry
	special special
}

// special is what the headers before an entry's own say of it.
type special struct {
	records    []Record
	name, link []byte
}

// NewReader reads the archive in the first size bytes of r.
func NewReader(r io.ReaderAt, size int64) *Reader {
	return &Reader{w: window{r: r, size: size}}
}

// Next returns the next entry, or io.EOF after the last: at two blocks of zeros, at one, or where the archive ends.
func (r *Reader) Next() (*Entry, error) {
	r.special = special{}
	for {
		h, err := r.header()
		if err != nil {
			return nil, err
		}
		if err := r.consume(h); err != errNotSpecial {
			if err != nil {
				return nil, err
			}
			continue
		}
		return r.finish(h)
	}
}

// header reads and verifies the next header block.
func (r *Reader) header() (*header, error) {
	at := r.next
	b, err := r.w.at(at, blockSize)
	if err != nil {
		return nil, err
	}
	if len(b) == 0 || bytes.Equal(b, zeroBlock[:]) {
		return nil, io.EOF
	}
	if len(b) < blockSize {
		return nil, &FormatError{at, "cut off within a header"}
	}
	h := &r.h
	h.at = at
	copy(h.block[:], b)
	if !h.sumOK() {
		return nil, &FormatError{at, "no header here, or a damaged one: wrong checksum"}
	}
	r.next += blockSize
	return h, nil
}

// consume takes in a header that only extends the next one, with its data.
func (r *Reader) consume(h *header) error {
	kind := h.kind()
	switch kind {
	case paxHeader, paxSolaris, paxGlobal, gnuLongName, gnuLongLink:
	case gnuVolumeName:
		return nil
	default:
		return errNotSpecial
	}
	data, err := r.data(h)
	if err != nil {
		return err
	}
	switch kind {
	case gnuLongName:
		r.special.name = cString(data)
		return nil
	case gnuLongLink:
		r.special.link = cString(data)
		return nil
	}
	records, err := parseRecords(data)
	if err == nil && kind == paxGlobal {
		r.global, err = mergeRecords(r.global, records)
	} else if err == nil {
		r.special.records = records
	}
	if err != nil {
		return &FormatError{h.at, err.Error()}
	}
	return nil
}

// data reads a copy of what follows an extending header.
func (r *Reader) data(h *header) ([]byte, error) {
	n, ok := number(h.field(sizeField))
	if !ok || n < 0 || n > specialMax {
		return nil, &FormatError{h.at, fmt.Sprintf("an extended header of %d bytes", n)}
	}
	b, err := r.w.at(r.next, int(min(n, r.w.size-r.next)))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) < n {
		return nil, &FormatError{h.at, "cut off within an extended header"}
	}
	r.next += padded(n)
	return bytes.Clone(b), nil
}

// finish makes the entry of its own header and of what came before it, and steps over its data.
func (r *Reader) finish(h *header) (*Entry, error) {
	e := &r.entry
	*e = Entry{At: h.at, Kind: h.kind(), Segments: e.Segments[:0], Records: e.Records[:0]}
	if err := h.fill(e); err != nil {
		return nil, err
	}
	var sparse paxSparse
	if err := r.extend(e, &sparse); err != nil {
		return nil, &FormatError{h.at, err.Error()}
	}
	if len(r.special.name) > 0 {
		e.Name = r.special.name
	}
	if len(r.special.link) > 0 {
		e.Link = r.special.link
	}
	e.settleKind()
	if err := r.locate(h, e, &sparse); err != nil {
		return nil, err
	}
	return e, nil
}

// extend puts what PAX headers say over what the entry's own does.
func (r *Reader) extend(e *Entry, sparse *paxSparse) error {
	var fields paxFields
	for _, list := range [][]Record{r.global, r.special.records} {
		for _, rec := range list {
			if err := fields.take(e, rec, sparse); err != nil {
				return err
			}
		}
	}
	return fields.apply(e)
}

// settleKind reduces the kinds to those a caller knows. A file whose name ends in a slash is a directory: so the first archives had
// them.
func (e *Entry) settleKind() {
	switch e.Kind {
	case Regular, oldRegular, contiguous:
		e.Kind = Regular
		if bytes.HasSuffix(e.Name, []byte("/")) {
			e.Kind = Directory
		}
	case gnuSparse:
		e.Kind = Regular
	case gnuDirectory:
		e.Kind = Directory
	}
}

// locate finds the data of an entry, and where the next header is.
func (r *Reader) locate(h *header, e *Entry, sparse *paxSparse) error {
	e.Offset = r.next
	switch e.Kind {
	case HardLink, Symlink, Char, Block, Directory, FIFO:
		skip := e.Size
		if h.alone() {
			skip = 0
		}
		e.Size, e.Stored = 0, 0
		return r.skip(e, skip)
	}
	e.Stored = e.Size
	if err := r.sparse(h, e, sparse); err != nil {
		return err
	}
	return r.skip(e, e.Stored)
}

// skip steps over n bytes of data.
func (r *Reader) skip(e *Entry, n int64) error {
	if n < 0 || n > r.w.size-e.Offset {
		return &FormatError{e.At, fmt.Sprintf("cut off: %d bytes of data, of which %d are there", n, r.w.size-e.Offset)}
	}
	r.next = e.Offset + padded(n)
	return nil
}
