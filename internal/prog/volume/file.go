package volume

import (
	"errors"
	"math"
	"syscall"

	"extant"
	"extant/internal/model"
	"extant/internal/prog"
)

// A file is an open file of a Volume.
type file struct {
	v     *Volume
	f     *extant.File
	flags uint32
}

func (f *file) ReadAt(p []byte, off int64) (int, error) {
	if off > math.MaxInt64-int64(len(p)) && f.flags&model.OpenRead != 0 {
		return 0, syscall.EINVAL
	}
	return eofIsShort(f.f.ReadAt(p, off))
}

// WriteAt appends to a file that was opened to append, as pwrite does.
func (f *file) WriteAt(p []byte, off int64) (int, error) {
	switch {
	case off < 0:
		return 0, syscall.EINVAL
	case off > math.MaxInt64-int64(len(p)) && f.flags&model.OpenWrite != 0:
		return 0, syscall.EINVAL
	case f.flags&model.OpenAppend != 0:
		return fewer(f.f.Write(p))
	}
	return fewer(f.f.WriteAt(p, off))
}

// fewer leaves the error out of a write that reached the largest size of a file, as pwrite does.
func fewer(n int, err error) (int, error) {
	if n > 0 && errors.Is(err, syscall.EFBIG) {
		err = nil
	}
	return n, err
}

func (f *file) Truncate(size int64) error { return f.f.Truncate(size) }

func (f *file) Fallocate(mode uint32, off, n int64) error {
	if off < 0 || n <= 0 {
		return syscall.EINVAL
	}
	m, err := extant.FallocateModeOf(mode)
	if err != nil {
		return err
	}
	return f.f.Fallocate(m, off, n)
}

func (f *file) SeekData(off int64) (int64, error) { return f.f.SeekData(off) }
func (f *file) SeekHole(off int64) (int64, error) { return f.f.SeekHole(off) }

func (f *file) Stat() (model.Stat, error) {
	info, err := f.f.Stat()
	if err != nil {
		return model.Stat{}, err
	}
	return f.v.statOf(info.Sys().(*extant.Stat)), nil
}

func (f *file) Sync(data bool) error {
	if data {
		return f.f.Datasync()
	}
	return f.f.Sync()
}

func (f *file) Close() error { return f.f.Close() }

// window is how much of a file is mapped, in bytes.
const window = 64 << 20

func (f *file) Map() (prog.Mapping, error) {
	flags := extant.MapFlags(0)
	if f.flags&model.OpenWrite != 0 {
		flags = extant.MapWrite
	}
	m, err := f.f.Map(0, window, flags)
	if err != nil {
		return nil, err
	}
	return &mapping{m}, nil
}

type mapping struct{ m *extant.Mapping }

func (m *mapping) Load(p []byte, off int64) (int, error)  { return eofIsShort(m.m.ReadAt(p, off)) }
func (m *mapping) Store(p []byte, off int64) (int, error) { return eofIsShort(m.m.WriteAt(p, off)) }
func (m *mapping) Access(off, n int64, f func(b []byte) error) error {
	return m.m.Access(off, int(n), false, f)
}

func (m *mapping) Sync() error  { return m.m.Sync(0, window) }
func (m *mapping) Close() error { return m.m.Close() }
