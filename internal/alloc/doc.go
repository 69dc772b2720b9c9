// Package alloc gives out the blocks and inode numbers of a file system and takes them back.
//
// It changes bitmaps, descriptors and fresh blocks of inode tables, all through handles of a journal, and nothing else: it never looks into an inode,
// never waits for a commit while it has a handle or a lock, and never gives out what it cannot account for. The super block's counts are
// written by who writes the super block ([Allocator.Super]).
//
// # Words
//
// A cluster is what a bit of a block bitmap stands for: a block, or several under bigalloc. All numbers of this package are in clusters
// but for block numbers, which are those of the first block. A span is the groups whose descriptors share a block. A group's map says
// which of its clusters may be had: those free on disk, but for
//
//   - held ones, which were freed by a transaction that is not durable: after a crash their owner may be back;
//   - pieces, which are kept for one file to grow into, so that files that grow in turns stay whole;
//   - the window, out of which small files are served one behind the other.
//
// Pieces and windows are only in memory and count as free: when space runs out they are given up.
//
//	bitmap   ####......########..####....................########    # in use
//	map      ####......########..####hhh.ppppppppwwww....########    h held, p a piece, w the window
//
// # Where things go
//
// Blocks go where the caller's goal is, behind what the file has; a file that grows takes up to twice its size ahead; what does not fit at the goal
// goes to the nearest group, in the order of their numbers, with a run long enough, and only when a few groups have been looked at to one
// with a shorter run. Files go beside their directory, directories beside their parent unless that flex group is crowded, and
// directories at the top into the flex groups with the fewest.
//
// # Memory
//
// A file system costs some twenty bytes for each block of descriptors, and the first use of one some kilobytes. Maps are kept of
// Config.MapsMax groups. The search for a group with room looks at one byte for each span, and reads descriptors only of
// spans that it does not know yet, so a full file system is not looked through again and again.
//
// # Damage
//
// A bitmap whose checksum is wrong, or that does not agree with its descriptor, shuts the group off: Config.Corrupt is told once, with
// both counts, and the group gives out nothing and takes nothing back. Others go on. What a shut group has is not to be had, and counts as free in
// the super block, as it does in its descriptor. One that the device does not let read is asked again the next time.
//
// # Locks
//
// Each group has one, "alloc-group", under which its bitmaps, its descriptor and its map change; nobody holds two. "alloc-loading" is held
// while a block of descriptors is looked at for the first time, and "alloc-space", a leaf, guards what is counted over all groups.
//
// # Crashes
//
// What a handle changes is in one transaction: the bit, the count and the checksum. Freed clusters are held until theirs is
// durable, so nothing that a crash might bring back is overwritten.
package alloc
