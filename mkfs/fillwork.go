package mkfs

import (
	"context"

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
	pieces  []piece // of the file at hand

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
	n := w.p.t.nodes.at(id)
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
	for _, x := range w.p.pieces(n, nil) {
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
	n := w.p.t.nodes.at(id)
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
	n := w.p.t.nodes.at(id)
	w.open(id)
	defer w.ended()
	if !n.inline {
		return w.copyRange(ctx, 0, n.size)
	}
	w.read(w.content[:n.size], 0)
	return nil
}

// part copies a part of a large file, which begins and ends with whole clusters.
func (w *fillWorker) part(ctx context.Context, id nodeID, from, bytes int64) error {
	w.open(id)
	defer w.ended()
	return w.copyRange(ctx, from, from+bytes)
}
