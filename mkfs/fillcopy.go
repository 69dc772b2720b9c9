package mkfs

import (
	"context"
	"io"
	"sort"

	"extant/disk"
	"extant/internal/ondisk"
)

// A fillWorker does jobs, one after another.
type fillWorker struct {
	p       *plan
	src     contents
	dirs    *dirBuilder
	out     blockWriter
	slots   []byte
	content []byte // of the inline file at hand
	second  []byte // what of it lies beyond i_block
	body    []ondisk.Xattr
	scratch ondisk.Inode

	id      nodeID // of the open file
	trouble error  // why it cannot be read, or no further
}

func newFillWorker(p *plan) *fillWorker {
	return &fillWorker{
		p:       p,
		src:     p.c.src.contents(p.t),
		dirs:    newDirBuilder(p.t, p.im),
		out:     blockWriter{im: p.im},
		content: make([]byte, ondisk.InodeSizeMax),
		second:  make([]byte, ondisk.InodeSizeMax),
	}
}

func (w *fillWorker) close() { w.src.close() }

func (w *fillWorker) do(ctx context.Context, j job) error {
	var err error
	switch j.kind {
	case dirJob:
		for _, id := range w.p.c.order[j.lo:j.hi] {
			if err = w.dir(id); err != nil {
				return err
			}
		}
	case aclJob:
		err = w.aclBlocks(j.lo, j.hi)
	case inodeJob:
		err = w.inodes(ctx, j)
	case partJob:
		err = w.part(ctx, w.p.c.order[j.lo], j.from, j.bytes)
	}
	if err != nil {
		return err
	}
	return w.out.flush()
}

// dir writes the blocks of a directory, if the node is one that has any.
func (w *fillWorker) dir(id nodeID) error {
	n := &w.p.t.nodes[id]
	if !n.isDir() || n.inline {
		return nil
	}
	blocks := int(n.size) / w.p.im.geo.BlockSize
	if blocks == 1 {
		b, err := w.out.space(n.at, 1)
		if err != nil {
			return err
		}
		return w.dirs.build(n, b)
	}
	b := make([]byte, n.size)
	if err := w.dirs.build(n, b); err != nil {
		return err
	}
	for _, x := range w.p.pieces(n) {
		size := int(x.run.n) * w.p.im.geo.BlockSize
		if err := w.p.im.write(x.run.start, b[:size]); err != nil {
			return err
		}
		b = b[size:]
	}
	return nil
}

// aclBlocks writes xattr blocks.
func (w *fillWorker) aclBlocks(lo, hi int) error {
	for _, a := range w.p.acls[lo:hi] {
		b, err := w.out.space(a.at, 1)
		if err != nil {
			return err
		}
		ondisk.PutBlockXattrs(b, w.p.blockXattrs(a.set))
		var h ondisk.XattrHeader
		if err := h.Decode(b); err != nil {
			return err
		}
		h.Refcount = a.refs
		h.Encode(b)
		if w.p.im.geo.has(metadataCsum) {
			ondisk.SetXattrBlockCsum(w.p.im.seed, a.at, b)
		}
	}
	return nil
}

// blockXattrs is what of a set goes to a block.
func (p *plan) blockXattrs(s xattrSet) []ondisk.Xattr {
	if h, ok := p.homes[s]; ok {
		return append([]ondisk.Xattr(nil), h.block...)
	}
	return p.t.xattrs.list(s)
}

// inodes writes a row of inodes and the data of the files among them.
func (w *fillWorker) inodes(ctx context.Context, j job) error {
	size := w.p.im.slotSize()
	if need := (j.hi - j.lo) * size; cap(w.slots) < need {
		w.slots = make([]byte, need)
	}
	slots := w.slots[:(j.hi-j.lo)*size]
	for i, id := range w.p.c.order[j.lo:j.hi] {
		if err := w.data(ctx, id); err != nil {
			return err
		}
		w.inode(id, slots[i*size:(i+1)*size])
	}
	return w.p.im.writeInodes(w.p.first+ondisk.Ino(j.lo), slots)
}

// data writes what an inode has beside itself, but for directories and files that come in parts.
func (w *fillWorker) data(ctx context.Context, id nodeID) error {
	n := &w.p.t.nodes[id]
	switch {
	case n.isRegular() && n.size > 0 && !w.p.inParts(n):
		return w.file(ctx, id)
	case n.isSymlink() && n.size >= ondisk.IBlockSize:
		return w.symlink(n)
	}
	return nil
}

// file copies the data of a file, or reads it where it goes into the inode.
func (w *fillWorker) file(ctx context.Context, id nodeID) error {
	n := &w.p.t.nodes[id]
	defer w.opened(id)()
	if !n.inline {
		return w.copyRange(ctx, 0, n.size)
	}
	w.read(w.content[:n.size], 0)
	return nil
}

// part copies a part of a large file, which begins and ends with whole clusters.
func (w *fillWorker) part(ctx context.Context, id nodeID, from, bytes int64) error {
	defer w.opened(id)()
	return w.copyRange(ctx, from, from+bytes)
}

// opened opens a file for reading and returns what ends that. A file that cannot be opened reads as zeros.
func (w *fillWorker) opened(id nodeID) func() {
	w.id, w.trouble = id, w.src.open(id)
	if w.trouble != nil {
		w.p.warn.fail(w.p.t.path(id), "has zeros in place of its bytes: %v", w.trouble)
		return func() {}
	}
	return func() {
		if w.trouble == nil && w.src.changed() {
			w.p.warn.fail(w.p.t.path(id), "changed while it was read")
		}
	}
}

// read fills b with the bytes of the open file at off: zeros where it has a hole, or cannot be read.
func (w *fillWorker) read(b []byte, off int64) {
	var scratch [1]segment
	list := w.p.t.data(&w.p.t.nodes[w.id], &scratch)
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
	n := &w.p.t.nodes[w.id]
	bs := int64(w.p.im.geo.BlockSize)
	for _, x := range w.p.pieces(n) {
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
