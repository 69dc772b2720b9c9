package fuse

import (
	"slices"
	"strings"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"extant/ext4"
	"extant/internal/ondisk"
)

const aclXattr = "system.posix_acl_access"

// noName reports whether there is nothing behind the prefix of a name.
func noName(name string) bool { return name == "user." || name == "trusted." || name == "security." }

// answer copies a value to where the kernel wants it: nowhere if it only asks for the size.
func answer(value, dest []byte) (uint32, fuse.Status) {
	switch {
	case len(dest) == 0:
	case len(dest) < len(value):
		return uint32(len(value)), fuse.ERANGE
	default:
		copy(dest, value)
	}
	return uint32(len(value)), fuse.OK
}

func (f *files) GetXAttr(_ <-chan struct{}, in *fuse.InHeader, name string, dest []byte) (uint32, fuse.Status) {
	n, err := f.nodes.get(in.NodeId)
	if err != nil {
		return 0, status(err)
	}
	if noName(name) {
		return 0, fuse.EINVAL
	}
	value, err := n.Xattr(name)
	if err != nil {
		return 0, status(err)
	}
	return answer(value, dest)
}

func (f *files) ListXAttr(_ <-chan struct{}, in *fuse.InHeader, dest []byte) (uint32, fuse.Status) {
	n, err := f.nodes.get(in.NodeId)
	if err != nil {
		return 0, status(err)
	}
	names, err := n.Xattrs()
	if err != nil {
		return 0, status(err)
	}
	trusted := func(name string) bool { return strings.HasPrefix(name, "trusted.") }
	if slices.ContainsFunc(names, trusted) && !capable(&in.Caller, unix.CAP_SYS_ADMIN) {
		names = slices.DeleteFunc(names, trusted)
	}
	var list []byte
	for _, name := range names {
		list = append(append(list, name...), 0)
	}
	return answer(list, dest)
}

func (f *files) SetXAttr(_ <-chan struct{}, in *fuse.SetXAttrIn, name string, value []byte) fuse.Status {
	n, err := f.nodes.get(in.NodeId)
	if err != nil {
		return status(err)
	}
	if noName(name) {
		return fuse.EINVAL
	}
	var flags ext4.XattrFlags
	if in.Flags&unix.XATTR_CREATE != 0 {
		flags |= ext4.XattrCreate
	}
	if in.Flags&unix.XATTR_REPLACE != 0 {
		flags |= ext4.XattrReplace
	}
	if err := n.SetXattr(name, value, flags); err != nil {
		return status(err)
	}
	switch {
	case name == capsXattr:
		n.noCaps.Store(false)
	case name == aclXattr && in.SetXAttrFlags&fuse.SETXATTR_ACL_KILL_SGID != 0:
		mode := n.Attr().Mode &^ (ondisk.ModeFmt | syscall.S_ISGID)
		return status(n.SetAttr(ext4.AttrChange{Mode: &mode}))
	}
	return fuse.OK
}

func (f *files) RemoveXAttr(_ <-chan struct{}, in *fuse.InHeader, name string) fuse.Status {
	n, err := f.nodes.get(in.NodeId)
	if err == nil && noName(name) {
		err = syscall.EINVAL
	}
	if err == nil {
		err = n.RemoveXattr(name)
	}
	return status(err)
}
