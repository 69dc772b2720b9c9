// Package extract takes files out of an ext4 volume: to a directory of the host, or to a tar stream.
//
// An image is written by a stranger, so nothing in it decides where bytes go. A name is one name in one directory that is
// open: what is not such a name is refused, no symbolic link is ever followed, and what exists in the target already is neither
// written through nor, unless asked, replaced. Symbolic links are data: their targets are written as they are.
//
// It never gives power away unasked: without [Options].Privileged, set-user-ID, set-group-ID, a file's sticky bit, capabilities, every xattr in
// security and trusted, and device nodes stay in the image. It never ends because one file fails: that file is reported, and
// the rest follows. It never changes the image.
//
// # Words
//
// The walk goes through the tree of the volume and hands entries to a sink, the target directory or the archive. A node is a
// directory on its way out. A batch is some files of one directory that a worker makes.
//
// # Order
//
// One task walks, several write. What is made, and the order in which failures are reported, depend on the image alone. A directory
// gets its owner, mode and times when all below it is there; until then only its owner may enter it.
//
// # Locks
//
// The pipeline has one lock, which hands batches out and brings their reports back in order, and the set of open directories another.
// Both are leaves.
package extract
