package hostdir

import (
	"io"

	"golang.org/x/sys/unix"

	"extant/internal/model"
	"extant/internal/prog"
)

// A file is an open file; what is done with it is done as who opened it.
type file struct {
	d     *Dir
	c     model.Cred
	fd    int
	write bool
}

func (f *file) ReadAt(p []byte, off int64) (int, error)  { return f.move(p, off, unix.Pread) }
func (f *file) WriteAt(p []byte, off int64) (int, error) { return f.move(p, off, unix.Pwrite) }

func (f *file) move(p []byte, off int64, move func(fd int, p []byte, off int64) (int, error)) (n int, err error) {
	err = f.d.as(f.c, func() error {
		n, err = move(f.fd, p, off)
		return err
	})
	return max(n, 0), err
}

func (f *file) Truncate(size int64) error {
	return f.d.as(f.c, func() error { return unix.Ftruncate(f.fd, size) })
}

func (f *file) Fallocate(mode uint32, off, n int64) error {
	return f.d.as(f.c, func() error { return unix.Fallocate(f.fd, mode, off, n) })
}

func (f *file) SeekData(off int64) (int64, error) { return unix.Seek(f.fd, off, unix.SEEK_DATA) }
func (f *file) SeekHole(off int64) (int64, error) { return unix.Seek(f.fd, off, unix.SEEK_HOLE) }

func (f *file) Stat() (model.Stat, error) {
	var st unix.Stat_t
	if err := unix.Fstat(f.fd, &st); err != nil {
		return model.Stat{}, err
	}
	s := statOf(&st)
	flags, err := unix.IoctlGetUint32(f.fd, unix.FS_IOC_GETFLAGS)
	s.Flags = flags & settable
	return s, err
}

func (f *file) Sync(data bool) error {
	if data {
		return unix.Fdatasync(f.fd)
	}
	return unix.Fsync(f.fd)
}

func (f *file) Close() error { return unix.Close(f.fd) }

// window is how much of a file is mapped, in bytes.
const window = 64 << 20

func (f *file) Map() (prog.Mapping, error) {
	prot := unix.PROT_READ
	if f.write {
		prot |= unix.PROT_WRITE
	}
	b, err := unix.Mmap(f.fd, 0, window, prot, unix.MAP_SHARED)
	if err != nil {
		return nil, err
	}
	fd, err := unix.Dup(f.fd)
	return &mapping{b: b, fd: fd, write: f.write}, err
}

type mapping struct {
	b     []byte
	fd    int
	write bool
}

// within is the part of the mapping that is file.
func (m *mapping) within(off, n int64) ([]byte, error) {
	var st unix.Stat_t
	if err := unix.Fstat(m.fd, &st); err != nil {
		return nil, err
	}
	end := min(off+n, st.Size)
	if end <= off {
		return nil, nil
	}
	if end > window {
		return nil, io.ErrShortBuffer
	}
	return m.b[off:end], nil
}

func (m *mapping) Load(p []byte, off int64) (int, error) {
	b, err := m.within(off, int64(len(p)))
	return copy(p, b), err
}

func (m *mapping) Store(p []byte, off int64) (int, error) {
	if !m.write {
		return 0, unix.EACCES
	}
	b, err := m.within(off, int64(len(p)))
	return copy(b, p), err
}

func (m *mapping) Sync() error { return unix.Msync(m.b, unix.MS_SYNC) }

func (m *mapping) Close() error {
	if err := unix.Munmap(m.b); err != nil {
		return err
	}
	return unix.Close(m.fd)
}
