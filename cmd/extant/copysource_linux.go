package main

import (
	"errors"
	"io/fs"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"extant"
)

func (h hostSource) device(info fs.FileInfo) (major, minor uint32) {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return unix.Major(uint64(st.Rdev)), unix.Minor(uint64(st.Rdev))
	}
	return 0, 0
}

func (h hostSource) owner(info fs.FileInfo) (uid, gid int) {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(st.Uid), int(st.Gid)
	}
	return -1, -1
}

func (h hostSource) times(info fs.FileInfo) extant.Times { return extant.Times{MTime: info.ModTime()} }

// xattrs are those that the caller may read. A file system without any has none.
func (h hostSource) xattrs() ([]xattr, error) {
	buf := make([]byte, 64<<10)
	n, err := unix.Llistxattr(string(h), buf)
	if errors.Is(err, unix.EOPNOTSUPP) {
		return nil, nil
	}
	if err != nil {
		return nil, &addressError{string(h), err}
	}
	var list []xattr
	for name := range strings.SplitSeq(strings.TrimSuffix(string(buf[:n]), "\x00"), "\x00") {
		if name == "" || name == "security.selinux" {
			continue
		}
		value := make([]byte, 64<<10)
		k, err := unix.Lgetxattr(string(h), name, value)
		if err != nil {
			return nil, &addressError{string(h), err}
		}
		list = append(list, xattr{name, value[:k], nil})
	}
	return list, nil
}
