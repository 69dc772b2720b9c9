package extant

import (
	"errors"
	"slices"
	"syscall"

	"extant/ext4"
	"extant/internal/ondisk"
)

// A Credential is who asks. User 0 may do everything.
type Credential struct {
	UID, GID uint32
	Groups   []uint32 // besides GID
}

// As is the same volume as somebody uses it: permissions are checked, as Linux checks them, and what is made belongs to them. With nil, as on
// a volume that was just opened, nothing is checked, and what is made belongs to user and group 0. Close closes either.
func (v *Volume) As(c *Credential) *Volume {
	w := *v
	w.cred = c
	return &w
}

func (c *Credential) root() bool { return c == nil || c.UID == 0 }

func (c *Credential) member(gid uint32) bool {
	return c != nil && (c.GID == gid || slices.Contains(c.Groups, gid))
}

// owns reports whether c may do what the owner may.
func (c *Credential) owns(a *ext4.Attr) bool { return c.root() || c.UID == a.UID }

// keepsSetgid reports whether c may leave the set-group-ID bit on a file of that group.
func (c *Credential) keepsSetgid(gid uint32) bool { return c.root() || c.member(gid) }

// What may be wanted of a file: bits as in a mode.
const (
	mayExec  = 1
	mayWrite = 2
	mayRead  = 4
)

// may says why c may not do what it wants. An immutable file is written by nobody.
func (c *Credential) may(n *ext4.Inode, want uint16) error {
	if c == nil && want&mayWrite == 0 {
		return nil
	}
	a := n.Attr()
	if want&mayWrite != 0 && a.Flags&ondisk.InodeImmutable != 0 {
		return syscall.EPERM
	}
	if c.root() && (a.Type() == ondisk.ModeDir || want&mayExec == 0 || a.Mode&0o111 != 0) {
		return nil
	}
	granted, err := c.granted(n, &a, want)
	if err == nil && !granted {
		err = syscall.EACCES
	}
	return err
}

// granted reports whether the mode and the access control list give c all of want.
func (c *Credential) granted(n *ext4.Inode, a *ext4.Attr, want uint16) (bool, error) {
	if c.UID == a.UID {
		return a.Mode>>6&want == want, nil
	}
	if a.Mode&0o070 != 0 {
		list, err := accessList(n)
		if err != nil {
			return false, err
		}
		if len(list) > 0 {
			return c.listed(list, a.GID, want), nil
		}
	}
	if c.member(a.GID) {
		return a.Mode>>3&want == want, nil
	}
	return a.Mode&want == want, nil
}

// accessList is the access control list of an inode; empty where it has none.
func accessList(n *ext4.Inode) (ondisk.ACL, error) {
	b, err := n.Xattr(aclAccess)
	if err != nil {
		if errors.Is(err, errNoAttr) || errors.Is(err, syscall.EOPNOTSUPP) {
			err = nil
		}
		return nil, err
	}
	return ondisk.DecodeXattrACL(b)
}

const (
	aclAccess  = "system.posix_acl_access"
	aclDefault = "system.posix_acl_default"
)

// listed reports whether a list grants all of want to c, who is not the owner. Entries for groups do not add up: one of them must grant it all.
func (c *Credential) listed(list ondisk.ACL, gid uint32, want uint16) bool {
	mask, other := uint16(7), uint16(0)
	for _, e := range list {
		switch e.Tag {
		case ondisk.ACLMask:
			mask = e.Perm
		case ondisk.ACLOther:
			other = e.Perm
		}
	}
	found := false
	for _, e := range list {
		all := e.Perm&mask&want == want
		switch {
		case e.Tag == ondisk.ACLUser && e.ID == c.UID:
			return all
		case e.Tag == ondisk.ACLGroupObj && c.member(gid), e.Tag == ondisk.ACLGroup && c.member(e.ID):
			if all {
				return true
			}
			found = true
		}
	}
	return !found && other&want == want
}

// mayDelete says why c may not take a directory's name for victim away.
func (c *Credential) mayDelete(dir, victim *ext4.Inode) error {
	if err := c.may(dir, mayWrite|mayExec); err != nil {
		return err
	}
	d, a := dir.Attr(), victim.Attr()
	sticky := d.Mode&modeSticky != 0 && !c.owns(&a) && !c.owns(&d)
	if d.Flags&ondisk.InodeAppend != 0 || sticky || a.Flags&(ondisk.InodeAppend|ondisk.InodeImmutable) != 0 {
		return syscall.EPERM
	}
	return nil
}

// Bits of i_mode beside permissions.
const (
	modeSetuid = 0o4000
	modeSetgid = 0o2000
	modeSticky = 0o1000
)

// mayAlter says why attributes that are not times of now cannot be changed by anybody.
func mayAlter(a *ext4.Attr) error {
	if a.Flags&(ondisk.InodeImmutable|ondisk.InodeAppend) != 0 {
		return syscall.EPERM
	}
	return nil
}

// newAttr is what something new that c makes in a directory is like. The set-group-ID bit of a program stays only for members of its group.
func (c *Credential) newAttr(dir *ext4.Inode, mode uint16) ext4.NewAttr {
	a := ext4.NewAttr{Mode: mode}
	if c != nil {
		a.UID, a.GID = c.UID, c.GID
	}
	const program = modeSetgid | 0o010
	if d := dir.Attr(); d.Mode&modeSetgid != 0 && mode&program == program && !c.keepsSetgid(d.GID) {
		a.Mode &^= modeSetgid
	}
	return a
}
