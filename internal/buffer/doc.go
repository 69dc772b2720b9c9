// Package buffer caches metadata blocks by block number.
//
// It never holds file data, never looks into a block, and never decides where a block lies: it is given numbers that
// its caller has checked. It knows nothing of journals either, and writes nothing: a changed block is kept, and written, by
// the journal.
//
// # Words
//
// A [Buffer] is one block in memory. There is one for a block as long as anybody refers to it: eviction makes the cache
// forget only what nobody holds, so a buffer that the journal has on one of its lists stays the block's only one.
//
// The content is a slice that is replaced rather than changed where somebody may need the old bytes: a transaction that is being committed,
// or one that is not home yet. In between, those who have write access change it in place, each the bytes that
// its own lock covers; two owners may do so in one block at the same time (the slots of an inode table, group descriptors).
//
// A use is what a caller has found a block to be good for (an extent node of inode 12, say): the finding is kept beside the buffer so that
// checksums are computed once, and again only when somebody wants the same block for something else. Who changes a
// block leaves it good for the same use.
//
// # Bounds and locks
//
// The cache holds about the number of bytes it was given, and a few blocks at least, and what is in use besides. A block is read once however many
// ask for it at the same time. Package clock has the locks; their classes are "buffer-shard" and "buffer-read".
package buffer
