package alloc

import (
	"cmp"
	"syscall"

	"extant/internal/journal"
	"extant/internal/ondisk"
)

// InodeRequest is what is wanted of Inode.
type InodeRequest struct {
	Parent ondisk.Ino // the directory that gets the name
	Dir    bool       // a directory is to be made
	TopDir bool       // the parent is the root, or says that its directories have nothing to do with each other (TOPDIR)
	Hash   uint32     // of the name: where among the groups the search for a top directory starts
	Goal   ondisk.Ino // beside which it would be best if the parent's group is full; 0 for none
}

// Inode gives out an inode number. The inode's slot in the table may hold what an earlier inode left, or zeros; the caller writes it in the same
// handle. The error is syscall.ENOSPC if there is none, or the journal's or the device's.
func (a *Allocator) Inode(h *journal.Handle, r InodeRequest) (ondisk.Ino, error) {
	if a.refused() {
		return 0, syscall.ENOSPC
	}
	var unread error
	for g, err := range a.inodeGroups(&r) {
		if err != nil {
			return 0, err
		}
		ino, err := a.inodeIn(h, g, &r)
		if u, is := err.(unreadError); is {
			unread, err = u.error, nil
		}
		if ino != 0 || err != nil {
			return ino, err
		}
	}
	return 0, cmp.Or[error](unread, syscall.ENOSPC)
}

// unreadError says that a group could not be looked at. Others may have what is wanted.
type unreadError struct{ error }

// inodeIn gives out an inode of a group; 0 where it has none.
func (a *Allocator) inodeIn(h *journal.Handle, n ondisk.Group, r *InodeRequest) (ondisk.Ino, error) {
	g, err := a.group(n)
	if err != nil {
		return 0, err
	}
	g.mu.Lock()
	defer a.leave(g)
	m, err := a.openInodesLocked(g)
	if err != nil {
		if g.inodeErr != nil {
			return 0, nil
		}
		return 0, unreadError{err}
	}
	per := int(a.sb.InodesPerGroup)
	i := per
	if m == nil {
		i = a.firstInode(n)
	} else {
		i = m.NextClear(max(g.inodeNext, a.firstInode(n)), per)
	}
	if g.inodeNext = i; i >= per {
		return 0, nil
	}
	if err := a.useInodeLocked(h, g, i, r.Dir); err != nil {
		return 0, err
	}
	return ondisk.Ino(uint32(n)*a.sb.InodesPerGroup + uint32(i) + 1), nil
}

// firstInode is the index of the first inode of a group that may be given out.
func (a *Allocator) firstInode(g ondisk.Group) int {
	if g == 0 {
		return int(a.sb.FirstFreeIno()) - 1
	}
	return 0
}

// openInodesLocked makes the group ready for giving out inodes, and returns the inode bitmap; nil if it was never written.
//
// +checklocks:g.mu
func (a *Allocator) openInodesLocked(g *group) (ondisk.Bitmap, error) {
	if err := a.openLocked(g); err != nil {
		return nil, err
	}
	switch {
	case g.inodeErr != nil:
		return nil, g.inodeErr
	case a.uninit(g, ondisk.GroupInodeUninit):
		return nil, nil
	case g.inodeBuf != nil:
		return g.inodeBuf.Data(), nil
	}
	if err := a.loadInodesLocked(g); err != nil {
		if isDamage(err) {
			a.shutInodesLocked(g, err)
		}
		return nil, err
	}
	return g.inodeBuf.Data(), nil
}

// loadInodesLocked reads the inode bitmap and compares it with the descriptor.
//
// +checklocks:g.mu
func (a *Allocator) loadInodesLocked(g *group) error {
	at := g.desc.InodeBitmap()
	buf, err := a.cache.Read(at)
	if err != nil {
		return err
	}
	m, per := ondisk.Bitmap(buf.Data()), int(a.sb.InodesPerGroup)
	if a.csum {
		if err := g.desc.CheckInodeBitmap(a.seed, m, a.sb.InodesPerGroup, a.sb.DescriptorSize()); err != nil {
			return locateGroup(err, g.num, at)
		}
	}
	if free := per - m.Count(0, per); uint32(free) != g.desc.FreeInodes() {
		return ondisk.Corrupt("inode bitmap", "group %d: %d inodes free in the bitmap, %d in the descriptor", g.num, free, g.desc.FreeInodes()).At(0, at)
	}
	if used := a.tableUsed(&g.desc); m.NextSet(used, per) < per {
		return ondisk.Corrupt("inode bitmap", "group %d: inode %d of the group is in use, but the descriptor says that none was from %d on", g.num, m.NextSet(used, per), used).At(0, at)
	}
	g.inodeBuf = buf
	return nil
}

// tableUsed is how many inodes at the start of a group's table may ever have been in use.
func (a *Allocator) tableUsed(d *ondisk.GroupDesc) int {
	switch {
	case !a.flags:
		return int(a.sb.InodesPerGroup)
	case d.Flags&ondisk.GroupInodeUninit != 0:
		return 0
	}
	return int(a.sb.InodesPerGroup - min(d.ItableUnused(), a.sb.InodesPerGroup))
}

// useInodeLocked marks an inode as in use, and clears the block of the table that comes into use with it.
//
// +checklocks:g.mu
func (a *Allocator) useInodeLocked(h *journal.Handle, g *group, i int, dir bool) error {
	used := a.tableUsed(&g.desc)
	if err := a.clearTableLocked(h, g, used, i); err != nil {
		return err
	}
	e, err := a.editInodesLocked(h, g)
	if err != nil {
		return err
	}
	e.bitmap.Set(i)
	g.inodeNext = i + 1
	d := &g.desc
	d.SetFreeInodes(d.FreeInodes() - 1)
	if dir {
		d.SetUsedDirs(d.UsedDirs() + 1)
	}
	if i >= used {
		d.SetItableUnused(a.sb.InodesPerGroup - uint32(i) - 1)
	}
	a.finishInodesLocked(e)
	a.noteInodesLocked(g)
	return nil
}

// clearTableLocked writes zeros to the block of the table with inode i where no inode of it was ever in use: the table may hold anything there.
//
// +checklocks:g.mu
func (a *Allocator) clearTableLocked(h *journal.Handle, g *group, used, i int) error {
	per := a.sb.BlockSize() / a.sb.InodeBytes()
	first := i / per * per
	if used > first {
		return nil
	}
	buf := a.cache.New(g.desc.InodeTable() + ondisk.Block(i/per))
	if _, err := h.Create(buf); err != nil {
		return err
	}
	h.Dirty(buf)
	return nil
}

// noteInodesLocked tells the counts how many inodes the group has left.
//
// +checklocks:g.mu
func (a *Allocator) noteInodesLocked(g *group) {
	s := &a.space
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &g.span.counts[g.slot]
	s.inodes += int64(g.desc.FreeInodes()) - int64(c.inodes)
	c.inodes, c.dirs = g.desc.FreeInodes(), g.desc.UsedDirs()
	g.inodes.Store(int64(c.inodes))
	s.tables.set(int(g.num), order(c.inodes))
}

// FreeInode takes back an inode's number; dir says that it was a directory. The inode is in nobody's hands any more. The error is a
// *ondisk.CorruptError where the number is not in use, or not to be given out.
func (a *Allocator) FreeInode(h *journal.Handle, ino ondisk.Ino, dir bool) error {
	if ino < a.sb.FirstFreeIno() || uint32(ino) > a.sb.InodesCount {
		return ondisk.Corrupt("inode number", "%d to free, of %d to %d", ino, a.sb.FirstFreeIno(), a.sb.InodesCount)
	}
	n, i := a.sb.InodeGroup(ino)
	g, err := a.group(n)
	if err != nil {
		return err
	}
	g.mu.Lock()
	defer a.leave(g)
	m, err := a.openInodesLocked(g)
	if err != nil {
		return err
	}
	if m == nil || !m.Test(int(i)) || dir && g.desc.UsedDirs() == 0 {
		err := ondisk.Corrupt("inode bitmap", "group %d: inode %d is to be freed and is free already; %d inodes free in the descriptor, %d directories", g.num, ino, g.desc.FreeInodes(), g.desc.UsedDirs()).At(0, g.desc.InodeBitmap())
		a.shutInodesLocked(g, err)
		return err
	}
	e, err := a.editInodesLocked(h, g)
	if err != nil {
		return err
	}
	e.bitmap.Clear(int(i))
	g.inodeNext = min(g.inodeNext, int(i))
	d := &g.desc
	d.SetFreeInodes(d.FreeInodes() + 1)
	if dir {
		d.SetUsedDirs(d.UsedDirs() - 1)
	}
	a.finishInodesLocked(e)
	a.noteInodesLocked(g)
	return nil
}
