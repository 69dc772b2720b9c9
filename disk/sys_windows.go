package disk

import (
	"io/fs"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

func datasync(f *os.File) error { return f.Sync() }

// blockGeometry is never reached: drives are not opened by this package on
// Windows.
func blockGeometry(*os.File) (size, sector int64, err error) {
	return 0, 0, syscall.EOPNOTSUPP
}

// punchGranule is 1: NTFS zeroes the ends of a hole itself.
func punchGranule(*os.File) int64 { return 1 }

// punch zeroes a range; of a sparse file NTFS frees the clusters.
func punch(f *os.File, off, n int64) error {
	if err := setSparse(f); err != nil {
		return syscall.EOPNOTSUPP
	}
	// FILE_ZERO_DATA_INFORMATION: first byte, and first byte after.
	in := [2]int64{off, off + n}
	err := deviceControl(f, windows.FSCTL_SET_ZERO_DATA, (*byte)(unsafe.Pointer(&in)), uint32(unsafe.Sizeof(in)))
	if err == windows.ERROR_INVALID_FUNCTION || err == windows.ERROR_NOT_SUPPORTED {
		return syscall.EOPNOTSUPP
	}
	return err
}

// setSparse lets the file have holes, where the file system knows them.
func setSparse(f *os.File) error {
	err := deviceControl(f, windows.FSCTL_SET_SPARSE, nil, 0)
	if err == windows.ERROR_INVALID_FUNCTION || err == windows.ERROR_NOT_SUPPORTED {
		return nil
	}
	return err
}

func deviceControl(f *os.File, code uint32, in *byte, n uint32) error {
	c, err := f.SyscallConn()
	if err != nil {
		return err
	}
	cerr := c.Control(func(fd uintptr) {
		var got uint32
		err = windows.DeviceIoControl(windows.Handle(fd), code, in, n, nil, 0, &got, nil)
	})
	if cerr != nil {
		return cerr
	}
	return err
}

// seekData cannot tell.
func seekData(*os.File, int64) (start, end int64, err error) {
	return 0, 0, syscall.EOPNOTSUPP
}

// allocated is the size: holes are not counted here.
func allocated(fi fs.FileInfo) int64 { return fi.Size() }

// copyRange copies nothing: the system has no call for a part of a file.
func copyRange(dst *os.File, dstOff int64, src *os.File, srcOff, n int64) int64 { return 0 }
