package fsck

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"extant/internal/ondisk"
)

// listBadBlocks writes the list of bad blocks anew: what the options say, and what was in it unless they replace it. Who has a block of the list is
// found by the next check, and gets a copy.
func (m *mender) listBadBlocks() error {
	list := slices.Clone(m.r.o.BadBlocks)
	if !m.r.o.BadBlocksOnly {
		list = append(list, m.badBlocks()...)
	}
	slices.Sort(list)
	list = slices.Compact(list)
	if m.c.ratio > 1 && len(list) > 0 {
		return errors.New("bad blocks: clusters of several blocks (bigalloc) cannot be listed")
	}
	for _, b := range list {
		switch r, fixed := m.c.fixed.at(b, 1); {
		case fixed:
			return fmt.Errorf("bad block %d holds the file system's %s, which is not moved", b, r.kind)
		case !m.c.holds(b, 1) || b != ondisk.Block(uint32(b)):
			return fmt.Errorf("bad block %d: no block that can be listed", b)
		}
		m.r.space.add(m.c.cluster(b), 1)
	}
	w := listWriter{m: m, left: list}
	var root [ondisk.IBlockSize]byte
	for i := range ondisk.TripleSlot { // which a list is never long enough for
		binary.LittleEndian.PutUint32(root[4*i:], w.number(max(0, i-ondisk.IndirectSlot+1)))
	}
	switch {
	case w.err != nil:
		return w.err
	case len(w.left) > 0:
		return fmt.Errorf("%d bad blocks are more than the list takes", len(list))
	}
	return m.inode(ondisk.BadBlocksIno, func(n *ondisk.Inode, _ []byte) {
		n.IBlock = root
		n.SetSize(uint64(len(list) * m.c.bs))
		n.SetBlocks((uint64(len(list)) + w.nodes) * uint64(m.c.bs/512))
	})
}

// badBlocks is the list as it is, as far as it is one.
func (m *mender) badBlocks() (list []ondisk.Block) {
	runs, err := m.fileRuns(ondisk.BadBlocksIno)
	if err != nil {
		return nil
	}
	for _, r := range runs {
		for i := range r.count {
			list = append(list, r.start+ondisk.Block(i))
		}
	}
	return list
}

// A listWriter lays a list of blocks out as a map of blocks.
type listWriter struct {
	m     *mender
	left  []ondisk.Block
	nodes uint64 // blocks allocated
	err   error
}

// number is what maps the next blocks through so many levels of indirect blocks; 0 where none are left.
func (w *listWriter) number(level int) uint32 {
	if len(w.left) == 0 || w.err != nil {
		return 0
	}
	if level == 0 {
		b := w.left[0]
		w.left = w.left[1:]
		return uint32(b)
	}
	at, err := w.m.allocateBlock()
	if err != nil {
		w.err = err
		return 0
	}
	w.nodes++
	p := make([]byte, w.m.c.bs)
	for i := 0; i < len(p); i += 4 {
		binary.LittleEndian.PutUint32(p[i:], w.number(level-1))
	}
	if err := w.m.put(at, p); err != nil && w.err == nil {
		w.err = err
	}
	return uint32(at)
}
