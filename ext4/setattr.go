package ext4

import (
	"syscall"
	"time"

	"extant/internal/journal"
	"extant/internal/ondisk"
)

// AttrChange says which attributes are to change: those that are not nil.
type AttrChange struct {
	Mode   *uint16 // permissions, set-ID and sticky bits; the type stays
	UID    *uint32
	GID    *uint32
	ProjID *uint32
	ATime  *time.Time
	MTime  *time.Time
	CTime  *time.Time // nil sets i_ctime to now: for a caller that keeps times itself, as the kernel does over FUSE
	CrTime *time.Time

	// Touch says that the times are those of now, as utimes does without times: that may be done to an append-only inode.
	Touch bool
}

// SetAttr changes attributes, and i_ctime along with them. Clearing set-ID bits when the owner changes is the caller's. The errors are
// syscall.EPERM for an immutable or append-only inode, EOPNOTSUPP for a project where there are none, EDQUOT, EROFS, ESTALE for an inode that
// was freed; a *CorruptError, or the device's.
func (n *Inode) SetAttr(a AttrChange) error {
	w, err := n.fs.enter()
	if err != nil {
		return err
	}
	defer w.leave()
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.mayChange(&a); err != nil {
		return err
	}
	return n.fs.judge(n.setAttr(w, &a))
}

// mayChange says why attributes cannot change. mu is held.
func (n *Inode) mayChange(a *AttrChange) error {
	fixed := uint32(ondisk.InodeImmutable | ondisk.InodeAppend)
	times := a.ATime != nil || a.MTime != nil || a.CrTime != nil
	if (a.Touch || !times) && a.Mode == nil && a.UID == nil && a.GID == nil && a.ProjID == nil {
		fixed = ondisk.InodeImmutable
	}
	c := n.core()
	switch {
	case c.gone:
		return syscall.ESTALE
	case c.disk.Flags&fixed != 0:
		return syscall.EPERM
	case a.ProjID != nil && !(n.fs.sb.HasROCompat(ondisk.ROCompatProject) && c.disk.HasExtra(projIDEnd)):
		return syscall.EOPNOTSUPP
	}
	return nil
}

// setAttr changes attributes. mu is held exclusively.
func (n *Inode) setAttr(w *writer, a *AttrChange) error {
	values, err := w.quotas.valuesOf(n, a)
	if err != nil {
		return err
	}
	if err := w.quotas.mayMove(n, a.ids(&n.core().disk), values); err != nil {
		return err
	}
	if a.Mode != nil {
		if acl, err := n.acl(ondisk.XattrACLAccess); err != nil {
			return err
		} else if acl != nil {
			return n.chmodWithACL(w, a, acl, values)
		}
	}
	return n.change(w, 2*slotCredits, func(h *journal.Handle) error {
		return n.applyAttr(w, h, a, values)
	})
}

// applyAttr changes attributes in h. values is how many others with values of its xattrs go along with it to another
// owner.
func (n *Inode) applyAttr(w *writer, h *journal.Handle, a *AttrChange, values int64) error {
	from := idsOf(&n.core().disk)
	if err := n.update(h, func(e *edit) error { return e.apply(w, a) }); err != nil {
		return err
	}
	return half(w.quotas.moveValues(h, from, idsOf(&n.core().disk), values))
}

// ids are those to whom an inode belongs after the change.
func (a *AttrChange) ids(d *ondisk.Inode) [quotaKinds]uint32 {
	ids := idsOf(d)
	for i, id := range [quotaKinds]*uint32{a.UID, a.GID, a.ProjID} {
		if id != nil {
			ids[i] = *id
		}
	}
	return ids
}

// apply changes the fields.
func (e *edit) apply(w *writer, a *AttrChange) error {
	if a.Mode != nil {
		e.Mode = e.Mode&ondisk.ModeFmt | *a.Mode&^ondisk.ModeFmt
	}
	uid, gid := e.UID(), e.GID()
	if a.UID != nil {
		uid = *a.UID
	}
	if a.GID != nil {
		gid = *a.GID
	}
	e.SetOwner(uid, gid)
	if a.ProjID != nil {
		e.ProjID = *a.ProjID
	}
	if a.ATime != nil {
		e.SetAccessed(*a.ATime)
	}
	if a.MTime != nil {
		e.SetModified(*a.MTime)
	}
	if a.CrTime != nil {
		e.SetCreated(*a.CrTime)
	}
	if a.CTime != nil {
		e.SetChanged(*a.CTime)
	} else {
		e.SetChanged(w.now())
	}
	e.bump()
	return nil
}

// chmodWithACL changes attributes, the mode among them, and the access control list that has to agree with it.
func (n *Inode) chmodWithACL(w *writer, a *AttrChange, acl ondisk.ACL, values int64) error {
	chmodACL(acl, *a.Mode)
	c := &xattrChange{n: n, w: w, x: aclXattr(ondisk.XattrACLAccess, acl)}
	return n.change(w, c.credits()+2*slotCredits, func(h *journal.Handle) error {
		n.xattr.Lock()
		defer n.xattr.Unlock()
		if err := c.apply(h); err != nil {
			return err
		}
		return half(n.applyAttr(w, h, a, values))
	})
}

// Flags that a caller may change (EXT4_FL_USER_MODIFIABLE), and those of them that this package knows how to.
const (
	flagsOfUser = 0x624BC0FF
	flagsToSet  = ondisk.InodeSecureDelete | ondisk.InodeUndelete | ondisk.InodeCompressed | ondisk.InodeDAX | ondisk.InodeSync | ondisk.InodeImmutable | ondisk.InodeAppend |
		ondisk.InodeNoDump | ondisk.InodeNoAtime | ondisk.InodeJournalData | ondisk.InodeNoTail | ondisk.InodeDirSync | ondisk.InodeTopDir |
		ondisk.InodeProjInherit | ondisk.InodeCasefold | ondisk.InodeExtents
)

// SetFlags sets the flags that a caller may change (FS_IOC_SETFLAGS); the others in flags stay as they are. The errors are
// syscall.EPERM for any change of what was immutable and stays so, EOPNOTSUPP for a flag that the file system or the type of inode does not
// have, ENOTEMPTY where a directory with names would fold case or cease to, EROFS, ESTALE; a *CorruptError, or the device's.
func (n *Inode) SetFlags(flags uint32) error {
	w, err := n.fs.enter()
	if err != nil {
		return err
	}
	defer w.leave()
	n.mu.Lock()
	defer n.mu.Unlock()
	c := n.core()
	if c.gone {
		return syscall.ESTALE
	}
	diff := (flags ^ c.disk.Flags) & flagsOfUser
	if err := n.mayFlag(diff, flags); err != nil {
		return n.fs.judge(err)
	}
	if diff&ondisk.InodeJournalData != 0 && n.content != nil {
		return n.fs.judge(n.changeWay(w, diff))
	}
	return n.fs.judge(n.flipFlags(w, diff))
}

// flipFlags changes the flags of diff. mu is held exclusively.
func (n *Inode) flipFlags(w *writer, diff uint32) error {
	return n.change(w, 2*slotCredits, func(h *journal.Handle) error {
		return n.update(h, func(e *edit) error {
			e.Flags ^= diff
			e.SetChanged(w.now())
			e.bump()
			return nil
		})
	})
}

// mayFlag says why flags cannot change.
func (n *Inode) mayFlag(diff, flags uint32) error {
	t := n.core().disk.Type()
	switch {
	case diff&^flagsToSet != 0, diff&ondisk.InodeExtents != 0:
		return syscall.EOPNOTSUPP
	case t != ondisk.ModeDir && t != ondisk.ModeRegular && diff&^flagsOfAny != 0:
		return syscall.EOPNOTSUPP
	case t != ondisk.ModeDir && diff&flags&flagsOfDirOnly != 0:
		return syscall.EOPNOTSUPP
	case diff != 0 && n.core().disk.Flags&flags&ondisk.InodeImmutable != 0: // it was immutable, and stays so
		return syscall.EPERM
	case diff&ondisk.InodeCasefold != 0 && !n.fs.sb.HasIncompat(ondisk.IncompatCasefold):
		return syscall.EOPNOTSUPP
	case diff&ondisk.InodeCasefold != 0:
		return n.mayFold()
	}
	return nil
}

// mayFold says why the directory cannot begin or cease to fold case.
func (n *Inode) mayFold() error {
	if !n.IsDir() {
		return syscall.ENOTDIR
	}
	empty, err := n.empty()
	if err == nil && !empty {
		err = syscall.ENOTEMPTY
	}
	return err
}

// SetGeneration sets i_generation (FS_IOC_SETVERSION). Where checksums depend on it, so that all that the inode owns would have to be
// written anew, it is syscall.ENOTTY, as from the kernel.
func (n *Inode) SetGeneration(gen uint32) error {
	w, err := n.fs.enter()
	if err != nil {
		return err
	}
	defer w.leave()
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.core().gone:
		return syscall.ESTALE
	case n.fs.csum:
		return syscall.ENOTTY
	}
	return n.fs.judge(n.change(w, 2*slotCredits, func(h *journal.Handle) error {
		return n.update(h, func(e *edit) error {
			e.Generation = gen
			e.SetChanged(w.now())
			e.bump()
			return nil
		})
	}))
}
