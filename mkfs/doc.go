// Package mkfs makes ext2, ext3 and ext4 file systems on a device, empty or filled.
//
// It knows the options of mke2fs by the same names and takes the same decisions from the size of the
// device. It writes large pieces in ascending order, holds in memory only what is in use, and gives the same
// bytes for the same options, clock and random numbers. It never trusts what a device held
// before, never mounts, and never uses package ext4: what it makes is judged by others.
//
// # Words
//
// A plan is a [Geometry]: all that follows from a size and [Options], with every place of fixed
// metadata, and no device touched. Usage is what mke2fs calls fs_types: a set of defaults picked by size. A run is a
// row of consecutive blocks.
//
//	group 0                                  group 1             group 2
//	+----+-----+----------+----------------+ +----+-----+------+ +--------------
//	| sb | GDT | reserved | tables of all  | | sb | GDT | ...  | | data
//	|    |     | GDT      | groups of a flex | |  (backup)      | |
//	+----+-----+----------+----------------+ +----+-----+------+ +--------------
//
// The tables of a group are its block bitmap, inode bitmap and inode table.
//
// # Filling
//
// A [Source] is read twice: a scan takes names and attributes into a tree of nodes without pointers, in any order, by several tasks; then
// everything is numbered and gets its place, by one task, in an order that follows from the names alone; then any number of tasks copy,
// each a part of the work that no other touches. So the bytes do not depend on timing, and how much room is needed is known
// before the first is written.
//
//	Dir, Tar, FS --Scan--> Content (tree) --Build--> plan --jobs--> inodes, directories, data --> bitmaps, super block
//	                          '--Size--> the smallest device that will do
//
// What of a source cannot be taken over as it is becomes a [Warning] that names it; it never ends the work.
//
// # Crash safety
//
// The old super block is wiped and flushed first and the new one written last, after a flush of everything
// else. Until then nothing that looks for a file system finds one.
//
// # Locks
//
// mkfs-queue, mkfs-tree, mkfs-warnings and mkfs-fill guard what the tasks of a scan or of filling share; warnings may be taken under tree,
// and nothing else under any.
package mkfs
