package ext4

import "extant/internal/ondisk"

// CorruptError says that the image holds what no file system could: which structure, in which block, of which inode, and
// what is wrong with it.
type CorruptError = ondisk.CorruptError

// UnsupportedError says that the image is sound as far as it goes but needs, or the caller asked for, what this package does not do.
type UnsupportedError = ondisk.UnsupportedError

// noKeyError is an *UnsupportedError that is errNoKey as well.
type noKeyError struct{ UnsupportedError }

func (e *noKeyError) Unwrap() []error { return []error{&e.UnsupportedError, errNoKey} }

var errEncrypted error = &noKeyError{UnsupportedError{Features: []string{"encrypt"}, Detail: "the file's data needs a key"}}
