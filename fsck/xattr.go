package fsck

import (
	"strings"

	"extant/internal/ondisk"
)

// An xattrRef is an inode's reference to a block of xattrs.
type xattrRef struct {
	block ondisk.Block
	ino   ondisk.Ino
}

// A valueRef is a reference of an xattr to the inode that holds its value.
type valueRef struct {
	ino, from ondisk.Ino
	block     ondisk.Block // of the xattr; 0 for one in the inode from
	size      uint32
	hash      uint32
	name      string
}

// checkBody judges the xattrs in the inode at hand, and returns them; none where they make no sense.
func (w *worker) checkBody() ondisk.XattrArea {
	f, c := &w.file, w.c
	from := f.inode.XattrStart(c.slot)
	if from >= c.slot || le32(f.slot[from:]) != ondisk.XattrMagic {
		w.checkNoXattrs()
		return ondisk.XattrArea{}
	}
	body, err := ondisk.BodyXattrs(f.slot[from:])
	if err == nil {
		err = w.eachXattr(body, 0)
	}
	if err != nil {
		w.fault(XattrBody, Place{Offset: from}, "%v", err).show(f.slot[from:])
		return ondisk.XattrArea{}
	}
	if err := body.Check(); err != nil {
		w.fault(XattrBodyClash, Place{Offset: from}, "%v", err).show(f.slot[from:])
	}
	return body
}

// checkNoXattrs is for an inode without any in its body.
func (w *worker) checkNoXattrs() {
	if n := &w.file.inode; n.Has(ondisk.InodeEncrypt) && n.FileACL() == 0 && w.c.sb.HasIncompat(ondisk.IncompatEncrypt) {
		w.fault(XattrCryptAbsent, Place{}, "i_flags is %#x", n.Flags)
	}
}

// eachXattr judges the xattrs of an area one by one; block is where they lie, 0 for the inode at hand. The error is that of the walk.
func (w *worker) eachXattr(a ondisk.XattrArea, block ondisk.Block) error {
	context := false
	for x, err := range a.All() {
		if err != nil {
			return err
		}
		w.checkXattr(&x, block)
		context = context || x.Is(ondisk.XattrEncryption, ondisk.XattrEncryptionName)
	}
	if n := &w.file.inode; block == 0 && n.Has(ondisk.InodeEncrypt) && !context && n.FileACL() == 0 {
		w.fault(XattrCryptAbsent, Place{}, "i_flags is %#x", n.Flags)
	}
	return nil
}

// checkXattr judges one xattr.
func (w *worker) checkXattr(x *ondisk.Xattr, block ondisk.Block) {
	place := Place{Block: block, Name: xattrName(x)}
	if x.Index == 0 {
		w.fault(XattrIndex, place, "e_name_index is 0")
		return
	}
	switch {
	case x.ValueIno != 0:
		w.valueIn(x, block)
		return
	case block != 0:
		w.checkHash(x, place)
	case x.Hash != 0 && x.Hash != ondisk.XattrHash(x.Name, x.Value) && x.Hash != ondisk.XattrHashSigned(x.Name, x.Value):
		w.fault(XattrBodyHash, place, "e_hash is %#x, not %#x", x.Hash, ondisk.XattrHash(x.Name, x.Value)).want(0)
	}
	switch x.Index {
	case ondisk.XattrACLAccess, ondisk.XattrACLDefault:
		if _, err := ondisk.DecodeACL(x.Value); err != nil {
			w.fault(XattrACL, place, "%v", err).show(x.Value)
		}
	case ondisk.XattrEncryption:
		var k ondisk.CryptContext
		if err := k.Decode(x.Value); err != nil {
			w.fault(XattrCrypt, place, "%v", err).show(x.Value)
		}
	case ondisk.XattrSystem:
		if x.Is(ondisk.XattrSystem, ondisk.XattrInlineDataName) && (block != 0 || !w.file.inode.Has(ondisk.InodeInlineData)) {
			w.fault(InlineStray, place, "%d bytes, i_flags %#x", len(x.Value), w.file.inode.Flags)
		}
	}
}

// checkHash compares the hash of an xattr in a block with it.
func (w *worker) checkHash(x *ondisk.Xattr, place Place) {
	if want := ondisk.XattrHash(x.Name, x.Value); x.Hash != want && x.Hash != ondisk.XattrHashSigned(x.Name, x.Value) {
		w.fault(XattrHash, place, "e_hash is %#x, not %#x", x.Hash, want).want(uint64(want))
	}
}

// valueIn notes that the value of an xattr is in an inode.
func (w *worker) valueIn(x *ondisk.Xattr, block ondisk.Block) {
	f, c := &w.file, w.c
	if !c.sb.HasIncompat(ondisk.IncompatEAInode) || x.ValueIno < c.sb.FirstFreeIno() || uint32(x.ValueIno) > c.sb.InodesCount || x.ValueIno == f.ino {
		w.fault(ValueInode, Place{Block: block, Name: xattrName(x)}, "e_value_inum is %d", x.ValueIno)
		return
	}
	if block == 0 {
		f.values += c.valueClusters(x.Size)
		f.valueInodes++
	}
	w.values = append(w.values, valueRef{x.ValueIno, f.ino, block, x.Size, x.Hash, strings.Clone(string(x.Name))})
}

// valueClusters is what a value in an inode of its own adds to the blocks of who refers to it.
func (c *checker) valueClusters(size uint32) uint64 {
	per := uint64(c.bs) * c.ratio
	return (uint64(size) + per - 1) / per
}

// countValues adds the values that the xattrs in a block have in other inodes to the blocks of the inode at hand.
func (w *worker) countValues(b ondisk.Block) {
	f, c := &w.file, w.c
	p := buf(&w.block, c.bs)
	w.block = p
	if c.read(b, p) != nil {
		return
	}
	a, err := ondisk.BlockXattrs(p)
	if err != nil {
		return
	}
	for x, err := range a.All() {
		if err == nil && x.ValueIno != 0 {
			f.values += c.valueClusters(x.Size)
			f.valueInodes++
		}
	}
}

func xattrName(x *ondisk.Xattr) string {
	if full, ok := ondisk.JoinXattrName(x.Index, x.Name); ok {
		return full
	}
	if x.Is(ondisk.XattrSystem, ondisk.XattrInlineDataName) {
		return "system.data"
	}
	return string(x.Name)
}
