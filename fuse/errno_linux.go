package fuse

import (
	"errors"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"

	"extant/ext4"
)

// status is what the kernel tells a program of err: what ext4 in the kernel says, EUCLEAN for damage, and EIO for what has no number.
func status(err error) fuse.Status {
	if err == nil {
		return fuse.OK
	}
	if errno, ok := err.(syscall.Errno); ok {
		return fuse.Status(errno)
	}
	var (
		corrupt     *ext4.CorruptError
		unsupported *ext4.UnsupportedError
		errno       syscall.Errno
	)
	switch {
	case errors.As(err, &corrupt):
		return fuse.Status(syscall.EUCLEAN)
	case errors.As(err, &errno) && errno != 0:
		return fuse.Status(errno)
	case errors.As(err, &unsupported):
		return fuse.Status(syscall.EOPNOTSUPP)
	}
	return fuse.EIO
}
