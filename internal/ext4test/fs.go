package ext4test

import (
	"fmt"
	"io/fs"

	"extant/internal/ondisk"
)

// ReadFS takes a snapshot of what io/fs shows of a file system: names, modes, times, sizes, bytes and targets. Compare it under
// the losses of PlainFS.
func ReadFS(fsys fs.FS) (Tree, error) {
	tree := Tree{}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name == lostFound {
			return fs.SkipDir
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		tree[name], err = fsNode(fsys, name, info)
		return err
	})
	return tree, err
}

func fsNode(fsys fs.FS, name string, info fs.FileInfo) (n Node, err error) {
	n.Mode, n.MTime = modeOf(info.Mode()), info.ModTime()
	switch info.Mode().Type() {
	case 0:
		f, err := fsys.Open(name)
		if err != nil {
			return n, err
		}
		defer f.Close()
		n.Sum, n.Size, err = sum(f, info.Size())
		if err == nil && n.Size != info.Size() {
			err = fmt.Errorf("%s: read %d of %d bytes", name, n.Size, info.Size())
		}
		return n, err
	case fs.ModeSymlink:
		n.Target, err = fs.ReadLink(fsys, name)
	}
	return n, err
}

// modes are the bits of i_mode and those of package io/fs for them, but for permissions.
var modes = []struct {
	ours uint16
	io   fs.FileMode
}{
	{0o4000, fs.ModeSetuid}, {0o2000, fs.ModeSetgid}, {0o1000, fs.ModeSticky},
	{ondisk.ModeRegular, 0}, {ondisk.ModeDir, fs.ModeDir}, {ondisk.ModeSymlink, fs.ModeSymlink}, {ondisk.ModeFIFO, fs.ModeNamedPipe},
	{ondisk.ModeSocket, fs.ModeSocket}, {ondisk.ModeBlock, fs.ModeDevice}, {ondisk.ModeChar, fs.ModeDevice | fs.ModeCharDevice},
}

// modeOf is i_mode for a mode of package io/fs.
func modeOf(m fs.FileMode) uint16 {
	out := uint16(m.Perm())
	for _, b := range modes {
		switch {
		case b.ours >= 0o10000 && m.Type() == b.io:
			out |= b.ours
		case b.ours < 0o10000 && m&b.io != 0:
			out |= b.ours
		}
	}
	return out
}

// fileMode is the mode of package io/fs for i_mode.
func fileMode(mode uint16) fs.FileMode {
	out := fs.FileMode(mode & 0o777)
	for _, b := range modes {
		switch {
		case b.ours >= 0o10000 && mode&ondisk.ModeFmt == b.ours:
			out |= b.io
		case b.ours < 0o10000 && mode&b.ours != 0:
			out |= b.io
		}
	}
	return out
}
