// Package lab tries the designs that were proposed for writing to ext4's inline files through mappings, and ours, under
// every schedule of a few tasks.
//
// A small file's data can live in its inode. write(2) decides in write_begin whether it writes to the inode or to
// a block, and asks again in write_end. A store through a mapping comes in between, as a page fault that converts
// the file from one form to the other; and if that fails, it converts back. The fault cannot take the lock that
// keeps write(2) out, i_rwsem, because write(2) holds it while it faults on its own buffer. Around this
// turn all the designs:
//
//	a   the fault converts, without the lock: the original
//	b   ->mmap converts, with the lock
//	c   a hook before mmap_lock converts
//	d   nobody converts; writeback copies the page into the inode
//	d'  the same, with i_rwsem
//	e   the fault drops mmap_lock, converts, and asks for a retry
//	f1  the fault converts under the lock of the file's first folio
//	f2  the fault only takes the authority over the data from the inode; writeback converts
//	f3  as d, with the folio's lock in place of i_rwsem
//
// Each is a model on package sched: the functions bear the kernel's names, underscores included, so that diagrams
// read as those of the kernel's developers do, and take the kernel's locks in the kernel's order. [Cases] asks each
// design what may go wrong; [Case.Run] has package explore answer under every schedule, and package lockdep watch the
// locks: from one schedule it finds what the others could come to, and where a design holds it watches all.
//
// What is judged: the kernel's own assertions, stores lost after a sync, stale reads, handles left open, deadlock, SIGBUS for
// no reason, and what a crash would leave, at every moment at which that changes.
//
// # What the model leaves out
//
// One file of at most one page, and four bytes stand for its content. A copy into the page is one step. Of mode shared only
// invalidate_lock, mmap_lock and handles are modelled; xattr_sem and i_data_sem are always exclusive. A handle is the journal's
// lock held shared. Truncation is ours in every design, and frees no block. No freezing, no quota, no time stamps. At most one
// operation is made to fail in one schedule.
//
// It never looks at the engine: that package ext4 keeps the rules of f2 is tested there.
package lab
