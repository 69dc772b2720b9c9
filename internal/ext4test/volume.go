package ext4test

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"extant"
	"extant/internal/ondisk"
)

// ReadVolume takes a snapshot of a volume, by its paths alone.
func ReadVolume(v *extant.Volume) (Tree, error) {
	r := volumeReader{v: v, tree: Tree{}, names: names[uint32]{}}
	if err := v.WalkDir("/", r.visit); err != nil {
		return nil, err
	}
	r.names.note(r.tree)
	return r.tree, nil
}

type volumeReader struct {
	v     *extant.Volume
	tree  Tree
	names names[uint32]
}

func (r *volumeReader) visit(name string, d fs.DirEntry, err error) error {
	if err != nil {
		return err
	}
	at := inner(name)
	if at == lostFound {
		return fs.SkipDir
	}
	info, err := d.Info()
	if err != nil {
		return err
	}
	if info.Mode().Type() != d.Type() {
		return fmt.Errorf("%s: the directory says %v, the inode %v", name, d.Type(), info.Mode().Type())
	}
	n, err := r.node(name, at, info.Sys().(*extant.Stat))
	if err != nil {
		return err
	}
	r.tree[at] = n
	return nil
}

func (r *volumeReader) node(name, at string, s *extant.Stat) (Node, error) {
	n := Node{Mode: s.Mode, UID: s.UID, GID: s.GID, MTime: s.MTime, ATime: s.ATime}
	if s.Type() != ondisk.ModeDir {
		n.Links = s.Links
		r.names.add(s.Ino, at)
	}
	var err error
	switch s.Type() {
	case ondisk.ModeRegular:
		err = r.content(name, s.Size, &n)
	case ondisk.ModeSymlink:
		if n.Target, err = r.v.Readlink(name); err == nil && int64(len(n.Target)) != s.Size {
			err = fmt.Errorf("%s: a target of %d bytes, but size %d", name, len(n.Target), s.Size)
		}
	case ondisk.ModeChar, ondisk.ModeBlock:
		n.Major, n.Minor = s.Major, s.Minor
	}
	if err == nil {
		n.Xattrs, err = r.xattrs(name)
	}
	return n, err
}

func (r *volumeReader) content(name string, size int64, n *Node) error {
	f, err := r.v.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	n.Size = size
	if n.Data, err = dataOf(f, size, func(err error) bool { return errors.Is(err, syscall.ENXIO) }); err != nil {
		return err
	}
	n.Sum, err = sumAt(f, size, n.Data)
	return err
}

func (r *volumeReader) xattrs(name string) (map[string]string, error) {
	list, err := r.v.Llistxattr(name)
	if err != nil {
		return nil, err
	}
	out := make(map[string]string, len(list))
	for _, x := range list {
		value, err := r.v.Lgetxattr(name, x)
		if err != nil {
			return nil, err
		}
		out[x] = string(value)
	}
	return out, nil
}
