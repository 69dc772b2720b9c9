package mkfs

import (
	"extant/internal/ondisk"
)

// largeValues are the values of xattrs that have inodes of their own, each once however many xattrs have it.
type largeValues struct {
	list  []largeValue
	index map[string]int // by value
	short bool           // there were not enough inodes
}

type largeValue struct {
	value []byte
	ino   ondisk.Ino
	refs  uint64 // entries that point at it
	inode ondisk.Inode
	runs  []run
}

// takeLarge moves a value to an inode of its own, where the file system has such.
func (p *plan) takeLarge(x *ondisk.Xattr) bool {
	if !p.im.geo.has(eaInode) || len(x.Value) == 0 {
		return false
	}
	l := &p.large
	if l.index == nil {
		l.index = map[string]int{}
	}
	i, ok := l.index[string(x.Value)]
	if !ok {
		ino, err := p.im.newIno(false)
		if err != nil {
			l.short = true
			return false
		}
		i = len(l.list)
		l.index[string(x.Value)] = i
		l.list = append(l.list, largeValue{value: x.Value, ino: ino})
	}
	x.ValueIno, x.Size = l.list[i].ino, uint32(len(x.Value))
	x.Hash = ondisk.XattrInodeHash(x.Name, ondisk.EAValueHash(p.im.seed, x.Value))
	x.Value = nil
	return true
}

// refer counts the entries of one more block.
func (l *largeValues) refer(block []ondisk.Xattr) {
	for i := range block {
		if ino := block[i].ValueIno; ino != 0 {
			l.list[ino-l.list[0].ino].refs++
		}
	}
}

// layLarge takes the blocks of large values.
func (p *plan) layLarge() error {
	if p.large.short {
		return &NoSpaceError{What: "inodes", Need: uint64(p.im.super.InodesCount) + 1, Have: uint64(p.im.super.InodesCount)}
	}
	for i := range p.large.list {
		v := &p.large.list[i]
		n := p.im.newInode(ondisk.ModeRegular | 0o600)
		n.Flags |= ondisk.InodeEA
		n.CTimeExtra = 0
		n.SetEAHash(ondisk.EAValueHash(p.im.seed, v.value))
		n.SetEARefcount(v.refs)
		blocks := divUp(uint64(len(v.value)), uint64(p.im.geo.BlockSize))
		whole := divUp(blocks, p.im.geo.Ratio) * p.im.geo.Ratio
		if !p.full && whole+p.im.geo.Ratio > p.im.space.free {
			p.full, p.needed = true, p.needed+p.im.geo.Ratio // for a block of its map
		}
		if p.full {
			p.needed += whole
			continue
		}
		runs, err := p.im.layFile(&n, v.ino, uint64(len(v.value)))
		if err != nil {
			return err
		}
		v.inode, v.runs = n, runs
	}
	return nil
}

// largeBlocks is what the large values of an xattr block count for with every inode that refers to it, as if they were its own.
func (p *plan) largeBlocks(block []ondisk.Xattr) (n uint64) {
	cluster := uint64(p.im.geo.BlockSize) * p.im.geo.Ratio
	for i := range block {
		if block[i].ValueIno != 0 {
			n += divUp(uint64(block[i].Size), cluster) * p.im.geo.Ratio
		}
	}
	return n
}

// accountLarge counts the inodes of those values for the owners of an inode. Their blocks are in its i_blocks.
func (p *plan) accountLarge(n *ondisk.Inode, block []ondisk.Xattr) {
	for i := range block {
		if block[i].ValueIno != 0 {
			own := *n
			own.SetBlocks(0)
			p.im.account(&own)
		}
	}
}

// writeLarge writes the large values and their inodes.
func (p *plan) writeLarge() error {
	bs := p.im.geo.BlockSize
	for i := range p.large.list {
		v := &p.large.list[i]
		padded := make([]byte, divUp(uint64(len(v.value)), uint64(bs))*uint64(bs))
		copy(padded, v.value)
		if err := p.im.writeRuns(v.runs, padded); err != nil {
			return err
		}
		slot := make([]byte, p.im.slotSize())
		v.inode.Encode(slot)
		p.im.seal(v.ino, slot)
		if err := p.im.writeInodes(v.ino, slot); err != nil {
			return err
		}
	}
	return nil
}

// largeCount is how many values of a table might need an inode of their own.
func (t *xattrTable) largeCount(blockSize int) (n uint64) {
	for s := 1; s < len(t.starts); s++ {
		for _, x := range t.list(xattrSet(s)) {
			if len(x.Value) > blockSize/8 {
				n++
			}
		}
	}
	return n
}
