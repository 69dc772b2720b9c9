package mkfs

import (
	"context"
	"io"
	"sort"

	"extant/disk"
	"extant/internal/ondisk"
)

// open opens a file for reading. One that cannot be opened reads as zeros.
func (w *fillWorker) open(id nodeID) {
	w.id, w.trouble = id, w.src.open(id)
	if w.trouble != nil {
		w.p.warn.fail(w.p.t.path(id), "has zeros in place of its bytes: %v", w.trouble)
	}
}

// ended looks whether the open file is what it was before it was read.
func (w *fillWorker) ended() {
	if w.trouble == nil && w.src.changed() {
		w.p.warn.fail(w.p.t.path(w.id), "changed while it was read")
	}
}

// read fills b with the bytes of the open file at off: zeros where it has a hole, or cannot be read.
func (w *fillWorker) read(b []byte, off int64) {
	var scratch [1]segment
	list := w.p.t.data(w.p.t.nodes.at(w.id), &scratch)
	end := off + int64(len(b))
	i := sort.Search(len(list), func(i int) bool { return list[i].off+list[i].n > off })
	for ; i < len(list) && list[i].off < end; i++ {
		s := list[i]
		lo, hi := max(off, s.off), min(end, s.off+s.n)
		clear(b[:lo-off])
		w.readFull(b[lo-off:hi-off], int64(s.at)+lo-s.off)
		b, off = b[hi-off:], hi
	}
	clear(b)
}

// readFull reads at a place of the source, with zeros for what is not there.
func (w *fillWorker) readFull(b []byte, at int64) {
	n := 0
	if w.trouble == nil {
		if n, w.trouble = w.src.readAt(b, at); n == len(b) {
			w.trouble = nil
		}
		switch {
		case w.trouble == io.EOF:
			w.p.warn.fail(w.p.t.path(w.id), "became shorter while it was read; zeros are in place of what is missing")
		case w.trouble != nil:
			w.p.warn.fail(w.p.t.path(w.id), "has zeros in place of some of its bytes: %v", w.trouble)
		}
	}
	clear(b[n:])
}

// copyMin is the least that is copied by the system, in bytes: smaller pieces are gathered into large writes.
const copyMin = 1 << 20

// copyStep is how much is copied between two looks at the context.
const copyStep = 16 << 20

// copyRange copies the bytes of the open file from one offset up to another, padded to whole blocks.
func (w *fillWorker) copyRange(ctx context.Context, from, to int64) error {
	n := w.p.t.nodes.at(w.id)
	bs := int64(w.p.im.geo.BlockSize)
	w.pieces = w.p.pieces(n, w.pieces[:0])
	for _, x := range w.pieces {
		start := int64(x.at) * bs
		lo, hi := max(from, start), min(to, start+int64(x.run.n)*bs)
		if lo >= hi {
			continue
		}
		at := x.run.start + ondisk.Block((lo-start)/bs)
		done, err := w.copyWhole(ctx, n, at, lo, hi)
		if err != nil {
			return err
		}
		if err := w.gather(at+ondisk.Block(done/bs), lo+done, hi); err != nil {
			return err
		}
	}
	return nil
}

// copyWhole lets the system copy whole blocks of a file without holes, from offset lo on, and returns how many bytes that were.
func (w *fillWorker) copyWhole(ctx context.Context, n *node, at ondisk.Block, lo, hi int64) (done int64, err error) {
	if n.sparse || w.trouble != nil || hi-lo < copyMin {
		return 0, nil
	}
	f := w.src.file()
	if f == nil {
		return 0, nil
	}
	bs := int64(w.p.im.geo.BlockSize)
	whole := (hi - lo) / bs * bs
	for done < whole {
		if err := ctx.Err(); err != nil {
			return done, err
		}
		k, err := disk.CopyFrom(w.p.im.dev, w.p.im.offset(at)+done, f, int64(n.where)+lo+done, min(copyStep, whole-done))
		if err != nil {
			// Whose fault it was shows when the same bytes are read and written.
			return (done + k) / bs * bs, nil
		}
		done += k
	}
	return done, nil
}

// gather reads a range of the file into the writer's buffer, for blocks from at on.
func (w *fillWorker) gather(at ondisk.Block, lo, hi int64) error {
	bs := int64(w.p.im.geo.BlockSize)
	for lo < hi {
		b, err := w.out.raw(at, (hi-lo+bs-1)/bs)
		if err != nil {
			return err
		}
		n := min(int64(len(b)), hi-lo)
		w.read(b[:n], lo)
		clear(b[n:])
		lo += n
		at += ondisk.Block(int64(len(b)) / bs)
	}
	return nil
}

// symlink writes the target of a symlink that does not fit in its inode.
func (w *fillWorker) symlink(n *node) error {
	b, err := w.out.space(n.at, 1)
	if err == nil {
		copy(b, w.p.t.target(n))
	}
	return err
}
