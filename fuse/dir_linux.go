package fuse

import (
	"github.com/hanwen/go-fuse/v2/fuse"

	"extant/ext4"
)

// OpenDir is not needed: a place in a directory is a cookie that outlives every open.
func (f *files) OpenDir(<-chan struct{}, *fuse.OpenIn, *fuse.OpenOut) fuse.Status { return fuse.ENOSYS }

// ReleaseDir is what a kernel that opens directories all the same tells.
func (f *files) ReleaseDir(*fuse.ReleaseIn) {}

// FsyncDir makes the names in a directory durable.
func (f *files) FsyncDir(_ <-chan struct{}, in *fuse.FsyncIn) fuse.Status {
	n, err := f.nodes.get(in.NodeId)
	if err == nil {
		err = n.Fsync()
	}
	return status(err)
}

// entries are names of a directory from a place on, as many as take size bytes or a little more, where each takes extra besides its name.
func (f *files) entries(in *fuse.ReadIn, extra int) (list []ext4.DirEntry, err error) {
	n, err := f.nodes.get(in.NodeId)
	if err != nil {
		return nil, err
	}
	size := 0
	for e, err := range n.ReadDir(ext4.Cookie(in.Offset)) {
		if err != nil {
			if len(list) > 0 {
				return list, nil // the next request starts where it is wrong
			}
			return nil, err
		}
		list = append(list, e)
		if size += extra + len(e.Name); size > int(in.Size) {
			break
		}
	}
	return list, nil
}

// Bytes that an entry takes besides its name.
const (
	direntBytes = 24
	plusBytes   = direntBytes + 128
)

func (f *files) ReadDir(_ <-chan struct{}, in *fuse.ReadIn, out *fuse.DirEntryList) fuse.Status {
	list, err := f.entries(in, direntBytes)
	if err != nil {
		return status(err)
	}
	for _, e := range list {
		if !out.AddDirEntry(dirent(&e)) {
			break
		}
	}
	return fuse.OK
}

// ReadDirPlus gives the inodes along with the names. An inode that cannot be had goes without: who looks the name up hears why.
func (f *files) ReadDirPlus(_ <-chan struct{}, in *fuse.ReadIn, out *fuse.DirEntryList) fuse.Status {
	list, err := f.entries(in, plusBytes)
	if err != nil {
		return status(err)
	}
	for _, e := range list {
		entry := out.AddDirLookupEntry(dirent(&e))
		if entry == nil {
			break
		}
		if e.Name == "." || e.Name == ".." {
			continue // node id 0: these count no lookup
		}
		if child, err := f.fs.Inode(e.Ino); err == nil && child.Hold() == nil {
			f.entry(child, entry)
			out.FixMode(entry.Mode)
		}
	}
	return fuse.OK
}

func dirent(e *ext4.DirEntry) fuse.DirEntry {
	return fuse.DirEntry{Name: e.Name, Ino: uint64(e.Ino), Mode: modeOf(e.Type), Off: uint64(e.Next)}
}
