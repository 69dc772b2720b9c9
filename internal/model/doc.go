// Package model is the executable specification of a POSIX file system as ext4 under Linux is one: an in-memory file system, short and
// obvious, against which the real one is judged.
//
// It never stores anything, never runs out of space, knows no format and takes no lock: one task uses it. What it answers, errno included, is
// what system calls answer on Linux with ext4, and the order of its checks is the order of the kernel's, because that decides
// which of two errors a caller sees.
//
// # Words
//
// A node is an inode. A credential (Cred) is who asks; user 0 may do everything. A path is resolved below the root of the FS, "..", links that start
// with a slash and all. Time comes from Config.Now; AnyTime is a time that the specification leaves open.
//
// # What it leaves open
//
// Where holes are (a byte of a hole is zero, and that is all that can be said), sizes of directories and counts of blocks, access times by
// reading, when the first store to a mapped page marks the file as changed.
package model
