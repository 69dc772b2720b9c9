package extract

import (
	"io"

	"extant/ext4"
	"extant/internal/ondisk"
)

// chunk is how many bytes are read and written together: as much as stays in the processor's cache in between.
const chunk = 256 << 10

// inlineMax is the most that data in an inode can have that is not zeros, in bytes.
const inlineMax = 4096

// A dataReader reads the data of files, in pieces.
type dataReader struct {
	budget *budget
	holes  bool // are to be filled
	buf    []byte
	window *window
}

func newDataReader(fs *ext4.FS, b *budget, o *Options) *dataReader {
	return &dataReader{budget: b, holes: o.FillHoles, buf: make([]byte, chunk), window: newWindow(fs)}
}

// small is the data of a small file that is one piece on the device and plain there, until the next call; nil for any other.
func (r *dataReader) small(n *ext4.Inode, attr *ext4.Attr) []byte {
	if attr.Size == 0 || attr.Size > windowFile || attr.Flags&(ondisk.InodeEncrypt|ondisk.InodeVerity) != 0 {
		return nil
	}
	dev, ok := n.Contiguous()
	if !ok {
		return nil
	}
	return r.window.at(dev, attr.Size)
}

// extents calls f for the ranges of a file that are not holes, in ascending order.
func (r *dataReader) extents(n *ext4.Inode, size int64, f func(off, end int64) error) error {
	if r.holes {
		return f(0, size)
	}
	for m, err := range n.Mappings(0) {
		if err != nil {
			return err
		}
		if m.Off >= size {
			break
		}
		if m.Unwritten {
			continue
		}
		if m.Inline {
			m.Len = min(m.Len, inlineMax)
		}
		if err := f(m.Off, min(m.Off+m.Len, size)); err != nil {
			return err
		}
	}
	return nil
}

// read calls write for the data of a file from off to end, after each piece has been counted.
func (r *dataReader) read(n *ext4.Inode, off, end int64, write func(p []byte, off int64) error) error {
	for off < end {
		p := r.buf[:min(end-off, chunk)]
		if err := r.budget.takeBytes(int64(len(p))); err != nil {
			return err
		}
		got, err := n.ReadAt(p, off)
		if got < len(p) && (err == nil || err == io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if werr := write(p[:got], off); werr != nil {
			return werr
		}
		if got < len(p) {
			return err
		}
		off += int64(got)
	}
	return nil
}
