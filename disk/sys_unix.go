//go:build unix || js

package disk

import (
	"io/fs"
	"os"
	"syscall"
)

// onFd calls fn with f's descriptor until it is not interrupted by a signal.
func onFd(f *os.File, fn func(fd int) error) error {
	c, err := f.SyscallConn()
	if err != nil {
		return err
	}
	cerr := c.Control(func(fd uintptr) {
		for err = fn(int(fd)); err == syscall.EINTR; {
			err = fn(int(fd))
		}
	})
	if cerr != nil {
		return cerr
	}
	return err
}

// allocated is the space that the file behind fi takes, in bytes.
func allocated(fi fs.FileInfo) int64 {
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		return int64(st.Blocks) * 512
	}
	return fi.Size()
}
