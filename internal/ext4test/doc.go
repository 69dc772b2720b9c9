// Package ext4test is what tests of file systems share: a source tree with one of everything, snapshots of trees from wherever
// they lie, and their comparison.
//
// A [Source] is a tree that is described, not stored. It becomes a directory of the host ([Source.WriteDir]), an fs.FS
// ([Source.FS]) or, without any file system, the [Tree] that all of them must equal ([Source.Tree]).
//
// A [Tree] is a snapshot: what each path holds, in a form that compares. [ReadHost] takes one of a directory or a mount,
// [ReadVolume] of what package extant opened, [ReadFS] of any fs.FS, as much as that shows. [Compare] names each property in which
// two of them differ; [Losses] says what one of them could not hold.
//
// A [Mode] is a way to have a file system: [Modes] lists them, [Format] and [New] make one in memory, and [CheckDevice] lets package fsck and
// e2fsck judge it.
//
// The package judges; it is imported by tests alone, and never by what they judge.
package ext4test
