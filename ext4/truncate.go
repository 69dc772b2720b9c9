package ext4

import (
	"syscall"

	"extant/internal/journal"
	"extant/internal/page"
)

// Truncate sets the size of a regular file in bytes. What it loses is gone, what it gains reads as zeros; blocks past the
// end go in either case. Errors are those of WriteAt.
func (n *Inode) Truncate(size int64) error {
	if size < 0 {
		return syscall.EINVAL
	}
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
	return n.fs.judge(n.truncateLocked(size))
}

// +checklocks:n.mu
func (n *Inode) truncateLocked(size int64) error {
	switch {
	case size > n.sizeMax():
		return syscall.EFBIG
	case size > n.size.Load():
		for try := 0; ; try++ {
			err := n.extend(size)
			if err != syscall.ENOSPC || !n.fs.findSpace(try) {
				return err
			}
		}
	}
	if n.where() == placeEvicted && size > int64(n.fs.blockSize) {
		// What is left has no room in the inode, and the block alone would not make it that long.
		if err := n.writeback(0, 1); err != nil {
			return err
		}
	}
	n.invalidate.Lock() // from here on nothing is stored through a mapping
	defer n.invalidate.Unlock()
	if n.where() != placeBlocks {
		if done, err := n.cutInline(size); done || err != nil {
			return err
		}
	}
	return n.cutBlocks(size)
}

// extend makes the file longer.
//
// +checklocks:n.mu
func (n *Inode) extend(size int64) error {
	if n.where().mayBeInline() {
		c := chunk{off: size}
		if err := n.beginInline(&c); err != nil {
			return err
		}
		if c.inline {
			return n.endInline(&c)
		}
	}
	if n.where() == placeEvicted {
		if err := n.writeback(0, 1); err != nil {
			return err
		}
	}
	if err := n.zeroTail(size); err != nil {
		return err
	}
	return n.resize(size)
}

// setSize sets i_size, in memory and on disk together.
func (n *Inode) setSize(h *journal.Handle, size int64) error {
	n.maps.Lock()
	defer n.maps.Unlock()
	err := n.update(h, func(e *edit) error {
		e.size = size
		n.stamp(e)
		return nil
	})
	if err == nil {
		n.size.Store(size)
	}
	return err
}

// zeroTail sees to it that the last block of the file has nothing but zeros on the device past the present end, where the file is about to
// grow past that: to byte to, or by a write there.
//
// +checklocks:n.mu
func (n *Inode) zeroTail(to int64) error {
	size := n.size.Load()
	if to <= size || size&int64(n.fs.blockSize-1) == 0 || n.where().mayBeInline() {
		return nil
	}
	f, err := n.uptodate(uint64(size)>>n.fs.blockBits, 1)
	if err != nil {
		return err
	}
	if f.Has(page.Trimmed) {
		n.makeDirty(f)
	}
	f.Unlock()
	return nil
}

// cutInline makes a file shorter whose inode has data, be it the newest or what it was before an eviction. What remains there past
// the end must not come back. It does nothing, and says so, where the data has been written back to a block meanwhile. invalidate is held
// exclusively.
//
// +checklocks:n.mu
func (n *Inode) cutInline(size int64) (done bool, err error) {
	h, err := n.start(inodeCredits)
	if err != nil {
		return false, err
	}
	zero := n.pages.Lock(0)
	if n.where() == placeBlocks {
		zero.Unlock()
		return false, n.w.stopped(h, nil)
	}
	err = n.cutInode(h, zero, size)
	switch {
	case err == nil && size == 0:
		n.unreserve(zero)
		zero.Drop()
	default:
		if err == nil && zero.Has(page.Uptodate) {
			n.zeroPastEnd(zero)
		}
		zero.Unlock()
	}
	if err == nil {
		n.dropFolios(n.blocksOfSize(), fileEnd)
	}
	return true, n.w.stopped(h, err)
}

// cutInode is the inode's part of cutInline. A file without data starts anew.
func (n *Inode) cutInode(h *journal.Handle, zero *page.Folio, size int64) error {
	n.xattr.Lock()
	defer n.xattr.Unlock()
	n.maps.Lock()
	defer n.maps.Unlock()
	err := n.update(h, func(e *edit) error {
		n.stamp(e)
		kept := min(size, n.core().size)
		e.size = kept
		switch {
		case !e.Inline():
			return nil
		case size == 0:
			return e.dropInline(n.fs.extents())
		}
		old, err := n.inlineData()
		if err != nil {
			return err
		}
		data := make([]byte, min(kept, int64(old.Len())))
		old.CopyTo(data, 0)
		return e.storeInline(data)
	})
	if err != nil {
		return err
	}
	n.size.Store(size)
	if size == 0 {
		n.setPlace(zero, placeNew)
	}
	return nil
}

// cutBlocks makes a file shorter whose data is in blocks. The inode is on the list of orphans meanwhile: a truncation that a crash cuts off is
// finished by the next mount. invalidate is held exclusively.
//
// +checklocks:n.mu
func (n *Inode) cutBlocks(size int64) error {
	if n.space().Cluster() > 1 {
		// Writeback may be about to map a block in the cluster of another one that is to go, and the cluster with it.
		n.writepages.Lock()
		defer n.writepages.Unlock()
	}
	h, err := n.start(n.mapCredits() + n.freeCredits() + inodeCredits + orphanCredits)
	if err != nil {
		return err
	}
	return n.w.stopped(h, n.cutWith(h, size))
}

func (n *Inode) cutWith(h *journal.Handle, size int64) error {
	if err := n.w.orphans.add(h, n); err != nil {
		return err
	}
	if err := n.setSize(h, size); err != nil {
		return err
	}
	first := n.blocksOfSize()
	if err := n.clearTail(size); err != nil {
		return err
	}
	n.dropFolios(first, fileEnd)
	n.giveUpAhead(n.w)
	if err := n.removeRange(h, first, fileEnd); err != nil {
		return err
	}
	if size == 0 {
		n.startAnew()
	}
	if n.core().disk.LinksCount == 0 {
		return nil // it stays an orphan
	}
	return n.w.orphans.remove(h, n)
}

// clearTail zeroes what the last block has past the end.
func (n *Inode) clearTail(size int64) error {
	if size&int64(n.fs.blockSize-1) == 0 {
		return nil
	}
	i := uint64(size) >> n.fs.blockBits
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
	if n.zeroPastEnd(f) || f.Has(page.Trimmed) {
		n.makeDirty(f)
	}
	return nil
}

// startAnew lets a file that has become empty hold its data in the inode again.
func (n *Inode) startAnew() {
	zero := n.pages.Lock(0)
	n.xattr.Lock()
	n.setPlace(zero, n.fs.firstPlace(n.ino, n.core()))
	n.xattr.Unlock()
	zero.Drop()
}

// dropFolios takes the folios from first up to end out of the cache, dirty or not. invalidate is held exclusively, or nobody
// uses the inode any more.
func (n *Inode) dropFolios(first, end uint64) {
	for f := n.pages.Next(first, end); f != nil; f = n.pages.Next(first, end) {
		first = f.Index() + 1
		n.unreserve(f)
		f.Drop()
	}
}

// stampGrain is how old times of change may be before a write sets them again: half a tick of a kernel's clock.
const stampGrain = 2e6 // nanoseconds

// stamp sets the times of a change of data.
func (n *Inode) stamp(e *edit) {
	now := n.w.now()
	e.SetModified(now)
	e.SetChanged(now)
}

// stampWrite sets the times of a change of data unless they have just been set.
func (n *Inode) stampWrite() error {
	now, c := n.w.now(), n.core()
	if now.Sub(c.disk.Modified()) < stampGrain && now.Sub(c.disk.Changed()) < stampGrain && !now.Before(c.disk.Modified()) {
		return nil
	}
	return n.touchData()
}
