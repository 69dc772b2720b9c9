package lab

import (
	"extant/explore"
	"extant/sched"
)

// f2: whether a file is inline changes under its folio's lock only. A write decides under that lock and obeys its
// decision; a fault only evicts; writeback moves the data in one transaction.

// evict takes the authority over the data from the inode and gives it to the folio, which is locked and uptodate.
// A block is reserved first, so that nothing has changed where that fails. If the folio has the authority already, the
// block is all that is seen to. Callers make the folio dirty.
func evict(t *task) bool {
	if !ext4_da_reserve_space(t) {
		return false
	}
	if !ext4_may_inline_data(t) {
		return true
	}
	t.inode.xattrSem.Lock()
	t.inode.state.Clear(mayInline)
	t.inode.xattrSem.Unlock()
	sched.Note("evict: the folio has the data now")
	return true
}

// mkwrite_evict is ext4_page_mkwrite of f2.
func mkwrite_evict(t *task, _ faultFlags) vmFault {
	t.inode.invalidate.RLock()
	defer t.inode.invalidate.RUnlock()
	folio_lock(t)
	if folio_truncated(t) {
		folio_unlock(t)
		return faultNopage
	}
	if !evict(t) {
		folio_unlock(t)
		return faultSigbus
	}
	t.folio.flags.Set(dirty)
	return faultLocked
}

// write_begin_record decides under the folio's lock and records what it decided. It returns with the folio locked,
// and with a handle if the write is inline.
func write_begin_record(t *task, w *write) bool {
	handle := ext4_may_inline_data(t) // a hint: once it is false it stays so
	if handle {
		ext4_journal_start(t)
	}
	folio_lock(t)
	ext4_read_folio(t)
	w.inline = handle && decide_inline(t, w.pos+w.n)
	if w.inline {
		return true
	}
	ok := evict(t)
	if !ok {
		folio_unlock(t)
	} else if handle {
		t.folio.flags.Set(dirty) // even if nothing is copied: the inode's data is on its way out
	}
	if handle {
		ext4_journal_stop(t)
	}
	return ok
}

// decide_inline says whether the inode takes a write that ends at end, and makes room for it. The folio is locked and
// a handle open.
func decide_inline(t *task, end int) bool {
	if !ext4_may_inline_data(t) {
		return false
	}
	t.inode.xattrSem.Lock()
	defer t.inode.xattrSem.Unlock()
	return ext4_update_inline_data(t, end)
}

// write_end_record does what write_begin decided. As Linux does, it makes the folio clean after an inline write: nobody can
// have stored to it.
func write_end_record(t *task, w *write, copied int) bool {
	if w.inline {
		t.folio.flags.Clear(dirty)
	}
	return write_end_keep(t, w, copied)
}

// write_end_keep does what write_begin decided, and leaves a dirty folio dirty.
func write_end_keep(t *task, w *write, copied int) bool {
	if !w.inline {
		return ext4_da_do_write_end(t, w, copied)
	}
	write_end_inline(t, w, copied)
	folio_unlock(t)
	ext4_journal_stop(t)
	return true
}

// write_end_inline copies the folio's data into the inode.
func write_end_inline(t *task, w *write, copied int) {
	t.inode.xattrSem.Lock()
	ext4_write_inline_data(t, w.pos, copied)
	t.inode.xattrSem.Unlock()
	if copied > 0 {
		i_size_write(t, w.pos+copied)
	}
	ext4_mark_inode_dirty(t)
}

// writepages_switch is writeback of f2: in one transaction the inode's data goes, a block is mapped, and the commit
// waits for the block to be written. What can fail comes first.
func writepages_switch(t *task) {
	if !t.folio.flags.Test(dirty) {
		return
	}
	ext4_journal_start(t)
	if !folio_prepare_writeback(t) {
		ext4_journal_stop(t)
		return
	}
	ok := switch_to_block(t)
	if !ok {
		folio_unlock(t)
		ext4_journal_stop(t)
		return
	}
	block, data := start_writeback(t)
	folio_unlock(t)
	ext4_journal_stop(t)
	end_writeback(t, block, data)
}

// switch_to_block gives the file a block and takes its inline data away. The folio is locked and a handle open.
func switch_to_block(t *task) bool {
	t.inode.xattrSem.Lock()
	defer t.inode.xattrSem.Unlock()
	explore.Assert(!ext4_may_inline_data(t), "BUG: a dirty folio, and the inode has the data")
	if !ext4_map_blocks(t) {
		return false
	}
	if ext4_has_inline_data(t) {
		ext4_destroy_inline_data_nolock(t)
	}
	return true
}
