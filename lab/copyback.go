package lab

import "extant/sched"

// d: nothing is converted at a fault; writeback copies the folio into the inode.

// writepages_copy decides by what it sees before it has the folio's lock.
func writepages_copy(t *task) {
	if !t.folio.flags.Test(dirty) {
		return
	}
	inline, size := ext4_has_inline_data(t) && ext4_may_inline_data(t), i_size_read(t)
	if !inline {
		ext4_do_writepages(t)
		return
	}
	ext4_journal_start(t)
	defer ext4_journal_stop(t)
	if !folio_prepare_writeback(t) {
		return
	}
	folio_clear_dirty_for_io(t)
	t.inode.xattrSem.Lock()
	ext4_write_inline_data(t, 0, size)
	t.inode.xattrSem.Unlock()
	sched.Note("copied into the inode")
	folio_unlock(t)
}

// writepages_inode_lock is d with what keeps a file as it is elsewhere: the inode's lock.
func writepages_inode_lock(t *task) {
	t.inode.iRwsem.Lock()
	writepages_copy(t)
	t.inode.iRwsem.Unlock()
}

// ext4_fallocate writes the file back before it changes the layout, as truncate and enabling verity do.
func ext4_fallocate(t *task) {
	t.inode.iRwsem.Lock()
	writepages(t)
	t.inode.iRwsem.Unlock()
}

// write_low_space is a write that finds little free space: it has the flusher write back what is reserved, and waits.
func write_low_space(t *task) {
	t.inode.iRwsem.Lock()
	t.flush.Complete()
	t.flushed.Wait()
	t.inode.iRwsem.Unlock()
}

// write_no_space is a write that finds no block. A commit may free some, so it forces one before it tries again.
func write_no_space(t *task) {
	t.inode.iRwsem.Lock()
	ext4_should_retry_alloc(t)
	t.inode.iRwsem.Unlock()
}

func ext4_should_retry_alloc(t *task) { jbd2_journal_force_commit_nested(t) }

// wb_workfn is the flusher.
func wb_workfn(t *task) {
	t.flush.Wait()
	writeback_single_inode(t)
	t.flushed.Complete()
}

// writeback_single_inode marks the inode as being written and lets go of i_lock before it writes.
func writeback_single_inode(t *task) {
	t.inode.iLock.Lock()
	sched.Note("set I_SYNC")
	t.inode.iLock.Unlock()
	writepages(t)
}

// fsverity_enable takes i_lock within the inode's lock, to attach the journal's inode.
func fsverity_enable(t *task) {
	t.inode.iRwsem.Lock()
	t.inode.iLock.Lock()
	t.inode.iLock.Unlock()
	t.inode.iRwsem.Unlock()
}

// write_allocates is a write whose page must be allocated, and memory freed for it.
func write_allocates(t *task) {
	t.inode.iRwsem.Lock()
	reclaim.May()
	t.inode.iRwsem.Unlock()
}

// shrink_folio_list is memory being freed by writing back what is dirty.
func shrink_folio_list(t *task) {
	reclaim.Enter()
	writepages(t)
	reclaim.Exit()
}
