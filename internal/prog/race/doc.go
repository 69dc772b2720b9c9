// Package race explores programs of package prog with threads on the file system itself: every schedule, or as many as there is time for,
// each on a file system of its own in memory.
//
// A [Case] is a program and what its header says of it, a [Setup] one way to run it. [Prepare] makes the file system once; each
// schedule begins with a snapshot of that. What a schedule is held to:
//
//   - there is an order of the program's operations, one at a time, in which package model has the same results and is left the same
//     (prog.Serial): no store is lost, nothing stale is read, no error comes from nowhere;
//   - nothing panics, no task waits forever, no lock is left held, and package lockdep finds no order of locks that could deadlock;
//   - what was synced is there after a power cut, and all of it after an unmount, byte for byte;
//   - package fsck finds nothing, and no journal to replay.
package race
