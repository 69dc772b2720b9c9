package ext4

import "extant/internal/ondisk"

// CorruptError says that the image holds what no file system could: which structure, in which block, of which inode, and
// what is wrong with it.
type CorruptError = ondisk.CorruptError

// UnsupportedError says that the image is sound as far as it goes but needs, or the caller asked for, what this package does not do.
type UnsupportedError = ondisk.UnsupportedError
