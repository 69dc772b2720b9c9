package ext4

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"syscall"

	"extant/internal/ondisk"
	"extant/sched"
)

// Inode is an inode in memory. It does not change while it is in use, needs no release, and may be used from many
// goroutines at once.
type Inode struct {
	fs   *FS          // immutable
	ino  ondisk.Ino   // immutable
	slot []byte       // immutable: the bytes in the inode table
	disk ondisk.Inode // immutable: slot, decoded
	size int64        // immutable: bytes
	seed uint32       // immutable: of the checksums of what the inode owns

	last   sched.Pointer[run]    // where the last block that was looked for lies
	merkle sched.Pointer[verity] // of a file with fs-verity, once it has been read
}

// A Slot is where an inode lies.
type Slot struct {
	Group  ondisk.Group
	Block  ondisk.Block
	Offset int // bytes into the block
	Size   int // bytes
}

// Root is the root directory.
func (fs *FS) Root() (*Inode, error) {
	n, err := fs.Inode(ondisk.RootIno)
	switch {
	case errors.Is(err, syscall.ESTALE):
		return nil, ondisk.Corrupt("root directory", "not in use").At(ondisk.RootIno, 0)
	case err == nil && !n.IsDir():
		return nil, ondisk.Corrupt("root directory", "mode %#o is not a directory's", n.disk.Mode).At(ondisk.RootIno, 0)
	}
	return n, err
}

// Inode returns an inode that a directory entry may name: the root or one with a number that is not reserved.
// A number that is reserved or out of range, and an inode that a name must not lead to, is a *CorruptError; an inode that is
// not in use is syscall.ESTALE.
func (fs *FS) Inode(ino ondisk.Ino) (*Inode, error) {
	if err := fs.checkNamed(ino); err != nil {
		return nil, err
	}
	n, err := fs.inodes.Get(ino)
	switch {
	case err != nil:
		return nil, err
	case n.disk.LinksCount == 0:
		return nil, syscall.ESTALE
	case n.disk.Has(ondisk.InodeEA):
		return nil, n.corrupt("inode", "it holds the value of an xattr, and is no file")
	case ondisk.FileType(n.disk.Mode) == ondisk.FileUnknown:
		return nil, n.corrupt("inode", "mode %#o has no file type", n.disk.Mode)
	}
	return n, nil
}

// checkNamed refuses numbers that no directory entry may hold. Reserved inodes are the file system's own.
func (fs *FS) checkNamed(ino ondisk.Ino) error {
	if ino == ondisk.RootIno || ino >= fs.sb.FirstFreeIno() && uint32(ino) <= fs.sb.InodesCount {
		return nil
	}
	return ondisk.Corrupt("inode number", "%d is not within %d to %d", ino, fs.sb.FirstFreeIno(), fs.sb.InodesCount)
}

// SystemInode returns any inode of the table, the reserved ones and those not in use included: journal, quota files, values of
// xattrs. It is for tools that show the file system's own structures. A slot that was never initialised is syscall.ESTALE.
func (fs *FS) SystemInode(ino ondisk.Ino) (*Inode, error) {
	if fs.neverUsed(ino) {
		return nil, syscall.ESTALE
	}
	return fs.inodes.Get(ino)
}

// InodeSlot says where the slot of an inode is in the inode table.
func (fs *FS) InodeSlot(ino ondisk.Ino) (Slot, error) {
	if ino == 0 || uint32(ino) > fs.sb.InodesCount {
		return Slot{}, ondisk.Corrupt("inode number", "%d of %d", ino, fs.sb.InodesCount)
	}
	g, i := fs.sb.InodeGroup(ino)
	table, err := fs.inodeTable(g)
	if err != nil {
		return Slot{}, err
	}
	off := uint64(i) * uint64(fs.inodeSize)
	return Slot{
		Group:  g,
		Block:  table + ondisk.Block(off>>fs.blockBits),
		Offset: int(off & uint64(fs.blockSize-1)),
		Size:   fs.inodeSize,
	}, nil
}

// neverUsed reports whether the slot of an inode has never been written, so that it may hold anything. A descriptor with a wrong checksum
// does not know.
func (fs *FS) neverUsed(ino ondisk.Ino) bool {
	if !fs.descFlags() || fs.fast.slot(ino) != nil || ino == 0 || uint32(ino) > fs.sb.InodesCount {
		return false
	}
	g, i := fs.sb.InodeGroup(ino)
	d, err := fs.Group(g)
	return err == nil && (d.Flags&ondisk.GroupInodeUninit != 0 || uint64(i)+uint64(d.ItableUnused()) >= uint64(fs.sb.InodesPerGroup))
}

// loadInode reads an inode for the cache. The error may go to several tasks at once, so it says all there is to say: nobody
// adds to it.
func (fs *FS) loadInode(ino ondisk.Ino) (*Inode, error) {
	slot, b, err := fs.readSlot(ino)
	if err != nil {
		return nil, ondisk.Locate(err, ino, b)
	}
	n, err := fs.newInode(ino, slot)
	return n, ondisk.Locate(err, ino, b)
}

// readSlot returns a copy of an inode's slot and the block it lies in. What the fast commits hold is taken from there.
func (fs *FS) readSlot(ino ondisk.Ino) ([]byte, ondisk.Block, error) {
	if slot := fs.fast.slot(ino); slot != nil {
		return slot, 0, nil
	}
	at, err := fs.InodeSlot(ino)
	if err != nil {
		return nil, 0, err
	}
	buf, err := fs.metaBlock("inode table", at.Block)
	if err != nil {
		return nil, at.Block, err
	}
	return slices.Clone(buf.Data()[at.Offset : at.Offset+at.Size]), at.Block, nil
}

// newInode decodes a slot and checks it.
func (fs *FS) newInode(ino ondisk.Ino, slot []byte) (*Inode, error) {
	n := &Inode{fs: fs, ino: ino, slot: slot}
	if err := n.disk.Decode(slot); err != nil {
		return nil, err
	}
	n.seed = ondisk.InodeSeed(fs.seed, ino, n.disk.Generation)
	size := n.disk.Size()
	if n.disk.Type() != ondisk.ModeRegular && !fs.bigDirs() {
		size = uint64(n.disk.SizeLo) // i_size_high of anything else once was an ACL
	}
	n.size = int64(size)
	if err := n.check(size); err != nil {
		return nil, ondisk.Locate(err, ino, 0)
	}
	return n, nil
}

// check refuses an inode that contradicts itself. One that is all zeros is not in use and needs no checksum.
func (n *Inode) check(size uint64) error {
	d, extra := &n.disk, int(n.disk.ExtraIsize)
	if !n.checksumGood() {
		return ondisk.Corrupt("inode", "checksum %#08x, not %#08x", n.checksum(), ondisk.InodeCsum(n.fs.seed, n.ino, n.slot))
	}
	switch {
	case len(n.slot) > ondisk.InodeSizeMin && (extra%4 != 0 || ondisk.InodeSizeMin+extra > len(n.slot)):
		return ondisk.Corrupt("inode", "i_extra_isize %d in a slot of %d bytes", extra, len(n.slot))
	case size > math.MaxInt64:
		return ondisk.Corrupt("inode", "size %d", size)
	case d.Has(ondisk.InodeInlineData) && !n.fs.sb.HasIncompat(ondisk.IncompatInlineData):
		return ondisk.Corrupt("inode", "inline data without the feature")
	case d.Has(ondisk.InodeInlineData | ondisk.InodeExtents):
		return ondisk.Corrupt("inode", "both inline data and extents")
	case d.Has(ondisk.InodeCasefold) && !n.fs.sb.HasIncompat(ondisk.IncompatCasefold):
		return ondisk.Corrupt("inode", "casefold without the feature")
	}
	return nil
}

func (n *Inode) checksumGood() bool {
	return !n.fs.csum || n.checksum() == ondisk.InodeCsum(n.fs.seed, n.ino, n.slot) || bytes.Count(n.slot, []byte{0}) == len(n.slot)
}

// checksum is the one stored. An inode without room for the high half keeps only the low one.
func (n *Inode) checksum() uint32 {
	return uint32(n.disk.ChecksumHi)<<16 | uint32(n.disk.ChecksumLo)
}

// Ino is the inode number.
func (n *Inode) Ino() ondisk.Ino { return n.ino }

// FS is the file system the inode belongs to.
func (n *Inode) FS() *FS { return n.fs }

// Raw is a copy of the inode's slot.
func (n *Inode) Raw() []byte { return slices.Clone(n.slot) }

// IsDir reports whether the inode is a directory.
func (n *Inode) IsDir() bool { return n.disk.Type() == ondisk.ModeDir }

// encrypted reports whether data, names or target need a key.
func (n *Inode) encrypted() bool { return n.disk.Has(ondisk.InodeEncrypt) }

// inline reports whether the data is in the inode.
func (n *Inode) inline() bool { return n.disk.Inline() }

func (n *Inode) corrupt(structure, format string, args ...any) error {
	return ondisk.Corrupt(structure, format, args...).At(n.ino, 0)
}
