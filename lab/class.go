package lab

import "extant/sched"

// Classes of the model's locks, by the kernel's names, outer to inner.
var (
	classInode      = sched.Class{Name: "i_rwsem", Doc: "a file's size and layout, against write, truncate and setxattr"}
	classILock      = sched.Class{Name: "i_lock", Doc: "an inode's state bits"}
	classMmap       = sched.Class{Name: "mmap_lock", Doc: "which parts of a process's memory are mapped to what"}
	classInvalidate = sched.Class{Name: "invalidate_lock", Doc: "what a fault finds, against truncate"}
	classCommit     = sched.Class{Name: "jbd2_commit", Doc: "there is one committing transaction"}
	classHandle     = sched.Class{Name: "jbd2_handle", Doc: "held shared by who changes metadata, exclusively by the commit"}
	classFolio      = sched.Class{Name: "folio", Doc: "one page of a file"}
	classWriteback  = sched.Class{Name: "writeback", Doc: "a folio's I/O"}
	classXattr      = sched.Class{Name: "xattr_sem", Doc: "an inode's attributes and inline data"}
	classData       = sched.Class{Name: "i_data_sem", Doc: "an inode's block map"}
	classPTL        = sched.Class{Name: "page_table_lock", Doc: "a page table entry and the bytes stored through it"}
	classDevice     = sched.Class{Name: "device", Doc: "what a crash would leave"}

	classFlush   = sched.Class{Name: "flush_request"}
	classFlushed = sched.Class{Name: "flush_done"}

	classCommitRequest = sched.Class{Name: "j_wait_commit"}
	classCommitted     = sched.Class{Name: "j_wait_done_commit"}

	classState = sched.Class{Name: "i_state_flags"}
	classFlags = sched.Class{Name: "folio_flags"}
	classSize  = sched.Class{Name: "i_size"}
)

// reclaim is the state of a task that frees memory for others by writing back their files.
var reclaim = sched.Context{Class: &sched.Class{Name: "fs_reclaim"}}
