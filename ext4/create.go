package ext4

import (
	"encoding/binary"
	"strings"
	"syscall"
	"unicode/utf8"

	"extant/internal/alloc"
	"extant/internal/journal"
	"extant/internal/ondisk"
)

// NewAttr is what a new inode is to be like.
type NewAttr struct {
	Mode  uint16 // permissions, set-ID and sticky bits; Mknod takes the type from it too
	UID   uint32
	GID   uint32 // but in a directory with the set-group-ID bit it is the directory's
	Umask uint16 // taken out of Mode, unless the directory has a default ACL
	Hold  bool   // the inode is returned held: see Inode.Hold
}

// Create makes a regular file in a directory. The errors of Create, Mkdir, Symlink and Mknod are syscall.EEXIST, ENOENT for a directory that
// was removed or an empty name, ENAMETOOLONG, EINVAL for a name that cannot be, EPERM in an immutable directory, EMLINK, ENOSPC, EDQUOT, EROFS,
// ENOKEY in an encrypted directory; a *CorruptError, or the device's.
func (n *Inode) Create(name string, a NewAttr) (*Inode, error) {
	a.Mode = a.Mode&^ondisk.ModeFmt | ondisk.ModeRegular
	return n.make(name, &creation{NewAttr: a})
}

// Mkdir makes a directory.
func (n *Inode) Mkdir(name string, a NewAttr) (*Inode, error) {
	a.Mode = a.Mode&^ondisk.ModeFmt | ondisk.ModeDir
	return n.make(name, &creation{NewAttr: a})
}

// Symlink makes a symbolic link; syscall.ENAMETOOLONG where the target is longer than a block holds, ENOENT where it is empty.
func (n *Inode) Symlink(name, target string, a NewAttr) (*Inode, error) {
	switch {
	case target == "":
		return nil, syscall.ENOENT
	case len(target) > n.fs.blockSize-1 || len(target) > targetMax:
		return nil, syscall.ENAMETOOLONG
	case strings.IndexByte(target, 0) >= 0:
		return nil, syscall.EINVAL
	}
	a.Mode, a.Umask = ondisk.ModeSymlink|0o777, 0
	return n.make(name, &creation{NewAttr: a, target: target})
}

// targetMax is the longest target of a symbolic link, in bytes (PATH_MAX without its zero byte).
const targetMax = 4095

// Mknod makes a device node, a FIFO, a socket or an empty regular file, as a.Mode says; syscall.EINVAL for another type, or for a
// device whose number the format cannot hold.
func (n *Inode) Mknod(name string, a NewAttr, dev ondisk.Device) (*Inode, error) {
	switch a.Mode & ondisk.ModeFmt {
	case ondisk.ModeRegular, ondisk.ModeFIFO, ondisk.ModeSocket:
		return n.make(name, &creation{NewAttr: a})
	case ondisk.ModeChar, ondisk.ModeBlock:
		var d ondisk.Inode
		if err := d.SetDevice(dev); err != nil {
			return nil, err
		}
		return n.make(name, &creation{NewAttr: a, device: dev})
	}
	return nil, syscall.EINVAL
}

// creation is an inode being made.
type creation struct {
	NewAttr
	target string        // of a symbolic link
	device ondisk.Device // of a device node
	xattrs []ondisk.Xattr
}

// make makes an inode with a name in the directory.
func (n *Inode) make(name string, c *creation) (*Inode, error) {
	w, err := n.fs.enter()
	if err != nil {
		return nil, err
	}
	defer w.leave()
	if err := checkNewName(name); err != nil {
		return nil, err
	}
	child, err := n.makeLocked(w, name, c)
	return child, n.fs.judge(err)
}

func (n *Inode) makeLocked(w *writer, name string, c *creation) (*Inode, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	m, err := n.vacant(name)
	if err != nil {
		return nil, err
	}
	dir := c.Mode&ondisk.ModeFmt == ondisk.ModeDir
	if dir && n.linksFull() {
		return nil, syscall.EMLINK
	}
	if err := n.inherit(c); err != nil {
		return nil, err
	}
	if err := w.quotas.ready(n.childIDs(c)); err != nil {
		return nil, err
	}
	var child *Inode
	err = n.change(w, createCredits, func(h *journal.Handle) error {
		var err error
		if child, err = n.newChild(w, h, c); err != nil {
			return err
		}
		err = n.addEntry(h, m, child.ino, ondisk.FileType(c.Mode))
		if err == nil {
			err = n.touchDir(w, h, func(e *edit) {
				if dir {
					e.addLink(n.indexed())
				}
			})
		}
		if err != nil && undone(err) {
			return child.disown(w, h, err)
		}
		return err
	})
	if err != nil {
		if child != nil && undone(err) {
			child.evict(w)
		}
		return nil, err
	}
	if c.Hold {
		child.Hold()
	}
	return child, nil
}

// change runs f, which changes the directory, in a handle. mu is held exclusively. Where the directory says so, the change is durable
// when change returns.
func (n *Inode) change(w *writer, credits int, f func(h *journal.Handle) error) error {
	var tid journal.TID
	err := w.do(credits, func(h *journal.Handle) error {
		tid = h.TID()
		return f(h)
	})
	if err == nil && n.core().disk.Flags&(ondisk.InodeSync|ondisk.InodeDirSync) != 0 {
		err = w.journal.Commit(tid)
	}
	return err
}

// checkNewName refuses a name that no new entry can have.
func checkNewName(name string) error {
	switch {
	case name == "":
		return syscall.ENOENT
	case name == "." || name == "..":
		return syscall.EEXIST
	case len(name) > ondisk.NameMax:
		return syscall.ENAMETOOLONG
	case strings.IndexByte(name, '/') >= 0 || strings.IndexByte(name, 0) >= 0:
		return syscall.EINVAL
	}
	return nil
}

// mayAdd says why the directory cannot get an entry. mu is held.
func (n *Inode) mayAdd() error {
	switch c := n.core(); {
	case c.disk.Type() != ondisk.ModeDir:
		return syscall.ENOTDIR
	case c.gone || c.disk.LinksCount == 0:
		return syscall.ENOENT
	case c.disk.Has(ondisk.InodeImmutable):
		return syscall.EPERM
	case c.disk.Has(ondisk.InodeEncrypt):
		return errNoKey
	}
	return nil
}

// vacant prepares a name for being added to the directory, which does not have it. mu is held exclusively.
func (n *Inode) vacant(name string) (*nameMatch, error) {
	if err := n.mayAdd(); err != nil {
		return nil, err
	}
	if n.core().disk.Has(ondisk.InodeCasefold) && n.fs.sb.EncodingFlags&encodingStrict != 0 && !utf8.ValidString(name) {
		return nil, syscall.EINVAL
	}
	m, err := n.matcher(name)
	if err != nil {
		return nil, err
	}
	at, err := n.find(m)
	if err == nil && at.ino != 0 {
		err = syscall.EEXIST
	}
	return m, err
}

// encodingStrict is the bit of s_encoding_flags that refuses names that are not text.
const encodingStrict = 1

// linksFull reports whether the directory cannot count one more directory in it.
func (n *Inode) linksFull() bool {
	return n.core().disk.LinksCount >= linksMax && !(n.fs.sb.HasROCompat(ondisk.ROCompatDirNlink) && n.indexed())
}

// linksMax is the most names that an inode may have (EXT4_LINK_MAX).
const linksMax = 65000

// addLink counts a directory more in the edited one. Past what can be counted the count is 1, for "many".
func (e *edit) addLink(indexed bool) {
	e.LinksCount++
	if indexed && (e.LinksCount > linksMax || e.LinksCount == 2) {
		e.LinksCount = 1
	}
}

// dropDirLink counts a directory less. The count of one that holds many stays.
func (e *edit) dropDirLink() {
	if e.LinksCount > 2 {
		e.LinksCount--
	}
}

// touchDir changes the directory's slot along with its names.
func (n *Inode) touchDir(w *writer, h *journal.Handle, change func(*edit)) error {
	now := w.now()
	return n.update(h, func(e *edit) error {
		e.SetModified(now)
		e.SetChanged(now)
		e.bump()
		if change != nil {
			change(e)
		}
		return nil
	})
}

// versionHiEnd is where i_version_hi ends in the slot.
const versionHiEnd = 0x9C

// bump counts one more change of the inode (i_version), where it has a place for that.
func (e *edit) bump() {
	if e.hurd {
		return
	}
	if e.VersionLo++; e.VersionLo == 0 && e.HasExtra(versionHiEnd) {
		e.VersionHi++
	}
}

// newChild makes an inode that is to get a name in the directory, all but the name.
func (n *Inode) newChild(w *writer, h *journal.Handle, c *creation) (*Inode, error) {
	e, err := n.newSlot(w, c)
	if err != nil {
		return nil, err
	}
	if err := w.quotas.addInode(h, &e.Inode); err != nil {
		return nil, err
	}
	parent := &n.core().disk
	ino, err := w.alloc.Inode(h, alloc.InodeRequest{
		Parent: n.ino, Dir: e.Type() == ondisk.ModeDir, TopDir: n.ino == ondisk.RootIno || parent.Has(ondisk.InodeTopDir), Hash: e.Generation,
	})
	if err != nil {
		if e := w.quotas.dropInode(h, &e.Inode); e != nil {
			err = half(e)
		}
		return nil, err
	}
	child, err := n.fs.setUp(h, ino, e)
	fileType := e.Type()
	n.fs.edits.Put(e)
	if err != nil {
		return nil, err
	}
	switch fileType {
	case ondisk.ModeDir:
		err = child.fillDir(h, n.ino)
	case ondisk.ModeSymlink:
		err = child.fillLink(h, c.target)
	}
	if err == nil {
		err = child.addXattrs(w, h, c.xattrs)
	}
	if err != nil && undone(err) {
		err = child.disown(w, h, err)
	}
	return child, err
}

// newSlot is the slot of an inode that is made in the directory.
func (n *Inode) newSlot(w *writer, c *creation) (*edit, error) {
	gen, err := w.random32()
	if err != nil {
		return nil, err
	}
	e := n.fs.newEdit()
	parent := &n.core().disk
	e.Mode, e.LinksCount, e.Generation = c.Mode, 1, gen
	e.bump()
	e.ExtraIsize = n.fs.wantExtra()
	e.SetOwner(c.UID, c.GID)
	now := w.now()
	e.SetAccessed(now)
	e.SetModified(now)
	e.SetChanged(now)
	e.SetCreated(now)
	e.Flags = inheritedFlags(parent.Flags, c.Mode)
	if n.fs.sb.HasROCompat(ondisk.ROCompatProject) && parent.Has(ondisk.InodeProjInherit) && e.HasExtra(projIDEnd) {
		e.ProjID = parent.ProjID
	}
	switch e.Type() {
	case ondisk.ModeDir:
		e.LinksCount = 2
		n.fs.emptyMap(e)
	case ondisk.ModeRegular:
		n.fs.emptyMap(e)
	case ondisk.ModeSymlink:
		e.size = int64(len(c.target))
		if len(c.target) < ondisk.IBlockSize {
			copy(e.IBlock[:], c.target)
		} else {
			n.fs.emptyMap(e)
		}
	case ondisk.ModeChar, ondisk.ModeBlock:
		err = e.SetDevice(c.device)
	}
	e.SetSize(uint64(e.size))
	return e, err
}

// childIDs are those to whom an inode made in the directory will belong.
func (n *Inode) childIDs(c *creation) [quotaKinds]uint32 {
	ids := [quotaKinds]uint32{c.UID, c.GID}
	if parent := &n.core().disk; parent.Has(ondisk.InodeProjInherit) {
		ids[ondisk.QuotaProject] = parent.ProjID
	}
	return ids
}

// emptyMap makes i_block a map with nothing in it.
func (fs *FS) emptyMap(e *edit) {
	if fs.extents() {
		e.Flags |= ondisk.InodeExtents
		ondisk.ExtentNode(e.IBlock[:]).Init(0)
	}
}

// wantExtra is i_extra_isize of new inodes.
func (l *layout) wantExtra() uint16 {
	if l.inodeSize == ondisk.InodeSizeMin {
		return 0
	}
	extra := uint16(extraDefault)
	if l.sb.HasROCompat(ondisk.ROCompatExtraIsize) {
		extra = max(extra, l.sb.WantExtraIsize, l.sb.MinExtraIsize)
	}
	return min(extra&^3, uint16(l.inodeSize-ondisk.InodeSizeMin))
}

const extraDefault = 32

// Flags that a new inode takes from its directory, by its type (EXT4_FL_INHERITED and its like).
const (
	flagsInherited = ondisk.InodeSecureDelete | ondisk.InodeUndelete | ondisk.InodeCompressed | ondisk.InodeSync | ondisk.InodeNoDump |
		ondisk.InodeNoAtime | ondisk.InodeJournalData | ondisk.InodeNoTail | ondisk.InodeDirSync | ondisk.InodeProjInherit |
		ondisk.InodeCasefold | ondisk.InodeDAX
	flagsOfDirOnly = ondisk.InodeDirSync | ondisk.InodeTopDir | ondisk.InodeCasefold | ondisk.InodeProjInherit
	flagsOfAny     = ondisk.InodeNoDump | ondisk.InodeNoAtime
)

func inheritedFlags(parent uint32, mode uint16) uint32 {
	switch f := parent & flagsInherited; mode & ondisk.ModeFmt {
	case ondisk.ModeDir:
		return f
	case ondisk.ModeRegular:
		return f &^ flagsOfDirOnly
	default:
		return f & flagsOfAny
	}
}

// fillDir gives a new directory its first content.
func (n *Inode) fillDir(h *journal.Handle, parent ondisk.Ino) error {
	if n.fs.sb.HasIncompat(ondisk.IncompatInlineData) && n.core().disk.ExtraIsize != 0 {
		done, err := n.fillInlineDir(h, parent)
		if done || err != nil {
			return err
		}
	}
	_, buf, data, err := n.growDir(h)
	if err != nil {
		return err
	}
	n.newDir(data, parent)
	n.finishLeaf(h, buf, data)
	return nil
}

// fillInlineDir makes a new directory an inline one; false says that it has no room for that.
func (n *Inode) fillInlineDir(h *journal.Handle, parent ondisk.Ino) (bool, error) {
	n.xattr.Lock()
	defer n.xattr.Unlock()
	err := n.update(h, func(e *edit) error {
		head := make([]byte, ondisk.IBlockSize)
		binary.LittleEndian.PutUint32(head, uint32(parent))
		ondisk.NewDirWriter(head[4:], 0)
		e.size = ondisk.InlineDirMin
		return e.storeInline(head)
	})
	if err == syscall.ENOSPC {
		return false, nil
	}
	return err == nil, err
}

// fillLink puts the target of a new symbolic link into a block, unless the inode holds it.
func (n *Inode) fillLink(h *journal.Handle, target string) error {
	if len(target) < ondisk.IBlockSize {
		return nil
	}
	b, _, err := n.mapBlock(h, 0, true)
	if err != nil {
		return err
	}
	buf, data, err := n.fs.create(h, "symbolic link", b)
	if err != nil {
		return err
	}
	copy(data, target)
	h.Dirty(buf)
	return nil
}
