// Package journal is jbd2's log: what a file system was about to write home when it stopped, and what makes changes of
// many blocks take effect together.
//
// It knows blocks: recovery runs before there is a file system, and inside a checker. The caller says where the
// journal's blocks lie (the extents of inode 8). Fast commits speak of inodes: the package works out what they amount to for each, from slots that
// the caller reads ([PlanFast]), and the caller applies that to a copy in memory. The package never reads a
// block it was not told about, never believes a block number without checking it against the device and the journal
// itself, and keeps per journaled block a reference into the log, not its content.
//
// # Words
//
// A transaction is a set of blocks that take effect together; its number is a [TID]. In the log it is revoke blocks (R below),
// descriptor blocks (D), each followed by the data blocks (d) that its tags name, and a commit block (C). Home is the place on the device where
// a journaled block belongs. Revoked is a block whose copies in the log, of that transaction and older, are dead, for it has been freed
// and may hold file data now. To recover is to find the newest living copy of each block in committed transactions; to
// replay is to write them home and empty the log. A fast commit is a list of changes, made since the last full commit, in an area
// of its own after the log. Replayed, fast commits become the transaction that they stand in for, which takes effect as a whole like any other.
// This package writes none.
//
//	journal block   0      first            start                     head          log end            maxlen
//	                | super | ... free ...   | T7: R D d d C | T8: D d C | free ... | fast-commit area |
//	                                         tail of the log, read round past log end to first
//
// Recovery makes three passes over the log. Scan follows the sequence numbers and judges checksums to find
// where the committed transactions end. Collect notes the newest copy of each block. Revoke drops those that are dead.
//
//	l, err := journal.Open(dev, journal.Config{BlockSize: 4096, Blocks: blocks, Extents: extents})
//	o, err := l.Recover()
//	dev = o.View(dev)          // read only: see what a replay would leave, write nothing
//	err = o.Replay(...)        // read-write: make it so
//
// # Writing
//
// A [Handle] is one change of the file system. Handles join the one running transaction of a [Journal]; its commit waits for them to
// stop, makes way for the next, and writes what they changed: revoke records, descriptors and data, a flush, the commit block, a
// flush. File data that is to be on the device before is written before. A checkpoint writes committed blocks home and moves the tail of the log. Without a log the commit writes
// home itself.
//
//	h, err := j.Start(3)
//	data, err := h.Access(buf) // from here on data is what buf.Data() returns
//	... change data, the checksum too
//	h.Dirty(buf)
//	tid := h.TID()
//	err = h.Stop()
//	err = j.Commit(tid)        // what fsync waits for
//
// A block can be in three transactions at once, and each has its own content:
//
//	running T9     open to handles                               buffer: content 9, changed in place
//	committing T8  no handles, being written to the log          content 8, never changed again
//	home T5..T7    in the log, the newest content is kept here   content 7, written home by a checkpoint
//
// Who changes content of T8 or T7 in T9 gets a copy first, once in a transaction; what only T9 has is changed in place. So a commit and a checkpoint
// write what was there when the transaction was closed, whatever runs beside them, and neither waits for the other. When T8 is committed its content
// takes the place of 7, which then need not be written home. To forget a block takes it out of the running transaction and, once that is
// committed, out of the others.
//
// The task that asks first commits, whoever else asks meanwhile waits for it: one commit serves all. It is asked by fsync, by a handle for which the
// transaction or the log has no room, or by a timer. A transaction takes a quarter of the log at most, and no handle starts unless as much is free,
// so a commit never has to wait for room; a checkpoint that runs short of it writes home the older half.
//
// # Locks
//
// A Log is used by one goroutine; an Overlay does not change after Recover and serves many. Of a Journal, "journal" guards the
// transactions and is a leaf; "journal-checkpoint" lets one task write home, and "journal-super" one write the super block. A handle is a
// lock in name: held shared by who has one, and waited for exclusively by who commits, or starts one where a commit may be needed.
// "journal-commit" is the wait for another task's commit.
//
// # Why a commit survives being stopped
//
// Until the commit block is there, recovery takes nothing of the transaction; it is written after a flush, so everything it speaks for is durable
// before it, and when the flush after it returns the transaction is committed. A block is written home only by a checkpoint, from content that is committed, so
// home never has what recovery could not redo. The tail moves past a transaction after a flush of its blocks at home, and its place in the log is
// written over after a flush of the tail: at any moment the log reaches back to the first transaction that may not be home. The tail, and whether the log
// is empty, change by a write of one sector.
//
// A freed block gets a revoke record where the log may have a copy of it, and may be used for something else only when the transaction that freed it
// is committed and no checkpoint is writing it: then recovery, which obeys the record, and the checkpoint, which has forgotten it, leave the new
// content alone. A device error ends it all: nothing is written any more but the error's number, every call returns an [AbortError], and
// the device is what a crash at that moment would have left.
//
// # Why a replay survives being stopped
//
// It writes only homes, none of which lies in the journal, and what it writes it takes from the log, which stays as it is until
// everything is durable. Then one write within one sector empties the log. Stopped anywhere before, it is done again from the start
// with the same result; after, there is nothing left to do.
package journal
