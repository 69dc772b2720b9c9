package ext4

import (
	"syscall"

	"extant/internal/buffer"
	"extant/internal/journal"
	"extant/internal/ondisk"
)

// mapPath leads from i_block through indirect blocks to where the number of a file block stands, for a change under one handle. The
// inode's maps lock is held exclusively.
type mapPath struct {
	n     *Inode
	h     *journal.Handle
	to    ondisk.BlockPath
	root  [ondisk.IBlockSize]byte
	steps []mapStep // i_block first; fewer than to has where a number on the way is 0
}

type mapStep struct {
	buf *buffer.Buffer // nil for i_block
	m   ondisk.BlockMap
}

func (n *Inode) mapPathTo(h *journal.Handle, fb uint64) (*mapPath, error) {
	to, ok := ondisk.PathTo(ondisk.FileBlock(fb), n.fs.blockSize)
	if !ok || fb >= ondisk.FileBlocksMax {
		return nil, syscall.EFBIG
	}
	p := &mapPath{n: n, h: h, to: to, root: n.core().disk.IBlock, steps: make([]mapStep, 1, 4)}
	p.steps[0].m = p.root[:]
	for level := range to.Depth {
		b := p.steps[level].m.At(to.Index[level])
		if b == 0 {
			break
		}
		buf, err := n.fs.metaBlock("indirect block", b)
		if err != nil {
			return nil, ondisk.Locate(err, n.ino, b)
		}
		p.steps = append(p.steps, mapStep{buf, buf.Data()})
	}
	return p, nil
}

// set writes count numbers from the place of the path on in step i: b and those after it, or zeros where b is 0.
func (p *mapPath) set(i, at, count int, b ondisk.Block) error {
	s := &p.steps[i]
	if s.buf != nil {
		data, err := p.h.Access(s.buf)
		if err != nil {
			return err
		}
		s.m = data
	}
	for k := range count {
		s.m.Set(at+k, b+ondisk.Block(k)*min(b, 1))
	}
	if s.buf != nil {
		p.h.Dirty(s.buf)
		return nil
	}
	return p.n.update(p.h, func(e *edit) error {
		e.IBlock = p.root
		return nil
	})
}

// deepen allocates the indirect blocks that the path lacks.
func (p *mapPath) deepen() error {
	for len(p.steps) <= p.to.Depth {
		buf, data, err := p.n.newMetaBlock(p.h)
		if err != nil {
			return err
		}
		p.h.Dirty(buf)
		i := len(p.steps) - 1
		if err := p.set(i, p.to.Index[i], 1, buf.Block()); err != nil {
			return err
		}
		p.steps = append(p.steps, mapStep{buf, data})
	}
	return nil
}

// span is where the numbers at the end of the path begin, and how many of them there are, for file block fb.
func (p *mapPath) span(fb uint64) (at, count int) {
	at = p.to.Index[p.to.Depth]
	if p.to.Depth == 0 {
		return at, ondisk.DirectBlocks - at
	}
	return at, p.n.fs.blockSize/4 - at
}

// insertBlockMap maps a range of file blocks that lies in a hole.
func (n *Inode) insertBlockMap(h *journal.Handle, r run) error {
	for r.count > 0 {
		p, err := n.mapPathTo(h, r.first)
		if err == nil {
			err = p.deepen()
		}
		if err != nil {
			return err
		}
		at, room := p.span(r.first)
		k := min(uint64(room), r.count)
		if err := p.set(p.to.Depth, at, int(k), r.start); err != nil {
			return err
		}
		r.first, r.start, r.count = r.first+k, r.start+ondisk.Block(k), r.count-k
	}
	return nil
}

// removeBlockMap unmaps file blocks from first up to end, as many as stand in one indirect block, beginning with the last, and frees them and
// the indirect blocks that become empty. It returns the file block before which nothing has been unmapped.
func (n *Inode) removeBlockMap(h *journal.Handle, first, end uint64) (uint64, error) {
	end = min(end, ondisk.BlockMapMax(n.fs.blockSize))
	if end <= first {
		return first, nil
	}
	p, err := n.mapPathTo(h, end-1)
	if err != nil {
		return end, err
	}
	if missing := p.to.Depth + 1 - len(p.steps); missing > 0 {
		return max(first, n.mapHole(ondisk.FileBlock(end-1), missing).first), nil
	}
	at := p.to.Index[p.to.Depth]
	from := max(0, at-int(min(end-1-first, uint64(at))))
	rest := end - 1 - uint64(at-from)
	m := p.steps[p.to.Depth].m
	var gone []run
	for i := from; i <= at; {
		k := m.Run(i, at+1)
		if b := m.At(i); b != 0 {
			gone = append(gone, run{first: rest + uint64(i-from), count: uint64(k), start: b, state: written})
		}
		i += k
	}
	if len(gone) == 0 {
		return rest, nil
	}
	for _, r := range gone {
		if err := n.fs.checkRange("block map", r.start, r.count); err != nil {
			return end, ondisk.Locate(err, n.ino, 0)
		}
	}
	if err := p.set(p.to.Depth, from, at-from+1, 0); err != nil {
		return end, half(err)
	}
	if err := n.freeRuns(h, gone); err != nil {
		return end, half(err)
	}
	return rest, half(p.prune())
}

// prune frees the indirect blocks of the path that hold no numbers any more.
func (p *mapPath) prune() error {
	for i := p.to.Depth; i > 0; i-- {
		m := p.steps[i].m
		if m.At(0) != 0 || m.Run(0, m.Len()) < m.Len() {
			return nil
		}
		if err := p.n.freeMetaBlock(p.h, p.steps[i].buf); err != nil {
			return err
		}
		if err := p.set(i-1, p.to.Index[i-1], 1, 0); err != nil {
			return err
		}
	}
	return nil
}
