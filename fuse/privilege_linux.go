package fuse

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"extant/ext4"
	"extant/internal/ondisk"
)

// What a write, a new size or a new owner takes away from a file, is taken away here (HANDLE_KILLPRIV_V2): the set-ID bits where the kernel
// says that the caller may not keep them, and capabilities always. For fallocate and copies it does not say.

const capsXattr = "security.capability"

// dropPrivileges is to come before the content of a file changes.
func (f *files) dropPrivileges(n *node, c *fuse.Caller, setID bool) error {
	if err := n.dropCaps(); err != nil || !setID {
		return err
	}
	_, err := n.dropSetID(c)
	return err
}

// dropUnasked is dropPrivileges for a request that does not say whether the caller may keep set-ID bits. What the kernel knows of the mode it forgets.
func (f *files) dropUnasked(n *node, in *fuse.InHeader) error {
	if err := n.dropCaps(); err != nil {
		return err
	}
	if mode := n.Attr().Mode; mode&(syscall.S_ISUID|syscall.S_ISGID) == 0 || capable(&in.Caller, unix.CAP_FSETID) {
		return nil
	}
	changed, err := n.dropSetID(&in.Caller)
	if changed {
		f.notify.InodeNotify(in.NodeId, -1, 0)
	}
	return err
}

// dropSetID takes set-ID bits away from what is not a directory.
func (n *node) dropSetID(c *fuse.Caller) (changed bool, err error) {
	a := n.Attr()
	mode := a.Mode &^ ondisk.ModeFmt
	kept := withoutSetID(mode, a.GID, c)
	if kept == mode || a.Type() == ondisk.ModeDir {
		return false, nil
	}
	return true, n.SetAttr(ext4.AttrChange{Mode: &kept})
}

// withoutSetID is a mode without set-user-ID, and without set-group-ID but for those who belong to the group and if the group may not execute: there
// it means no privilege.
func withoutSetID(mode uint16, gid uint32, c *fuse.Caller) uint16 {
	mode &^= syscall.S_ISUID
	if mode&syscall.S_ISGID != 0 && (mode&syscall.S_IXGRP != 0 || !inGroup(c, gid)) {
		mode &^= syscall.S_ISGID
	}
	return mode
}

// dropCaps removes the file's capabilities. Most files have none, which is remembered.
func (n *node) dropCaps() error {
	if n.noCaps.Load() {
		return nil
	}
	_, err := n.Xattr(capsXattr)
	if err == nil {
		err = n.RemoveXattr(capsXattr)
	}
	if err != nil && !errors.Is(err, syscall.ENODATA) {
		return err
	}
	n.noCaps.Store(true)
	return nil
}

// chown adds to a change of owner what goes along with it.
func (f *files) chown(n *node, in *fuse.SetAttrIn, c *ext4.AttrChange) error {
	a := n.Attr()
	if a.Type() == ondisk.ModeDir {
		return nil
	}
	mode := a.Mode &^ ondisk.ModeFmt
	kept := withoutSetID(mode, a.GID, &in.Caller)
	if kept != mode && in.Caller.Uid != a.UID && !capable(&in.Caller, unix.CAP_FOWNER) {
		return syscall.EPERM // it changes the mode
	}
	if err := n.dropCaps(); err != nil || c.Mode != nil {
		return err
	}
	if kept != mode || c.UID == nil && c.GID == nil {
		c.Mode = &kept
	}
	return nil
}

// inGroup reports whether a caller belongs to a group or is above such things.
func inGroup(c *fuse.Caller, gid uint32) bool {
	if c.Gid == gid {
		return true
	}
	for word := range strings.FieldsSeq(statusOf(c.Pid, "Groups:")) {
		if id, err := strconv.ParseUint(word, 10, 32); err == nil && uint32(id) == gid {
			return true
		}
	}
	return capable(c, unix.CAP_FSETID)
}

// capable reports whether a caller has a capability. Where that cannot be told it is the super user who has.
func capable(c *fuse.Caller, capability uint) bool {
	has, err := strconv.ParseUint(statusOf(c.Pid, "CapEff:"), 16, 64)
	if err != nil {
		return c.Uid == 0
	}
	return has>>capability&1 != 0 && sameUsers(c.Pid)
}

// sameUsers reports whether a process has its capabilities over the users that we know, and not in a world of its own.
func sameUsers(pid uint32) bool {
	theirs, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/user", pid))
	if err != nil {
		return false
	}
	ours, err := os.Readlink("/proc/self/ns/user")
	return err == nil && ours == theirs
}

// statusOf is a line of what the system tells of a process, nothing where it does not.
func statusOf(pid uint32, key string) string {
	file, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return ""
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), key); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
