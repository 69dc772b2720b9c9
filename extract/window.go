package extract

import (
	"extant/ext4"
	"extant/internal/ondisk"
)

// A window is a piece of the device in memory. Small files that were made together lie side by side, so that one read brings
// many. It is as long as following its reads has paid so far.
type window struct {
	fs    *ext4.FS
	bits  int    // log2 of the block size
	buf   []byte // windowBytes long
	first int64  // on the device, bytes, at the start of a block
	valid int64  // bytes that are there from first on
	ahead int64  // bytes to read next time
}

const (
	windowBytes = 128 << 10
	windowFile  = 16 << 10 // the longest file to look for in the window, in bytes
)

func newWindow(fs *ext4.FS) *window {
	w := &window{fs: fs, buf: make([]byte, windowBytes)}
	for 1<<w.bits < fs.BlockSize() {
		w.bits++
	}
	return w
}

// at is the n bytes on the device at dev, the start of a block, until the next call; nil where they cannot be had. Why not is for a read by
// other means to say.
func (w *window) at(dev, n int64) []byte {
	if dev < w.first || dev+n > w.first+w.valid {
		w.move(dev, n)
	}
	if dev+n > w.first+w.valid {
		return nil
	}
	return w.buf[dev-w.first:][:n:n]
}

// move reads from dev on: twice as far as the last time where that ended about here, else just what is wanted.
func (w *window) move(dev, n int64) {
	size := int64(1) << w.bits
	want := (n + size - 1) &^ (size - 1)
	if end := w.first + w.valid; dev >= w.first && dev <= end+w.ahead {
		w.ahead = min(2*w.ahead, windowBytes)
	} else {
		w.ahead = 0
	}
	w.ahead = max(w.ahead, want)
	w.first, w.valid = dev, 0
	for _, n := range []int64{w.ahead &^ (size - 1), want} {
		if w.fs.ReadBlocks(ondisk.Block(dev>>w.bits), w.buf[:n]) == nil {
			w.valid = n
			return
		}
	}
}
