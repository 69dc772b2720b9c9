package ext4

import (
	"syscall"
	"time"

	"extant/internal/alloc"
	"extant/internal/journal"
	"extant/internal/ondisk"
)

// Hold keeps an inode from being freed when its last name goes, as an open file does, until a Release for every Hold. An inode that
// was freed already is syscall.ESTALE.
func (n *Inode) Hold() error {
	n.state.Lock()
	defer n.state.Unlock()
	if n.now.Load().gone {
		return syscall.ESTALE
	}
	n.holds++
	return nil
}

// Release ends a Hold. The last one frees an inode that has no name any more; what it returns is about that.
func (n *Inode) Release() error {
	n.state.Lock()
	n.holds--
	last := n.holds == 0
	n.state.Unlock()
	if !last || n.core().disk.LinksCount != 0 {
		return nil
	}
	w := n.fs.rw.Load()
	if w == nil || w.refuses() != nil {
		return nil // what cannot be freed now is an orphan, which the next mount frees
	}
	return n.fs.judge(n.evict(w))
}

// evict frees an inode that has no name and that nobody holds. No handle is held, and no lock of an inode but those of the directories that it
// was to have a name in.
func (n *Inode) evict(w *writer) error { return w.evictAll([]*Inode{n}, nil) }

// evictAll evicts inodes, and those that held values of their xattrs. It returns err, or else what went wrong.
func (w *writer) evictAll(list []*Inode, err error) error {
	if len(list) == 0 {
		return err
	}
	for len(list) > 0 {
		n := list[0]
		list = list[1:]
		if !n.dying() {
			continue
		}
		n.forgetContent()
		w.internal.enter()
		unused, e := n.freeAll(w)
		w.internal.leave()
		list = append(list, unused...)
		if err == nil {
			err = e
		}
	}
	return err
}

// freeAll frees what the inode has and then the inode.
func (n *Inode) freeAll(w *writer) (unused []*Inode, err error) {
	if err := n.freeContent(w); err != nil {
		return nil, err
	}
	if unused, err = n.freeXattrs(w); err != nil {
		return unused, err
	}
	return unused, w.do(alloc.FreeInodeCredits+3*slotCredits, func(h *journal.Handle) error { return n.free(w, h) })
}

// dying decides that an inode is to be freed, and that nobody may hold it any more. It waits for who changes the inode without a Hold, and
// whoever comes later sees that it is gone.
func (n *Inode) dying() bool {
	n.lockChild(true)
	defer n.mu.Unlock()
	n.state.Lock()
	defer n.state.Unlock()
	c := n.now.Load()
	if c.gone || n.holds > 0 || c.disk.LinksCount != 0 {
		return false
	}
	dead := *c
	dead.gone = true
	n.now.Store(&dead)
	return true
}

// light reports whether an inode has one name, and besides its slot nothing that would have to be freed: no block and no xattr. The data of a
// file may still be on its way to the device.
func (n *Inode) light() bool {
	c := n.core()
	return n.content != nil && c.disk.LinksCount == 1 && !c.disk.Inline() && n.fs.spaceOf(&c.disk) == 0 && emptyRoot(&c.disk) && c.noXattrs()
}

// keepLight reports whether the inode is light, and if so sees to it that nobody gives it blocks before endLight.
//
// +checklocksignore
func (n *Inode) keepLight() bool {
	if !n.light() {
		return false
	}
	n.writepages.Lock()
	return true
}

// endLight is told what keepLight returned.
//
// +checklocksignore
func (n *Inode) endLight(light bool) {
	if light {
		n.writepages.Unlock()
	}
}

// loseAll takes the name of a light inode, which is locked, and frees it unless somebody holds it: then it becomes an orphan. What the cache has of it
// remains to be dropped where it is gone after that.
func (n *Inode) loseAll(w *writer, h *journal.Handle) error {
	now, gone := w.now(), false
	if err := n.update(h, func(e *edit) error {
		e.LinksCount = 0
		e.SetChanged(now)
		e.bump()
		if gone = n.unheldLocked(); gone {
			e.die(now)
		}
		return nil
	}); err != nil {
		return err
	}
	if gone {
		return n.giveNumber(w, h)
	}
	return w.orphans.add(h, n)
}

// unheldLocked reports whether nobody holds the inode. state is held, which the analyzer does not see inside of a function that update calls.
//
// +checklocksignore
func (n *Inode) unheldLocked() bool { return n.holds == 0 }

// die makes the slot one that is not in use.
func (e *edit) die(now time.Time) {
	e.gone, e.DTime = true, max(1, uint32(now.Unix()))
	e.size, e.Flags = 0, e.Flags&^ondisk.InodeInlineData
}

// free gives the number of an inode back that has nothing any more.
func (n *Inode) free(w *writer, h *journal.Handle) error {
	if err := w.orphans.remove(h, n); err != nil {
		return err
	}
	now := w.now()
	if err := n.update(h, func(e *edit) error {
		e.die(now)
		return nil
	}); err != nil {
		return err
	}
	return n.giveNumber(w, h)
}

// giveNumber gives the number of an inode back whose slot says that it is not in use.
func (n *Inode) giveNumber(w *writer, h *journal.Handle) error {
	if err := w.quotas.dropInode(h, &n.core().disk); err != nil {
		return err
	}
	n.fs.inodes.Drop(n.ino)
	return w.alloc.FreeInode(h, n.ino, n.IsDir())
}

// forgetContent drops what is cached of a dying inode. Who is writing it back ends before, and nobody begins any more.
func (n *Inode) forgetContent() {
	if n.content == nil {
		return
	}
	n.writepages.Lock()
	n.writepages.Unlock()
	n.dropCache()
}

// freeContent frees the blocks of the content.
func (n *Inode) freeContent(w *writer) error {
	if !n.hasBlocks() {
		return nil
	}
	return n.truncateBlocks(w, 0)
}

// disown takes the last names from an inode that was just made and could not be finished, so that it can be evicted once h has
// stopped. It returns why.
func (n *Inode) disown(w *writer, h *journal.Handle, why error) error {
	if err := n.update(h, func(e *edit) error {
		e.LinksCount = 0
		return nil
	}); err != nil {
		return err
	}
	if err := w.orphans.add(h, n); err != nil {
		return err
	}
	return why
}
