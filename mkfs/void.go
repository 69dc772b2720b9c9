package mkfs

import (
	"io"

	"extant/disk"
)

// void is a device that reads as zeros and keeps nothing, for finding out how much room something takes.
type void struct{ size int64 }

var (
	_ disk.Device = void{}
	_ disk.Sparse = void{}
)

// ReadAt implements disk.Device.
func (v void) ReadAt(p []byte, off int64) (int, error) {
	p = p[:min(int64(len(p)), max(0, v.size-off))]
	clear(p)
	if len(p) == 0 {
		return 0, io.EOF
	}
	return len(p), nil
}

// WriteAt implements disk.Device.
func (v void) WriteAt(p []byte, off int64) (int, error) { return len(p), nil }

// Size implements disk.Device.
func (v void) Size() int64 { return v.size }

// Flush implements disk.Device.
func (v void) Flush() error { return nil }

// Discard implements disk.Device.
func (v void) Discard(off, n int64) error { return nil }

// Close implements disk.Device.
func (v void) Close() error { return nil }

// NextData implements disk.Sparse.
func (v void) NextData(off int64) (start, end int64, err error) { return 0, 0, io.EOF }

// Allocated implements disk.Sparse.
func (v void) Allocated() (int64, error) { return 0, nil }
