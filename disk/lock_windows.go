package disk

import (
	"os"
	"syscall"

	"golang.org/x/sys/windows"
)

// lockedByte is where the lock is.
var lockedByte = windows.Overlapped{Offset: 0xfffffffe, OffsetHigh: 0x7fffffff}

// lock takes the whole-file lock, and returns EBUSY when somebody else has it.
// Windows locks ranges and enforces them; one byte that no file reaches stands
// for the whole, so that shared readers can read.
func lock(f *os.File, exclusive bool) error {
	flags := uint32(windows.LOCKFILE_FAIL_IMMEDIATELY)
	if exclusive {
		flags |= windows.LOCKFILE_EXCLUSIVE_LOCK
	}
	c, err := f.SyscallConn()
	if err != nil {
		return err
	}
	cerr := c.Control(func(fd uintptr) {
		at := lockedByte
		err = windows.LockFileEx(windows.Handle(fd), flags, 0, 1, 0, &at)
	})
	switch {
	case cerr != nil:
		return cerr
	case err == windows.ERROR_LOCK_VIOLATION || err == windows.ERROR_IO_PENDING:
		return syscall.EBUSY
	case err == windows.ERROR_INVALID_FUNCTION || err == windows.ERROR_NOT_SUPPORTED:
		return nil // a file system without locks
	}
	return err
}

// unlock gives the lock up. Closing the file does so too, but the system takes its time.
func unlock(f *os.File) {
	c, err := f.SyscallConn()
	if err != nil {
		return
	}
	c.Control(func(fd uintptr) {
		at := lockedByte
		windows.UnlockFileEx(windows.Handle(fd), 0, 1, 0, &at)
	})
}
