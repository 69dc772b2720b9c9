// Package ext4 is the file system by inode: it mounts a device and gives its inodes, their attributes, data, directory
// entries and extended attributes.
//
// It never sees a path, never follows a symbolic link and never checks a permission: names above, inodes below.
// Unless it is told to mount for writing ([Options.ReadWrite]) it never writes to the device: a journal that needs recovery is then
// read through, not replayed. The data of files never passes the cache of metadata, nor metadata that of data.
//
// # Words
//
//   - An [Inode] is an inode in memory; ondisk.Inode is the bytes of its slot in the inode table.
//   - A [Mapping] says where a range of a file's bytes lies on the device.
//   - A [Cookie] is a place in a directory, between two entries.
//   - The view is the device as it would be after recovery of the journal.
//
// The way of a read:
//
//	Inode.ReadAt -> mapping of the range (extent cache, else tree by way of the metadata cache) -> view -> caller's slice
//	Inode.Lookup -> htree or scan -> directory block (metadata cache) -> entry -> inode number
//
// And of what changes:
//
//	Inode.WriteAt -> decide under the folio's lock -> folio, dirty, space promised
//	  or, with Options.WritePast: handle -> blocks -> device -> extents -> handle stops -> commit
//	  later: writeback -> handle -> blocks -> device -> extents -> handle stops -> commit
//	MemoryMap.Store -> folio clean? then fault: evict inline data, promise space -> folio, dirty -> the same writeback
//	Inode.Create, Rename, SetXattr ... -> handle -> blocks of metadata -> handle stops -> commit -> checkpoint
//
// # Inline data
//
// The data of a small file may be in its inode. Where it is, is one state of the inode: nowhere yet, in the inode, evicted (in folio
// 0, with the inode's copy as what a crash would bring back), in blocks. It changes under the lock of folio 0 only. A
// write decides under that lock which way it goes and keeps to it; a store through a mapping only evicts; and
// writeback moves evicted data to a block in one transaction, which removes the inode's copy as it maps the block. See
// docs/architecture.md for why, and docs/lab.md for what other ways lead to.
//
// # Hostile images
//
// Every block number is checked against the file system and the device before it is read, every tree has a bound on its
// depth and every list one on its length, which follow from the size of blocks and never from a count on disk alone. Memory is
// bounded by [Options]. What cannot be is a [*CorruptError] that names the structure, the block and the inode; what is sound
// but beyond this package is an [*UnsupportedError]. Misuse is a syscall.Errno, and errors of the device
// are passed on as they are, wrapped.
//
// # Quotas
//
// Where the file system records what users, groups and projects use, every change of an inode's slot is passed on to their entries in the same
// handle, so a quota file is as right as what it counts. Entries for newcomers are made before, in handles of their own. Limits are looked at when
// something is asked for, with Options.QuotaLimits only.
//
// # Locks
//
// A mounted FS and its inodes are used from many goroutines at once. The slot of an inode is a snapshot that is replaced as a whole, so
// attributes are read without a lock. Names of a directory are read with its lock shared, an area at a time. The caches have leaf locks of
// their own.
package ext4
