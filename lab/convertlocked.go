package lab

import "extant/sched"

// f1: as f2, but a fault and a write that does not fit convert at once, where blocks are not allocated late.

// convert_locked moves the data out of the inode. The folio is locked and uptodate, and a handle open; the commit writes the
// folio before it makes the block the file's.
func convert_locked(t *task) bool {
	t.inode.xattrSem.Lock()
	defer t.inode.xattrSem.Unlock()
	if !ext4_map_blocks(t) {
		return false
	}
	if ext4_has_inline_data(t) {
		ext4_destroy_inline_data_nolock(t)
	}
	t.inode.state.Clear(mayInline)
	t.folio.buffers = true
	t.folio.flags.Set(dirty)
	t.ordered = true
	sched.Note("converted under the folio's lock")
	return true
}

// mkwrite_convert_locked is ext4_page_mkwrite of f1.
func mkwrite_convert_locked(t *task, _ faultFlags) vmFault {
	t.inode.invalidate.RLock()
	defer t.inode.invalidate.RUnlock()
	ext4_journal_start(t)
	defer ext4_journal_stop(t)
	folio_lock(t)
	if folio_truncated(t) {
		folio_unlock(t)
		return faultNopage
	}
	if !convert_locked(t) {
		folio_unlock(t)
		return faultSigbus
	}
	return faultLocked
}

// write_begin_convert decides as f2's does, with the block allocated at once. The handle stays open.
func write_begin_convert(t *task, w *write) bool {
	ext4_journal_start(t)
	folio_lock(t)
	ext4_read_folio(t)
	w.inline = decide_inline(t, w.pos+w.n)
	if w.inline || convert_locked(t) {
		return true
	}
	folio_unlock(t)
	ext4_journal_stop(t)
	return false
}

func write_end_convert(t *task, w *write, copied int) bool {
	if w.inline {
		write_end_inline(t, w, copied)
	} else if copied > 0 {
		i_size_write(t, w.pos+copied)
		ext4_mark_inode_dirty(t)
	}
	folio_unlock(t)
	ext4_journal_stop(t)
	return true
}
