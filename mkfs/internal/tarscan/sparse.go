package tarscan

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

const sparseEntrySize = 24 // bytes of an offset and a length in a GNU header

// paxSparse is what the GNU.sparse records of a PAX header say, in any of the three forms there are: 0.0 has a record for each
// offset and length, 0.1 one with all of them, and 1.0 puts them before the data.
type paxSparse struct {
	major, minor string
	name         []byte
	real         int64
	hasReal      bool
	segments     []Segment
	listed       bool // segments came from the header: form 0.0 or 0.1
	halved       bool // the last segment of form 0.0 lacks its length
}

// apply takes in one record, whose key is without its prefix.
func (p *paxSparse) apply(key string, v []byte) error {
	var n int64
	switch key {
	case "major":
		p.major = string(v)
	case "minor":
		p.minor = string(v)
	case "name":
		p.name = v
	case "size", "realsize":
		p.hasReal = true
		return decimal(key, v, &p.real)
	case "numblocks":
		p.listed = true
		return decimal(key, v, &n)
	case "offset":
		if err := decimal(key, v, &n); err != nil || p.halved {
			return errors.Join(err, errIf(p.halved, "a sparse offset without a length"))
		}
		p.segments, p.halved, p.listed = append(p.segments, Segment{Off: n}), true, true
	case "numbytes":
		if err := decimal(key, v, &n); err != nil || !p.halved {
			return errors.Join(err, errIf(!p.halved, "a sparse length without an offset"))
		}
		p.segments[len(p.segments)-1].N, p.halved = n, false
	case "map":
		return p.applyMap(v)
	}
	return nil
}

func errIf(bad bool, text string) error {
	if bad {
		return errors.New(text)
	}
	return nil
}

// applyMap reads "offset,length,offset,length" of form 0.1.
func (p *paxSparse) applyMap(v []byte) error {
	p.listed, p.segments = true, nil
	if len(v) == 0 {
		return nil
	}
	var s Segment
	second := false
	for text := range bytes.SplitSeq(v, []byte(",")) {
		n := &s.Off
		if second {
			n = &s.N
		}
		if err := decimal("GNU.sparse.map", text, n); err != nil {
			return err
		}
		if second {
			p.segments = append(p.segments, s)
		}
		second = !second
	}
	return errIf(second, "a sparse map of an odd number of numbers")
}

// sparse finds out where the data of a sparse file belongs: from PAX records, from the data, or from the header.
func (r *Reader) sparse(h *header, e *Entry, p *paxSparse) error {
	var segments []Segment
	var err error
	switch {
	case p.major == "1" && p.minor == "0":
		if !p.hasReal {
			return &FormatError{e.At, "a sparse file without its size"}
		}
		segments, err = r.sparseLines(e)
	case p.listed:
		if p.halved || !p.hasReal {
			return &FormatError{e.At, "a sparse file without its size, or with half a map"}
		}
		segments = p.segments
	case h.kind() == gnuSparse:
		segments, err = r.sparseHeader(h, e, p)
	default:
		return nil
	}
	if err != nil {
		return err
	}
	if len(p.name) > 0 && h.kind() != gnuSparse {
		e.Name = p.name
	}
	e.Sparse, e.Size = true, p.real
	return e.setSegments(segments)
}

// setSegments checks the map of a sparse file and keeps what of it is not empty.
func (e *Entry) setSegments(list []Segment) error {
	var end, sum int64
	for _, s := range list {
		if s.Off < end || s.N < 0 || s.N > e.Size || s.Off > e.Size-s.N || s.N > e.Stored-sum {
			return &FormatError{e.At, fmt.Sprintf("%d bytes at %d of a sparse file of %d: out of order or beyond the end", s.N, s.Off, e.Size)}
		}
		end, sum = s.Off+s.N, sum+s.N
		if s.N > 0 {
			e.Segments = append(e.Segments, s)
		}
	}
	if sum != e.Stored {
		return &FormatError{e.At, fmt.Sprintf("a sparse file with %d bytes of data, but places for %d", e.Stored, sum)}
	}
	return nil
}

// sparseHeader reads the map in a GNU header and in the blocks that continue it.
func (r *Reader) sparseHeader(h *header, e *Entry, p *paxSparse) ([]Segment, error) {
	if !h.gnu() {
		return nil, &FormatError{e.At, "a sparse file in a dialect that is none of GNU's"}
	}
	real, ok := number(h.field(gnuRealField))
	if !ok || real < 0 {
		return nil, &FormatError{e.At, "a sparse file without its size"}
	}
	p.real = real
	list, more, err := sparseEntries(nil, h.field(gnuSparseField))
	extended := h.field(gnuExtendedField)[0] != 0
	for extended && err == nil {
		var b []byte
		if b, err = r.w.at(e.Offset, blockSize); err != nil {
			return nil, err
		}
		if len(b) < blockSize {
			return nil, &FormatError{e.Offset, "cut off within a sparse map"}
		}
		e.Offset += blockSize
		extended = b[21*sparseEntrySize] != 0 && more
		list, more, err = sparseEntries(list, b[:21*sparseEntrySize])
	}
	if err != nil {
		return nil, &FormatError{e.At, err.Error()}
	}
	return list, nil
}

// sparseEntries appends the entries in b up to the first that is empty, and says whether there was none such.
func sparseEntries(list []Segment, b []byte) ([]Segment, bool, error) {
	for ; len(b) >= sparseEntrySize; b = b[sparseEntrySize:] {
		if b[0] == 0 || b[12] == 0 {
			return list, false, nil
		}
		off, ok1 := number(b[:12])
		n, ok2 := number(b[12:24])
		if !ok1 || !ok2 || off < 0 || n < 0 {
			return nil, false, errors.New("a sparse map with what is not a number")
		}
		list = append(list, Segment{off, n})
	}
	return list, true, nil
}

// sparseLines reads the map before the data: lines with a decimal number each, the first saying how many pairs follow, padded
// to a whole block.
func (r *Reader) sparseLines(e *Entry) ([]Segment, error) {
	in := lines{w: &r.w, at: e.Offset, end: min(e.Offset+e.Stored, r.w.size)}
	count, err := in.number()
	var list []Segment
	for i := int64(0); i < count && err == nil; i++ {
		var s Segment
		if s.Off, err = in.number(); err == nil {
			s.N, err = in.number()
		}
		list = append(list, s)
	}
	if err != nil {
		return nil, err
	}
	used := padded(in.at - e.Offset)
	if used > e.Stored {
		return nil, &FormatError{e.At, "a sparse map longer than its file"}
	}
	e.Offset, e.Stored = e.Offset+used, e.Stored-used
	return list, nil
}

// lines reads decimal numbers, each ended by a newline.
type lines struct {
	w       *window
	at, end int64
}

func (l *lines) number() (int64, error) {
	b, err := l.w.at(l.at, int(min(20, l.end-l.at)))
	if err != nil {
		return 0, err
	}
	text, _, ok := bytes.Cut(b, []byte("\n"))
	n, perr := strconv.ParseInt(string(text), 10, 64)
	if !ok || perr != nil || n < 0 {
		return 0, &FormatError{l.at, "a sparse map with what is not a number"}
	}
	l.at += int64(len(text)) + 1
	return n, nil
}
