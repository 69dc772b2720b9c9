package ext4

import (
	"iter"
	"syscall"

	"extant/internal/ondisk"
)

// Mapping is a range of a file's bytes and where it lies on the device. Holes have none.
type Mapping struct {
	Off       int64 // in the file, bytes
	Len       int64 // bytes
	Dev       int64 // on the device, bytes
	Unwritten bool  // allocated, but reads as zeros
	Inline    bool  // in the inode itself; not aligned
	Delayed   bool  // in the cache alone: it gets its place on the device when it is written back
}

// Mappings yields the mappings of the file that end after off, in ascending order, adjacent ones joined. It shows what is allocated, past
// the end of the file too, as FIEMAP does. Inline data is one mapping, at i_block. Data that waits in the cache for its first blocks is
// there as well.
func (n *Inode) Mappings(off int64) iter.Seq2[Mapping, error] {
	return func(yield func(Mapping, error) bool) {
		if n.inline() {
			n.inlineMapping(off, yield)
			return
		}
		if !n.hasBlocks() {
			return
		}
		bits := n.fs.blockBits
		inHole := func(s runState) bool { return s == hole }
		for r, err := range n.cachedRuns(uint64(max(off, 0))>>bits, ondisk.FileBlocksMax, inHole) {
			if err == nil && r.state == hole {
				continue
			}
			m := Mapping{
				Off: int64(r.first) << bits, Len: int64(r.count) << bits, Dev: int64(r.start) << bits,
				Unwritten: r.state == unwritten, Delayed: r.state == cached,
			}
			if !yield(m, n.fs.judge(err)) || err != nil {
				return
			}
		}
	}
}

// Contiguous is where on the device, in bytes, the data of a regular file lies, if it is in one piece there from the first byte to the last
// and all of it was written. Mounted to write, newer data may wait in the cache.
func (n *Inode) Contiguous() (dev int64, ok bool) {
	c := n.core()
	if c.disk.Type() != ondisk.ModeRegular || c.disk.Inline() || c.size == 0 {
		return 0, false
	}
	r, err := n.mapped(0)
	if err != nil || r.state != written || int64(r.count)<<n.fs.blockBits < c.size {
		return 0, false
	}
	return int64(r.start) << n.fs.blockBits, true
}

func (n *Inode) inlineMapping(off int64, yield func(Mapping, error) bool) {
	at, err := n.fs.InodeSlot(n.ino)
	if err != nil {
		yield(Mapping{}, err)
		return
	}
	if size := n.length(); off < size { // once: others may change it
		yield(Mapping{Len: size, Dev: int64(at.Block)<<n.fs.blockBits + int64(at.Offset) + iBlockOffset, Inline: true}, nil)
	}
}

// iBlockOffset is where i_block is in an inode's slot.
const iBlockOffset = 0x28

// hasBlocks reports whether i_block is the root of a map of blocks, and not something else: a device number, a short symbolic link.
func (n *Inode) hasBlocks() bool {
	switch n.core().disk.Type() {
	case ondisk.ModeRegular, ondisk.ModeDir:
		return !n.inline()
	case ondisk.ModeSymlink:
		return !n.inline() && !n.fastLink()
	}
	return false
}

// SeekData is the first offset at or after off with data; syscall.ENXIO where there is none before the end of the file. Unwritten extents
// are holes, unless the cache has data for them.
func (n *Inode) SeekData(off int64) (int64, error) {
	at, err := n.seek(off, true)
	return at, n.fs.judge(err)
}

// SeekHole is the first offset at or after off in a hole, and the end of the file is one; syscall.ENXIO past it.
func (n *Inode) SeekHole(off int64) (int64, error) {
	at, err := n.seek(off, false)
	return at, n.fs.judge(err)
}

func (n *Inode) seek(off int64, data bool) (int64, error) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	if off < 0 || off >= n.length() {
		return 0, syscall.ENXIO
	}
	if !n.inline() {
		unset := func(s runState) bool { return s != written }
		for r, err := range n.cachedRuns(uint64(off)>>n.fs.blockBits, n.blocksOfSize(), unset) {
			if err != nil {
				return 0, err
			}
			if (r.state >= written) == data {
				return max(off, int64(r.first)<<n.fs.blockBits), nil
			}
		}
	} else if data {
		return off, nil
	}
	if data {
		return 0, syscall.ENXIO
	}
	return n.length(), nil
}

// cachedRuns yields what runs does, with the ranges that are dirty in the cache taken out of runs of those states that over says.
func (n *Inode) cachedRuns(first, end uint64, over func(runState) bool) iter.Seq2[run, error] {
	if n.content == nil {
		return n.runs(first, end)
	}
	return func(yield func(run, error) bool) {
		for r, err := range n.runs(first, end) {
			if err != nil || !over(r.state) {
				if !yield(r, err) {
					return
				}
				continue
			}
			if !n.splitCached(r, yield) {
				return
			}
		}
	}
}

// splitCached yields the parts of a run that are dirty in the cache and those that are not, in turn.
func (n *Inode) splitCached(r run, yield func(run, error) bool) bool {
	for r.count > 0 {
		from, ok := n.pages.NextDirty(r.first, r.end())
		if !ok {
			return yield(r, nil)
		}
		if from > r.first && !yield(r.clip(r.first, from), nil) {
			return false
		}
		to := from + 1
		for to < r.end() {
			if i, ok := n.pages.NextDirty(to, r.end()); !ok || i != to {
				break
			}
			to++
		}
		if !yield(run{first: from, count: to - from, state: cached}, nil) {
			return false
		}
		if to == r.end() {
			return true
		}
		r = r.clip(to, r.end())
	}
	return true
}
