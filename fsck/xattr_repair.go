package fsck

import (
	"slices"

	"extant/internal/ondisk"
)

// soundXattrs is a list of the xattrs of an area up to the first that makes no sense, each name once, on memory of its own. whole says that it
// is all of them.
func soundXattrs(a ondisk.XattrArea) (list []ondisk.Xattr, whole bool) {
	whole = true
	for x, err := range a.All() {
		if err != nil {
			return list, false
		}
		if slices.ContainsFunc(list, func(y ondisk.Xattr) bool { return ondisk.CompareXattrs(x, y) == 0 }) {
			whole = false
			continue
		}
		x.Name, x.Value = slices.Clone(x.Name), slices.Clone(x.Value)
		list = append(list, x)
	}
	return list, whole
}

// bodyList is the sound xattrs in an inode's slot.
func (m *mender) bodyList(n *ondisk.Inode, slot []byte) ([]ondisk.Xattr, bool) {
	a, err := ondisk.BodyXattrs(slot[n.XattrStart(len(slot)):])
	if err != nil {
		return nil, false
	}
	return soundXattrs(a)
}

// body writes the xattrs of an inode as edit wants them.
func (m *mender) body(ino ondisk.Ino, edit func(list []ondisk.Xattr) []ondisk.Xattr) error {
	fits := true
	err := m.inode(ino, func(n *ondisk.Inode, slot []byte) {
		list, _ := m.bodyList(n, slot)
		if from := n.XattrStart(len(slot)); from < len(slot) {
			fits = ondisk.PutBodyXattrs(slot[from:], edit(list))
		}
	})
	if err == nil && !fits {
		err = errNoRoom
	}
	return err
}

// salvageBody writes the xattrs in an inode anew.
func (m *mender) salvageBody(f *Finding) error {
	return m.body(f.Place.Ino, func(list []ondisk.Xattr) []ondisk.Xattr { return list })
}

// xattrBlock writes a block of xattrs as edit wants them; whoever shares it goes on to do so.
func (m *mender) xattrBlock(b ondisk.Block, edit func(list []ondisk.Xattr) []ondisk.Xattr) error {
	p, err := m.get(b)
	if err != nil {
		return err
	}
	a, err := ondisk.BlockXattrs(p)
	if err != nil {
		return m.dropXattrBlock(b)
	}
	list, _ := soundXattrs(a)
	list = edit(list)
	if len(list) == 0 {
		return m.dropXattrBlock(b)
	}
	var h ondisk.XattrHeader
	if err := h.Decode(p); err != nil {
		return err
	}
	if !ondisk.PutBlockXattrs(p, list) {
		return errNoRoom
	}
	refs := h.Refcount
	if err := h.Decode(p); err != nil {
		return err
	}
	h.Refcount = refs
	h.Encode(p)
	return m.putXattrBlock(b, p)
}

func (m *mender) putXattrBlock(b ondisk.Block, p []byte) error {
	if m.c.csum {
		ondisk.SetXattrBlockCsum(m.c.seed, b, p)
	}
	return m.put(b, p)
}

// dropXattrBlock takes a block of xattrs from all inodes that refer to it.
func (m *mender) dropXattrBlock(b ondisk.Block) error {
	for _, r := range m.c.xrefs {
		if r.block != b {
			continue
		}
		if err := m.inode(r.ino, func(n *ondisk.Inode, _ []byte) { n.SetFileACL(0) }); err != nil {
			return err
		}
	}
	return nil
}

// salvageXattrBlock writes a block of xattrs anew with what is sound in it, or drops it.
func (m *mender) salvageXattrBlock(f *Finding) error {
	if !m.once(task{action: SealXattrs, block: f.Place.Block}) {
		return nil
	}
	return m.xattrBlock(f.Place.Block, func(list []ondisk.Xattr) []ondisk.Xattr { return list })
}

// sealXattrBlock sets the checksum of a block of xattrs.
func (m *mender) sealXattrBlock(f *Finding) error {
	p, err := m.get(f.Place.Block)
	if err != nil {
		return err
	}
	return m.putXattrBlock(f.Place.Block, p)
}

// countXattrBlock sets how many inodes refer to a block of xattrs.
func (m *mender) countXattrBlock(f *Finding) error {
	p, err := m.get(f.Place.Block)
	if err != nil {
		return err
	}
	var h ondisk.XattrHeader
	if err := h.Decode(p); err != nil {
		return err
	}
	h.Refcount = uint32(f.Repair.Want)
	h.Encode(p)
	return m.putXattrBlock(f.Place.Block, p)
}

// editXattr changes the xattr that a finding is about, wherever it is; edit says whether it stays.
func (m *mender) editXattr(f *Finding, edit func(x *ondisk.Xattr) bool) error {
	change := func(list []ondisk.Xattr) []ondisk.Xattr {
		out := list[:0]
		for _, x := range list {
			if !named(&x, f.Place.Name) || edit(&x) {
				out = append(out, x)
			}
		}
		return out
	}
	if f.Place.Block != 0 {
		return m.xattrBlock(f.Place.Block, change)
	}
	return m.body(f.Place.Ino, change)
}

// named reports whether a finding means an xattr by a name. Findings about values in other inodes have only what is on the disk of it.
func named(x *ondisk.Xattr, name string) bool {
	return xattrName(x) == name || x.ValueIno != 0 && string(x.Name) == name
}

// dropXattr removes an xattr.
func (m *mender) dropXattr(f *Finding) error {
	return m.editXattr(f, func(*ondisk.Xattr) bool { return false })
}

// sizeValue sets the size of a value that is in another inode, and drops what has none that it could have.
func (m *mender) sizeValue(f *Finding) error {
	return m.editXattr(f, func(x *ondisk.Xattr) bool {
		x.Size = uint32(min(f.Repair.Want, ondisk.XattrSizeMax))
		return f.Repair.Want > 0 && f.Repair.Want <= ondisk.XattrSizeMax
	})
}

// hashValue sets the hash of a value in another inode, in that or in the xattr that refers to it.
func (m *mender) hashValue(f *Finding) error {
	if f.Place.Name == "" {
		return m.inode(f.Place.Ino, func(n *ondisk.Inode, _ []byte) { n.SetEAHash(uint32(f.Repair.Want)) })
	}
	return m.editXattr(f, func(x *ondisk.Xattr) bool {
		x.Hash = uint32(f.Repair.Want)
		return true
	})
}
