package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"

	"extant/sched"
)

// Flag says how to open a file.
type Flag int

const (
	// ReadOnly opens without permission to write.
	ReadOnly Flag = 0
	// ReadWrite opens for reading and writing, and keeps everyone else out.
	ReadWrite Flag = 1 << iota
	// Shared, with ReadOnly, opens what a writer has open, or what is mounted,
	// and lets a writer open what is being read. What is read may then be of
	// different moments.
	Shared
	// NoReplace, with Create, fails when the file exists.
	NoReplace
)

// BusyError says that somebody else uses what was to be opened.
type BusyError struct {
	Path string
	By   string // who uses it and what to do, as "another writer: ..."
}

func (e *BusyError) Error() string { return e.Path + " is in use by " + e.By }

// Unwrap returns syscall.EBUSY.
func (e *BusyError) Unwrap() error { return syscall.EBUSY }

const (
	byWriter        = "another writer: wait for it, or stop it"
	byReader        = "a reader: wait for it, or stop it"
	writerForReader = "a writer: wait for it, or open it shared and see it change"
	byMount         = "the system (mounted, or claimed by another program): unmount it first"
	loopMount       = "the system (it is mounted through a loop device): unmount it, or to read it open it shared and see it change"
	mountForReader  = "the system (mounted, or claimed by another program): unmount it, or open it shared and see it change"
)

// Open opens a regular file or a block device with all of its content. Symbolic
// links are followed.
//
// One writer or any number of readers: while one process, or one part of this
// one, has a file open with ReadWrite no other Open of it succeeds, and while
// it is open with ReadOnly no ReadWrite does; the error is a *BusyError. Only
// readers that ask for Shared are exempt. The locks are advisory (flock, on
// Windows LockFileEx): programs that do not ask for them are not kept out. On
// a file system without locks Open goes on without. A block device is in
// addition claimed from the system (O_EXCL), so one that is mounted cannot be
// opened with ReadWrite, nor, unless Shared, with ReadOnly; nor can, on Linux, a
// file that is mounted through a loop device; where that mount is for reading
// only, reading goes on.
func Open(path string, flags Flag) (*File, error) {
	if flags&^(ReadWrite|Shared) != 0 || flags == ReadWrite|Shared {
		return nil, &fs.PathError{Op: "open", Path: path, Err: syscall.EINVAL}
	}
	block, err := kind(path)
	if err != nil {
		return nil, err
	}
	f, err := openRaw(path, block, flags)
	if err != nil {
		return nil, err
	}
	d, err := adopt(f, path, block, flags)
	if err != nil {
		f.Close()
		return nil, err
	}
	return d, nil
}

// Create makes a regular file of size bytes, all a hole, and opens it with
// ReadWrite. A file that exists is replaced in place, once it is locked. When
// Create fails it leaves no new file behind. The only flag is NoReplace.
func Create(path string, size int64, flags ...Flag) (*File, error) {
	var noReplace bool
	for _, f := range flags {
		if f != NoReplace {
			return nil, &fs.PathError{Op: "create", Path: path, Err: syscall.EINVAL}
		}
		noReplace = true
	}
	f, created, err := createRaw(path, noReplace)
	if err != nil {
		return nil, err
	}
	d, err := lay(f, path, size)
	if err != nil {
		f.Close()
		if created {
			os.Remove(path)
		}
		return nil, err
	}
	return d, nil
}

// createRaw opens the file to be created for writing, without changing its
// content, which may be somebody's until it is locked.
func createRaw(path string, noReplace bool) (f *os.File, created bool, err error) {
	f, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	if err == nil || noReplace || !errors.Is(err, fs.ErrExist) {
		return f, err == nil, err
	}
	block, err := kind(path)
	if err != nil {
		return nil, false, err
	}
	if block {
		return nil, false, &fs.PathError{Op: "create", Path: path, Err: fmt.Errorf("a block device exists already: open it: %w", syscall.EEXIST)}
	}
	f, err = os.OpenFile(path, os.O_RDWR, 0)
	return f, false, err
}

// lay locks f, empties it and gives it its size.
func lay(f *os.File, path string, size int64) (*File, error) {
	if err := lockWhole(f, path, ReadWrite); err != nil {
		return nil, err
	}
	if fi, err := f.Stat(); err == nil && fi.Size() > 0 && backsMount(fi, false) {
		return nil, &BusyError{path, loopMount}
	}
	if err := f.Truncate(0); err != nil {
		return nil, err
	}
	if err := setSparse(f); err != nil {
		return nil, &fs.PathError{Op: "create", Path: path, Err: err}
	}
	if err := f.Truncate(size); err != nil {
		return nil, &fs.PathError{Op: "create", Path: path, Err: fmt.Errorf("size of %d bytes: %w", size, errors.Unwrap(err))}
	}
	return newFile(f, path, false, ReadWrite)
}

// adopt makes a File of what openRaw opened.
func adopt(f *os.File, path string, block bool, flags Flag) (*File, error) {
	fi, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if fi.Mode().IsRegular() == block {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fmt.Errorf("replaced while it was opened: %w", syscall.EAGAIN)}
	}
	if err := lockWhole(f, path, flags); err != nil {
		return nil, err
	}
	switch {
	case block && flags == ReadOnly:
		if err := probe(path); err != nil {
			return nil, err
		}
	case !block && flags&Shared == 0 && backsMount(fi, flags&ReadWrite == 0):
		return nil, &BusyError{path, loopMount}
	}
	return newFile(f, path, block, flags)
}

// kind tells a block device from a regular file, and refuses all else without
// opening it: to open a fifo or a tape has effects.
func kind(path string) (block bool, err error) {
	fi, err := os.Stat(path)
	if err != nil {
		return false, err
	}
	switch m := fi.Mode(); {
	case m.IsRegular():
		return false, nil
	case m.IsDir():
		return false, &fs.PathError{Op: "open", Path: path, Err: syscall.EISDIR}
	case m&fs.ModeDevice != 0 && m&fs.ModeCharDevice == 0:
		return true, nil
	}
	return false, &fs.PathError{Op: "open", Path: path, Err: fmt.Errorf("neither a regular file nor a block device: %w", syscall.EINVAL)}
}

// openRaw opens path with the system's flags that go with flags.
func openRaw(path string, block bool, flags Flag) (*os.File, error) {
	switch {
	case flags&ReadWrite == 0:
		return os.OpenFile(path, os.O_RDONLY, 0)
	case block:
		return claim(path, os.O_RDWR, byMount)
	}
	return os.OpenFile(path, os.O_RDWR, 0)
}

// probe fails when a block device is claimed. A claim for reading would keep
// other readers out, so it is given up at once.
func probe(path string) error {
	f, err := claim(path, os.O_RDONLY, mountForReader)
	if err != nil {
		return err
	}
	return f.Close()
}

// claim opens a block device that nobody has claimed. The claims of probe and of
// the system's own probing last an instant, so it waits a little.
func claim(path string, flag int, by string) (f *os.File, err error) {
	err = patiently(func() error {
		f, err = os.OpenFile(path, flag|os.O_EXCL, 0)
		return err
	})
	if errors.Is(err, syscall.EBUSY) {
		return nil, &BusyError{path, by}
	}
	return f, err
}

// lockWhole takes the lock that flags call for.
func lockWhole(f *os.File, path string, flags Flag) error {
	if flags&Shared != 0 {
		return nil
	}
	exclusive := flags&ReadWrite != 0
	err := patiently(func() error { return lock(f, exclusive) })
	if !errors.Is(err, syscall.EBUSY) {
		return err
	}
	switch {
	case !exclusive:
		return &BusyError{path, writerForReader}
	case lock(f, false) == nil:
		return &BusyError{path, byReader}
	}
	return &BusyError{path, byWriter}
}

// patiently repeats try while it returns EBUSY, for about 30 ms.
func patiently(try func() error) error {
	for range 6 {
		if err := try(); !errors.Is(err, syscall.EBUSY) {
			return err
		}
		sched.Sleep(5 * time.Millisecond)
	}
	return try()
}
