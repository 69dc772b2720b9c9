//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package disk

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// lock takes the whole-file lock, and returns EBUSY when somebody else has it.
// It belongs to the open file, so it works between two parts of one process as
// between two processes, and goes when the file is closed.
func lock(f *os.File, exclusive bool) error {
	how := unix.LOCK_SH
	if exclusive {
		how = unix.LOCK_EX
	}
	err := onFd(f, func(fd int) error { return unix.Flock(fd, how|unix.LOCK_NB) })
	switch err {
	case unix.EWOULDBLOCK:
		return syscall.EBUSY
	case unix.EOPNOTSUPP, unix.ENOSYS, unix.ENOLCK, unix.EINVAL:
		return nil // a file system without locks
	}
	return err
}

// unlock gives the lock up. Closing the file does so only once nobody else has the open file either: a child that is just being
// started has it between fork and exec.
func unlock(f *os.File) {
	onFd(f, func(fd int) error { return unix.Flock(fd, unix.LOCK_UN) }) // fails where there are no locks
}
