package ext4

import (
	"fmt"
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
	if err := o.point(h, n, o.first); err != nil {
		return err
	}
	if err := o.pointSuper(h, n); err != nil {
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

// number is the inode number of n, 0 for nil.
func (n *Inode) number() ondisk.Ino {
	if n == nil {
		return 0
	}
	return n.ino
}

// pointSuper makes n the first orphan of the list on disk.
func (o *orphans) pointSuper(h *journal.Handle, n *Inode) error {
	return o.w.super.update(h, func(sb *ondisk.Super) { sb.LastOrphan = uint32(n.number()) })
}

// point makes next the orphan that follows n in the list.
func (o *orphans) point(h *journal.Handle, n, next *Inode) error {
	return n.update(h, func(e *edit) error {
		e.DTime = uint32(next.number())
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
		err = o.pointSuper(h, l.next)
	} else {
		err = o.point(h, l.prev, l.next)
	}
	if err == nil {
		err = o.point(h, n, nil)
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

// load reads which orphans the device has. Damage to the orphan file or the list is an error, and what it hides stays as it is.
func (o *orphans) load(w *writer) error {
	o.w = w
	o.mu.Init(classOrphan)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.slots, o.held = map[ondisk.Ino]orphanSlot{}, map[ondisk.Ino]*Inode{}
	if err := o.loadFileLocked(); err != nil {
		return fmt.Errorf("orphan file: %w", err)
	}
	return o.loadListLocked()
}

// loadFileLocked reads the orphan file. o.mu is held, which the analyzer does not see inside of a loop over a function.
//
// +checklocksignore
func (o *orphans) loadFileLocked() error {
	fs := o.w.fs
	if !fs.sb.HasCompat(ondisk.CompatOrphanFile) {
		return nil
	}
	file, err := fs.SystemInode(ondisk.Ino(fs.sb.OrphanFileInum))
	if err != nil {
		return err
	}
	o.seed = file.core().seed
	for r, err := range file.runs(0, file.blocksOfSize()) {
		if err == nil && r.state != written {
			err = file.corrupt("orphan file", "no data for blocks %d to %d", r.first, r.end()-1)
		}
		if err != nil {
			return err
		}
		for fb := r.first; fb < r.end(); fb++ {
			if err := o.loadBlockLocked(r.at(fb)); err != nil {
				return ondisk.Locate(err, file.ino, r.at(fb))
			}
		}
	}
	return nil
}

// loadBlockLocked reads one block of the orphan file. o.mu is held as for loadFileLocked.
//
// +checklocksignore
func (o *orphans) loadBlockLocked(b ondisk.Block) error {
	fs := o.w.fs
	buf, err := fs.metaBlock("orphan file", b)
	if err != nil {
		return err
	}
	data := ondisk.OrphanBlock(buf.Data())
	if err := data.Check(); err != nil {
		return err
	}
	var t ondisk.OrphanTail
	if err := t.Decode(data.TailBytes()); err != nil {
		return err
	}
	if want := data.Csum(o.seed, b); fs.csum && t.Checksum != want {
		return ondisk.Corrupt("orphan file", "checksum %#08x, not %#08x", t.Checksum, want)
	}
	i := len(o.blocks)
	o.blocks = append(o.blocks, orphanBlock{place: b, free: ondisk.OrphanSlots(fs.blockSize)})
	for slot, ino := range data.Orphans() {
		if err := o.loadSlotLocked(orphanSlot{i, slot}, ino); err != nil {
			return err
		}
	}
	return nil
}

// loadSlotLocked notes the orphan in one slot of the orphan file. o.mu is held as for loadFileLocked.
//
// +checklocksignore
func (o *orphans) loadSlotLocked(at orphanSlot, ino ondisk.Ino) error {
	n, err := o.orphan(ino)
	if err != nil {
		return err
	}
	if _, twice := o.slots[ino]; twice {
		return ondisk.Corrupt("orphan file", "inode %d is there twice", ino)
	}
	o.blocks[at.block].free--
	o.slots[ino], o.held[ino] = at, n
	return nil
}

// orphan is the inode of a number that is said to be an orphan's.
func (o *orphans) orphan(ino ondisk.Ino) (*Inode, error) {
	if err := o.w.fs.checkNamed(ino); err != nil {
		return nil, err
	}
	n, err := o.w.fs.SystemInode(ino)
	if err == nil && ondisk.FileType(n.core().disk.Mode) == ondisk.FileUnknown {
		err = n.corrupt("orphan", "mode %#o has no file type", n.core().disk.Mode)
	}
	return n, err
}

// loadListLocked reads the list.
//
// +checklocks:o.mu
func (o *orphans) loadListLocked() error {
	var last *Inode
	for ino := ondisk.Ino(o.w.fs.sb.LastOrphan); ino != 0; {
		n, err := o.orphan(ino)
		if err == nil && n.orphan.listed {
			err = n.corrupt("orphan list", "it is there twice")
		}
		if err != nil {
			return fmt.Errorf("orphan list: %w", err)
		}
		n.orphan = orphanLink{listed: true, prev: last}
		if last == nil {
			o.first = n
		} else {
			last.orphan.next = n
		}
		last, ino = n, ondisk.Ino(n.core().disk.DTime)
	}
	return nil
}
