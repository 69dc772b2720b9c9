package ext4

import (
	"errors"
	"slices"
	"syscall"

	"extant/internal/ondisk"
)

// inherit settles what a new inode takes from the directory: its group, its permissions, its access control lists. mu is held.
func (n *Inode) inherit(c *creation) error {
	dir := c.Mode&ondisk.ModeFmt == ondisk.ModeDir
	if parent := &n.core().disk; parent.Mode&modeSetGID != 0 {
		c.GID = parent.GID()
		if dir {
			c.Mode |= modeSetGID
		}
	}
	if c.Mode&ondisk.ModeFmt == ondisk.ModeSymlink {
		return nil
	}
	acl, err := n.acl(ondisk.XattrACLDefault)
	if err != nil {
		return err
	}
	if acl == nil {
		c.Mode &^= c.Umask & 0o777
		return nil
	}
	if dir {
		c.xattrs = append(c.xattrs, aclXattr(ondisk.XattrACLDefault, acl))
	}
	if access := slices.Clone(acl); maskACL(access, &c.Mode) {
		c.xattrs = append(c.xattrs, aclXattr(ondisk.XattrACLAccess, access))
	}
	return nil
}

const modeSetGID = 0o2000

func aclXattr(index uint8, a ondisk.ACL) ondisk.Xattr {
	value := a.Encode()
	return ondisk.Xattr{Index: index, Value: value, Size: uint32(len(value))}
}

// acl is one of the inode's access control lists; nil for none.
func (n *Inode) acl(index uint8) (ondisk.ACL, error) {
	value, err := n.rawXattr(index, "")
	if err != nil {
		if errors.Is(err, errNoAttr) {
			err = nil
		}
		return nil, err
	}
	a, err := ondisk.DecodeACL(value)
	return a, ondisk.Locate(err, n.ino, 0)
}

// maskACL takes from a list what the mode that a file is made with does not grant, and from the mode what the list does not
// (posix_acl_create_masq). It reports whether the list says more than the mode.
func maskACL(a ondisk.ACL, mode *uint16) (more bool) {
	var group *ondisk.ACLEntry
	limit := func(e *ondisk.ACLEntry, shift uint) {
		e.Perm &= *mode >> shift & 7
		*mode &= e.Perm<<shift | ^(uint16(7) << shift)
	}
	for i := range a {
		switch e := &a[i]; e.Tag {
		case ondisk.ACLUserObj:
			limit(e, 6)
		case ondisk.ACLOther:
			limit(e, 0)
		case ondisk.ACLGroupObj:
			if group == nil {
				group = e
			}
		case ondisk.ACLMask:
			group, more = e, true
		default:
			more = true
		}
	}
	if group != nil {
		limit(group, 3)
	}
	return more
}

// modeOfACL is the permissions that a list stands for in a mode, and whether it says more than them (posix_acl_equiv_mode).
func modeOfACL(a ondisk.ACL) (perm uint16, more bool) {
	mask := -1
	for _, e := range a {
		switch e.Tag {
		case ondisk.ACLUserObj:
			perm |= e.Perm << 6
		case ondisk.ACLGroupObj:
			perm |= e.Perm << 3
		case ondisk.ACLOther:
			perm |= e.Perm
		case ondisk.ACLMask:
			mask, more = int(e.Perm), true
		default:
			more = true
		}
	}
	if mask >= 0 {
		perm = perm&^0o070 | uint16(mask)<<3
	}
	return perm, more
}

// chmodACL makes a list agree with a mode (__posix_acl_chmod_masq).
func chmodACL(a ondisk.ACL, mode uint16) {
	group := -1
	for i := range a {
		switch e := &a[i]; e.Tag {
		case ondisk.ACLUserObj:
			e.Perm = mode >> 6 & 7
		case ondisk.ACLOther:
			e.Perm = mode & 7
		case ondisk.ACLGroupObj:
			if group < 0 {
				group = i
			}
		case ondisk.ACLMask:
			group = i
		}
	}
	if group >= 0 {
		a[group].Perm = mode >> 3 & 7
	}
}

// fromACL turns the value of an ACL as system calls have it into what is stored, and sees to the mode. done says that nothing is left to do.
func (c *xattrChange) fromACL() (done bool, err error) {
	d := &c.n.core().disk
	if d.Type() == ondisk.ModeSymlink {
		return false, syscall.EOPNOTSUPP
	}
	var a ondisk.ACL
	if !c.remove {
		if a, err = ondisk.DecodeXattrACL(c.x.Value); err != nil {
			return false, err
		}
	}
	if c.x.Index == ondisk.XattrACLDefault && d.Type() != ondisk.ModeDir {
		if len(a) > 0 {
			return false, syscall.EACCES
		}
		return true, nil
	}
	keep := len(a) > 0
	if keep && c.x.Index == ondisk.XattrACLAccess {
		perm, more := modeOfACL(a)
		mode := d.Mode&^ondisk.ModeFmt&^0o777 | perm
		c.mode, keep = &mode, more
	}
	if keep {
		x := aclXattr(c.x.Index, a)
		c.x.Value, c.x.Size = x.Value, x.Size
		return false, nil
	}
	return c.dropACL()
}

// dropACL makes the change one that takes the list away; done says that there was none, and the mode need not change.
func (c *xattrChange) dropACL() (done bool, err error) {
	have, err := c.n.acl(c.x.Index)
	if err != nil {
		return false, err
	}
	if have != nil {
		c.remove, c.flags, c.x.Value, c.x.Size = true, 0, nil, 0
		return false, nil
	}
	if c.mode == nil {
		return true, nil
	}
	return true, c.n.setAttr(c.w, &AttrChange{Mode: c.mode})
}
