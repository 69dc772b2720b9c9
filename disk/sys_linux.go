package disk

import (
	"io"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

func datasync(f *os.File) error {
	return onFd(f, unix.Fdatasync)
}

// blockGeometry returns the size of a block device and of its logical sectors.
func blockGeometry(f *os.File) (size, sector int64, err error) {
	err = onFd(f, func(fd int) error {
		n, err := unix.IoctlGetUint32(fd, unix.BLKSSZGET)
		sector = int64(n)
		return err
	})
	if err != nil {
		return 0, 0, err
	}
	size, err = f.Seek(0, io.SeekEnd)
	return size, sector, err
}

// punchGranule is 1: the kernel zeroes the ends of a hole itself.
func punchGranule(*os.File) int64 { return 1 }

func punch(f *os.File, off, n int64) error {
	err := onFd(f, func(fd int) error {
		return unix.Fallocate(fd, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, off, n)
	})
	if err == syscall.ENOSYS || err == syscall.ENODEV {
		return syscall.EOPNOTSUPP
	}
	return err
}

// setSparse does nothing: every file may have holes.
func setSparse(*os.File) error { return nil }

// copyRange copies within the kernel, sharing blocks where the file system can,
// and returns how far it came. Why it stopped does not matter: the caller goes
// on by reading and writing, and meets any real trouble again.
func copyRange(dst *os.File, dstOff int64, src *os.File, srcOff, n int64) (done int64) {
	end := dstOff + n
	for dstOff < end {
		before := dstOff
		err := onFd(dst, func(to int) error {
			return onFd(src, func(from int) error {
				_, err := unix.CopyFileRange(from, &srcOff, to, &dstOff, int(min(end-dstOff, 1<<30)), 0)
				return err
			})
		})
		done += dstOff - before
		if err != nil || dstOff == before {
			break
		}
	}
	return done
}
