package fsck

import (
	"extant/internal/ondisk"
)

// A renumberer changes the numbers of a block map in place, one block at a time: what is no block that a file may have becomes a hole.
type renumberer struct {
	m    *mender
	ino  ondisk.Ino
	data func(fb uint64, b ondisk.Block) (ondisk.Block, error) // what is to be in place of a number
	node func(b ondisk.Block) (ondisk.Block, error)            // of one of an indirect block; nil keeps it
	seen map[ondisk.Block]bool
}

// renumber goes through the block map of an inode.
func (m *mender) renumber(ino ondisk.Ino, data func(fb uint64, b ondisk.Block) (ondisk.Block, error), node func(ondisk.Block) (ondisk.Block, error)) error {
	n, _, _, err := m.getInode(ino)
	if err != nil {
		return err
	}
	r := renumberer{m: m, ino: ino, data: data, node: node, seen: make(map[ondisk.Block]bool)}
	root, before := ondisk.BlockMap(n.IBlock[:]), n.IBlock
	for i := range ondisk.DirectBlocks {
		if err := r.slot(root, i, -1, uint64(i)); err != nil {
			return err
		}
	}
	first := uint64(ondisk.DirectBlocks)
	for level := range ondisk.TripleSlot - ondisk.IndirectSlot + 1 {
		if err := r.slot(root, ondisk.IndirectSlot+level, level, first); err != nil {
			return err
		}
		first += ondisk.IndirectSpan(level+1, m.c.bs)
	}
	if n.IBlock == before {
		return nil
	}
	return m.inode(ino, func(k *ondisk.Inode, _ []byte) { k.IBlock = n.IBlock })
}

// slot puts the right number into a slot that maps file blocks from first on: of data for level -1, else of an indirect block.
func (r *renumberer) slot(p ondisk.BlockMap, i, level int, first uint64) error {
	c, b := r.m.c, p.At(i)
	switch {
	case b == 0:
		return nil
	case !c.holds(b, 1) || c.base.has(c.cluster(b)) || first >= ondisk.FileBlocksMax:
		p.Set(i, 0)
		return nil
	}
	var err error
	if level < 0 {
		b, err = r.data(first, b)
	} else {
		b, err = r.indirect(b, level, first)
	}
	if err == nil && b != p.At(i) {
		p.Set(i, b)
	}
	return err
}

// indirect goes through an indirect block, and returns where it is to be; 0 where nothing is in it.
func (r *renumberer) indirect(b ondisk.Block, level int, first uint64) (ondisk.Block, error) {
	if r.seen[b] {
		return 0, nil
	}
	r.seen[b] = true
	p, err := r.m.get(b)
	if err != nil {
		return b, nil // it stays unreadable
	}
	to := b
	if r.node != nil {
		if to, err = r.node(b); err != nil {
			return b, err
		}
	}
	numbers, before := ondisk.BlockMap(p), string(p)
	span, left := ondisk.IndirectSpan(level, r.m.c.bs), false
	for i := range numbers.Len() {
		if err := r.slot(numbers, i, level-1, first+uint64(i)*span); err != nil {
			return b, err
		}
		left = left || numbers.At(i) != 0
	}
	switch {
	case !left:
		return 0, nil
	case to == b && before == string(p):
		return b, nil
	}
	return to, r.m.put(to, p)
}

// asIs keeps the data of a map.
func asIs(_ uint64, b ondisk.Block) (ondisk.Block, error) { return b, nil }
