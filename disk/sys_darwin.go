package disk

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// Requests of <sys/disk.h>.
const (
	dkiocGetBlockSize  = 0x40046418
	dkiocGetBlockCount = 0x40086419
)

// datasync is Sync, which asks for F_FULLFSYNC: fsync alone leaves the data in
// the drive's cache.
func datasync(f *os.File) error { return f.Sync() }

// blockGeometry returns the size of a block device and of its logical sectors.
func blockGeometry(f *os.File) (size, sector int64, err error) {
	err = onFd(f, func(fd int) error {
		n, err := unix.IoctlGetInt(fd, dkiocGetBlockSize)
		if err != nil {
			return err
		}
		count, err := unix.IoctlGetInt(fd, dkiocGetBlockCount)
		sector, size = int64(n), int64(n)*int64(count)
		return err
	})
	return size, sector, err
}

// punchGranule is the block of the file system: F_PUNCHHOLE takes nothing less.
func punchGranule(f *os.File) (n int64) {
	var st unix.Statfs_t
	err := onFd(f, func(fd int) error { return unix.Fstatfs(fd, &st) })
	if err != nil || st.Bsize == 0 {
		return pageSize
	}
	return int64(st.Bsize)
}

// punch makes a hole. The argument of F_PUNCHHOLE, fpunchhole_t, has flags, a
// reserved word, offset and length: the layout that Fstore_t begins with.
func punch(f *os.File, off, n int64) error {
	err := onFd(f, func(fd int) error {
		return unix.FcntlFstore(uintptr(fd), unix.F_PUNCHHOLE, &unix.Fstore_t{Offset: off, Length: n})
	})
	if err == syscall.ENOTSUP || err == syscall.ENOTTY || err == syscall.EINVAL {
		return syscall.EOPNOTSUPP
	}
	return err
}

// setSparse does nothing: every file may have holes.
func setSparse(*os.File) error { return nil }

// copyRange copies nothing: the system has no call for a part of a file.
func copyRange(dst *os.File, dstOff int64, src *os.File, srcOff, n int64) int64 { return 0 }
