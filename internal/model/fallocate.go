package model

import (
	"maps"
	"math"
	"slices"
	"syscall"
)

// Modes of Fallocate, as Linux numbers them.
const (
	KeepSize  = 0x1
	PunchHole = 0x2
	Collapse  = 0x8
	ZeroRange = 0x10
	Insert    = 0x20
)

// Fallocate allocates space, or makes holes, or shifts what lies behind a range.
func (o *File) Fallocate(mode uint32, off, n int64) error {
	if err := o.checkFallocate(mode, off, n); err != nil {
		return err
	}
	kind, size := mode&^KeepSize, o.n.data.size
	if o.f.c.BlockMaps && kind != PunchHole {
		return syscall.EOPNOTSUPP
	}
	end, cluster := off+n, int64(o.f.c.ClusterSize)
	if o.f.c.TouchesOnFailure {
		dropPrivileges(o.c, o.n)
		o.f.modified(o.n)
	}
	switch {
	case kind == Collapse && ((off|n)%cluster != 0 || end >= size):
		return syscall.EINVAL
	case kind == Insert && ((off|n)%cluster != 0 || off >= size):
		return syscall.EINVAL
	case kind == Insert && n > o.f.c.SizeMax-size:
		return syscall.EFBIG
	}
	dropPrivileges(o.c, o.n)
	o.f.modified(o.n)
	switch kind {
	case PunchHole:
		o.n.data.zero(off, n)
	case ZeroRange:
		o.n.data.zero(off, n)
	case Collapse:
		o.n.data.zero(off, n)
		o.n.data.shift(end, -n)
	case Insert:
		o.n.data.shift(off, n)
	}
	if (kind == 0 || kind == ZeroRange) && mode&KeepSize == 0 {
		o.n.data.size = max(o.n.data.size, end)
	}
	return nil
}

// checkFallocate is what is asked before it matters what file system this is.
func (o *File) checkFallocate(mode uint32, off, n int64) error {
	kind := mode &^ KeepSize
	switch {
	case off < 0 || n <= 0:
		return syscall.EINVAL
	case kind != 0 && kind != PunchHole && kind != Collapse && kind != ZeroRange && kind != Insert:
		return syscall.EOPNOTSUPP
	case kind == PunchHole && mode&KeepSize == 0:
		return syscall.EOPNOTSUPP
	case (kind == Collapse || kind == Insert) && mode&KeepSize != 0:
		return syscall.EOPNOTSUPP
	case o.flags&OpenWrite == 0:
		return syscall.EBADF
	case kind != 0 && o.n.flags&Append != 0:
		return syscall.EPERM
	case o.n.flags&Immutable != 0:
		return syscall.EPERM
	case off > math.MaxInt64-n || off+n > o.f.c.SizeMax:
		return syscall.EFBIG
	}
	return nil
}

// SeekData is the first offset from off on where a byte is not zero. A file system may answer one before that.
func (o *File) SeekData(off int64) (int64, error) {
	if off < 0 || off >= o.n.data.size {
		return 0, syscall.ENXIO
	}
	for _, page := range slices.Sorted(maps.Keys(o.n.data.pages)) {
		for i, b := range o.n.data.pages[page] {
			if at := page*pageSize + int64(i); b != 0 && at >= off && at < o.n.data.size {
				return at, nil
			}
		}
	}
	return 0, syscall.ENXIO
}

// SeekHole is the end of the file, where a hole always is. A file system may answer one before that, if it is zero from there up to
// the next block.
func (o *File) SeekHole(off int64) (int64, error) {
	if off < 0 || off >= o.n.data.size {
		return 0, syscall.ENXIO
	}
	return o.n.data.size, nil
}
