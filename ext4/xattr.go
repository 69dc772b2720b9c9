package ext4

import (
	"encoding/binary"
	"slices"
	"syscall"

	"extant/internal/buffer"
	"extant/internal/ondisk"
)

// xattrValueMax is the longest value that Linux lets anybody see, in bytes (XATTR_SIZE_MAX).
const xattrValueMax = 64 << 10

// Xattrs lists the names of the extended attributes, with their prefixes, in the order they have on disk. What the format keeps to itself,
// inline data and encryption contexts, is not among them.
func (n *Inode) Xattrs() ([]string, error) {
	if n.fs.constant && n.core().noXattrs() {
		return nil, nil
	}
	var names []string
	n.xattr.RLock()
	defer n.xattr.RUnlock()
	err := n.eachXattr(func(x ondisk.Xattr) bool {
		if name, ok := ondisk.JoinXattrName(x.Index, x.Name); ok {
			names = append(names, name)
		}
		return true
	})
	return names, err
}

// Xattr is the value of an extended attribute as getxattr returns it: POSIX ACLs are in the form of the system call.
// A name that the inode does not have is syscall.ENODATA, and one that ext4 cannot have syscall.EOPNOTSUPP.
func (n *Inode) Xattr(name string) ([]byte, error) {
	index, rest, ok := ondisk.SplitXattrName(name)
	if !ok || index == ondisk.XattrSystem {
		return nil, syscall.EOPNOTSUPP
	}
	value, err := n.rawXattr(index, rest)
	if err == nil && (index == ondisk.XattrACLAccess || index == ondisk.XattrACLDefault) {
		var acl ondisk.ACL
		acl, err = ondisk.DecodeACL(value)
		value = acl.EncodeXattr()
	}
	if err != nil {
		return nil, ondisk.Locate(err, n.ino, 0)
	}
	return value, nil
}

// CryptContext is the encryption context of an encrypted inode; syscall.ENODATA where there is none.
func (n *Inode) CryptContext() (ondisk.CryptContext, error) {
	var c ondisk.CryptContext
	value, err := n.rawXattr(ondisk.XattrEncryption, ondisk.XattrEncryptionName)
	if err == nil {
		err = ondisk.Locate(c.Decode(value), n.ino, 0)
	}
	return c, err
}

// rawXattr is a copy of a value as it is stored.
func (n *Inode) rawXattr(index uint8, name string) ([]byte, error) {
	n.xattr.RLock()
	defer n.xattr.RUnlock()
	var found ondisk.Xattr
	ok := false
	err := n.eachXattr(func(x ondisk.Xattr) bool {
		if x.Is(index, name) {
			found, ok = x, true
		}
		return !ok
	})
	switch {
	case ok && found.ValueIno != 0:
		return n.inodeValue(found)
	case ok:
		return slices.Clone(found.Value), nil
	case err != nil:
		return nil, err
	}
	return nil, errNoAttr
}

// eachXattr calls f for the xattrs in the inode and then those in its block, until f returns false.
func (n *Inode) eachXattr(f func(ondisk.Xattr) bool) error {
	for _, area := range []func() (ondisk.XattrArea, error){n.bodyXattrs, n.blockXattrs} {
		a, err := area()
		if err != nil {
			return err
		}
		for x, err := range a.All() {
			if err != nil {
				return ondisk.Locate(err, n.ino, 0)
			}
			if !f(x) {
				return nil
			}
		}
	}
	return nil
}

// bodyXattrs is the area in the inode's slot.
func (n *Inode) bodyXattrs() (ondisk.XattrArea, error) {
	c := n.core()
	a, err := ondisk.BodyXattrs(c.slot[c.disk.XattrStart(len(c.slot)):])
	return a, ondisk.Locate(err, n.ino, 0)
}

// noXattrs reports whether it is plain that the inode has none: no block of them, nor the mark of any in the slot.
func (c *core) noXattrs() bool {
	rest := c.slot[c.disk.XattrStart(len(c.slot)):]
	return c.disk.FileACL() == 0 && (len(rest) < 4 || binary.LittleEndian.Uint32(rest) != ondisk.XattrMagic)
}

// XattrBlock is the number of the block that holds xattrs (i_file_acl); 0 for none.
func (n *Inode) XattrBlock() ondisk.Block { return n.fs.xattrBlock(&n.core().disk) }

func (l *layout) xattrBlock(d *ondisk.Inode) ondisk.Block {
	if l.sb.HasIncompat(ondisk.Incompat64Bit) {
		return d.FileACL()
	}
	return ondisk.Block(d.FileACLLo)
}

// blockXattrs is the area in the inode's xattr block, which other inodes may share.
func (n *Inode) blockXattrs() (ondisk.XattrArea, error) {
	b := n.XattrBlock()
	if b == 0 {
		return ondisk.XattrArea{}, nil
	}
	data, err := n.fs.checkedBlock("xattr block", b, buffer.Use{What: useXattrBlock}, func(data []byte) error {
		return n.fs.checkXattrBlock(b, data)
	})
	if err != nil {
		return ondisk.XattrArea{}, ondisk.Locate(err, n.ino, b)
	}
	a, err := ondisk.BlockXattrs(data)
	return a, ondisk.Locate(err, n.ino, b)
}

// inodeValue reads the value of x from the inode that holds it, and verifies its hashes.
func (n *Inode) inodeValue(x ondisk.Xattr) ([]byte, error) {
	switch {
	case !n.fs.sb.HasIncompat(ondisk.IncompatEAInode):
		return nil, n.corrupt("xattr", "value of %q in inode %d without the feature ea_inode", x.Name, x.ValueIno)
	case x.Size > xattrValueMax:
		return nil, syscall.E2BIG
	}
	ea, err := n.fs.inodes.Get(x.ValueIno)
	switch {
	case err != nil:
		return nil, err
	case ea == n || !ea.core().disk.Has(ondisk.InodeEA) || ea.core().disk.Type() != ondisk.ModeRegular || ea.inline() || ea.encrypted():
		return nil, n.corrupt("xattr", "inode %d is not one for the value of %q", x.ValueIno, x.Name)
	case ea.length() != int64(x.Size):
		return nil, n.corrupt("xattr", "value of %q has %d bytes, but inode %d %d", x.Name, x.Size, x.ValueIno, ea.length())
	}
	value := make([]byte, x.Size)
	if err := ea.readValue(value); err != nil {
		return nil, err
	}
	return value, n.checkInodeValue(x, ea, value)
}

// checkInodeValue compares a value with the hashes in the inode that holds it and in the entry. Values that Lustre wrote have
// none: they name their only owner instead.
func (n *Inode) checkInodeValue(x ondisk.Xattr, ea *Inode, value []byte) error {
	if ea.core().disk.MTime == uint32(n.ino) && ea.core().disk.Generation == n.core().disk.Generation {
		return nil
	}
	hash := ondisk.EAValueHash(n.fs.seed, value)
	if hash != ea.core().disk.EAHash() {
		return n.corrupt("xattr", "value of %q in inode %d has hash %#08x, not %#08x", x.Name, x.ValueIno, hash, ea.core().disk.EAHash())
	}
	if x.Hash != ondisk.XattrInodeHash(x.Name, hash) && x.Hash != ondisk.XattrInodeHashSigned(x.Name, hash) {
		return n.corrupt("xattr", "entry %q has hash %#08x, which is not that of its name and value", x.Name, x.Hash)
	}
	return nil
}
