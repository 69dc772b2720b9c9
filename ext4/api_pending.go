package ext4

import (
	"iter"
	"syscall"

	"extant/disk"
	"extant/internal/ondisk"
)

// FS is a mounted file system.
type FS struct{}

// Mount opens the file system on dev. It reads the super block and, where recovery is needed, the journal; everything
// else is read when it is wanted. dev stays the caller's: Close does not close it.
func Mount(dev disk.Device, o Options) (*FS, error) { return nil, syscall.ENOSYS }

// Close gives up the caches. Inodes must not be used afterwards.
func (fs *FS) Close() error { return nil }

// Super is the super block as recovery leaves it.
func (fs *FS) Super() ondisk.Super { return ondisk.Super{} }

// Group reads the descriptor of group g.
func (fs *FS) Group(g ondisk.Group) (ondisk.GroupDesc, error) {
	return ondisk.GroupDesc{}, syscall.ENOSYS
}

// BlockSize is the size of a block in bytes.
func (fs *FS) BlockSize() int { return 0 }

// StatFS is the answer to statfs.
type StatFS struct {
	BlockSize   int    // bytes; the unit of the counts of blocks
	Blocks      uint64 // without the file system's own overhead
	BlocksFree  uint64
	BlocksAvail uint64 // free but for those reserved for the super user
	Files       uint64 // inodes
	FilesFree   uint64
	NameMax     int // bytes in a name
	ID          uint64
}

// StatFS reports sizes and free space as the kernel's statfs does. It reads every group descriptor.
func (fs *FS) StatFS() (StatFS, error) { return StatFS{}, syscall.ENOSYS }

// Root is the root directory.
func (fs *FS) Root() (*Inode, error) { return nil, syscall.ENOSYS }

// Inode returns an inode that a directory entry may name: the root or one with a number that is not reserved.
// A number that is out of range or reserved, and an inode that a name must not lead to, is a *CorruptError; an inode that is
// not in use is syscall.ESTALE.
func (fs *FS) Inode(ino ondisk.Ino) (*Inode, error) { return nil, syscall.ENOSYS }

// SystemInode returns any inode of the table, the reserved ones included: journal, quota files, values of xattrs.
// It is for tools that show the file system's own structures.
func (fs *FS) SystemInode(ino ondisk.Ino) (*Inode, error) { return nil, syscall.ENOSYS }

// ReadBlock fills p, one block long, with block b as recovery leaves it.
func (fs *FS) ReadBlock(b ondisk.Block, p []byte) error { return syscall.ENOSYS }

// A Slot is where an inode lies.
type Slot struct {
	Group  ondisk.Group
	Block  ondisk.Block
	Offset int // bytes into the block
	Size   int // bytes
}

// InodeSlot says where the slot of an inode is in the inode table.
func (fs *FS) InodeSlot(ino ondisk.Ino) (Slot, error) { return Slot{}, syscall.ENOSYS }

// Inode is an inode in memory. It does not change while it is in use, and needs no release.
type Inode struct{}

// Ino is the inode number.
func (n *Inode) Ino() ondisk.Ino { return 0 }

// Attr is what stat reports.
func (n *Inode) Attr() Attr { return Attr{} }

// Raw is a copy of the inode's slot.
func (n *Inode) Raw() []byte { return nil }

// Lookup finds a name in a directory. The errors are syscall.ENOENT, ENOTDIR and ENAMETOOLONG, a *CorruptError, or the device's.
// In an encrypted directory the name is in the form that ReadDir gives.
func (n *Inode) Lookup(name string) (ondisk.Ino, error) { return 0, syscall.ENOSYS }

// Child is Lookup and then Inode of what was found. An entry that names an inode not in use is a *CorruptError.
func (n *Inode) Child(name string) (*Inode, error) { return nil, syscall.ENOSYS }

// Cookie is a place in a directory: before the entry it was got with, or the start for 0. It stays good for as long as
// the entry is not removed.
type Cookie uint64

// DirEntry is one name in a directory.
type DirEntry struct {
	Name string
	Ino  ondisk.Ino
	Type uint8  // the file type as directories have it (ondisk.FTRegular ...); 0 where they do not
	Next Cookie // the place after this entry, from which ReadDir goes on
}

// ReadDir yields the entries of a directory from a place on, "." and ".." included, in the order they have on disk.
// An error is about one block of the directory: a caller that goes on gets the entries of the next.
func (n *Inode) ReadDir(from Cookie) iter.Seq2[DirEntry, error] { return nil }

// ReadAt reads a regular file as io.ReaderAt says. Holes and unwritten extents read as zeros.
// The data of an encrypted file is refused with an *UnsupportedError.
func (n *Inode) ReadAt(p []byte, off int64) (int, error) { return 0, syscall.ENOSYS }

// Readlink is the target of a symbolic link; syscall.EINVAL for other inodes. The target of an encrypted link is shown as the kernel shows it
// without the key.
func (n *Inode) Readlink() (string, error) { return "", syscall.ENOSYS }

// Xattrs lists the names of the extended attributes, with their prefixes, in the order they have on disk.
func (n *Inode) Xattrs() ([]string, error) { return nil, syscall.ENOSYS }

// Xattr is the value of an extended attribute as getxattr returns it: POSIX ACLs are in the form of the system call.
// A name that the inode does not have is syscall.ENODATA.
func (n *Inode) Xattr(name string) ([]byte, error) { return nil, syscall.ENOSYS }

// Mapping is a range of a file's bytes and where it lies on the device. Holes have none.
type Mapping struct {
	Off       int64 // in the file, bytes
	Len       int64 // bytes
	Dev       int64 // on the device, bytes
	Unwritten bool  // allocated, but reads as zeros
	Inline    bool  // in the inode itself; not aligned
}

// Mappings yields the mappings of the file that end after off, in ascending order, adjacent ones joined. It shows what is allocated, past
// the end of the file too, as FIEMAP does.
func (n *Inode) Mappings(off int64) iter.Seq2[Mapping, error] { return nil }

// SeekData is the first offset at or after off with data; syscall.ENXIO past the last.
func (n *Inode) SeekData(off int64) (int64, error) { return 0, syscall.ENOSYS }

// SeekHole is the first offset at or after off in a hole, and the end of the file is one; syscall.ENXIO past it.
func (n *Inode) SeekHole(off int64) (int64, error) { return 0, syscall.ENOSYS }

// A MetaBlock is a block that holds an inode's metadata.
type MetaBlock struct {
	Kind  MetaKind
	Block ondisk.Block
	Level int              // of a tree's node: 0 for one that holds or points to data
	File  ondisk.FileBlock // of a directory block, or the first file block under a node
}

// MetaKind says what a MetaBlock holds.
type MetaKind uint8

// The kinds of blocks that hold an inode's metadata.
const (
	ExtentNode    MetaKind = iota + 1 // of an extent tree
	IndirectBlock                     // of a block map
	DirBlock                          // of a directory, linear or a leaf of an htree
	IndexBlock                        // of a directory: root or node of an htree
	XattrBlock                        // i_file_acl
)

// MetaBlocks yields the blocks that hold the inode's metadata, in the order a reader meets them.
func (n *Inode) MetaBlocks() iter.Seq2[MetaBlock, error] { return nil }
