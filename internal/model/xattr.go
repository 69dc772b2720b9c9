package model

import (
	"maps"
	"slices"
	"strings"
	"syscall"
)

// Flags of SetXattr.
const (
	XattrCreate  = 1 // fail if the attribute is there
	XattrReplace = 2 // fail if it is not
)

// mayXattr says whether c may read or write an attribute.
func (f *FS) mayXattr(c Cred, n *node, name string, want uint32) error {
	write := want&mayWrite != 0
	if write && n.flags&(Immutable|Append) != 0 {
		return syscall.EPERM
	}
	space, _, _ := strings.Cut(name, ".")
	switch space {
	case "security", "system":
		return nil
	case "trusted":
		switch {
		case c.root():
			return nil
		case write:
			return syscall.EPERM
		}
		return errNoAttr
	case "user":
		switch {
		case !n.isRegular() && !n.isDir() && write:
			return syscall.EPERM
		case !n.isRegular() && !n.isDir():
			return errNoAttr
		case write && n.isDir() && n.mode&modeSticky != 0 && !c.owns(n):
			return syscall.EPERM
		}
	}
	return f.permit(c, n, want)
}

// checkXattrName says whether there are attributes of such a name.
func checkXattrName(name string) error {
	space, rest, ok := strings.Cut(name, ".")
	switch {
	case !ok || space != "user" && space != "trusted" && space != "security":
		return syscall.EOPNOTSUPP
	case rest == "":
		return syscall.EINVAL
	}
	return nil
}

func checkXattrLength(name string) error {
	if name == "" || len(name) > NameMax {
		return syscall.ERANGE
	}
	return nil
}

// SetXattr sets an extended attribute of what a path leads to.
func (f *FS) SetXattr(c Cred, path, name string, value []byte, flags uint32, follow bool) error {
	switch {
	case flags&^(XattrCreate|XattrReplace) != 0:
		return syscall.EINVAL
	case checkXattrLength(name) != nil:
		return syscall.ERANGE
	case len(value) > xattrMax:
		return syscall.E2BIG
	}
	n, err := f.resolve(c, path, follow)
	if err != nil {
		return err
	}
	if isACL(name) {
		return f.setACL(c, n, name, value)
	}
	if err := f.mayXattr(c, n, name, mayWrite); err != nil {
		return err
	}
	if strings.HasPrefix(name, "security.") && !c.root() {
		return syscall.EPERM
	}
	if err := checkXattrName(name); err != nil {
		return err
	}
	_, there := n.xattrs[name]
	switch {
	case there && flags&XattrCreate != 0:
		return syscall.EEXIST
	case !there && flags&XattrReplace != 0:
		return errNoAttr
	}
	n.xattrs[name] = string(value)
	f.changed(n)
	return nil
}

// Xattr is the value of an extended attribute of what a path leads to.
func (f *FS) Xattr(c Cred, path, name string, follow bool) ([]byte, error) {
	if err := checkXattrLength(name); err != nil {
		return nil, err
	}
	n, err := f.resolve(c, path, follow)
	if err != nil {
		return nil, err
	}
	if isACL(name) {
		return f.getACL(n, name)
	}
	if err := f.mayXattr(c, n, name, mayRead); err != nil {
		return nil, err
	}
	if err := checkXattrName(name); err != nil {
		return nil, err
	}
	value, ok := n.xattrs[name]
	if !ok {
		return nil, errNoAttr
	}
	return []byte(value), nil
}

// ListXattr lists the names of the extended attributes of what a path leads to, sorted.
func (f *FS) ListXattr(c Cred, path string, follow bool) ([]string, error) {
	n, err := f.resolve(c, path, follow)
	if err != nil {
		return nil, err
	}
	var list []string
	for _, name := range slices.Sorted(maps.Keys(n.xattrs)) {
		if c.root() || !strings.HasPrefix(name, "trusted.") {
			list = append(list, name)
		}
	}
	return list, nil
}

// RemoveXattr removes an extended attribute of what a path leads to.
func (f *FS) RemoveXattr(c Cred, path, name string, follow bool) error {
	if err := checkXattrLength(name); err != nil {
		return err
	}
	n, err := f.resolve(c, path, follow)
	if err != nil {
		return err
	}
	if isACL(name) {
		return f.removeACL(c, n, name)
	}
	if err := f.mayXattr(c, n, name, mayWrite); err != nil {
		return err
	}
	if strings.HasPrefix(name, "security.") && !c.root() {
		return syscall.EPERM
	}
	if err := checkXattrName(name); err != nil {
		return err
	}
	if _, ok := n.xattrs[name]; !ok {
		return errNoAttr
	}
	delete(n.xattrs, name)
	f.changed(n)
	return nil
}
