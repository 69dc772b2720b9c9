package fsck

import (
	"cmp"
	"slices"

	"extant/internal/ondisk"
)

// claimXattrBlocks claims every block of xattrs once, however many inodes refer to it.
func (c *checker) claimXattrBlocks() {
	n := 0
	for _, w := range c.workers {
		n += len(w.xrefs)
	}
	c.xrefs = make([]xattrRef, 0, n)
	for _, w := range c.workers {
		c.xrefs = append(c.xrefs, w.xrefs...)
	}
	slices.SortFunc(c.xrefs, func(a, b xattrRef) int { return cmp.Or(cmp.Compare(a.block, b.block), cmp.Compare(a.ino, b.ino)) })
	for i, r := range c.xrefs {
		if i > 0 && c.xrefs[i-1].block == r.block {
			continue
		}
		k := c.cluster(r.block)
		if !c.used.addNew(k, 1, &c.dup) {
			continue
		}
		if !c.owners.on {
			c.shared = true
			continue
		}
		c.owners.put(k, r.ino)
		c.add(XattrBlockClaimed, Place{Ino: r.ino, Block: r.block}, "block %d is claimed as data, too", r.block)
	}
}

// checkXattrs judges each block of xattrs once, and then the inodes that hold values.
func (c *checker) checkXattrs() error {
	c.hire(1)
	w := c.workers[0]
	refs := c.xrefs
	for len(refs) > 0 {
		n := 1
		for n < len(refs) && refs[n].block == refs[0].block {
			n++
		}
		w.checkXattrBlock(refs[0], uint64(n))
		refs = refs[n:]
	}
	c.checkValues()
	c.findings.take(&w.findings)
	return nil
}

// checkXattrBlock judges a block that refs inodes refer to.
func (w *worker) checkXattrBlock(r xattrRef, refs uint64) {
	c := w.c
	w.file = fileState{ino: r.ino}
	b := buf(&w.block, c.bs)
	w.block = b
	place := Place{Block: r.block}
	if err := c.read(r.block, b); err != nil {
		w.fault(BlockUnreadable, place, "%v", err)
		return
	}
	a, err := ondisk.BlockXattrs(b)
	if err == nil {
		err = w.eachXattr(a, r.block)
	}
	if err != nil {
		w.fault(XattrBlock, place, "%v", err).show(b)
		return
	}
	if err := a.Check(); err != nil {
		w.fault(XattrBlockClash, place, "%v", err).show(b)
		return
	}
	w.checkXattrHeader(a, b, place, refs)
}

// checkXattrHeader compares the header of a block of xattrs with what is in it and who refers to it.
func (w *worker) checkXattrHeader(a ondisk.XattrArea, b []byte, place Place, refs uint64) {
	var h ondisk.XattrHeader
	if h.Decode(b) != nil {
		return
	}
	if w.c.csum {
		if err := ondisk.CheckXattrBlockCsum(w.c.seed, place.Block, b); err != nil {
			w.fault(XattrChecksum, place, "%v", err).want(uint64(ondisk.XattrBlockCsum(w.c.seed, place.Block, b)))
		}
	}
	if uint64(h.Refcount) != refs {
		w.fault(XattrRefcount, place, "h_refcount is %d, not %d", h.Refcount, refs).want(refs)
	}
	if want, err := a.BlockHash(); err == nil && h.Hash != want && h.Hash != 0 {
		w.fault(XattrBlockHash, place, "h_hash is %#x, not %#x", h.Hash, want).want(uint64(want))
	}
}
