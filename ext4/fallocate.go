package ext4

import (
	"syscall"

	"extant/internal/journal"
	"extant/internal/ondisk"
	"extant/internal/page"
)

// FallocMode says what [Inode.Fallocate] does. The modes do not go together.
type FallocMode uint8

// Modes of Fallocate.
const (
	FallocAllocate FallocMode = iota // give blocks to what has none; it reads as zeros, and writing there will not lack space
	FallocKeepSize                   // the same, but the file does not grow: blocks past its end are kept for later
	FallocPunch                      // free the blocks within the range, which reads as zeros. The size stays
	FallocZero                       // make the range read as zeros, with blocks. The file grows as it must
	FallocZeroKeep                   // the same, but the file does not grow
	FallocCollapse                   // take the range out: what is behind it moves down. The range is of whole blocks, and the file reaches past it
	FallocInsert                     // put a hole of whole blocks in: what is at off and behind it moves up
)

// Fallocate changes how the n bytes of a file from off on are stored (fallocate). Errors are syscall.EINVAL for a range that the mode does not
// take, EOPNOTSUPP for a mode that a file without extents does not, and those of WriteAt.
//
// A change that one transaction does not hold, of a file with very many extents, is committed in steps, each of which leaves the file sound: after a
// crash a part of the range may be gone, or a part of what is behind it have moved. No block is lost, and all are in order.
func (n *Inode) Fallocate(mode FallocMode, off, length int64) error {
	w, err := n.fs.enter()
	if err != nil {
		return err
	}
	defer w.leave()
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.checkWrite(); err != nil {
		return err
	}
	if err := n.CheckFallocate(mode, off, length); err != nil {
		return err
	}
	for try := 0; ; try++ {
		err := n.fallocate(mode, off, length)
		if err != syscall.ENOSPC || !n.fs.findSpace(try) {
			return n.fs.judge(err)
		}
	}
}

// CheckFallocate says why Fallocate would refuse a range of a file of the length that it has now.
func (n *Inode) CheckFallocate(mode FallocMode, off, length int64) error {
	if off < 0 || length <= 0 || mode > FallocInsert {
		return syscall.EINVAL
	}
	if off > n.sizeMax()-length {
		return syscall.EFBIG
	}
	if mode != FallocPunch && n.core().disk.Flags&(ondisk.InodeExtents|ondisk.InodeInlineData) == 0 {
		return syscall.EOPNOTSUPP
	}
	if mode != FallocCollapse && mode != FallocInsert {
		return nil
	}
	size, block := n.size.Load(), int64(n.fs.blockSize)*int64(n.space().Cluster())
	switch {
	case off%block != 0 || length%block != 0:
		return syscall.EINVAL
	case mode == FallocCollapse && off+length >= size, mode == FallocInsert && off >= size:
		return syscall.EINVAL
	case mode == FallocInsert && length > n.sizeMax()-size:
		return syscall.EFBIG
	}
	return nil
}

// toBlocks takes the data out of the inode and gives it its block.
//
// +checklocks:n.mu
func (n *Inode) toBlocks() error {
	if n.where().mayBeInline() {
		c := chunk{off: int64(n.fs.blockSize) + 1} // nothing that goes into an inode ends there
		if err := n.beginInline(&c); err != nil {
			return err
		}
	}
	if n.where() == placeEvicted {
		return n.writeback(0, 1)
	}
	return nil
}

// +checklocks:n.mu
func (n *Inode) fallocate(mode FallocMode, off, length int64) error {
	if err := n.toBlocks(); err != nil {
		return err
	}
	if mode != FallocPunch && !n.extents() {
		return syscall.EOPNOTSUPP
	}
	switch mode {
	case FallocAllocate, FallocKeepSize:
		return n.preallocate(off, length, mode == FallocAllocate)
	case FallocPunch:
		return n.punch(off, min(off+length, n.size.Load()))
	case FallocZero, FallocZeroKeep:
		return n.zeroRange(off, length, mode == FallocZero)
	case FallocCollapse:
		return n.collapse(off, length)
	}
	return n.insert(off, length)
}

// preallocate gives unwritten blocks to the holes of a range.
//
// +checklocks:n.mu
func (n *Inode) preallocate(off, length int64, grow bool) error {
	bits := n.fs.blockBits
	first, end := uint64(off)>>bits, uint64(off+length+int64(n.fs.blockSize)-1)>>bits
	if grow {
		if err := n.zeroTail(off + length); err != nil {
			return err
		}
	}
	if err := n.writeback(first, end); err != nil { // what is promised already is allocated
		return err
	}
	for first < end {
		next, err := n.fillSome(first, end, off+length, grow)
		if err != nil {
			return err
		}
		first = next
	}
	if grow && off+length > n.size.Load() {
		return n.extend(off + length)
	}
	return n.touchData()
}

// fillSome gives blocks to the first hole from first up to end, or a part of it, and returns where to go on; the file becomes as long as they reach if it is
// to grow, and at most size. Nobody writes the file back meanwhile: who does finds a hole, and fills it later.
func (n *Inode) fillSome(first, end uint64, size int64, grow bool) (uint64, error) {
	n.writepages.Lock()
	defer n.writepages.Unlock()
	h, err := n.start(n.mapCredits() + inodeCredits)
	if err != nil {
		return first, err
	}
	next, err := n.fillHole(h, first, end)
	if size = min(int64(next)<<n.fs.blockBits, size); err == nil && grow && size > n.size.Load() {
		err = n.setSize(h, size)
	}
	return next, n.w.stopped(h, err)
}

// fillHole allocates the first hole from first up to end, or a part of it, and returns where to go on.
func (n *Inode) fillHole(h *journal.Handle, first, end uint64) (uint64, error) {
	n.maps.Lock()
	defer n.maps.Unlock()
	for first < end {
		r, err := n.runOf(first)
		if err != nil {
			return first, err
		}
		r = r.clip(first, end)
		if r.state != hole {
			first = r.end()
			continue
		}
		r.state = unwritten
		r, err = n.allocate(h, r, 0)
		return r.end(), err
	}
	return end, nil
}

// touchData sets the times of a change of data.
func (n *Inode) touchData() error {
	h, err := n.start(inodeCredits)
	if err != nil {
		return err
	}
	return n.w.stopped(h, n.update(h, func(e *edit) error {
		n.stamp(e)
		return nil
	}))
}

// settleRange writes back what is dirty in a range, and takes its whole blocks out of the cache. invalidate is held exclusively, and writepages, which
// the caller keeps until the map has changed: a block before or after the range that got its place meanwhile could become one extent with what is to
// change, or lie in a cluster that is to go.
//
// +checklocks:n.writepages
func (n *Inode) settleRange(first, end uint64) error {
	if err := n.writebackLocked(first, end); err != nil {
		return err
	}
	n.dropFolios(first, end)
	return nil
}

// clusterSpan grows a range of file blocks to whole clusters.
func (n *Inode) clusterSpan(first, end uint64) (uint64, uint64) {
	ratio := n.space().Cluster()
	return first - first%ratio, (end + ratio - 1) / ratio * ratio
}

// punch frees the blocks within bytes off up to end, and zeroes the rest of the range.
//
// +checklocks:n.mu
func (n *Inode) punch(off, end int64) error {
	if off >= end {
		return n.touchData() // as in Linux, it counts as a change
	}
	n.invalidate.Lock()
	defer n.invalidate.Unlock()
	first, last, err := n.zeroEdges(off, end)
	if err != nil {
		return err
	}
	if err := n.punchBlocks(first, last); err != nil {
		return err
	}
	return n.touchData()
}

// punchBlocks frees the blocks from first up to last. invalidate is held exclusively.
func (n *Inode) punchBlocks(first, last uint64) error {
	if first >= last {
		return nil
	}
	n.writepages.Lock()
	defer n.writepages.Unlock()
	if err := n.settleRange(n.clusterSpan(first, last)); err != nil {
		return err
	}
	return n.removeBlocks(first, last)
}

// zeroEdges zeroes the parts of a range that do not make a whole block, and returns the blocks that are whole. A block in which the file
// ends counts as whole if the range reaches there.
func (n *Inode) zeroEdges(off, end int64) (first, last uint64, err error) {
	bits, bs := n.fs.blockBits, int64(n.fs.blockSize)
	first, last = uint64(off+bs-1)>>bits, uint64(end)>>bits
	if end >= n.size.Load() {
		last = uint64(end+bs-1) >> bits
	}
	if first > last {
		return first, last, n.zeroPart(uint64(off)>>bits, int(off&(bs-1)), int(end&(bs-1)))
	}
	if off&(bs-1) != 0 {
		err = n.zeroPart(first-1, int(off&(bs-1)), int(bs))
	}
	if err == nil && int64(last)<<bits < end {
		err = n.zeroPart(last, 0, int(end&(bs-1)))
	}
	return first, last, err
}

// zeroPart zeroes a part of a block that has data. invalidate is held exclusively.
func (n *Inode) zeroPart(i uint64, from, to int) error {
	f := n.pages.Lock(i)
	defer f.Unlock()
	if !f.Has(page.Uptodate) {
		if r, err := n.mapped(i); err != nil || r.state != written {
			return err
		}
		if _, err := n.readFolios([]*page.Folio{f}); err != nil {
			return err
		}
	}
	if !f.Has(page.Dirty) {
		if r, err := n.mapped(i); err != nil || r.state != written {
			return err
		}
	}
	clear(f.Data()[from:to])
	n.makeDirty(f)
	return nil
}

// removeBlocks unmaps and frees a range, under as many handles as that takes.
func (n *Inode) removeBlocks(first, end uint64) error {
	h, err := n.start(n.mapCredits() + n.freeCredits() + inodeCredits)
	if err != nil {
		return err
	}
	return n.w.stopped(h, n.removeRange(h, first, end))
}

// zeroRange makes a range read as zeros: what has blocks becomes unwritten, and holes get blocks that are.
//
// +checklocks:n.mu
func (n *Inode) zeroRange(off, length int64, grow bool) error {
	if err := n.zeroBlocks(off, off+length); err != nil {
		return err
	}
	return n.preallocate(off, length, grow)
}

// +checklocks:n.mu
func (n *Inode) zeroBlocks(off, end int64) error {
	n.invalidate.Lock()
	defer n.invalidate.Unlock()
	first, last, err := n.zeroEdges(off, end)
	if err != nil || first >= last {
		return err
	}
	n.writepages.Lock()
	defer n.writepages.Unlock()
	if err := n.settleRange(first, last); err != nil {
		return err
	}
	for first < last {
		h, err := n.start(n.mapCredits() + inodeCredits)
		if err != nil {
			return err
		}
		next, err := n.unwriteSome(h, first, last)
		if err := n.w.stopped(h, err); err != nil {
			return err
		}
		first = next
	}
	return nil
}

// unwriteSome makes the first written run of a range unwritten, and returns where to go on.
func (n *Inode) unwriteSome(h *journal.Handle, first, end uint64) (uint64, error) {
	n.maps.Lock()
	defer n.maps.Unlock()
	for first < end {
		r, err := n.runOf(first)
		if err != nil {
			return first, err
		}
		r = r.clip(first, end)
		first = r.end()
		if r.state == written {
			n.last.Store(nil)
			return r.end(), half(n.markExtents(h, r.first, r.end(), true))
		}
	}
	return end, nil
}

// collapse takes a range of whole blocks out of the file.
//
// +checklocks:n.mu
func (n *Inode) collapse(off, length int64) error {
	n.invalidate.Lock()
	defer n.invalidate.Unlock()
	n.writepages.Lock()
	defer n.writepages.Unlock()
	bits := n.fs.blockBits
	first, end := uint64(off)>>bits, uint64(off+length)>>bits
	if err := n.settleRange(first, fileEnd); err != nil {
		return err
	}
	if err := n.removeBlocks(first, end); err != nil {
		return err
	}
	if err := n.shift(end, -int64(end-first)); err != nil {
		return err
	}
	return n.resize(n.size.Load() - length)
}

// insert puts a hole of whole blocks into the file.
//
// +checklocks:n.mu
func (n *Inode) insert(off, length int64) error {
	n.invalidate.Lock()
	defer n.invalidate.Unlock()
	n.writepages.Lock()
	defer n.writepages.Unlock()
	bits := n.fs.blockBits
	first := uint64(off) >> bits
	if err := n.settleRange(first, fileEnd); err != nil {
		return err
	}
	if last, err := n.mapped(fileEnd - 1); err != nil || last.state != hole || fileEnd-last.first < uint64(length)>>bits {
		if err == nil {
			err = syscall.EFBIG
		}
		return err
	}
	if err := n.splitAt(first); err != nil { // may find no space, and is tried again: nothing has changed until then
		return err
	}
	if err := n.resize(n.size.Load() + length); err != nil {
		return err
	}
	return n.shift(first, length>>bits)
}

// resize sets i_size in a handle of its own.
func (n *Inode) resize(size int64) error {
	h, err := n.start(inodeCredits)
	if err != nil {
		return err
	}
	return n.w.stopped(h, n.setSize(h, size))
}

// splitAt sees to it that no extent lies across file block first.
func (n *Inode) splitAt(first uint64) error {
	h, err := n.start(n.mapCredits() + inodeCredits)
	if err != nil {
		return err
	}
	n.maps.Lock()
	n.last.Store(nil)
	err = half(n.splitExtent(h, first))
	n.maps.Unlock()
	return n.w.stopped(h, err)
}

// shift moves what is mapped from first on by delta blocks.
func (n *Inode) shift(first uint64, delta int64) error {
	h, err := n.start(n.mapCredits() + inodeCredits)
	if err != nil {
		return err
	}
	bound, done := first, false
	if delta > 0 {
		bound = fileEnd
	}
	for !done && err == nil {
		if err = n.refill(h); err != nil {
			break
		}
		n.maps.Lock()
		n.last.Store(nil)
		bound, done, err = n.shiftExtents(h, first, bound, delta)
		err = half(err)
		n.maps.Unlock()
	}
	return n.w.stopped(h, err)
}
