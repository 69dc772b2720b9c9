package ext4test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"io"
)

// pageSum hashes the bytes of a file with their offsets, pages of zeros left out, so that a file has the same sum whether it has
// holes or zeros, and large holes cost nothing.
type pageSum struct {
	h    hash.Hash
	at   int64
	page []byte // begun and not full
}

var zeroPage [page]byte

func newPageSum() *pageSum { return &pageSum{h: sha256.New(), page: make([]byte, 0, page)} }

// Write takes the bytes that follow.
func (s *pageSum) Write(b []byte) (int, error) {
	all := len(b)
	for len(b) > 0 {
		if len(s.page) == 0 && len(b) >= page {
			s.put(b[:page])
			b = b[page:]
			continue
		}
		n := min(page-len(s.page), len(b))
		s.page, b = append(s.page, b[:n]...), b[n:]
		if len(s.page) == page {
			s.flush()
		}
	}
	return all, nil
}

func (s *pageSum) flush() {
	if len(s.page) > 0 {
		s.put(s.page)
		s.page = s.page[:0]
	}
}

// put takes one page, or what is left at the end.
func (s *pageSum) put(b []byte) {
	if !bytes.Equal(b, zeroPage[:len(b)]) {
		var off [8]byte
		binary.LittleEndian.PutUint64(off[:], uint64(s.at))
		s.h.Write(off[:])
		s.h.Write(b)
	}
	s.at += int64(len(b))
}

// zeros takes zeros up to an offset.
func (s *pageSum) zeros(to int64) {
	for at := s.at + int64(len(s.page)); at < to; {
		if len(s.page) == 0 && to-at >= page {
			s.at = to - to%page
			at = s.at
			continue
		}
		n, _ := s.Write(zeroPage[:min(int64(page-len(s.page)), to-at)])
		at += int64(n)
	}
}

func (s *pageSum) sum() (out [sha256.Size]byte) {
	s.flush()
	s.h.Sum(out[:0])
	return out
}

// sum reads all of a file, which says that it has size bytes.
func sum(r io.Reader, size int64) (out [sha256.Size]byte, read int64, err error) {
	s := newPageSum()
	read, err = io.CopyBuffer(s, struct{ io.Reader }{r}, buffer(size))
	return s.sum(), read, err
}

// buffer is one to read a file of a size with.
func buffer(size int64) []byte { return make([]byte, min(size+1, 256<<10)) }

// wholeMax is the size up to which all of a file is read, holes too.
const wholeMax = 64 << 20

// holeEdge is how much is read at either end of a hole in larger files.
const holeEdge = 128 << 10

// sumAt reads a file of a size that has data where it says. Of a large one it reads the data and the edges of holes.
func sumAt(r io.ReaderAt, size int64, data []Range) ([sha256.Size]byte, error) {
	if size > wholeMax {
		wide := make([]Range, len(data))
		for i, d := range data {
			wide[i] = Range{max(0, d.Start-holeEdge), min(size, d.End+holeEdge)}
		}
		data = roundOut(wide, page, size)
	} else {
		data = []Range{{0, size}}
	}
	s, buf := newPageSum(), buffer(size)
	for _, d := range data {
		s.zeros(d.Start)
		n, err := io.CopyBuffer(s, struct{ io.Reader }{io.NewSectionReader(r, d.Start, d.End-d.Start)}, buf)
		if err == nil && n < d.End-d.Start {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return [sha256.Size]byte{}, err
		}
	}
	s.zeros(size)
	return s.sum(), nil
}
