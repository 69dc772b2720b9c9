//go:build !linux && !darwin && !windows

package disk

import (
	"io"
	"os"
	"syscall"
)

func datasync(f *os.File) error { return f.Sync() }

// blockGeometry returns the size of a block device, and for its logical sectors
// the size that all such devices can be addressed by.
func blockGeometry(f *os.File) (size, sector int64, err error) {
	size, err = f.Seek(0, io.SeekEnd)
	return size, 512, err
}

func punchGranule(*os.File) int64 { return 1 }

func punch(*os.File, int64, int64) error { return syscall.EOPNOTSUPP }

// setSparse does nothing: every file may have holes.
func setSparse(*os.File) error { return nil }

// copyRange copies nothing.
func copyRange(dst *os.File, dstOff int64, src *os.File, srcOff, n int64) int64 { return 0 }
