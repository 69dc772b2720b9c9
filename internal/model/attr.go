package model

import (
	"syscall"
	"time"
)

// Flags that SetFlags knows, as i_flags has them.
const (
	Sync           = 0x8
	Immutable      = 0x10
	Append         = 0x20
	NoDump         = 0x40
	NoAtime        = 0x80
	DirSync        = 0x10000
	TopDir         = 0x20000
	settable       = Sync | Immutable | Append | NoDump | NoAtime | DirSync | TopDir
	inheritable    = Sync | NoDump | NoAtime | DirSync
	ofDirectories  = DirSync | TopDir
	ofSpecialFiles = NoDump | NoAtime
)

// maskFlags leaves of flags what a file of a type can have.
func maskFlags(flags, kind uint32) uint32 {
	switch kind {
	case ModeDir:
		return flags
	case ModeRegular:
		return flags &^ ofDirectories
	}
	return flags & ofSpecialFiles
}

func inherited(flags, kind uint32) uint32 { return maskFlags(flags&inheritable, kind) }

// mayAlter says whether attributes that are not times of now can be changed at all.
func mayAlter(n *node) error {
	if n.flags&(Immutable|Append) != 0 {
		return syscall.EPERM
	}
	return nil
}

// Chmod changes the permissions of what a path leads to.
func (f *FS) Chmod(c Cred, path string, mode uint32) error {
	n, err := f.resolve(c, path, true)
	if err == nil {
		err = mayAlter(n)
	}
	switch {
	case err != nil:
		return err
	case !c.owns(n):
		return syscall.EPERM
	}
	f.setMode(c, n, mode)
	f.chmodACL(n)
	return nil
}

func (f *FS) setMode(c Cred, n *node, mode uint32) {
	if !c.keepsSetgid(n.gid) {
		mode &^= modeSetgid
	}
	n.mode = n.kind() | mode&modeChanging
	f.changed(n)
}

// Chown changes owner and group of what a path leads to; -1 leaves one as it is.
func (f *FS) Chown(c Cred, path string, uid, gid int64, follow bool) error {
	n, err := f.resolve(c, path, follow)
	switch {
	case err != nil:
		return err
	case n.flags&Immutable != 0, (uid >= 0 || gid >= 0 || n.losesBits(c)) && n.flags&Append != 0:
		return syscall.EPERM
	case uid >= 0 && !c.root() && !(c.UID == n.uid && uint32(uid) == n.uid):
		return syscall.EPERM
	case gid >= 0 && !c.root() && !(c.UID == n.uid && (uint32(gid) == n.gid || c.member(uint32(gid)))):
		return syscall.EPERM
	case n.losesBits(c) && !c.owns(n):
		return syscall.EPERM
	}
	lost := n.losesBits(c)
	if !n.isDir() {
		n.mode &^= modeSetuid
		dropSetgid(c, n)
	}
	if uid >= 0 {
		n.uid = uint32(uid)
	}
	if gid >= 0 {
		n.gid = uint32(gid)
	}
	if lost && !c.keepsSetgid(n.gid) {
		n.mode &^= modeSetgid
	}
	f.changed(n)
	return nil
}

// losesBits reports whether a change of owner takes set-ID bits away.
func (n *node) losesBits(c Cred) bool {
	if n.isDir() {
		return false
	}
	return n.mode&modeSetuid != 0 || n.mode&modeSetgid != 0 && (n.mode&0o010 != 0 || !c.keepsSetgid(n.gid))
}

// A Time is a time to set: one that is given, that of now, or none.
type Time struct {
	At   time.Time
	Now  bool
	Omit bool
}

// Utimes sets the times of access and of modification of what a path leads to.
func (f *FS) Utimes(c Cred, path string, atime, mtime Time, follow bool) error {
	if atime.Omit && mtime.Omit {
		return nil // the path is not even looked at
	}
	n, err := f.resolve(c, path, follow)
	switch {
	case err != nil:
		return err
	case atime.Now && mtime.Now:
		if n.flags&Immutable != 0 {
			return syscall.EPERM
		}
		if !c.owns(n) {
			err = f.permit(c, n, mayWrite)
		}
	default:
		if err = mayAlter(n); err == nil && !c.owns(n) {
			err = syscall.EPERM
		}
	}
	if err != nil {
		return err
	}
	f.setTime(&n.atime, atime)
	f.setTime(&n.mtime, mtime)
	f.changed(n)
	return nil
}

func (f *FS) setTime(t *time.Time, to Time) {
	switch {
	case to.Now:
		*t = f.now()
	case !to.Omit:
		*t = f.clamp(to.At)
	}
}

// SetFlags sets some flags of a file or directory and clears others.
func (f *FS) SetFlags(c Cred, path string, set, clear uint32) error {
	o, err := f.Open(c, path, OpenRead, 0)
	if err != nil {
		return err
	}
	n := o.n
	flags := n.flags&^clear | set
	switch {
	case !c.owns(n):
		return syscall.EPERM
	case (flags^n.flags)&(Append|Immutable) != 0 && !c.root():
		return syscall.EPERM
	case flags&^settable != 0 || maskFlags(flags, n.kind()) != flags:
		return syscall.EOPNOTSUPP
	case n.flags&flags&Immutable != 0 && n.flags != flags:
		return syscall.EPERM
	}
	n.flags = flags
	f.changed(n)
	return nil
}
