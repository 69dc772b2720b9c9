// Package disk is the block devices of extant: what a file system is laid upon.
//
// A Device is read and written at byte offsets, flushed, discarded and
// closed; it never grows. The implementations:
//
//	Open, Create   a regular file or a block device of the system, locked against a second writer
//	NewMem         memory, sparse, with snapshots that cost nothing until they change
//	NewOverlay     another device, read through; what is written stays in memory
//	Window         a part of another device; OpenPartition finds the part in an MBR or GPT table
//
// The package knows nothing of file systems, caches nothing, retries nothing
// and reorders nothing: a caller's operation is one operation of the system.
// Wrappers that record operations or make them fail are in package disktest.
//
// Words: a write is done when WriteAt returns, and durable when a Flush that
// began after that has returned nil. Of writes not yet flushed a power cut may
// keep any subset, in any order, each in part. To discard is to say that the
// content of a range is no longer wanted. A hole is a range that takes no
// space and reads as zeros.
//
// Every Device may be used by many goroutines at once. Operations on ranges
// that do not overlap do not disturb each other; a read that overlaps a write
// in progress may see old bytes and new ones.
//
// Locks: Mem and Overlay have one lock each around their pages, innermost of all;
// an Overlay reads its base without it. File has none.
package disk
