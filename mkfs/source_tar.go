package mkfs

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"extant/mkfs/internal/tarscan"
)

// Tar is all that extracting a tar archive would make: of two entries of one name the later one counts, parents that are missing are
// made, a hard link may come before its target, an entry below a symbolic link goes where that leads, never out of the image.
// Numeric owners, xattrs and ACLs as GNU tar, star and libarchive write them are kept, and holes.
//
// An archive in a file (anything that is an io.ReaderAt and an io.Seeker) is read where it lies, from the current position on. A stream, and
// an archive compressed with gzip, is copied to a temporary file first.
func Tar(r io.Reader) Source { return &tarSource{in: r} }

type tarSource struct {
	in    io.Reader
	data  io.ReaderAt
	base  int64 // where the archive begins in data
	size  int64
	spool *os.File
	// gone is set where the spool has no name any more.
	gone bool
}

func (s *tarSource) scan(ctx context.Context, b *builder) error {
	if err := s.locate(ctx, b.o.Spool); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	p := newTarPlacer(b, uint64(s.base))
	r := tarscan.NewReader(io.NewSectionReader(s.data, s.base, s.size), s.size)
	for i := 0; ; i++ {
		if i%1024 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		e, err := r.Next()
		if err == io.EOF {
			return p.finish()
		}
		if err != nil {
			return err
		}
		if err := p.place(e); err != nil {
			return err
		}
	}
}

// locate finds the archive, or makes a copy that can be read at any place.
func (s *tarSource) locate(ctx context.Context, dir string) error {
	if s.data != nil {
		return nil
	}
	ok, err := s.inPlace()
	if ok || err != nil {
		return err
	}
	return s.spoolTo(ctx, dir)
}

// inPlace reports whether the archive can be read where it is.
func (s *tarSource) inPlace() (bool, error) {
	at, ok1 := s.in.(io.ReaderAt)
	seek, ok2 := s.in.(io.Seeker)
	if !ok1 || !ok2 {
		return false, nil
	}
	from, err := seek.Seek(0, io.SeekCurrent)
	if err != nil {
		return false, nil // a pipe
	}
	end, err := seek.Seek(0, io.SeekEnd)
	if err != nil {
		return false, nil
	}
	if _, err := seek.Seek(from, io.SeekStart); err != nil {
		return false, err
	}
	var magic [len(gzipMagic)]byte
	if n, _ := at.ReadAt(magic[:], from); n == len(magic) && string(magic[:]) == gzipMagic {
		return false, nil
	}
	s.data, s.base, s.size = at, from, end-from
	return true, nil
}

const gzipMagic = "\x1f\x8b"

// spoolTo copies the archive, decompressed, to a temporary file that has no name where the system allows that.
func (s *tarSource) spoolTo(ctx context.Context, dir string) error {
	in := bufio.NewReaderSize(contextReader{ctx, s.in}, 1<<20)
	var plain io.Reader = in
	if magic, _ := in.Peek(len(gzipMagic)); string(magic) == gzipMagic {
		z, err := gzip.NewReader(in)
		if err != nil {
			return fmt.Errorf("gzip: %w", err)
		}
		plain = z
	}
	f, err := os.CreateTemp(dir, ".extant-spool-*")
	if err != nil {
		return err
	}
	s.spool, s.gone = f, os.Remove(f.Name()) == nil
	s.size, err = io.Copy(f, plain)
	if err != nil {
		return errors.Join(err, s.close())
	}
	s.data = f
	return nil
}

// contextReader reads until the context ends.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

func (s *tarSource) close() error {
	if s.spool == nil {
		return nil
	}
	f := s.spool
	s.spool, s.data = nil, nil
	err := f.Close()
	if !s.gone {
		err = errors.Join(err, os.Remove(f.Name()))
	}
	return err
}

func (s *tarSource) contents(*tree) contents { return tarContents{s} }

// tarContents reads the bytes of files where they lie in the archive.
type tarContents struct{ s *tarSource }

func (c tarContents) open(nodeID) error { return nil }

func (c tarContents) readAt(p []byte, at int64) (int, error) { return c.s.data.ReadAt(p, at) }

func (c tarContents) file() *os.File {
	f, _ := c.s.data.(*os.File)
	return f
}

func (c tarContents) changed() bool { return false }

func (c tarContents) close() {}
