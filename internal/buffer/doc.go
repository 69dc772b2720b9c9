// Package buffer caches metadata blocks by block number.
//
// It never holds file data, never looks into a block, and never decides where a block lies: it is given numbers that
// its caller has checked. It knows nothing of journals either: reading through one is the business of the source
// it is given.
//
// # Words
//
// A [Buffer] is one block in memory. Its content does not change once it has been read, so it may be used without a lock
// and for as long as one likes; eviction only makes the cache forget it. A use is what a caller has found a block to be
// good for (an extent node of inode 12, say): the finding is kept beside the buffer so that checksums are computed once,
// and again only when somebody wants the same block for something else.
//
// # Bounds and locks
//
// The cache holds about the number of bytes it was given, and a few blocks at least. A block is read once however many
// ask for it at the same time. Package clock has the locks; their classes are "buffer-shard" and "buffer-read".
package buffer
