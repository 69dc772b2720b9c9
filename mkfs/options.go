package mkfs

import (
	"fmt"
	"io"
	"syscall"
	"time"

	"extant/internal/ondisk"
)

// Type is the family of defaults to start from (mke2fs -t).
type Type uint8

// The types of file system.
const (
	Ext4 Type = iota
	Ext3
	Ext2
)

func (t Type) String() string { return [...]string{"ext4", "ext3", "ext2"}[t] }

// ParseType reads the argument of -t.
func ParseType(s string) (Type, error) {
	for _, t := range []Type{Ext4, Ext3, Ext2} {
		if s == t.String() {
			return t, nil
		}
	}
	return 0, invalid("-t", "unknown type %q: give ext2, ext3 or ext4", s)
}

// Options says what file system to make. The zero value asks for what mke2fs -t ext4 makes of a device of
// that size. Every field names the letter or word that mke2fs has for it.
type Options struct {
	Type            Type
	Usage           []string     // -T: usage types, applied in order; none: picked by size
	Size            int64        // bytes; 0: all of the device
	BlockSize       int          // -b, in bytes; below zero: by heuristics, but at least that much
	ClusterSize     int          // -C, in bytes
	BlocksPerGroup  uint32       // -g; clusters with bigalloc
	GroupsPerFlex   uint32       // -G
	InodeSize       int          // -I, in bytes
	Inodes          uint64       // -N
	BytesPerInode   int64        // -i
	ReservedPercent *float64     // -m; nil: 5
	Label           string       // -L
	LastMounted     string       // -M
	CreatorOS       CreatorOS    // -o
	Errors          uint16       // -e: one of ondisk.ErrorsContinue and so on; 0: continue
	Revision        *uint32      // -r; only 1 is possible
	UUID            *[16]byte    // -U; nil: from Rand
	Features        FeatureEdits // -O
	Extended        Extended     // -E
	Journal         Journal      // -J
	BadBlocks       []ondisk.Block

	// Now is the moment of creation; the zero time asks the clock.
	Now time.Time
	// Rand gives the UUID and the hash seed where they are not given; nil asks the system.
	Rand io.Reader
}

// Extended is the options of -E.
type Extended struct {
	Stride            uint32    // stride: blocks to one disk of a RAID array
	StripeWidth       uint32    // stripe_width: blocks to one stripe
	Resize            Amount    // resize: size to which the descriptor table must be able to grow
	Offset            int64     // offset: bytes before the file system on the device
	LazyItableInit    *bool     // lazy_itable_init; nil: where zeroing would mean writing
	LazyJournalInit   bool      // lazy_journal_init: leave old bytes in the journal
	Prezeroed         bool      // assume_storage_prezeroed
	RootUID           uint32    // root_owner
	RootGID           uint32    //
	RootMode          *uint16   // root_perms: permission bits; nil: 0755
	HashSeed          *[16]byte // hash_seed; nil: from Rand
	NoDiscard         bool      // nodiscard
	BackupSupers      *uint32   // num_backup_sb: 0, 1 or 2, with sparse_super2; nil: 2
	PackedMetaBlocks  bool      // packed_meta_blocks
	MMPUpdateInterval uint16    // mmp_update_interval, in seconds; 0: 5
	Encoding          uint16    // encoding: 1 is utf8-12.1; 0: that, where casefold is on
	EncodingFlags     *uint16   // encoding_flags; nil: those of the encoding
	Quota             QuotaSet  // quotatype; none: user and group
	OrphanFileSize    Amount    // orphan_file_size
	TestFS            bool      // test_fs
	DescSize          uint16    // desc_size, in bytes
	NoCopyXattrs      bool      // no_copy_xattrs: when filling, leave extended attributes behind
}

// Journal is the options of -J.
type Journal struct {
	Size           int64   // size, in bytes
	FastCommitSize int64   // fast_commit_size, in bytes
	Location       *Amount // location, from the start of the file system
}

// An Amount is a size in bytes, or in blocks of the file system to be made, or the sum of both.
type Amount struct {
	Bytes  int64
	Blocks uint64
}

// in returns the amount in blocks of size bytes, rounded up.
func (a Amount) in(size int) uint64 { return a.Blocks + divUp(uint64(max(a.Bytes, 0)), uint64(size)) }

// QuotaSet is a set of kinds of quota.
type QuotaSet uint8

// The kinds of quota.
const (
	QuotaUser QuotaSet = 1 << iota
	QuotaGroup
	QuotaProject
)

// CreatorOS is the operating system that the file system says it was made by (s_creator_os).
type CreatorOS uint32

// The operating systems that the format knows.
const (
	OSLinux CreatorOS = iota
	OSHurd
	OSMasix
	OSFreeBSD
	OSLites
)

// OptionError is an option that cannot be followed: which, why, and what to do.
type OptionError struct {
	Option string // as given to mke2fs: "-O", "-E stride"
	Detail string
}

func (e *OptionError) Error() string { return e.Option + ": " + e.Detail }

// Unwrap returns syscall.EINVAL.
func (e *OptionError) Unwrap() error { return syscall.EINVAL }

func invalid(option, format string, args ...any) error {
	return &OptionError{option, fmt.Sprintf(format, args...)}
}

// NoSpaceError says that a file system is too small for what is to go in.
type NoSpaceError struct {
	What string // "blocks", "inodes"
	Need uint64 // in all
	Have uint64
}

func (e *NoSpaceError) Error() string {
	return fmt.Sprintf("not enough room: %d %s needed, %d there", e.Need, e.What, e.Have)
}

// Unwrap returns syscall.ENOSPC.
func (e *NoSpaceError) Unwrap() error { return syscall.ENOSPC }
