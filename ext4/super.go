package ext4

import "extant/internal/ondisk"

// CorruptError says that the image holds what no file system could; see its fields.
type CorruptError = ondisk.CorruptError

// UnsupportedError says that the image needs, or the caller asked for, what this package does not do.
type UnsupportedError = ondisk.UnsupportedError

// Options are how to mount. The zero value is right for most.
type Options struct {
	// NoLoad leaves the journal alone even if it needs recovery: what is read is what the last checkpoint
	// left, which may contradict itself. It is the remedy for a damaged journal.
	NoLoad bool

	// CacheBytes bounds the memory for metadata; 0 means 64 MiB. Data of files is not cached.
	CacheBytes int64

	// SuperBlock is the number of the block whose copy of the super block and of the descriptors after it to use:
	// 32768 is usual with blocks of 4 KiB, 8193 with 1 KiB. 0 means the primary.
	SuperBlock ondisk.Block

	// Truncated accepts a device that is shorter than the file system: what lies beyond its end is unreadable,
	// the rest is read. Otherwise Mount refuses it, as the kernel does.
	Truncated bool
}
