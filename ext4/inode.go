package ext4

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"syscall"

	"extant/internal/buffer"
	"extant/internal/ondisk"
	"extant/sched"
)

// Inode is an inode in memory. There is one of a number at a time, and it may be used from many goroutines at once. What its
// slot holds is a snapshot that changes as a whole: see core and update.
//
// An inode needs no release. Who wants one to live on though its last name goes says so with Hold.
type Inode struct {
	fs    *FS          // immutable
	ino   ondisk.Ino   // immutable
	table ondisk.Block // immutable: holds the slot; 0 where only fast commits do
	off   int          // immutable: of the slot in its block

	now    sched.Pointer[core]   // what the slot holds: replaced, never changed
	size   sched.Int64           // i_size of a regular file in bytes; ahead of the slot's while data waits to be written
	last   sched.Pointer[run]    // where the last block that was looked for lies
	merkle sched.Pointer[verity] // of a file with fs-verity, once it has been read

	changedIn sched.Int64 // number of the transaction that changed the slot last; 0 for none
	dataIn    sched.Int64 // the last one without which data could not be found: it changed i_size or the map

	quota quotaLink

	*content // immutable: of a regular file mounted to write; nil for others

	mu    sched.RWMutex // i_rwsem: names of a directory, size and data of a file, attributes; class by the inode's type
	xattr sched.RWMutex // xattr_sem: xattrs and inline data, in the slot and out of it
	maps  sched.RWMutex // i_data_sem: which blocks the inode has

	state sched.Mutex // excludes other writers of now
	// +checklocks:state
	holds int // calls of Hold without a Release
	// +checklocks:state
	nameless bool // made without a name, and may still get one

	orphan orphanLink // guarded by orphans.mu
}

// core is what the slot of an inode holds at some moment. It does not change.
type core struct {
	slot []byte       // the bytes in the inode table
	disk ondisk.Inode // slot, decoded
	size int64        // i_size in bytes (i_disksize)
	gone bool         // the inode was freed: its number may be another's by now
	seed uint32       // of the checksums of what the inode owns
}

// Classes of an inode's locks. Directories are taken parent first, then child; at most two files are.
var (
	classDir      = &sched.Class{Name: "dir-inode", Doc: "names and attributes of a directory (i_rwsem)"}
	classInode    = &sched.Class{Name: "inode", Doc: "size, data and attributes of an inode that is no directory (i_rwsem)"}
	classXattr    = &sched.Class{Name: "xattr", Doc: "xattrs and inline data of an inode (xattr_sem)"}
	classMaps     = &sched.Class{Name: "alloc-map", Doc: "which blocks an inode has (i_data_sem)"}
	classQuotaMap = &sched.Class{Name: "quota-map", Doc: "which blocks a quota file has: alloc-map of a file that is read and grows while another's is held"}
	classState    = &sched.Class{Name: "inode-state", Doc: "who changes the slot of an inode, and who holds the inode", Wait: sched.Spinning}
)

// core is the present content of the slot.
func (n *Inode) core() *core { return n.now.Load() }

// length is i_size in bytes.
func (n *Inode) length() int64 {
	c := n.core()
	if c.disk.Type() == ondisk.ModeRegular {
		return n.size.Load()
	}
	return c.size
}

// A Slot is where an inode lies.
type Slot struct {
	Group  ondisk.Group
	Block  ondisk.Block
	Offset int // bytes into the block
	Size   int // bytes

	table ondisk.Block // that it belongs to
}

// Root is the root directory.
func (fs *FS) Root() (*Inode, error) {
	n, err := fs.Inode(ondisk.RootIno)
	switch {
	case errors.Is(err, syscall.ESTALE):
		return nil, ondisk.Corrupt("root directory", "not in use").At(ondisk.RootIno, 0)
	case err == nil && !n.IsDir():
		return nil, ondisk.Corrupt("root directory", "mode %#o is not a directory's", n.core().disk.Mode).At(ondisk.RootIno, 0)
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
	case n.core().disk.LinksCount == 0:
		return nil, syscall.ESTALE
	case n.core().disk.Has(ondisk.InodeEA):
		return nil, n.corrupt("inode", "it holds the value of an xattr, and is no file")
	case ondisk.FileType(n.core().disk.Mode) == ondisk.FileUnknown:
		return nil, n.corrupt("inode", "mode %#o has no file type", n.core().disk.Mode)
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
		table:  table,
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
	slot, at, err := fs.readSlot(ino)
	if err != nil {
		return nil, ondisk.Locate(err, ino, at.Block)
	}
	n, err := fs.newInode(ino, slot)
	if err != nil {
		return nil, ondisk.Locate(err, ino, at.Block)
	}
	if w := fs.rw.Load(); w != nil && w.journal != nil { // who changed the slot may be in a transaction that is not durable
		last := int64(w.journal.Last())
		n.changedIn.Store(last)
		n.dataIn.Store(last)
	}
	n.table, n.off = at.Block, at.Offset
	return n, nil
}

// readSlot returns the bytes of an inode's slot, to be copied, and where it lies: nowhere for what the fast commits hold.
func (fs *FS) readSlot(ino ondisk.Ino) ([]byte, Slot, error) {
	if slot := fs.fast.slot(ino); slot != nil {
		return slot, Slot{}, nil
	}
	at, err := fs.InodeSlot(ino)
	if err != nil {
		return nil, Slot{}, err
	}
	buf, err := fs.tableBlock(at)
	if err != nil {
		return nil, at, err
	}
	return buf.Data()[at.Offset : at.Offset+at.Size], at, nil
}

// tableAhead is how many blocks of an inode table are read at once: inodes that were made together lie side by side.
const tableAhead = 8

// tableBlock is the block that a slot lies in. Where nothing changes, those behind it are read with it.
func (fs *FS) tableBlock(at Slot) (*buffer.Buffer, error) {
	left := uint64(at.table) + uint64(fs.sb.ItableBlocks()) - uint64(at.Block)
	n := min(left, tableAhead)
	if !fs.constant || fs.checkRange("inode table", at.Block, n) != nil {
		return fs.metaBlock("inode table", at.Block)
	}
	buf, err := fs.cache.ReadAhead(at.Block, int(n))
	if err != nil {
		return nil, fmt.Errorf("inode table in block %d: %w", at.Block, err)
	}
	return buf, nil
}

// newInode decodes a slot, which it copies, and checks it.
func (fs *FS) newInode(ino ondisk.Ino, slot []byte) (*Inode, error) {
	c, err := fs.newCore(ino, slot)
	if err != nil {
		return nil, ondisk.Locate(err, ino, 0)
	}
	return fs.makeInode(ino, c), nil
}

// makeInode is an inode with this content.
func (fs *FS) makeInode(ino ondisk.Ino, c *core) *Inode {
	n := &Inode{fs: fs, ino: ino}
	class := classInode
	if c.disk.Type() == ondisk.ModeDir {
		class = classDir
	}
	n.mu.Init(class)
	n.xattr.Init(classXattr)
	n.maps.Init(classMaps)
	if fs.holdsQuota(ino) {
		n.maps.Init(classQuotaMap)
	}
	n.state.Init(classState)
	n.now.Store(c)
	n.size.Store(c.size)
	if fs.files != nil && c.disk.Type() == ondisk.ModeRegular {
		n.content = fs.newContent(ino, c)
	}
	return n
}

// slotUsual is the size of most slots, in bytes.
const slotUsual = 256

// copyCore is a core with a copy of a slot and nothing else, all in one piece of memory where the slot is no larger than usual.
func copyCore(slot []byte) *core {
	if len(slot) > slotUsual {
		return &core{slot: slices.Clone(slot)}
	}
	c := &struct {
		core
		bytes [slotUsual]byte
	}{}
	c.slot = c.bytes[:copy(c.bytes[:], slot):len(slot)]
	return &c.core
}

// newCore decodes a slot, which it copies, and checks it.
func (fs *FS) newCore(ino ondisk.Ino, slot []byte) (*core, error) {
	c := copyCore(slot)
	if err := c.disk.Decode(c.slot); err != nil {
		return nil, err
	}
	size := fs.measureCore(ino, c)
	if err := fs.checkCore(ino, c, size); err != nil {
		return nil, err
	}
	return c, nil
}

// measureCore sets what follows from the fields, and returns i_size.
func (fs *FS) measureCore(ino ondisk.Ino, c *core) uint64 {
	size := c.disk.Size()
	if c.disk.Type() != ondisk.ModeRegular && !fs.bigDirs() {
		size = uint64(c.disk.SizeLo) // i_size_high of anything else once was an ACL
	}
	c.size = int64(size)
	c.seed = ondisk.InodeSeed(fs.seed, ino, c.disk.Generation)
	return size
}

// checkCore refuses an inode that contradicts itself. One that is all zeros is not in use and needs no checksum.
func (fs *FS) checkCore(ino ondisk.Ino, c *core, size uint64) error {
	d, extra := &c.disk, int(c.disk.ExtraIsize)
	if fs.csum && !c.checksumGood(fs.seed, ino) {
		return ondisk.Corrupt("inode", "checksum %#08x, not %#08x", c.checksum(), ondisk.InodeCsum(fs.seed, ino, c.slot))
	}
	switch {
	case len(c.slot) > ondisk.InodeSizeMin && (extra%4 != 0 || ondisk.InodeSizeMin+extra > len(c.slot)):
		return ondisk.Corrupt("inode", "i_extra_isize %d in a slot of %d bytes", extra, len(c.slot))
	case size > math.MaxInt64:
		return ondisk.Corrupt("inode", "size %d", size)
	case d.Has(ondisk.InodeInlineData) && !fs.sb.HasIncompat(ondisk.IncompatInlineData):
		return ondisk.Corrupt("inode", "inline data without the feature")
	case d.Has(ondisk.InodeInlineData | ondisk.InodeExtents):
		return ondisk.Corrupt("inode", "both inline data and extents")
	case d.Has(ondisk.InodeCasefold) && !fs.sb.HasIncompat(ondisk.IncompatCasefold):
		return ondisk.Corrupt("inode", "casefold without the feature")
	}
	return nil
}

func (c *core) checksumGood(seed uint32, ino ondisk.Ino) bool {
	return c.checksum() == ondisk.InodeCsum(seed, ino, c.slot) || bytes.Count(c.slot, []byte{0}) == len(c.slot)
}

// checksum is the one stored. An inode without room for the high half keeps only the low one.
func (c *core) checksum() uint32 {
	return uint32(c.disk.ChecksumHi)<<16 | uint32(c.disk.ChecksumLo)
}

// Ino is the inode number.
func (n *Inode) Ino() ondisk.Ino { return n.ino }

// FS is the file system the inode belongs to.
func (n *Inode) FS() *FS { return n.fs }

// Raw is a copy of the inode's slot.
func (n *Inode) Raw() []byte { return slices.Clone(n.core().slot) }

// IsDir reports whether the inode is a directory.
func (n *Inode) IsDir() bool { return n.core().disk.Type() == ondisk.ModeDir }

// encrypted reports whether data, names or target need a key.
func (n *Inode) encrypted() bool { return n.core().disk.Has(ondisk.InodeEncrypt) }

// inline reports whether the data is in the inode.
func (n *Inode) inline() bool { return n.core().disk.Inline() }

func (n *Inode) corrupt(structure, format string, args ...any) error {
	return ondisk.Corrupt(structure, format, args...).At(n.ino, 0)
}
