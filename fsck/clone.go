package fsck

import (
	"slices"

	"extant/internal/ondisk"
)

// keeper is the inode that keeps a cluster which several claim: a file of the file system's own, or the first of all. 0 is a block of xattrs, which
// all inodes that share it keep.
func (m *mender) keeper(k uint64) ondisk.Ino {
	c := m.c
	owners := c.owners.of[k]
	if m.holdsXattrs(k) || len(owners) == 0 {
		return 0
	}
	for _, ino := range owners {
		if c.hidden(ino) {
			return ino
		}
	}
	return owners[0]
}

// holdsXattrs reports whether inodes refer to a cluster as a block of xattrs.
func (m *mender) holdsXattrs(k uint64) bool {
	c := m.c
	_, ok := slices.BinarySearchFunc(c.xrefs, k, func(r xattrRef, k uint64) int {
		switch n := c.cluster(r.block); {
		case n < k:
			return -1
		case n > k:
			return 1
		}
		return 0
	})
	return ok
}

// cloneBlocks gives an inode copies of the blocks that others keep, or, where that was asked for, deletes it.
func (m *mender) cloneBlocks(f *Finding) error {
	ino := f.Place.Ino
	n, err := m.inodeOnce(CloneBlocks, ino)
	if n == nil || !m.mapped(n) && !m.c.hidden(ino) {
		return err
	}
	c := cloner{m: m, ino: ino, kept: make(map[uint64]bool), placed: make(map[uint64]uint64)}
	if m.r.o.Shared == Delete && !m.c.hidden(ino) && ino != ondisk.RootIno && m.keeper(m.c.cluster(f.Place.Block)) != ino {
		return m.clearInode(ino)
	}
	if !n.Has(ondisk.InodeExtents) {
		return m.renumber(ino, c.block, c.node)
	}
	s := m.salvageExtents(ino, n)
	runs, err := c.runs(s.runs)
	if err != nil {
		return err
	}
	if slices.Equal(joined(runs), joined(s.runs)) && !c.shared(s.nodes) && f.Code != MapNodeShared {
		return nil
	}
	return m.plant(ino, runs, s.own())
}

// A cloner makes copies for one inode.
type cloner struct {
	m      *mender
	ino    ondisk.Ino
	kept   map[uint64]bool   // clusters of the device that stay the inode's
	placed map[uint64]uint64 // cluster of the file, to the one of the device that it is to be in
}

// shared reports whether one of the nodes is something else as well.
func (c *cloner) shared(nodes []ondisk.Block) bool {
	return slices.ContainsFunc(nodes, func(b ondisk.Block) bool { return c.m.c.dup.has(c.m.c.cluster(b)) })
}

// runs is the runs with copies in place of what is not kept.
func (c *cloner) runs(runs []mapRun) ([]mapRun, error) {
	out := make([]mapRun, 0, len(runs))
	for _, r := range runs {
		if c.stays(r) {
			out = appendRun(out, r)
			continue
		}
		for i := range r.count {
			b, err := c.block(r.file+i, r.start+ondisk.Block(i))
			if err != nil {
				return nil, err
			}
			out = appendRun(out, mapRun{r.file + i, b, 1, r.unwritten})
		}
	}
	return out, nil
}

// stays reports whether a run is where it can be, and the inode's alone.
func (c *cloner) stays(r mapRun) bool {
	ch := c.m.c
	from, last := ch.cluster(r.start), ch.cluster(r.start+ondisk.Block(r.count)-1)
	if r.file%ch.ratio != uint64(r.start)%ch.ratio || ch.dup.any(from, last+1-from) {
		return false
	}
	if ch.ratio == 1 {
		return true
	}
	if at, ok := c.placed[r.file/ch.ratio]; ok && at != from {
		return false
	}
	c.placed[r.file/ch.ratio], c.placed[(r.end()-1)/ch.ratio] = from, last
	return true
}

// block is where a file block is to be that is at b now.
func (c *cloner) block(fb uint64, b ondisk.Block) (ondisk.Block, error) {
	ch := c.m.c
	k, file := ch.cluster(b), fb/ch.ratio
	to, ok := c.placed[file]
	if !ok {
		straight := fb%ch.ratio == uint64(b)%ch.ratio
		if to = k; !straight || c.kept[k] || ch.dup.has(k) && c.m.keeper(k) != c.ino {
			dst, _, err := c.m.allocate(1)
			if err != nil {
				return 0, err
			}
			to = ch.cluster(dst)
		}
		c.placed[file], c.kept[to] = to, true
	}
	dst := ondisk.Block(to*ch.ratio + fb%ch.ratio)
	if dst == b {
		return b, nil
	}
	return dst, c.m.copyBlock(dst, b)
}

// node is where an indirect block is to be.
func (c *cloner) node(b ondisk.Block) (ondisk.Block, error) {
	k := c.m.c.cluster(b)
	if !c.kept[k] && (!c.m.c.dup.has(k) || c.m.keeper(k) == c.ino) {
		c.kept[k] = true
		return b, nil
	}
	return c.m.allocateBlock()
}

// copyBlock copies a block. What cannot be read is zeros in the copy.
func (m *mender) copyBlock(dst, src ondisk.Block) error {
	p, err := m.get(src)
	if err != nil {
		clear(p)
	}
	return m.put(dst, p)
}

// cloneXattrs is for a block of xattrs that is data, too: where it holds xattrs they stay, and the data is cloned; else no inode has xattrs there.
func (m *mender) cloneXattrs(f *Finding) error {
	p, err := m.get(f.Place.Block)
	if err != nil {
		return err
	}
	if _, err := ondisk.BlockXattrs(p); err == nil {
		return nil // whoever has it as data is told so by another finding
	}
	return m.dropXattrBlock(f.Place.Block)
}
