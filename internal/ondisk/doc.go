// Package ondisk is ext4's format: structures to bytes and back, checksums, and the algorithms that
// need no more than one block.
//
// It never reads a device, takes a lock, keeps state, or looks at a second block. It never judges what
// it decodes beyond what decoding needs: validation is a separate step (the Check methods), so that a
// checker can look at what a mount would refuse. It never panics on bytes from a disk, never allocates more
// than its input implies, and never loops.
//
// # Words
//
// A structure is a Go struct whose field list, in disk order and with the kernel's names, is written once, in its
// fields method. Decode, Encode and Describe all walk that list. Numbers that must not be mixed up have types of their own:
// [Block] (on the device), [FileBlock] (within a file), [Ino], [Group]. Where the disk splits a number into a low and
// a high half, the struct keeps both halves as they are and a method joins them.
//
//	b []byte  --Decode-->  Super{...}  --Encode-->  b []byte
//	                          |
//	                       Describe --> []Field{Name: "s_inodes_count", Offset: 0, ...}
//
// All numbers are little-endian except the journal's, which are big-endian.
//
// Encode(Decode(b)) == b for every b, reserved bytes included.
package ondisk

// Block is the number of a block on the device, counted in file system blocks.
type Block uint64

// FileBlock is the number of a block within a file (ext4_lblk_t).
type FileBlock uint32

// Ino is an inode number; 0 is no inode.
type Ino uint32

// Group is the number of a block group.
type Group uint32

// Inode numbers with a fixed meaning.
const (
	BadBlocksIno Ino = 1  // list of bad blocks
	RootIno      Ino = 2  // root directory
	UserQuotaIno Ino = 3  // user quota file
	GroupQuota   Ino = 4  // group quota file
	BootIno      Ino = 5  // boot loader
	UndelDirIno  Ino = 6  // undelete directory
	ResizeIno    Ino = 7  // reserved group descriptors
	JournalIno   Ino = 8  // journal
	FirstIno     Ino = 11 // first inode for anybody's use where the super block does not say otherwise
)
