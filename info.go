package extant

import (
	"io/fs"
	"strings"
	"time"

	"extant/ext4"
	"extant/internal/ondisk"
)

// Stat is what an inode says of itself; the Sys method of a FileInfo returns a *Stat.
type Stat struct {
	Ino uint32
	ext4.Attr
}

// Stat describes what a path leads to, following symbolic links.
func (v *Volume) Stat(name string) (fs.FileInfo, error) { return v.stat("stat", name, true) }

// Lstat is Stat that does not follow a symbolic link at the end of the path.
func (v *Volume) Lstat(name string) (fs.FileInfo, error) { return v.stat("lstat", name, false) }

func (v *Volume) stat(op, name string, follow bool) (fs.FileInfo, error) {
	n, err := v.Inode(name, follow)
	if err != nil {
		return nil, pathError(op, name, err)
	}
	return newInfo(base(name), n), nil
}

// Readlink is the target of a symbolic link, as it is stored.
func (v *Volume) Readlink(name string) (string, error) {
	n, err := v.Inode(name, false)
	if err != nil {
		return "", pathError("readlink", name, err)
	}
	target, err := v.targetOf(n)
	return target, pathError("readlink", name, err)
}

// fileInfo is an inode under the name it was reached by.
type fileInfo struct {
	name  string
	inode *ext4.Inode
	stat  Stat
}

func newInfo(name string, n *ext4.Inode) *fileInfo {
	return &fileInfo{name: name, inode: n, stat: Stat{Ino: uint32(n.Ino()), Attr: n.Attr()}}
}

func (i *fileInfo) Name() string       { return i.name }
func (i *fileInfo) Size() int64        { return i.stat.Size }
func (i *fileInfo) Mode() fs.FileMode  { return fileMode(i.stat.Mode) }
func (i *fileInfo) ModTime() time.Time { return i.stat.MTime }
func (i *fileInfo) IsDir() bool        { return i.stat.Type() == ondisk.ModeDir }
func (i *fileInfo) Sys() any           { return &i.stat }
func (i *fileInfo) String() string     { return fs.FormatFileInfo(i) }

// base is the last name in a path.
func base(name string) string {
	name = strings.TrimRight(name, "/")
	if name == "" {
		return "/"
	}
	return name[strings.LastIndexByte(name, '/')+1:]
}

// fileMode translates i_mode to the bits of package io/fs.
func fileMode(mode uint16) fs.FileMode {
	m := fs.FileMode(mode&0o777) | fileType(mode)
	for _, b := range [...]struct {
		bit uint16
		is  fs.FileMode
	}{{0o4000, fs.ModeSetuid}, {0o2000, fs.ModeSetgid}, {0o1000, fs.ModeSticky}} {
		if mode&b.bit != 0 {
			m |= b.is
		}
	}
	return m
}

func fileType(mode uint16) fs.FileMode {
	switch mode & ondisk.ModeFmt {
	case ondisk.ModeRegular:
		return 0
	case ondisk.ModeDir:
		return fs.ModeDir
	case ondisk.ModeSymlink:
		return fs.ModeSymlink
	case ondisk.ModeChar:
		return fs.ModeDevice | fs.ModeCharDevice
	case ondisk.ModeBlock:
		return fs.ModeDevice
	case ondisk.ModeFIFO:
		return fs.ModeNamedPipe
	case ondisk.ModeSocket:
		return fs.ModeSocket
	}
	return fs.ModeIrregular
}
