package ext4

import (
	"extant/internal/alloc"
	"extant/internal/journal"
	"extant/internal/ondisk"
	"extant/internal/page"
)

// claimCredits is what a handle needs to allocate one range.
const claimCredits = alloc.BlocksCredits

// beginMapped prepares a chunk where allocation is not delayed: the folio has its block before the handle stops. With an extent tree the
// block is unwritten until it is written back; in a block map, which cannot say so, writeEnd writes it at once.
func (n *Inode) beginMapped(c *chunk) error {
	h, err := n.start(n.mapCredits() + inodeCredits + 1)
	if err != nil {
		return err
	}
	f := n.pages.Lock(uint64(c.off) >> n.fs.blockBits)
	err = n.prepare(f, c)
	if err == nil {
		c.fresh, err = n.backNow(h, f)
	}
	if err != nil {
		f.Unlock()
		return n.w.stopped(h, err)
	}
	c.folio, c.h = f, h
	return nil
}

// backNow sees to it that a locked folio has a block, and returns the run if it was allocated. What the journal carries is written as soon as
// it is committed; so its block counts as written at once.
func (n *Inode) backNow(h *journal.Handle, f *page.Folio) (run, error) {
	if f.Has(page.Backed) && !n.journalsData() {
		return run{}, nil
	}
	n.maps.Lock()
	defer n.maps.Unlock()
	i := f.Index()
	r, err := n.runOf(i)
	if err != nil {
		return run{}, err
	}
	var fresh run
	switch {
	case r.state == hole:
		want := run{first: i, count: 1, state: written}
		if n.extents() && !n.journalsData() {
			want.state = unwritten
		}
		fresh, err = n.allocate(h, want, 0)
	case r.state == unwritten && n.journalsData():
		n.last.Store(nil)
		err = half(n.markExtents(h, i, i+1, false))
	}
	if err == nil {
		f.Set(page.Backed)
	}
	return fresh, err
}

// extents reports whether the inode has an extent tree.
func (n *Inode) extents() bool { return n.core().disk.Has(ondisk.InodeExtents) }

// endMapped finishes a chunk that has a handle.
func (n *Inode) endMapped(c *chunk) error {
	f := c.folio
	err := n.settle(c.h, f, c.fresh)
	f.Unlock()
	return n.w.stopped(c.h, err)
}

// settle makes a locked folio with a block dirty; or, where the data must not wait, gives it to the journal, or to the device.
func (n *Inode) settle(h *journal.Handle, f *page.Folio, fresh run) error {
	if !n.journalsData() && (fresh.count == 0 || fresh.state == unwritten) {
		n.makeDirty(f)
		return nil
	}
	r, err := n.mapped(f.Index())
	if err == nil {
		err = n.writeFolios(h, []*page.Folio{f}, r.at(f.Index()))
	}
	if err != nil {
		return err
	}
	n.written(f)
	return n.growDisk(h, f.Index()+1)
}
