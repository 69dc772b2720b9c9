package ext4

import (
	"slices"

	"extant/internal/journal"
	"extant/internal/ondisk"
	"extant/sched"
)

// orphans are the inodes that a mount after a crash has to free or to truncate: those without a name that are still in use, and
// those being truncated. They are in the orphan file where the file system has one with a free slot, else in a list that begins in the super
// block and goes on in i_dtime.
type orphans struct {
	w *writer // immutable

	mu sched.Mutex
	// +checklocks:mu
	first *Inode // of the list
	// +checklocks:mu
	rest ondisk.Ino // what follows the last of the list on the device, and cannot be read; 0 for none
	// +checklocks:mu
	hidden bool // damage hides what the orphan file has, which is left for a checker
	// +checklocks:mu
	damage []error // that load met, for the mount to judge
	// +checklocks:mu
	blocks []orphanBlock // of the orphan file
	// +checklocks:mu
	slots map[ondisk.Ino]orphanSlot // of those in the file
	// +checklocks:mu
	held map[ondisk.Ino]*Inode // the inodes of slots: they stay in memory
	seed uint32                // immutable: of the checksums of the file's blocks
}

// orphanBlock is a block of the orphan file.
type orphanBlock struct {
	place ondisk.Block
	free  int // slots
}

// orphanSlot is a place in the orphan file.
type orphanSlot struct{ block, slot int }

// orphanLink is an inode's place in the list of orphans. It is guarded by orphans.mu.
type orphanLink struct {
	listed     bool
	prev, next *Inode // nil for none
}

var classOrphan = &sched.Class{Name: "orphan", Doc: "which inodes a mount after a crash would have to free or truncate"}

// add makes n an orphan in h, unless it is one.
func (o *orphans) add(h *journal.Handle, n *Inode) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, in := o.slots[n.ino]; in || n.orphan.listed {
		return nil
	}
	for i := range o.blocks {
		if o.blocks[i].free > 0 {
			return o.putLocked(h, i, n)
		}
	}
	if err := o.point(h, n, o.numberLocked(o.first)); err != nil {
		return err
	}
	if err := o.pointSuper(h, n.ino); err != nil {
		return err
	}
	o.insertLocked(n)
	return nil
}

// has reports whether n is an orphan.
func (o *orphans) has(n *Inode) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	_, in := o.slots[n.ino]
	return in || n.orphan.listed
}

// insertLocked makes n the first of the list in memory.
//
// +checklocks:o.mu
func (o *orphans) insertLocked(n *Inode) {
	n.orphan = orphanLink{listed: true, next: o.first}
	if o.first != nil {
		o.first.orphan.prev = n
	}
	o.first = n
}

// numberLocked is the inode number of n, which is in the list, or for nil of what follows the last.
//
// +checklocks:o.mu
func (o *orphans) numberLocked(n *Inode) ondisk.Ino {
	if n == nil {
		return o.rest
	}
	return n.ino
}

// pointSuper makes ino the first orphan of the list on disk.
func (o *orphans) pointSuper(h *journal.Handle, ino ondisk.Ino) error {
	return o.w.super.update(h, func(sb *ondisk.Super) { sb.LastOrphan = uint32(ino) })
}

// point makes next the orphan that follows n in the list.
func (o *orphans) point(h *journal.Handle, n *Inode, next ondisk.Ino) error {
	return n.update(h, func(e *edit) error {
		e.DTime = uint32(next)
		return nil
	})
}

// putLocked puts n into a free slot of block i of the orphan file.
//
// +checklocks:o.mu
func (o *orphans) putLocked(h *journal.Handle, i int, n *Inode) error {
	buf, data, err := o.w.fs.access(h, "orphan file", o.blocks[i].place)
	if err != nil {
		return err
	}
	slot := ondisk.OrphanBlock(data).Free()
	if slot < 0 {
		return ondisk.Corrupt("orphan file", "no free slot of %d", o.blocks[i].free).At(0, o.blocks[i].place)
	}
	o.setLocked(data, i, slot, n.ino)
	h.Dirty(buf)
	o.blocks[i].free--
	o.slots[n.ino], o.held[n.ino] = orphanSlot{i, slot}, n
	return nil
}

// setLocked writes a slot of block i, and the checksum.
//
// +checklocks:o.mu
func (o *orphans) setLocked(data []byte, i, slot int, ino ondisk.Ino) {
	b := ondisk.OrphanBlock(data)
	b.SetSlot(slot, ino)
	t := ondisk.OrphanTail{Magic: ondisk.OrphanMagic}
	if o.w.fs.csum {
		t.Checksum = b.Csum(o.seed, o.blocks[i].place)
	}
	t.Encode(b.TailBytes())
}

// remove ends that n is an orphan, in h.
func (o *orphans) remove(h *journal.Handle, n *Inode) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if at, in := o.slots[n.ino]; in {
		return o.clearLocked(h, at, n)
	}
	l := n.orphan
	if !l.listed {
		return nil
	}
	var err error
	if l.prev == nil {
		err = o.pointSuper(h, o.numberLocked(l.next))
	} else {
		err = o.point(h, l.prev, o.numberLocked(l.next))
	}
	if err == nil {
		err = o.point(h, n, 0)
	}
	if err != nil {
		return err
	}
	if l.prev == nil {
		o.first = l.next
	} else {
		l.prev.orphan.next = l.next
	}
	if l.next != nil {
		l.next.orphan.prev = l.prev
	}
	n.orphan = orphanLink{}
	return nil
}

// clearLocked empties the slot of n in the orphan file.
//
// +checklocks:o.mu
func (o *orphans) clearLocked(h *journal.Handle, at orphanSlot, n *Inode) error {
	buf, data, err := o.w.fs.access(h, "orphan file", o.blocks[at.block].place)
	if err != nil {
		return err
	}
	o.setLocked(data, at.block, at.slot, 0)
	h.Dirty(buf)
	o.blocks[at.block].free++
	delete(o.slots, n.ino)
	delete(o.held, n.ino)
	return nil
}

// all lists the orphans, those of the list first, the others by number.
func (o *orphans) all() []*Inode {
	o.mu.Lock()
	defer o.mu.Unlock()
	var list []*Inode
	for n := o.first; n != nil; n = n.orphan.next {
		list = append(list, n)
	}
	from := len(list)
	for _, n := range o.held {
		list = append(list, n)
	}
	slices.SortFunc(list[from:], func(a, b *Inode) int { return int(int64(a.ino) - int64(b.ino)) })
	return list
}
