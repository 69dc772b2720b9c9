package ext4

import (
	"extant/internal/ondisk"
)

// blockMapRun finds file block fb in the block map of an ext2 or ext3 file. 0 in place of a block number stands for a hole, as
// wide as what would be below it.
func (n *Inode) blockMapRun(fb ondisk.FileBlock) (run, error) {
	p, ok := ondisk.PathTo(fb, n.fs.blockSize)
	if !ok {
		first := ondisk.BlockMapMax(n.fs.blockSize)
		return run{first: first, count: ondisk.FileBlocksMax - first}, nil
	}
	m, end := ondisk.BlockMap(n.core().disk.IBlock[:]), ondisk.DirectBlocks
	for level := range p.Depth {
		b := m.At(p.Index[level])
		if b == 0 {
			return n.mapHole(fb, p.Depth-level), nil
		}
		var err error
		if m, err = n.indirectBlock(b); err != nil {
			return run{}, err
		}
		end = m.Len()
	}
	i := p.Index[p.Depth]
	r := run{first: uint64(fb), count: uint64(m.Run(i, end)), start: m.At(i), state: written}
	if r.start == 0 {
		r.state = hole
		return r, nil
	}
	return r, n.fs.checkRange("block map", r.start, r.count)
}

// mapHole is the hole around fb where a block number that stands over level levels of the map is 0.
func (n *Inode) mapHole(fb ondisk.FileBlock, level int) run {
	first := uint64(ondisk.DirectBlocks)
	for l := 1; uint64(fb) >= first+ondisk.IndirectSpan(l, n.fs.blockSize); l++ {
		first += ondisk.IndirectSpan(l, n.fs.blockSize)
	}
	span := ondisk.IndirectSpan(level, n.fs.blockSize)
	return run{first: uint64(fb) - (uint64(fb)-first)%span, count: span}
}

func (n *Inode) indirectBlock(b ondisk.Block) (ondisk.BlockMap, error) {
	buf, err := n.fs.metaBlock("indirect block", b)
	if err != nil {
		return nil, ondisk.Locate(err, n.ino, b)
	}
	return buf.Data(), nil
}
