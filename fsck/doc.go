// Package fsck is a second opinion on ext2, ext3 and ext4 file systems: it finds what is wrong with one, and repairs it.
//
// It shares the format (package ondisk) and the recovery of the journal with the file system, and nothing else, so that it can
// judge it. A check never writes: a journal is judged as if it had been replayed. It never trusts a number from the disk, never follows a
// chain without a bound, and never lets one of them size an allocation alone.
//
// # Words
//
// A finding is one thing that is wrong: a [Code] that does not change from release to release, a place, the numbers, the bytes that
// show it, and what a repair would do. A [Problem] is what is known of a code. A claim is a range of blocks that a file or the file
// system itself says is its own. Fixed metadata is what lies where the super block and the descriptors put it. A unit is a part of the
// work that needs no other part of the same phase.
//
// # Phases
//
//	super        the super block, or a copy of it where the first is lost
//	journal      what a replay would leave
//	groups       descriptors, fixed metadata
//	inodes       unit: the inode table of a group. Kinds, links, claims, xattrs, inline data; notes directories
//	owners       only where blocks are claimed twice: the inodes again, in one task, to say by whom
//	xattrs       blocks of xattrs and inodes that hold values, each once
//	directories  unit: a few directories. Entries, names, indexes; counts references
//	connections  every directory has a way to the root
//	links        references counted against those promised
//	bitmaps      unit: a group. What is in use against what the disk says is in use
//	summary      counts of the super block, copies of it, quotas
//
// Every phase relies only on what the ones before it found. Units are worked on by several tasks, each with claims, references and
// findings of its own, which are put together after the phase; the report does not depend on who did what.
//
// # Repair
//
// A repair is rounds of a check and of remedies. Every code has a [remedy] beside it, and every remedy a tier; a round repairs what is wrong
// in the first tier in which anything is, because what is wrong in those after it may follow from that. It ends when a check finds
// nothing to repair. All of that happens in a [draft], a copy of the device in memory. Then the draft is written out, a stage for a round:
//
//	round 1: check, remedies of the first tier -> stage 1      blocks that nobody referred to, flush
//	round 2: check, remedies of the next       -> stage 2      blocks in place, flush
//	...                                                        the super block, flush
//
// A stage leaves the device as it was after a round, from which another repair goes on as this one did. Within a stage no remedy relies on
// another. What has to change in several places at once, such as a directory that is sorted or a tree of extents, is written
// where nobody was at any time of the repair, and one write to an inode brings it into use.
//
// # Memory
//
// With w tasks, a check takes at most (w+1)/8 bytes for every cluster of a group that has anything in it, w+2 bytes for every inode up to
// the last one used of its group, 48 bytes for every directory and 16 for every piece of one, 16 bytes for every reference to a block of
// xattrs, 120 bytes for every group, the index of the journal, and [Options.FindingsMax] findings.
// What a group's descriptor says was never used takes nothing and is not read.
// A repair takes that, and all that it changes, in pages of 4 KiB.
//
// # Locks
//
// One, a leaf, around the callback for progress. Otherwise tasks share only what no task of the phase changes, and elements of arrays
// that one unit alone changes.
package fsck
