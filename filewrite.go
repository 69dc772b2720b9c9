package extant

import (
	"errors"
	"io"
	"io/fs"
	"syscall"
	"time"

	"extant/ext4"
	"extant/internal/ondisk"
)

// errAppends is what os.File says, too.
var errAppends = errors.New("invalid use of WriteAt on file opened with O_APPEND")

// Write writes at the file's position, or at the end if it was opened with os.O_APPEND, and moves the position behind what it wrote.
func (f *File) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return 0, pathError("write", f.name, fs.ErrClosed)
	}
	if err := f.mayChange(); err != nil {
		return 0, pathError("write", f.name, err)
	}
	if len(p) == 0 {
		return 0, nil
	}
	var n int
	var err error
	if f.appends {
		var at int64
		at, n, err = f.inode.Append(p)
		f.pos = at
	} else {
		n, err = f.inode.WriteAt(p, f.pos)
	}
	f.pos += int64(n)
	return n, f.written(err)
}

// WriteString is Write of a string.
func (f *File) WriteString(s string) (int, error) { return f.Write([]byte(s)) }

// WriteAt writes at an offset in bytes. A file that is shorter grows, with a hole in between. A file that was opened with
// os.O_APPEND has no use for it.
func (f *File) WriteAt(p []byte, off int64) (int, error) {
	if err := f.check("write"); err != nil {
		return 0, err
	}
	if f.appends {
		return 0, errAppends
	}
	if off < 0 {
		return 0, pathError("write", f.name, syscall.EINVAL)
	}
	if err := f.mayChange(); err != nil {
		return 0, pathError("write", f.name, err)
	}
	if len(p) == 0 {
		return 0, nil
	}
	n, err := f.inode.WriteAt(p, off)
	return n, f.written(err)
}

// written makes a write durable where that was asked for at opening.
func (f *File) written(err error) error {
	if err == nil && f.sync {
		err = f.inode.Fdatasync()
	}
	return pathError("write", f.name, err)
}

// mayChange says why the content cannot be changed by way of this File, and takes set-ID bits away if it can.
func (f *File) mayChange() error {
	if !f.writable {
		return syscall.EBADF
	}
	if f.cred.root() {
		return nil
	}
	if a := f.inode.Attr(); a.Flags&ondisk.InodeImmutable != 0 {
		return syscall.EPERM
	}
	return f.cred.dropPrivileges(f.inode)
}

// ReadFrom writes what it reads from r, up to its end.
func (f *File) ReadFrom(r io.Reader) (int64, error) {
	return io.CopyBuffer(writerOnly{f}, r, make([]byte, 1<<20))
}

// writerOnly hides ReadFrom from io.Copy.
type writerOnly struct{ io.Writer }

// Truncate changes the size of the file, in bytes. What it gains is a hole.
func (f *File) Truncate(size int64) error {
	if err := f.check("truncate"); err != nil {
		return err
	}
	a := f.inode.Attr()
	var err error
	switch {
	case size < 0 || !f.writable || a.Type() != ondisk.ModeRegular:
		err = syscall.EINVAL
	case a.Flags&ondisk.InodeAppend != 0:
		err = syscall.EPERM
	default:
		err = f.cred.truncate(f.inode, size)
	}
	return pathError("truncate", f.name, err)
}

// FallocateMode says what Fallocate does.
type FallocateMode = ext4.FallocMode

// Modes of Fallocate.
const (
	Allocate         = ext4.FallocAllocate // space for the range; the file grows if it goes past its end
	AllocateKeepSize = ext4.FallocKeepSize // the same, but the size stays
	PunchHole        = ext4.FallocPunch    // a hole; the size stays
	ZeroRange        = ext4.FallocZero     // zeros, with space; the file grows if need be
	ZeroRangeKeep    = ext4.FallocZeroKeep // the same, but the size stays
	CollapseRange    = ext4.FallocCollapse // the range is taken out, and what follows moves up; in whole clusters
	InsertRange      = ext4.FallocInsert   // a hole is put in, and what follows moves down; in whole clusters
)

// FallocateModeOf translates the flags of fallocate(2) (FALLOC_FL_...). What is not there is syscall.EOPNOTSUPP: callers take that for "go on
// without".
func FallocateModeOf(flags uint32) (FallocateMode, error) {
	const keepSize, punch, collapse, zero, insert = 0x1, 0x2, 0x8, 0x10, 0x20
	switch flags {
	case 0:
		return Allocate, nil
	case keepSize:
		return AllocateKeepSize, nil
	case punch | keepSize:
		return PunchHole, nil
	case zero:
		return ZeroRange, nil
	case zero | keepSize:
		return ZeroRangeKeep, nil
	case collapse:
		return CollapseRange, nil
	case insert:
		return InsertRange, nil
	}
	return 0, syscall.EOPNOTSUPP
}

// Fallocate allocates space for a range of bytes, or, as mode says, makes a hole of it, makes it zero, takes it out or puts a new one in.
func (f *File) Fallocate(mode FallocateMode, off, n int64) error {
	if err := f.check("fallocate"); err != nil {
		return err
	}
	return pathError("fallocate", f.name, f.fallocate(mode, off, n))
}

func (f *File) fallocate(mode FallocateMode, off, n int64) error {
	a := f.inode.Attr()
	allocates := mode == Allocate || mode == AllocateKeepSize
	switch {
	case off < 0 || n <= 0:
		return syscall.EINVAL
	case !f.writable:
		return syscall.EBADF
	case !allocates && a.Flags&ondisk.InodeAppend != 0, a.Flags&ondisk.InodeImmutable != 0:
		return syscall.EPERM
	}
	if err := f.inode.CheckFallocate(mode, off, n); err != nil {
		return err
	}
	if err := f.cred.dropPrivileges(f.inode); err != nil {
		return err
	}
	return f.inode.Fallocate(mode, off, n)
}

// Sync makes what was written to the file durable, and the file with it (fsync).
func (f *File) Sync() error { return f.fsync((*ext4.Inode).Fsync) }

// Datasync is Sync that leaves out what is not needed to read the data again: times, owners (fdatasync).
func (f *File) Datasync() error { return f.fsync((*ext4.Inode).Fdatasync) }

func (f *File) fsync(sync func(*ext4.Inode) error) error {
	if err := f.check("sync"); err != nil {
		return err
	}
	return pathError("sync", f.name, sync(f.inode))
}

// Chmod changes the permissions of the file.
func (f *File) Chmod(mode fs.FileMode) error {
	if err := f.check("chmod"); err != nil {
		return err
	}
	return pathError("chmod", f.name, f.cred.chmod(f.inode, modeBits(mode)))
}

// Chown changes owner and group of the file; -1 leaves one as it is.
func (f *File) Chown(uid, gid int) error {
	if err := f.check("chown"); err != nil {
		return err
	}
	return pathError("chown", f.name, f.cred.chown(f.inode, uid, gid))
}

// Chtimes sets the times of the file. A zero time is left as it is.
func (f *File) Chtimes(atime, mtime time.Time) error {
	if err := f.check("chtimes"); err != nil {
		return err
	}
	if atime.IsZero() && mtime.IsZero() {
		return nil
	}
	return pathError("chtimes", f.name, f.cred.setTimes(f.inode, Times{ATime: atime, MTime: mtime}, time.Time{}))
}

// Sync makes everything durable that was done to the volume.
func (v *Volume) Sync() error { return v.fs.Sync() }

// Freeze waits for changes under way, lets no others begin, and brings the device into the state of a clean unmount, so that it may be copied.
// Thaw ends it. Freezing twice is syscall.EBUSY.
func (v *Volume) Freeze() error { return v.fs.Freeze() }

// Thaw ends a Freeze; syscall.EINVAL where there is none.
func (v *Volume) Thaw() error { return v.fs.Thaw() }

var _ interface {
	io.ReaderAt
	io.WriterAt
	io.ReadWriteSeeker
	io.ReaderFrom
	io.StringWriter
} = (*File)(nil)
