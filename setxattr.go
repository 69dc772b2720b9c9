package extant

import (
	"errors"
	"slices"
	"strings"
	"syscall"

	"extant/ext4"
	"extant/internal/ondisk"
)

// XattrFlags say whether an attribute may or must be there before it is set.
type XattrFlags = ext4.XattrFlags

// Flags of Setxattr, with Linux's numbers.
const (
	XattrCreate  = ext4.XattrCreate  // it must not be there
	XattrReplace = ext4.XattrReplace // it must be there
)

// Setxattr sets an extended attribute of what a path leads to. The name has its prefix; POSIX ACLs are in the form of the system call.
func (v *Volume) Setxattr(name, attr string, value []byte, flags XattrFlags) error {
	return v.setxattr(name, attr, value, flags, true)
}

// Lsetxattr is Setxattr that does not follow a symbolic link at the end of the path.
func (v *Volume) Lsetxattr(name, attr string, value []byte, flags XattrFlags) error {
	return v.setxattr(name, attr, value, flags, false)
}

// Removexattr removes an extended attribute of what a path leads to.
func (v *Volume) Removexattr(name, attr string) error { return v.removexattr(name, attr, true) }

// Lremovexattr is Removexattr that does not follow a symbolic link at the end of the path.
func (v *Volume) Lremovexattr(name, attr string) error { return v.removexattr(name, attr, false) }

const xattrValueMax = 64 << 10 // XATTR_SIZE_MAX, bytes

func (v *Volume) setxattr(name, attr string, value []byte, flags XattrFlags, follow bool) error {
	err := checkXattr(attr, value, flags)
	var n *ext4.Inode
	if err == nil {
		n, err = v.Inode(name, follow)
	}
	if err == nil {
		err = v.cred.setxattr(n, attr, value, flags)
	}
	return pathError("setxattr", name, err)
}

func (v *Volume) removexattr(name, attr string, follow bool) error {
	err := checkXattrName(attr)
	var n *ext4.Inode
	if err == nil {
		n, err = v.Inode(name, follow)
	}
	if err == nil {
		err = v.cred.removexattr(n, attr)
	}
	return pathError("removexattr", name, err)
}

// checkXattr says why there can be no such attribute, whatever it is set on.
func checkXattr(attr string, value []byte, flags XattrFlags) error {
	if flags&^(XattrCreate|XattrReplace) != 0 {
		return syscall.EINVAL
	}
	if err := checkXattrName(attr); err != nil {
		return err
	}
	if len(value) > xattrValueMax {
		return syscall.E2BIG
	}
	return nil
}

func checkXattrName(attr string) error {
	if attr == "" || len(attr) > ondisk.NameMax {
		return syscall.ERANGE
	}
	return nil
}

func isACL(attr string) bool { return attr == aclAccess || attr == aclDefault }

func (c *Credential) setxattr(n *ext4.Inode, attr string, value []byte, flags XattrFlags) error {
	if isACL(attr) {
		return c.setACL(n, attr, value)
	}
	if err := c.mayXattr(n, attr, mayWrite); err != nil {
		return err
	}
	if unnamed(attr) {
		return syscall.EINVAL
	}
	return n.SetXattr(attr, value, flags)
}

// unnamed reports whether a name is a prefix and nothing behind it.
func unnamed(attr string) bool { return attr == "user." || attr == "trusted." || attr == "security." }

func (c *Credential) removexattr(n *ext4.Inode, attr string) error {
	if isACL(attr) {
		return c.setACL(n, attr, nil)
	}
	if err := c.mayXattr(n, attr, mayWrite); err != nil {
		return err
	}
	if unnamed(attr) {
		return syscall.EINVAL
	}
	return n.RemoveXattr(attr)
}

// mayXattr says why c may not read or write an attribute that is no access control list.
func (c *Credential) mayXattr(n *ext4.Inode, attr string, want uint16) error {
	a := n.Attr()
	write := want&mayWrite != 0
	if write && mayAlter(&a) != nil {
		return syscall.EPERM
	}
	space, _, _ := strings.Cut(attr, ".")
	plain := a.Type() == ondisk.ModeRegular || a.Type() == ondisk.ModeDir
	switch space {
	case "security", "system":
		if write && !c.root() {
			return syscall.EPERM
		}
		return nil
	case "trusted":
		if c.root() {
			return nil
		}
		return deniedXattr(write)
	case "user":
		if !plain {
			return deniedXattr(write)
		}
		if write && a.Type() == ondisk.ModeDir && a.Mode&modeSticky != 0 && !c.owns(&a) {
			return syscall.EPERM
		}
	}
	return c.may(n, want)
}

// deniedXattr is the answer where nobody who asks may have such an attribute: to a reader there is none.
func deniedXattr(write bool) error {
	if write {
		return syscall.EPERM
	}
	return errNoAttr
}

// setACL sets an access control list, or with an empty value removes one.
func (c *Credential) setACL(n *ext4.Inode, attr string, value []byte) error {
	var list ondisk.ACL
	var wrong error // with its entries, which comes after who may set it
	if len(value) > 0 {
		list, wrong = ondisk.DecodeXattrACL(value)
		if wrong != nil && (wrong != syscall.EINVAL || len(value) < 4 || len(value)%8 != 4) {
			return wrong
		}
	}
	a := n.Attr()
	switch {
	case a.Type() == ondisk.ModeSymlink:
		return syscall.EOPNOTSUPP
	case attr == aclDefault && a.Type() != ondisk.ModeDir && (len(list) > 0 || wrong != nil):
		return syscall.EACCES
	case attr == aclDefault && a.Type() != ondisk.ModeDir:
		return nil
	case mayAlter(&a) != nil || !c.owns(&a):
		return syscall.EPERM
	case wrong != nil:
		return wrong
	case len(list) == 0:
		if err := n.RemoveXattr(attr); err != nil && !errors.Is(err, errNoAttr) {
			return err
		}
		return nil
	}
	if a.Mode&modeSetgid != 0 && !c.keepsSetgid(a.GID) {
		mode := a.Mode & modePerms &^ modeSetgid
		if err := n.SetAttr(ext4.AttrChange{Mode: &mode}); err != nil {
			return err
		}
	}
	return n.SetXattr(attr, value, 0)
}

// xattr is the value of an attribute, if c may see it.
func (c *Credential) xattr(n *ext4.Inode, attr string) ([]byte, error) {
	if c != nil && !isACL(attr) {
		if err := c.mayXattr(n, attr, mayRead); err != nil {
			return nil, err
		}
	}
	if unnamed(attr) {
		return nil, syscall.EINVAL
	}
	return n.Xattr(attr)
}

// xattrs are the names of the attributes that c may see.
func (c *Credential) xattrs(n *ext4.Inode) ([]string, error) {
	list, err := n.Xattrs()
	if !c.root() {
		list = slices.DeleteFunc(list, func(name string) bool { return strings.HasPrefix(name, "trusted.") })
	}
	return list, err
}

// Setxattr sets an extended attribute of the file; see Volume.Setxattr.
func (f *File) Setxattr(attr string, value []byte, flags XattrFlags) error {
	if err := f.check("setxattr"); err != nil {
		return err
	}
	err := checkXattr(attr, value, flags)
	if err == nil {
		err = f.cred.setxattr(f.inode, attr, value, flags)
	}
	return pathError("setxattr", f.name, err)
}

// Removexattr removes an extended attribute of the file.
func (f *File) Removexattr(attr string) error {
	if err := f.check("removexattr"); err != nil {
		return err
	}
	err := checkXattrName(attr)
	if err == nil {
		err = f.cred.removexattr(f.inode, attr)
	}
	return pathError("removexattr", f.name, err)
}
