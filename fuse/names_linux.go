package fuse

import (
	"errors"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"extant/ext4"
	"extant/internal/ondisk"
)

// entry answers with an inode that is held: the hold goes to the table of what the kernel knows.
func (f *files) entry(in *ext4.Inode, out *fuse.EntryOut) fuse.Status {
	out.NodeId = idOf(in.Ino())
	out.SetEntryTimeout(validity)
	generation, valid := f.fill(in, &out.Attr)
	out.Generation = generation
	out.SetAttrTimeout(valid)
	f.nodes.add(in)
	return fuse.OK
}

// Lookup finds a name. "." and ".." come from the kernel on behalf of a file server, which wants to know an inode by its number, and its
// parent. That a name is not there the kernel remembers as well.
func (f *files) Lookup(_ <-chan struct{}, in *fuse.InHeader, name string, out *fuse.EntryOut) fuse.Status {
	n, err := f.nodes.get(in.NodeId)
	if err != nil {
		return status(err)
	}
	child := n.Inode
	if name != "." {
		child, err = n.Child(name)
	}
	if err == nil {
		err = child.Hold()
	}
	if errors.Is(err, syscall.ENOENT) && len(name) <= nameMax {
		out.SetEntryTimeout(validity)
		return fuse.OK // node id 0: no such name
	}
	if err != nil {
		return status(err)
	}
	return f.entry(child, out)
}

const nameMax = 255 // bytes

func (f *files) Forget(id, lookups uint64) { f.nodes.forget(id, lookups) }

// made answers a request for a new inode with what the file system says.
func (f *files) made(parent uint64, out *fuse.EntryOut, do func(dir *node) (*ext4.Inode, error)) fuse.Status {
	dir, err := f.nodes.get(parent)
	if err != nil {
		return status(err)
	}
	var in *ext4.Inode
	err = f.nodes.withSpace(func() (err error) {
		in, err = do(dir)
		return err
	})
	if err != nil {
		return status(err)
	}
	return f.entry(in, out)
}

// newAttr is what a new inode in dir is to be like.
func (f *files) newAttr(in *fuse.InHeader, dir *node, mode, umask uint32) ext4.NewAttr {
	a := ext4.NewAttr{Mode: uint16(mode), UID: in.Uid, GID: in.Gid, Umask: uint16(umask), Hold: true}
	if f.groupOfDir {
		a.GID = dir.Attr().GID
	}
	return a
}

func (f *files) Mknod(_ <-chan struct{}, in *fuse.MknodIn, name string, out *fuse.EntryOut) fuse.Status {
	return f.made(in.NodeId, out, func(dir *node) (*ext4.Inode, error) {
		a := f.newAttr(&in.InHeader, dir, in.Mode, in.Umask)
		if in.Mode&unix.S_IFMT == unix.S_IFREG {
			return dir.Create(name, a)
		}
		return dir.Mknod(name, a, deviceOf(in.Rdev))
	})
}

func (f *files) Mkdir(_ <-chan struct{}, in *fuse.MkdirIn, name string, out *fuse.EntryOut) fuse.Status {
	return f.made(in.NodeId, out, func(dir *node) (*ext4.Inode, error) {
		return dir.Mkdir(name, f.newAttr(&in.InHeader, dir, in.Mode, in.Umask))
	})
}

func (f *files) Symlink(_ <-chan struct{}, in *fuse.InHeader, target, name string, out *fuse.EntryOut) fuse.Status {
	return f.made(in.NodeId, out, func(dir *node) (*ext4.Inode, error) {
		return dir.Symlink(name, target, f.newAttr(in, dir, 0o777, 0))
	})
}

// Create makes a file and opens it. A file that is there already is opened.
func (f *files) Create(_ <-chan struct{}, in *fuse.CreateIn, name string, out *fuse.CreateOut) fuse.Status {
	if f.noOpen {
		return fuse.ENOSYS // the kernel makes it with MKNOD, and needs no more to open it
	}
	out.OpenFlags = fuse.FOPEN_KEEP_CACHE
	return f.made(in.NodeId, &out.EntryOut, func(dir *node) (*ext4.Inode, error) {
		file, err := dir.Create(name, f.newAttr(&in.InHeader, dir, in.Mode, in.Umask))
		if errors.Is(err, syscall.EEXIST) && in.Flags&syscall.O_EXCL == 0 {
			return f.existing(dir, name)
		}
		return file, err
	})
}

// existing is a regular file that somebody else was faster to make.
func (f *files) existing(dir *node, name string) (*ext4.Inode, error) {
	in, err := dir.Child(name)
	if err != nil {
		return nil, err
	}
	a := in.Attr()
	if a.Type() != ondisk.ModeRegular {
		return nil, syscall.EEXIST
	}
	return in, in.Hold()
}

// Tmpfile makes a file without a name (O_TMPFILE).
func (f *files) Tmpfile(_ <-chan struct{}, in *fuse.CreateIn, out *fuse.CreateOut) fuse.Status {
	out.OpenFlags = fuse.FOPEN_KEEP_CACHE
	return f.made(in.NodeId, &out.EntryOut, func(dir *node) (*ext4.Inode, error) {
		return dir.Tmpfile(f.newAttr(&in.InHeader, dir, in.Mode, in.Umask))
	})
}

func (f *files) Link(_ <-chan struct{}, in *fuse.LinkIn, name string, out *fuse.EntryOut) fuse.Status {
	return f.made(in.NodeId, out, func(dir *node) (*ext4.Inode, error) {
		n, err := f.nodes.get(in.Oldnodeid)
		if err == nil {
			err = n.Hold()
		}
		if err != nil {
			return nil, err
		}
		if err := dir.Link(name, n.Inode); err != nil {
			_ = n.Release() // the kernel knows it, so it is not freed
			return nil, err
		}
		return n.Inode, nil
	})
}

func (f *files) Unlink(_ <-chan struct{}, in *fuse.InHeader, name string) fuse.Status {
	dir, err := f.nodes.get(in.NodeId)
	if err == nil {
		err = dir.Unlink(name, nil)
	}
	return status(err)
}

func (f *files) Rmdir(_ <-chan struct{}, in *fuse.InHeader, name string) fuse.Status {
	dir, err := f.nodes.get(in.NodeId)
	if err == nil {
		err = dir.Rmdir(name, nil)
	}
	return status(err)
}

// Rename gives something another name. The flags are the kernel's, in whose order package ext4 has them.
func (f *files) Rename(_ <-chan struct{}, in *fuse.RenameIn, oldName, newName string) fuse.Status {
	from, err := f.nodes.get(in.NodeId)
	if err != nil {
		return status(err)
	}
	to, err := f.nodes.get(in.Newdir)
	if err != nil {
		return status(err)
	}
	o := ext4.RenameOptions{}
	for bit, flag := range map[uint32]ext4.RenameFlags{
		unix.RENAME_NOREPLACE: ext4.RenameNoReplace, unix.RENAME_EXCHANGE: ext4.RenameExchange, unix.RENAME_WHITEOUT: ext4.RenameWhiteout,
	} {
		if in.Flags&bit != 0 {
			o.Flags |= flag
		}
	}
	if o.Flags&ext4.RenameWhiteout != 0 {
		o.Whiteout = f.newAttr(&in.InHeader, from, unix.S_IFCHR, 0)
		o.Whiteout.Hold = false
	}
	return status(from.Rename(oldName, to.Inode, newName, o))
}

func (f *files) Readlink(_ <-chan struct{}, in *fuse.InHeader) ([]byte, fuse.Status) {
	n, err := f.nodes.get(in.NodeId)
	if err != nil {
		return nil, status(err)
	}
	target, err := n.Readlink()
	return []byte(target), status(err)
}
