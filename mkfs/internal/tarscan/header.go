package tarscan

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"slices"
)

const (
	blockSize  = 512
	specialMax = 16 << 20 // bytes of an extended header; the values of xattrs may be long
)

var (
	zeroBlock     [blockSize]byte
	errNotSpecial = errors.New("header of an entry")
)

// header is a header block whose checksum is right.
type header struct {
	at    int64
	block [blockSize]byte
}

// A field is a range of bytes of the header.
type field struct{ off, n int }

var (
	nameField   = field{0, 100}
	modeField   = field{100, 8}
	uidField    = field{108, 8}
	gidField    = field{116, 8}
	sizeField   = field{124, 12}
	mtimeField  = field{136, 12}
	sumField    = field{148, 8}
	linkField   = field{157, 100}
	magicField  = field{257, 8}
	majorField  = field{329, 8}
	minorField  = field{337, 8}
	prefixField = field{345, 155}

	starPrefixField = field{345, 131}
	starAtimeField  = field{476, 12}
	starTrailer     = field{508, 4}

	gnuAtimeField    = field{345, 12}
	gnuCtimeField    = field{357, 12}
	gnuSparseField   = field{386, 4 * sparseEntrySize}
	gnuExtendedField = field{482, 1}
	gnuRealField     = field{483, 12}
)

const kindAt = 156

func (h *header) field(f field) []byte { return h.block[f.off : f.off+f.n] }
func (h *header) kind() byte           { return h.block[kindAt] }

// alone reports whether no data follows the header of an entry other than a file, whatever size it gives: so it is but for
// GNU's lists of directories, and directories in the guise of files.
func (h *header) alone() bool {
	switch h.kind() {
	case gnuDirectory, Regular, contiguous:
		return false
	}
	return true
}

func (h *header) gnu() bool   { return string(h.field(magicField)) == "ustar  \x00" }
func (h *header) ustar() bool { return string(h.field(magicField)[:6]) == "ustar\x00" }
func (h *header) star() bool  { return h.ustar() && string(h.field(starTrailer)) == "tar\x00" }

// sumOK compares the checksum, a sum of all bytes with its own field as spaces. Some old programs added bytes as signed.
func (h *header) sumOK() bool {
	want, ok := number(h.field(sumField))
	if !ok {
		return false
	}
	var unsigned, signed int64
	for i, b := range h.block {
		if i >= sumField.off && i < sumField.off+sumField.n {
			b = ' '
		}
		unsigned += int64(b)
		signed += int64(int8(b))
	}
	return want == unsigned || want == signed
}

// fill sets the fields of e that the header has.
func (h *header) fill(e *Entry) error {
	e.Name, e.Link = cString(h.field(nameField)), cString(h.field(linkField))
	numbers := []struct {
		name string
		f    field
		v    *int64
	}{
		{"mode", modeField, &e.Mode},
		{"uid", uidField, &e.UID},
		{"gid", gidField, &e.GID},
		{"size", sizeField, &e.Size},
		{"mtime", mtimeField, &e.ModTime.Sec},
	}
	for _, n := range numbers {
		if err := h.number(n.name, n.f, n.v); err != nil {
			return err
		}
	}
	if e.Size < 0 {
		return &FormatError{h.at, "size below zero"}
	}
	return h.fillNewer(e)
}

// fillNewer sets the fields that a header has since ustar, each dialect its own.
func (h *header) fillNewer(e *Entry) error {
	if !h.gnu() && !h.ustar() {
		return nil
	}
	if e.Kind == Char || e.Kind == Block {
		if err := h.number("devmajor", majorField, &e.Major); err != nil {
			return err
		}
		if err := h.number("devminor", minorField, &e.Minor); err != nil {
			return err
		}
	}
	switch {
	case h.gnu():
		h.fillGNU(e)
	case h.star():
		e.prepend(cString(h.field(starPrefixField)))
		h.accessTime(starAtimeField, e)
	default:
		e.prepend(cString(h.field(prefixField)))
	}
	return nil
}

// fillGNU sets what GNU tar has in place of a prefix: times. Some writers have a prefix there all the same.
func (h *header) fillGNU(e *Entry) {
	var changed Entry
	prefix := cString(h.field(prefixField))
	if h.accessTime(gnuAtimeField, e) && h.accessTime(gnuCtimeField, &changed) || !isASCII(prefix) {
		return
	}
	e.AccessTime = Time{}
	e.prepend(prefix)
}

// accessTime sets the time of access where the header has one, and reports false where it has something else.
func (h *header) accessTime(f field, e *Entry) bool {
	if h.block[f.off] == 0 {
		return true
	}
	n, ok := number(h.field(f))
	if ok {
		e.AccessTime.Sec = n
	}
	return ok
}

func isASCII(b []byte) bool {
	return !slices.ContainsFunc(b, func(c byte) bool { return c >= 0x80 })
}

func (h *header) number(name string, f field, v *int64) error {
	n, ok := number(h.field(f))
	if !ok {
		return &FormatError{h.at, name + " is not a number"}
	}
	*v = n
	return nil
}

// prepend puts the prefix of a long ustar name before the name.
func (e *Entry) prepend(prefix []byte) {
	if len(prefix) == 0 {
		return
	}
	e.Name = append(append(append(make([]byte, 0, len(prefix)+1+len(e.Name)), prefix...), '/'), e.Name...)
}

// number reads octal digits between blanks, or, where the first bit is set, a big-endian two's complement number of
// 8*len(b)-1 bits. An empty field is 0.
func number(b []byte) (int64, bool) {
	if b[0]&0x80 != 0 {
		return binaryNumber(b)
	}
	var n int64
	for _, c := range cString(bytes.Trim(b, " \x00")) {
		if c < '0' || c > '7' || n > math.MaxInt64>>3 {
			return 0, false
		}
		n = n<<3 | int64(c-'0')
	}
	return n, true
}

func binaryNumber(b []byte) (int64, bool) {
	var fill byte
	if b[0]&0x40 != 0 {
		fill = 0xFF
	}
	var wide [16]byte
	for i := range wide {
		wide[i] = fill
	}
	at := len(wide) - len(b)
	copy(wide[at:], b)
	wide[at] = wide[at]&0x7F | fill&0x80
	hi, lo := int64(binary.BigEndian.Uint64(wide[:8])), int64(binary.BigEndian.Uint64(wide[8:]))
	return lo, hi == lo>>63
}

// cString is the text in b up to its first NUL.
func cString(b []byte) []byte {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return b
}

// padded is n rounded up to whole blocks.
func padded(n int64) int64 { return (n + blockSize - 1) &^ (blockSize - 1) }
