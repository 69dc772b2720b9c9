package ext4

import (
	"extant/internal/journal"
	"extant/internal/ondisk"
	"extant/internal/page"
)

// beginInline decides about a chunk of a file whose data may be in its inode. The decision is made, and what it rests on looked
// up, while folio 0 is locked; where the inode takes the chunk it stays so until writeEnd. Where it does not, its data is evicted.
//
// +checklocks:n.mu
func (n *Inode) beginInline(c *chunk) error {
	h, err := n.start(inodeCredits + n.evictCredits())
	if err != nil {
		return err
	}
	zero := n.pages.Lock(0)
	fits, err := n.decideInline(c)
	if err == nil && fits {
		c.inline, c.folio, c.h = true, zero, h
		return n.begunInline(c)
	}
	if err == nil {
		err = n.evictInline(zero)
	}
	if err == nil && !n.delays() {
		err = n.leaveInode(h, zero)
	}
	zero.Unlock()
	return n.w.stopped(h, err)
}

// fitsInline reports whether the inode takes the chunk. Folio 0 is locked.
func (n *Inode) fitsInline(c *chunk) (bool, error) {
	if !n.where().mayBeInline() {
		return false, nil
	}
	n.xattr.RLock()
	defer n.xattr.RUnlock()
	room, err := n.inlineRoom()
	return err == nil && c.end() <= int64(room), err
}

// endInline puts the chunk into the inode.
//
// +checklocks:n.mu
func (n *Inode) endInline(c *chunk) error {
	n.xattr.Lock()
	size := max(n.size.Load(), c.end())
	err := n.storeInline(c, size)
	if err == nil {
		n.setPlace(c.folio, placeInode)
		c.folio.Clear(page.Uptodate)
		n.size.Store(size)
	}
	n.xattr.Unlock()
	c.folio.Unlock()
	return n.w.stopped(c.h, err)
}

// storeInline lays the chunk over what the inode has, and makes its content size bytes long.
func (n *Inode) storeInline(c *chunk, size int64) error {
	return n.update(c.h, func(e *edit) error {
		data := make([]byte, size)
		if e.Inline() {
			old, err := n.inlineData()
			if err != nil {
				return err
			}
			old.CopyTo(data[:min(size, n.size.Load())], 0)
		}
		copy(data[c.off:], c.data)
		if err := e.storeInline(data); err != nil {
			return err
		}
		e.size = size
		n.stamp(e)
		return nil
	})
}

// evictInline takes the authority over the data from the inode and gives it to folio 0, which is locked, so that a block takes the data over when it
// is written back. The inode keeps what it has until then. After an error nothing has changed.
func (n *Inode) evictInline(zero *page.Folio) error {
	n.xattr.Lock()
	defer n.xattr.Unlock()
	switch n.where() {
	case placeNew:
		n.setPlace(zero, placeBlocks)
	case placeInode:
		d, err := n.inlineData()
		if err != nil {
			return err
		}
		if err := n.reserve(zero); err != nil {
			return err
		}
		data := zero.Data()
		clear(data)
		size := int64(len(data))
		d.CopyTo(data[:min(size, n.size.Load())], 0)
		zero.Set(page.Uptodate)
		n.setPlace(zero, placeEvicted)
		n.makeDirty(zero)
	}
	return nil
}

// evictCredits is what a handle needs beyond the inode's to evict, which takes blocks at once only where allocation is not delayed.
func (n *Inode) evictCredits() int {
	if n.delays() {
		return 0
	}
	return leaveCredits
}

// leaveInode gives the data of an evicted file its block, in one transaction: the block is allocated and written, which may fail and changes
// nothing then; and at once the inode loses its copy and maps the block. Folio 0 is locked and a handle open.
func (n *Inode) leaveInode(h *journal.Handle, zero *page.Folio) error {
	n.xattr.Lock()
	defer n.xattr.Unlock()
	if !n.stillEvicted() {
		return nil
	}
	n.maps.Lock()
	defer n.maps.Unlock()
	flags := n.claimFlags(zero)
	r, fresh, err := n.claim(h, run{first: 0, count: 1, state: written}, flags)
	if err != nil {
		return err
	}
	if err := n.writeClaimed(h, []*page.Folio{zero}, r, fresh, flags); err != nil {
		return err
	}
	err = n.update(h, func(e *edit) error {
		if err := e.dropInline(n.fs.extents()); err != nil {
			return err
		}
		if n.fs.extents() {
			ondisk.ExtentNode(e.IBlock[:]).Append(ondisk.MakeExtent(0, r.start, 1, false))
		} else {
			ondisk.BlockMap(e.IBlock[:]).Set(0, r.start)
		}
		e.size = min(n.size.Load(), int64(n.fs.blockSize))
		return n.fs.addBlocks(&e.Inode, int64(fresh))
	})
	if err != nil {
		return half(err)
	}
	n.last.Store(nil)
	n.setPlace(zero, placeBlocks)
	n.written(zero)
	return nil
}

// leaveCredits is what a handle needs for leaveInode: the block's bitmap and descriptor, and the inode.
const leaveCredits = claimCredits + inodeCredits
