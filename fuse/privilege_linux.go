package fuse

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"

	"extant/ext4"
	"extant/internal/ondisk"
)

// What a write, a new size or a new owner takes away from a file, is taken away here (HANDLE_KILLPRIV_V2): the set-ID bits where the kernel
// says that the caller may not keep them, and capabilities always.

const capsXattr = "security.capability"

// dropPrivileges is to come before the content of a file changes.
func (f *files) dropPrivileges(n *node, setID bool) error {
	if err := n.dropCaps(); err != nil || !setID {
		return err
	}
	a := n.Attr()
	mode := a.Mode &^ ondisk.ModeFmt
	if kept := withoutSetID(mode); kept != mode {
		return n.SetAttr(ext4.AttrChange{Mode: &kept})
	}
	return nil
}

// withoutSetID is a mode without set-user-ID, and without set-group-ID where the group may execute: elsewhere it means no privilege.
func withoutSetID(mode uint16) uint16 {
	mode &^= syscall.S_ISUID
	if mode&syscall.S_IXGRP != 0 {
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

// chown adds to a change of owner what goes along with it. Set-group-ID without execution stays to those who belong to the group.
func (f *files) chown(n *node, in *fuse.SetAttrIn, c *ext4.AttrChange) error {
	a := n.Attr()
	if a.Type() == ondisk.ModeDir {
		return nil
	}
	if err := n.dropCaps(); err != nil || c.Mode != nil {
		return err
	}
	mode := a.Mode &^ ondisk.ModeFmt
	kept := withoutSetID(mode)
	if kept&syscall.S_ISGID != 0 && !inGroup(&in.Caller, a.GID) {
		kept &^= syscall.S_ISGID
	}
	if kept != mode {
		c.Mode = &kept
	}
	return nil
}

// inGroup reports whether a caller belongs to a group or is above such things.
func inGroup(c *fuse.Caller, gid uint32) bool {
	if c.Uid == 0 || c.Gid == gid {
		return true
	}
	return slices.Contains(groupsOf(c.Pid), gid)
}

// groupsOf are the supplementary groups of a process, none where it cannot be told.
func groupsOf(pid uint32) (groups []uint32) {
	file, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return nil
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		list, ok := strings.CutPrefix(lines.Text(), "Groups:")
		if !ok {
			continue
		}
		for word := range strings.FieldsSeq(list) {
			if id, err := strconv.ParseUint(word, 10, 32); err == nil {
				groups = append(groups, uint32(id))
			}
		}
	}
	return groups
}
