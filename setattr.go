package extant

import (
	"io/fs"
	"syscall"
	"time"

	"extant/ext4"
	"extant/internal/ondisk"
)

// Chmod changes the permissions, set-ID and sticky bits of what a path leads to.
func (v *Volume) Chmod(name string, mode fs.FileMode) error {
	n, err := v.Inode(name, true)
	if err == nil {
		err = v.cred.chmod(n, modeBits(mode))
	}
	return pathError("chmod", name, err)
}

// Chown changes owner and group of what a path leads to; -1 leaves one as it is. Set-ID bits of a file are lost.
func (v *Volume) Chown(name string, uid, gid int) error {
	return v.chown("chown", name, uid, gid, true)
}

// Lchown is Chown that does not follow a symbolic link at the end of the path.
func (v *Volume) Lchown(name string, uid, gid int) error {
	return v.chown("lchown", name, uid, gid, false)
}

func (v *Volume) chown(op, name string, uid, gid int, follow bool) error {
	n, err := v.Inode(name, follow)
	if err == nil {
		err = v.cred.chown(n, uid, gid)
	}
	return pathError(op, name, err)
}

// Times are what to set times to. A time that is zero is left alone.
type Times struct {
	ATime, MTime       time.Time
	ATimeNow, MTimeNow bool // the time of now, as the file system knows it
}

func (t *Times) atime() bool { return t.ATimeNow || !t.ATime.IsZero() }
func (t *Times) mtime() bool { return t.MTimeNow || !t.MTime.IsZero() }

// Chtimes sets the times of access and of modification of what a path leads to. A zero time is left as it is.
func (v *Volume) Chtimes(name string, atime, mtime time.Time) error {
	return v.SetTimes(name, Times{ATime: atime, MTime: mtime})
}

// SetTimes is Chtimes with more to choose from. Who may write to a file may set both of its times to now.
func (v *Volume) SetTimes(name string, t Times) error { return v.setTimes(name, t, true) }

// LsetTimes is SetTimes that does not follow a symbolic link at the end of the path.
func (v *Volume) LsetTimes(name string, t Times) error { return v.setTimes(name, t, false) }

func (v *Volume) setTimes(name string, t Times, follow bool) error {
	if !t.atime() && !t.mtime() {
		return nil
	}
	n, err := v.Inode(name, follow)
	if err == nil {
		err = v.cred.setTimes(n, t, v.now())
	}
	return pathError("chtimes", name, err)
}

// Truncate changes the size of the file that a path leads to, in bytes.
func (v *Volume) Truncate(name string, size int64) error {
	return pathError("truncate", name, v.truncate(name, size))
}

func (v *Volume) truncate(name string, size int64) error {
	if size < 0 {
		return syscall.EINVAL
	}
	n, err := v.Inode(name, true)
	if err != nil {
		return err
	}
	a := n.Attr()
	switch a.Type() {
	case ondisk.ModeRegular:
	case ondisk.ModeDir:
		return syscall.EISDIR
	default:
		return syscall.EINVAL
	}
	if err := v.cred.may(n, mayWrite); err != nil {
		return err
	}
	if a.Flags&ondisk.InodeAppend != 0 {
		return syscall.EPERM
	}
	return v.cred.truncate(n, size)
}

func (c *Credential) truncate(n *ext4.Inode, size int64) error {
	if err := c.dropPrivileges(n); err != nil {
		return err
	}
	return n.Truncate(size)
}

// ChangeFlags sets some of the flags of a file or directory (ondisk's InodeImmutable and its like: those of chattr) and clears others.
func (v *Volume) ChangeFlags(name string, set, clear uint32) error {
	f, err := v.Open(name)
	if err != nil {
		return err
	}
	err = v.cred.changeFlags(f.inode, set, clear)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return pathError("chattr", name, err)
}

func (c *Credential) changeFlags(n *ext4.Inode, set, clear uint32) error {
	const privileged = ondisk.InodeAppend | ondisk.InodeImmutable
	a := n.Attr()
	flags := a.Flags&^clear | set
	if !c.owns(&a) || (flags^a.Flags)&privileged != 0 && !c.root() {
		return syscall.EPERM
	}
	return n.SetFlags(flags)
}

func (c *Credential) chmod(n *ext4.Inode, mode uint16) error {
	a := n.Attr()
	if err := mayAlter(&a); err != nil {
		return err
	}
	if !c.owns(&a) {
		return syscall.EPERM
	}
	if !c.keepsSetgid(a.GID) {
		mode &^= modeSetgid
	}
	return n.SetAttr(ext4.AttrChange{Mode: &mode})
}

func (c *Credential) chown(n *ext4.Inode, uid, gid int) error {
	a := n.Attr()
	mode := c.lostBits(&a)
	switch {
	case a.Flags&ondisk.InodeImmutable != 0, (uid >= 0 || gid >= 0 || mode != a.Mode) && mayAlter(&a) != nil:
		return syscall.EPERM
	case uid >= 0 && !c.root() && !(c.UID == a.UID && uint32(uid) == a.UID):
		return syscall.EPERM
	case gid >= 0 && !c.root() && !(c.UID == a.UID && (uint32(gid) == a.GID || c.member(uint32(gid)))):
		return syscall.EPERM
	case mode != a.Mode && !c.owns(&a):
		return syscall.EPERM
	}
	var set ext4.AttrChange
	if uid >= 0 {
		u := uint32(uid)
		set.UID = &u
	}
	if gid >= 0 {
		a.GID = uint32(gid)
		set.GID = &a.GID
	}
	if mode != a.Mode {
		if !c.keepsSetgid(a.GID) {
			mode &^= modeSetgid
		}
		mode &= modePerms
		set.Mode = &mode
	}
	return n.SetAttr(set)
}

const modePerms = 0o7777

// lostBits is the mode of a file once its owner has changed, or somebody has written to it who is not user 0.
func (c *Credential) lostBits(a *ext4.Attr) uint16 {
	mode := a.Mode
	if a.Type() == ondisk.ModeDir {
		return mode
	}
	mode &^= modeSetuid
	if mode&0o010 != 0 || !c.keepsSetgid(a.GID) {
		mode &^= modeSetgid
	}
	return mode
}

// dropPrivileges takes away what somebody who changes a program must not leave on it.
func (c *Credential) dropPrivileges(n *ext4.Inode) error {
	if c.root() {
		return nil
	}
	a := n.Attr()
	mode := c.lostBits(&a)
	if mode == a.Mode {
		return nil
	}
	mode &= modePerms
	return n.SetAttr(ext4.AttrChange{Mode: &mode})
}

func (c *Credential) setTimes(n *ext4.Inode, t Times, now time.Time) error {
	a := n.Attr()
	if t.ATimeNow && t.MTimeNow {
		if a.Flags&ondisk.InodeImmutable != 0 {
			return syscall.EPERM
		}
		if !c.owns(&a) {
			if err := c.may(n, mayWrite); err != nil {
				return err
			}
		}
	} else if mayAlter(&a) != nil || !c.owns(&a) {
		return syscall.EPERM
	}
	if t.ATimeNow {
		t.ATime = now
	}
	if t.MTimeNow {
		t.MTime = now
	}
	set := ext4.AttrChange{Touch: t.ATimeNow && t.MTimeNow}
	if !t.ATime.IsZero() {
		set.ATime = &t.ATime
	}
	if !t.MTime.IsZero() {
		set.MTime = &t.MTime
	}
	return n.SetAttr(set)
}
