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
	if err := s.locate(ctx, b); err != nil {
		return err
	}
	if s.size == 0 {
		b.warn.note("", "the archive is empty")
	}
	p := newTarPlacer(b, uint64(s.base))
	p.b.mu.Lock()
	defer p.b.mu.Unlock()
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
func (s *tarSource) locate(ctx context.Context, b *builder) error {
	if s.data != nil {
		return nil
	}
	ok, err := s.inPlace()
	if ok || err != nil {
		return err
	}
	return s.spoolTo(ctx, b)
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
func (s *tarSource) spoolTo(ctx context.Context, b *builder) error {
	in := bufio.NewReaderSize(contextReader{ctx, s.in}, 1<<20)
	f, err := os.CreateTemp(b.o.Spool, ".extant-spool-*")
	if err != nil {
		return err
	}
	s.spool, s.gone = f, os.Remove(f.Name()) == nil
	if magic, _ := in.Peek(len(gzipMagic)); string(magic) == gzipMagic {
		s.size, err = gunzip(f, in, b.warn)
	} else {
		s.size, err = io.Copy(f, in)
	}
	if err != nil {
		return errors.Join(err, s.close())
	}
	s.data = f
	return nil
}

// gunzip decompresses in to w, member after member. What follows the last is no part of it, as with gzip: zeros are padding, anything else is
// noted.
func gunzip(w io.Writer, in *bufio.Reader, warn *warnings) (n int64, err error) {
	z, err := gzip.NewReader(in)
	for err == nil {
		z.Multistream(false)
		var more int64
		more, err = io.Copy(w, z)
		n += more
		if err != nil {
			break
		}
		var again bool
		if again, err = anotherMember(in, warn); err != nil || !again {
			return n, err
		}
		err = z.Reset(in)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("damaged gzip archive: cut off after %d bytes of what is in it: %w", n, err)
	}
	return n, err
}

// anotherMember reports whether a further member follows in a gzip archive.
func anotherMember(in *bufio.Reader, warn *warnings) (bool, error) {
	for {
		next, err := in.Peek(len(gzipMagic))
		switch {
		case string(next) == gzipMagic:
			return true, nil
		case len(next) > 0 && next[0] == 0:
			in.Discard(1)
			continue
		case err != nil && err != io.EOF:
			return false, err
		case len(next) > 0:
			warn.note("", "what follows the end of the gzip archive is ignored")
		}
		return false, nil
	}
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
