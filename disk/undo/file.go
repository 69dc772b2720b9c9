package undo

import (
	"bufio"
	"fmt"
	"io"
	"os"

	"extant/disk"
)

// File is an undo file that was read. Its content stays in the file; in memory are 8 bytes for each granule, and 16 more once it is finished.
type File struct {
	f *os.File
	h header

	granules []int64 // in the order of their records
	sums     [][sumSize]byte
	batches  uint32 // complete ones of old content
	end      int64  // of those, in bytes
}

// FormatError says that a file is no undo file, or a damaged one.
type FormatError struct {
	Path   string
	Detail string
}

func (e *FormatError) Error() string { return e.Path + ": " + e.Detail }

// ForeignError says that an undo file does not belong to a device, or no longer does.
type ForeignError struct {
	Path   string
	Detail string // what does not go together
}

func (e *ForeignError) Error() string { return e.Path + " does not belong to it: " + e.Detail }

// Read opens an undo file and reads all of it once. The caller closes it.
func Read(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	u := &File{f: f}
	if err := u.read(); err != nil {
		f.Close()
		return nil, err
	}
	return u, nil
}

// Close closes the file.
func (u *File) Close() error { return u.f.Close() }

// Size is the size of the device that the file is about, in bytes.
func (u *File) Size() int64 { return u.h.size }

// About is what Open was told that the file is about.
func (u *File) About() string { return u.h.about }

// Saved is the number of bytes of old content.
func (u *File) Saved() int64 { return int64(len(u.granules)) * granule }

// Finished reports whether the repair came to its end.
func (u *File) Finished() bool { return u.sums != nil }

func (u *File) damaged(format string, args ...any) error {
	return &FormatError{u.f.Name(), fmt.Sprintf(format, args...)}
}

func (u *File) read() error {
	if fi, err := u.f.Stat(); err == nil && !fi.Mode().IsRegular() {
		return u.damaged("not an undo file")
	}
	in := bufio.NewReaderSize(u.f, 256<<10)
	b := make([]byte, headerSize)
	if _, err := io.ReadFull(in, b); err != nil && err != io.ErrUnexpectedEOF && err != io.EOF {
		return err
	}
	if !u.h.decode(b) {
		return u.damaged("not an undo file")
	}
	s := scan{u: u, known: make(map[int64]bool)}
	u.end = headerSize
	for b = make([]byte, recordSize); ; s.at++ {
		n, err := io.ReadFull(in, b)
		if err != nil && err != io.ErrUnexpectedEOF && err != io.EOF {
			return err
		}
		if n < recordSize {
			break
		}
		if err := s.record(b); err != nil {
			return err
		}
	}
	if s.done {
		u.sums = s.hashes
	}
	return nil
}

// A scan goes over the records of a file. Only what is behind the last whole batch may be damaged.
type scan struct {
	u     *File
	known map[int64]bool
	at    int // records that went before

	bad    bool   // a record of the batch at hand is damaged
	batch  uint32 // at hand
	first  int    // record of it
	found  int    // sound records of it
	offs   []int64
	hashes [][sumSize]byte
	done   bool // the batch of hashes is there
}

func (s *scan) record(b []byte) error {
	var h head
	if !h.decode(b) {
		s.bad = true
		return nil
	}
	if h.batch != s.batch {
		return s.u.damaged("record %d is of batch %d, not %d", s.at, h.batch, s.batch)
	}
	if s.at-int(h.index) != s.first {
		return s.u.damaged("record %d says that it is number %d of its batch", s.at, h.index)
	}
	if s.bad {
		return nil // the rest of a batch of which not all is there
	}
	return s.keep(h, b[headSize:])
}

// keep takes a record of the batch at hand, and the batch when it is complete.
func (s *scan) keep(h head, content []byte) error {
	switch h.kind {
	case saved:
		if i := h.off / granule; h.off < 0 || h.off%granule != 0 || h.off >= s.u.h.size || s.known[i] {
			return s.u.damaged("record %d is of byte %d", s.at, h.off)
		}
		s.known[h.off/granule] = true
		s.offs = append(s.offs, h.off/granule)
	case sums:
		left := len(s.u.granules) - int(h.off)
		if h.off != int64(len(s.hashes)) || left <= 0 {
			return s.u.damaged("record %d has hashes from number %d on", s.at, h.off)
		}
		for k := range min(left, sumsPerRecord) {
			s.hashes = append(s.hashes, [sumSize]byte(content[k*sumSize:]))
		}
	}
	s.found++
	if s.found < int(h.count) {
		return nil
	}
	if h.kind == sums {
		s.done = len(s.hashes) == len(s.u.granules)
		s.batch++
		return nil
	}
	s.u.granules = append(s.u.granules, s.offs...)
	s.u.end += int64(h.count) * recordSize
	s.batch++
	s.u.batches = s.batch
	s.first, s.found, s.offs = s.at+1, 0, nil
	return nil
}

// contentAt is where in the file the content of record k is.
func contentAt(k int) int64 { return headerSize + int64(k)*recordSize + headSize }

// before is a device as it was before the changes.
type before struct {
	u     *File
	dev   disk.Device
	where map[int64]int // records by granules
}

func (u *File) before(dev disk.Device) *before {
	o := &before{u, dev, make(map[int64]int, len(u.granules))}
	for k, i := range u.granules {
		o.where[i] = k
	}
	return o
}

// ReadAt reads within one granule.
func (o *before) ReadAt(p []byte, off int64) (int, error) {
	if k, ok := o.where[off/granule]; ok {
		return o.u.f.ReadAt(p, contentAt(k)+off%granule)
	}
	return o.dev.ReadAt(p, off)
}

// Check returns a *ForeignError unless the file belongs to a device: see the package.
func (u *File) Check(dev disk.Device) error {
	if dev.Size() != u.h.size {
		return u.foreign("it has %d bytes, not %d", dev.Size(), u.h.size)
	}
	if identify(u.before(dev), u.h.size) != u.h.identity {
		return u.foreign("it is another, or was changed since")
	}
	b, old := make([]byte, granule), make([]byte, granule)
	for k, want := range u.sums {
		off := u.granules[k] * granule
		n := min(granule, u.h.size-off)
		if err := readAll(dev, b[:n], off); err != nil {
			return err
		}
		if sum(b[:n]) == want {
			continue
		}
		if err := readAll(u.f, old[:n], contentAt(k)); err != nil {
			return err
		}
		if string(b[:n]) != string(old[:n]) {
			return u.foreign("byte %d and what follows was changed since", off)
		}
	}
	return nil
}

func (u *File) foreign(format string, args ...any) error {
	return &ForeignError{u.f.Name(), fmt.Sprintf(format, args...)}
}

// Restore writes the old content back and flushes the device. It does not ask whether the file belongs to the device, only whether the
// sizes are the same. To stop on the way does no harm: it can be begun again.
func (u *File) Restore(dev disk.Device) error {
	if dev.Size() != u.h.size {
		return u.foreign("it has %d bytes, not %d", dev.Size(), u.h.size)
	}
	b := make([]byte, recordSize)
	for k, i := range u.granules {
		var h head
		if err := readAll(u.f, b, contentAt(k)-headSize); err != nil {
			return err
		}
		if !h.decode(b) {
			return u.damaged("record %d is damaged", k)
		}
		n := min(granule, u.h.size-i*granule)
		if _, err := dev.WriteAt(b[headSize:headSize+n], i*granule); err != nil {
			return err
		}
	}
	return dev.Flush()
}
