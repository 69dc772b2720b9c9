package lab

import "extant/sched"

// f3: a file that is inline stays so when it is mapped and stored to: its folio may be dirty, and writeback copies it
// into the inode. A write that does not fit evicts, as in f2.

// mkwrite_stay is ext4_page_mkwrite of f3.
func mkwrite_stay(t *task, flags faultFlags) vmFault {
	t.inode.invalidate.RLock()
	defer t.inode.invalidate.RUnlock()
	ext4_journal_start(t)
	defer ext4_journal_stop(t)
	folio_lock(t)
	if folio_truncated(t) {
		folio_unlock(t)
		return faultNopage
	}
	if !decide_inline(t, i_size_read(t)) && !evict(t) {
		folio_unlock(t)
		return faultSigbus
	}
	t.folio.flags.Set(dirty)
	return faultLocked
}

// writepages_stay is writeback of f3.
func writepages_stay(t *task) {
	if !t.folio.flags.Test(dirty) {
		return
	}
	ext4_journal_start(t)
	if !folio_prepare_writeback(t) {
		ext4_journal_stop(t)
		return
	}
	if ext4_may_inline_data(t) {
		write_folio_to_inode(t)
		folio_unlock(t)
		ext4_journal_stop(t)
		return
	}
	if !switch_to_block(t) {
		folio_unlock(t)
		ext4_journal_stop(t)
		return
	}
	block, data := start_writeback(t)
	folio_unlock(t)
	ext4_journal_stop(t)
	end_writeback(t, block, data)
}

// write_folio_to_inode cleans the folio into the inode. The folio is locked, so the file stays inline, and a
// truncation that has changed i_size has yet to shrink the inode's data.
func write_folio_to_inode(t *task) {
	t.inode.xattrSem.Lock()
	data := folio_clear_dirty_for_io(t)
	n := i_size_read(t)
	ext4_write_inline_data_bytes(t, data, n)
	t.inode.xattrSem.Unlock()
	sched.Note("write back into the inode")
}

// ext4_write_inline_data_bytes replaces the inline value, whose rest becomes zeros.
func ext4_write_inline_data_bytes(t *task, data [fileMax]byte, n int) {
	t.raw.value = [fileMax]byte{}
	copy(t.raw.value[:min(n, t.raw.length)], data[:])
}
