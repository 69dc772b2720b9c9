package fsck

import (
	"cmp"
	"slices"

	"extant/internal/ondisk"
)

// checkValues judges the inodes that hold values of xattrs: each reference to one, and how many there are.
func (c *checker) checkValues() {
	var refs []valueRef
	for _, w := range c.workers {
		refs = append(refs, w.values...)
		w.values = nil
	}
	slices.SortFunc(refs, func(a, b valueRef) int {
		return cmp.Or(cmp.Compare(a.ino, b.ino), cmp.Compare(a.from, b.from), cmp.Compare(a.block, b.block), cmp.Compare(a.name, b.name))
	})
	c.valued = make(map[ondisk.Ino]bool)
	for len(refs) > 0 {
		n := 1
		for n < len(refs) && refs[n].ino == refs[0].ino {
			n++
		}
		c.checkValue(refs[:n])
		refs = refs[n:]
	}
}

// checkValue judges the inode that all of refs refer to.
func (c *checker) checkValue(refs []valueRef) {
	ino := refs[0].ino
	c.valued[ino] = true
	k := c.kindOf(ino)
	if k&kindEA == 0 || k&kindType != ondisk.FileRegular {
		for _, r := range refs {
			c.add(ValueInodeFlag, Place{Ino: r.from, Block: r.block, Name: r.name}, "the value is in inode %d, which is not for values", ino)
		}
		return
	}
	f, err := c.openFile(ino)
	if err != nil {
		return // what is wrong with the inode was said
	}
	hash, err := c.valueHash(f)
	for _, r := range refs {
		place := Place{Ino: r.from, Block: r.block, Name: r.name}
		switch signed, want := ondisk.XattrInodeHashSigned([]byte(r.name), hash), ondisk.XattrInodeHash([]byte(r.name), hash); {
		case uint64(r.size) != f.inode.Size():
			c.add(ValueInodeSize, place, "e_value_size is %d, inode %d has %d bytes", r.size, ino, f.inode.Size()).want(f.inode.Size())
		case err == nil && r.hash != want && r.hash != signed:
			c.add(ValueInodeHash, place, "e_hash is %#x, not %#x", r.hash, want).want(uint64(want))
		}
	}
	if got := f.inode.EARefcount(); got != uint64(len(refs)) {
		c.add(ValueInodeRefs, Place{Ino: ino}, "the inode counts %d references, not %d", got, len(refs)).want(uint64(len(refs)))
	}
}

// valueHash is the hash of the value that a file holds.
func (c *checker) valueHash(f *sysFile) (uint32, error) {
	size := f.inode.Size()
	if size > ondisk.XattrSizeMax || size > f.blocks*uint64(c.bs) {
		return 0, ondisk.Corrupt("xattr value", "%d bytes in %d blocks", size, f.blocks)
	}
	hash := c.seed
	b := buf(&c.blockBuf, c.bs)
	c.blockBuf = b
	for off := int64(0); off < int64(size); off += int64(len(b)) {
		p := b[:min(int64(len(b)), int64(size)-off)]
		if _, err := f.ReadAt(p, off); err != nil {
			return 0, err
		}
		hash = ondisk.EAValueHash(hash, p)
	}
	if f.inode.EAHash() != hash {
		c.add(ValueInodeHash, Place{Ino: f.ino}, "the inode says that its value hashes to %#x, not %#x", f.inode.EAHash(), hash).want(uint64(hash))
	}
	return hash, nil
}
