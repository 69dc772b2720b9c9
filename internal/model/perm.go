package model

import (
	"slices"
	"syscall"
)

// Cred is who asks.
type Cred struct {
	UID, GID uint32
	Groups   []uint32 // besides GID
}

func (c Cred) root() bool             { return c.UID == 0 }
func (c Cred) member(gid uint32) bool { return c.GID == gid || slices.Contains(c.Groups, gid) }

// owns reports whether c may do what owners may.
func (c Cred) owns(n *node) bool { return c.root() || c.UID == n.uid }

// keepsSetgid reports whether c may set the set-group-ID bit on a file of that group.
func (c Cred) keepsSetgid(gid uint32) bool { return c.root() || c.member(gid) }

const (
	mayExec  = 1
	mayWrite = 2
	mayRead  = 4
)

// permit says whether c may do all of want with n.
func (f *FS) permit(c Cred, n *node, want uint32) error {
	if want&mayWrite != 0 && n.flags&Immutable != 0 {
		return syscall.EPERM
	}
	switch {
	case grants(c, n, want):
		return nil
	case c.root() && (n.isDir() || want&mayExec == 0 || n.mode&0o111 != 0):
		return nil
	}
	return syscall.EACCES
}

// grants reports whether the permissions of n give c all of want.
func grants(c Cred, n *node, want uint32) bool {
	if c.UID == n.uid {
		return n.mode>>6&want == want
	}
	if list := n.acl(ACLAccess); list != nil && n.mode&0o070 != 0 {
		return list.grants(c, n, want)
	}
	if c.member(n.gid) {
		return n.mode>>3&want == want
	}
	return n.mode&want == want
}

// mayCreate says whether c may put a name into a directory.
func (f *FS) mayCreate(c Cred, dir *node) error {
	if dir.dead {
		return syscall.ENOENT
	}
	return f.permit(c, dir, mayWrite|mayExec)
}

// mayDelete says whether c may take away a directory's name for n, which must be a directory or must not be.
func (f *FS) mayDelete(c Cred, dir, n *node, isDir bool) error {
	if err := f.permit(c, dir, mayWrite|mayExec); err != nil {
		return err
	}
	sticky := dir.mode&modeSticky != 0 && c.UID != n.uid && c.UID != dir.uid && !c.root()
	switch {
	case dir.flags&Append != 0, sticky, n.flags&(Append|Immutable) != 0:
		return syscall.EPERM
	case isDir && !n.isDir():
		return syscall.ENOTDIR
	case isDir && n == f.root:
		return syscall.EBUSY
	case !isDir && n.isDir():
		return syscall.EISDIR
	}
	return nil
}

// dropPrivileges takes away what somebody who changes a program must not leave on it.
func dropPrivileges(c Cred, n *node) {
	if !c.root() && n.isRegular() {
		n.mode &^= modeSetuid
		dropSetgid(c, n)
	}
}

func dropSetgid(c Cred, n *node) {
	if n.mode&0o010 != 0 || !c.keepsSetgid(n.gid) {
		n.mode &^= modeSetgid
	}
}
