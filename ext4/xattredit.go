package ext4

import (
	"slices"
	"strings"
	"syscall"

	"extant/internal/alloc"
	"extant/internal/journal"
	"extant/internal/ondisk"
)

// XattrFlags change what SetXattr does.
type XattrFlags uint8

// The flags of SetXattr.
const (
	XattrCreate  XattrFlags = 1 << iota // a name that is there already is syscall.EEXIST
	XattrReplace                        // one that is not there is syscall.ENODATA
)

// SetXattr gives an extended attribute a value. POSIX ACLs are in the form of the system call, and go along with the mode. The errors are
// syscall.EOPNOTSUPP for a name that ext4 cannot have, EPERM for "user." names of what is neither file nor directory and for immutable or
// append-only inodes, ERANGE for a name that is too long, E2BIG or ENOSPC for a value that is too large, EEXIST, ENODATA, EROFS; a
// *CorruptError, or the device's.
func (n *Inode) SetXattr(name string, value []byte, flags XattrFlags) error {
	if value == nil {
		value = []byte{}
	}
	return n.changeXattr(name, value, flags)
}

// RemoveXattr takes an extended attribute away; syscall.ENODATA where there is none.
func (n *Inode) RemoveXattr(name string) error { return n.changeXattr(name, nil, XattrReplace) }

// changeXattr gives an xattr a value, or for nil takes it away.
func (n *Inode) changeXattr(name string, value []byte, flags XattrFlags) error {
	w, err := n.fs.enter()
	if err != nil {
		return err
	}
	defer w.leave()
	x, err := n.nameXattr(name, value)
	if err != nil {
		return err
	}
	n.mu.Lock()
	c := &xattrChange{n: n, w: w, x: x, remove: value == nil, flags: flags}
	err = n.applyXattr(c)
	n.mu.Unlock()
	return n.fs.judge(w.evictAll(c.unused, err))
}

// nameXattr is the xattr of a name with a value, as far as both can be.
func (n *Inode) nameXattr(name string, value []byte) (ondisk.Xattr, error) {
	index, rest, ok := ondisk.SplitXattrName(name)
	switch {
	case !ok || index == ondisk.XattrSystem || index == ondisk.XattrRichACL || index == ondisk.XattrLustre:
		return ondisk.Xattr{}, syscall.EOPNOTSUPP
	case len(rest) > ondisk.NameMax:
		return ondisk.Xattr{}, syscall.ERANGE
	case len(value) > xattrValueMax:
		return ondisk.Xattr{}, syscall.E2BIG
	case strings.IndexByte(rest, 0) >= 0:
		return ondisk.Xattr{}, syscall.EINVAL
	}
	return ondisk.Xattr{Index: index, Name: []byte(rest), Value: value, Size: uint32(len(value))}, nil
}

// applyXattr makes a change of an xattr. mu is held exclusively.
func (n *Inode) applyXattr(c *xattrChange) error {
	d := &n.core().disk
	switch t := d.Type(); {
	case n.core().gone:
		return syscall.ESTALE
	case d.Flags&(ondisk.InodeImmutable|ondisk.InodeAppend) != 0:
		return syscall.EPERM
	case c.x.Index == ondisk.XattrUser && t != ondisk.ModeRegular && t != ondisk.ModeDir:
		return syscall.EPERM
	}
	if c.x.Index == ondisk.XattrACLAccess || c.x.Index == ondisk.XattrACLDefault {
		if done, err := c.fromACL(); done || err != nil {
			return err
		}
	}
	return n.change(c.w, c.credits(), func(h *journal.Handle) error {
		n.xattr.Lock()
		defer n.xattr.Unlock()
		return c.apply(h)
	})
}

// xattrChange is a change of one xattr under way.
type xattrChange struct {
	n      *Inode
	w      *writer
	x      ondisk.Xattr
	remove bool
	flags  XattrFlags
	mode   *uint16 // what the permissions become along with an ACL

	body, block     []ondisk.Xattr // what there is
	inBody, inBlock int            // the place of the name in each; -1 for none

	unused []*Inode // that held values nobody refers to any more
}

// credits is how many blocks the change may touch.
func (c *xattrChange) credits() int {
	n := xattrCredits + 2*slotCredits
	if c.n.fs.sb.HasIncompat(ondisk.IncompatEAInode) {
		n += len(c.x.Value)/c.n.fs.blockSize + 1 + 3*mapCredits + alloc.InodeCredits + 4*slotCredits
	}
	return n
}

// apply makes the change in h. The inode's xattrs are locked.
func (c *xattrChange) apply(h *journal.Handle) error {
	if err := c.load(); err != nil {
		return err
	}
	have := c.inBody >= 0 || c.inBlock >= 0
	switch {
	case have && c.flags&XattrCreate != 0:
		return syscall.EEXIST
	case !have && (c.remove || c.flags&XattrReplace != 0):
		return errNoAttr
	}
	old := c.old()
	if c.remove {
		return c.store(h, without(c.body, c.inBody), without(c.block, c.inBlock), old)
	}
	return c.place(h, old)
}

// load reads the xattrs that there are.
func (c *xattrChange) load() (err error) {
	area, err := c.n.bodyXattrs()
	if err != nil {
		return err
	}
	if c.body, err = cloneXattrs(area); err != nil {
		return ondisk.Locate(err, c.n.ino, 0)
	}
	if area, err = c.n.blockXattrs(); err != nil {
		return err
	}
	if c.block, err = cloneXattrs(area); err != nil {
		return ondisk.Locate(err, c.n.ino, c.n.XattrBlock())
	}
	same := func(x ondisk.Xattr) bool { return ondisk.CompareXattrs(x, c.x) == 0 }
	c.inBody, c.inBlock = slices.IndexFunc(c.body, same), slices.IndexFunc(c.block, same)
	return nil
}

// cloneXattrs lists the xattrs of an area, which may change afterwards.
func cloneXattrs(a ondisk.XattrArea) (list []ondisk.Xattr, err error) {
	for x, err := range a.All() {
		if err != nil {
			return nil, err
		}
		x.Name, x.Value = slices.Clone(x.Name), slices.Clone(x.Value)
		list = append(list, x)
	}
	return list, nil
}

// old is the inode that holds the value that there is; 0 for none.
func (c *xattrChange) old() ondisk.Ino {
	switch {
	case c.inBody >= 0:
		return c.body[c.inBody].ValueIno
	case c.inBlock >= 0:
		return c.block[c.inBlock].ValueIno
	}
	return 0
}

func without(list []ondisk.Xattr, i int) []ondisk.Xattr {
	if i < 0 {
		return list
	}
	return slices.Delete(slices.Clone(list), i, i+1)
}

// with is the list with x in the place of the one at i, or at its end.
func with(list []ondisk.Xattr, i int, x ondisk.Xattr) []ondisk.Xattr {
	if i < 0 {
		return append(slices.Clone(list), x)
	}
	list = slices.Clone(list)
	list[i] = x
	return list
}

// place puts the xattr where it fits: into the inode, else into the block, else its value into an inode of its own. A large value goes there
// at once, where the file system has such inodes.
func (c *xattrChange) place(h *journal.Handle, old ondisk.Ino) error {
	fs := c.n.fs
	ea := fs.sb.HasIncompat(ondisk.IncompatEAInode)
	if ea && len(c.x.Value) > fs.blockSize-valueMargin {
		return c.placeInode(h, old)
	}
	err := c.fit(h, c.x, old)
	if err == syscall.ENOSPC && ea && len(c.x.Value) > 0 && !c.fitsSomewhere(c.x) {
		return c.placeInode(h, old)
	}
	return err
}

// valueMargin is how much shorter than a block a value is that may share one with its entry (EXT4_XATTR_MIN_LARGE_EA_SIZE).
const valueMargin = ondisk.XattrHeaderSize + ondisk.XattrEntrySize + 4 + 4

// placeInode puts the value into an inode of its own, and the entry where it fits.
func (c *xattrChange) placeInode(h *journal.Handle, old ondisk.Ino) error {
	if err := c.w.quotas.addValue(h, c.n, int64(len(c.x.Value)), 1); err != nil {
		return err
	}
	holder, hash, err := c.w.shares.putValue(c.w, h, c.n, c.x.Value)
	if err != nil {
		if holder != nil {
			c.unused = append(c.unused, holder)
		}
		if e := c.w.quotas.addValue(h, c.n, int64(len(c.x.Value)), -1); e != nil {
			return half(e)
		}
		return err
	}
	x := c.x
	x.ValueIno, x.Hash, x.Value = holder.ino, ondisk.XattrInodeHash(x.Name, hash), nil
	if err = c.fit(h, x, old); err != nil && undone(err) {
		if e := c.unref(h, holder.ino); e != nil {
			return e
		}
	}
	return err
}

func (c *xattrChange) fitsBody(list []ondisk.Xattr) bool {
	d := c.n.core()
	room := (len(d.slot) - d.disk.XattrStart(len(d.slot))) &^ 3
	return ondisk.XattrBodyHeaderSize+ondisk.XattrsSize(list) <= room
}

func (c *xattrChange) fitsBlock(list []ondisk.Xattr) bool {
	return ondisk.XattrHeaderSize+ondisk.XattrsSize(list) <= c.n.fs.blockSize
}

// fitsSomewhere reports whether it is only for want of free blocks that the xattr cannot be had.
func (c *xattrChange) fitsSomewhere(x ondisk.Xattr) bool {
	return c.fitsBody(with(c.body, c.inBody, x)) || c.fitsBlock(with(c.block, c.inBlock, x))
}

// fit puts the xattr into the inode, else into the block.
func (c *xattrChange) fit(h *journal.Handle, x ondisk.Xattr, old ondisk.Ino) error {
	if body := with(c.body, c.inBody, x); c.fitsBody(body) {
		return c.store(h, body, without(c.block, c.inBlock), old)
	}
	if block := with(c.block, c.inBlock, x); c.fitsBlock(block) {
		return c.store(h, without(c.body, c.inBody), block, old)
	}
	return syscall.ENOSPC
}

// store makes body and block the inode's xattrs. The inode that held the old value, if one did, loses a reference. syscall.ENOSPC changes
// nothing.
func (c *xattrChange) store(h *journal.Handle, body, block []ondisk.Xattr, old ondisk.Ino) error {
	at, err := c.storeBlock(h, block)
	if err != nil {
		return err
	}
	if old != 0 {
		if err := c.unref(h, old); err != nil {
			return err
		}
	}
	n, now := c.n, c.w.now()
	more := n.fs.valueBlocks(body, block) - n.fs.valueBlocks(c.body, c.block)
	return n.update(h, func(e *edit) error {
		if err := n.fs.addBlocks(&e.Inode, more); err != nil {
			return err
		}
		if e.ExtraIsize > 0 && !ondisk.PutBodyXattrs(e.slot[e.XattrStart(len(e.slot)):], body) {
			return n.corrupt("xattrs in the inode", "%d of them do not fit", len(body))
		}
		if c.mode != nil {
			e.Mode = e.Mode&ondisk.ModeFmt | *c.mode
		}
		e.SetChanged(now)
		e.bump()
		return n.fs.pointXattrs(e, at)
	})
}

// valueBlocks is how many blocks an inode is charged for that has these xattrs: those of the values that lie in inodes, whoever shares them.
func (l *layout) valueBlocks(lists ...[]ondisk.Xattr) (blocks int64) {
	for _, list := range lists {
		for _, x := range list {
			if x.ValueIno != 0 {
				blocks += l.inClusters(int64(x.Size)) >> l.blockBits
			}
		}
	}
	return blocks
}

// unref takes one reference from an inode that holds a value.
func (c *xattrChange) unref(h *journal.Handle, holder ondisk.Ino) error {
	ea, err := c.w.shares.dropValue(c.w, h, c.n, holder)
	if ea != nil {
		c.unused = append(c.unused, ea)
	}
	return err
}

// storeBlock puts the xattrs that do not lie in the inode into a block, and returns it; 0 for none.
func (c *xattrChange) storeBlock(h *journal.Handle, block []ondisk.Xattr) (ondisk.Block, error) {
	now := c.n.XattrBlock()
	switch {
	case slices.EqualFunc(block, c.block, sameXattr):
		return now, nil
	case len(block) == 0:
		return 0, c.w.shares.dropBlock(c.w, h, c.n, now)
	}
	if now == 0 {
		if err := c.w.quotas.admits(c.n); err != nil {
			return 0, err
		}
	}
	return c.w.shares.putBlock(c.w, h, c.n, block)
}

func sameXattr(a, b ondisk.Xattr) bool {
	return ondisk.CompareXattrs(a, b) == 0 && a.ValueIno == b.ValueIno && slices.Equal(a.Value, b.Value)
}

// pointXattrs makes b the xattr block of the edited inode, which it is charged for.
func (fs *FS) pointXattrs(e *edit, b ondisk.Block) error {
	old := fs.xattrBlock(&e.Inode)
	e.SetFileACL(b)
	cluster := int64(fs.sb.ClusterRatio())
	switch {
	case old == 0 && b != 0:
		return fs.addBlocks(&e.Inode, cluster)
	case old != 0 && b == 0:
		return fs.addBlocks(&e.Inode, -cluster)
	}
	return nil
}

// addXattrs gives a new inode the xattrs that it inherits.
func (n *Inode) addXattrs(w *writer, h *journal.Handle, list []ondisk.Xattr) error {
	n.xattr.Lock()
	defer n.xattr.Unlock()
	for _, x := range list {
		c := &xattrChange{n: n, w: w, x: x}
		if err := c.apply(h); err != nil {
			return err
		}
	}
	return nil
}

// freeXattrs takes all xattrs from an inode that is being freed, and returns the inodes that held values of them alone.
func (n *Inode) freeXattrs(w *writer) (unused []*Inode, err error) {
	if n.bare() {
		return nil, nil
	}
	c := &xattrChange{n: n, w: w, inBody: -1, inBlock: -1}
	err = w.do(xattrCredits+4*slotCredits, func(h *journal.Handle) error {
		n.xattr.Lock()
		defer n.xattr.Unlock()
		if err := c.load(); err != nil {
			return err
		}
		for _, x := range slices.Concat(c.body, c.block) {
			if x.ValueIno == 0 {
				continue
			}
			if err := c.unref(h, x.ValueIno); err != nil {
				return err
			}
		}
		return c.store(h, nil, nil, 0)
	})
	return c.unused, err
}

// bare reports whether an inode that nobody else uses has no xattrs at all.
func (n *Inode) bare() bool {
	area, err := n.bodyXattrs()
	if err != nil || n.XattrBlock() != 0 {
		return false
	}
	for range area.All() {
		return false
	}
	return true
}
