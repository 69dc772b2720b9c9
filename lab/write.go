package lab

import (
	"extant/explore"
	"extant/sched"
)

// write is one chunk of a buffered write, and what write_begin leaves for write_end.
type write struct {
	pos, n int
	val    byte

	inline bool // decided: the inode takes the data (f1, f2 and f3; others ask again)
}

// ext4_file_write_iter is write(2).
func ext4_file_write_iter(t *task, w write) bool {
	t.begins(w.pos, w.n, w.val)
	t.inode.iRwsem.Lock()
	ok := generic_perform_write(t, &w)
	t.inode.iRwsem.Unlock()
	explore.Assert(t.handles == 0, "write(2) returns with its handle open: no commit will ever finish")
	if ok {
		t.succeeded()
	} else {
		explore.Assert(t.excused, "write(2) fails, although nothing else has")
	}
	return ok
}

func generic_perform_write(t *task, w *write) bool {
	for {
		fault_in_iov_iter_readable(t)
		if !t.design.write_begin(t, w) {
			return false
		}
		copied := copy_folio_from_iter_atomic(t, w)
		if !t.design.write_end(t, w, copied) {
			return false
		}
		if copied == w.n {
			return true
		}
	}
}

// fault_in_iov_iter_readable brings the caller's buffer into memory, because the copy must not fault.
func fault_in_iov_iter_readable(t *task) {
	if t.resident {
		return
	}
	t.mm.lock.RLock()
	t.resident = true
	t.mm.lock.RUnlock()
}

// copy_folio_from_iter_atomic copies with faults off: nothing, if the buffer has left memory meanwhile.
func copy_folio_from_iter_atomic(t *task, w *write) int {
	if t.fails("copy_folio_from_iter_atomic") {
		t.resident = false
		return 0
	}
	folio_fill(t, w.pos, w.n, w.val)
	return w.n
}

// ext4_da_write_begin decides where the data goes: into the inode, with the handle left open, or into a block.
func ext4_da_write_begin(t *task, w *write) bool {
	if ext4_may_inline_data(t) && ext4_generic_write_inline_data(t, w) {
		sched.Note("inline: the handle stays open")
		return true
	}
	sched.Note("not inline: no handle")
	folio_lock(t)
	if !ext4_block_write_begin(t) {
		folio_unlock(t)
		return false
	}
	return true
}

// ext4_generic_write_inline_data prepares an inline write, and says whether it did.
func ext4_generic_write_inline_data(t *task, w *write) bool {
	ext4_journal_start(t)
	if !ext4_prepare_inline_data(t, w.pos+w.n) {
		ext4_journal_stop(t)
		ext4_da_convert_inline_data_to_extent(t)
		return false
	}
	folio_lock(t)
	t.inode.xattrSem.Lock()
	inline := ext4_has_inline_data(t)
	t.inode.xattrSem.Unlock()
	if !inline {
		folio_unlock(t)
		ext4_journal_stop(t)
		return false
	}
	ext4_read_folio(t)
	return true
}

// ext4_prepare_inline_data makes room for n bytes in the inode.
func ext4_prepare_inline_data(t *task, n int) bool {
	t.inode.xattrSem.Lock()
	defer t.inode.xattrSem.Unlock()
	return ext4_update_inline_data(t, n)
}

// ext4_da_convert_inline_data_to_extent makes the folio dirty and leaves the conversion to writeback.
func ext4_da_convert_inline_data_to_extent(t *task) {
	folio_lock(t)
	defer folio_unlock(t)
	ext4_read_folio(t)
	if ext4_has_inline_data(t) && ext4_da_reserve_space(t) {
		t.folio.flags.Set(dirty)
		t.inode.state.Clear(mayInline)
	}
}

// ext4_block_write_begin prepares a write to a block. The folio is locked.
func ext4_block_write_begin(t *task) bool {
	ext4_read_folio(t)
	return ext4_da_reserve_space(t)
}

// ext4_da_write_end asks again where the data goes.
func ext4_da_write_end(t *task, w *write, copied int) bool {
	if ext4_may_inline_data(t) && ext4_has_inline_data(t) {
		sched.Note("inline")
		return ext4_write_inline_data_end(t, w, copied)
	}
	sched.Note("not inline")
	return ext4_da_do_write_end(t, w, copied)
}

// ext4_write_inline_data_end copies the folio's data into the inode.
func ext4_write_inline_data_end(t *task, w *write, copied int) bool {
	t.inode.xattrSem.Lock()
	explore.Assert(ext4_has_inline_data(t), "BUG_ON(!ext4_has_inline_data(inode))")
	ext4_write_inline_data(t, w.pos, copied)
	t.inode.xattrSem.Unlock()
	t.folio.flags.Clear(dirty)
	if copied > 0 {
		i_size_write(t, w.pos+copied)
	}
	folio_unlock(t)
	explore.Assert(t.handles > 0, "BUG: handle is NULL in ext4_write_inline_data_end")
	ext4_mark_inode_dirty(t)
	ext4_journal_stop(t)
	return true
}

// ext4_da_do_write_end leaves the data to writeback. The size, too, unless the block is there already: then a commit could
// write the data without looking at the size.
func ext4_da_do_write_end(t *task, w *write, copied int) bool {
	if !t.folio.buffers {
		sched.Note("return -EIO: the folio has no buffers")
		folio_unlock(t)
		return false
	}
	grows := false
	if copied > 0 {
		grows = i_size_read(t) < w.pos+copied && ext4_mapped_block(t) != 0
		i_size_write(t, w.pos+copied)
		t.folio.flags.Set(dirty)
	}
	folio_unlock(t)
	if grows {
		ext4_journal_start(t)
		ext4_mark_inode_dirty(t)
		ext4_journal_stop(t)
	}
	return true
}
