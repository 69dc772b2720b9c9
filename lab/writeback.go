package lab

import (
	"extant/explore"
	"extant/sched"
)

// writepages is the way of every writeback into a design.
func writepages(t *task) { t.design.writepages(t) }

// ext4_do_writepages is writeback as Linux has it: a file that a write has evicted loses its inline data in a
// transaction of its own before the block is allocated.
func ext4_do_writepages(t *task) {
	if !t.folio.flags.Test(dirty) {
		return
	}
	if ext4_has_inline_data(t) {
		explore.Assert(!ext4_may_inline_data(t) || t.design.noAssert,
			"BUG_ON(ext4_test_inode_state(inode, EXT4_STATE_MAY_INLINE_DATA)) in ext4_do_writepages")
		ext4_journal_start(t)
		t.inode.xattrSem.Lock()
		ext4_destroy_inline_data_nolock(t)
		t.inode.xattrSem.Unlock()
		ext4_journal_stop(t)
	}
	mpage_map_and_submit_extent(t)
}

// mpage_map_and_submit_extent allocates the folio's block and writes it.
func mpage_map_and_submit_extent(t *task) {
	ext4_journal_start(t)
	if !folio_prepare_writeback(t) {
		ext4_journal_stop(t)
		return
	}
	if !ext4_map_blocks(t) {
		folio_unlock(t)
		ext4_journal_stop(t)
		return
	}
	block, data := start_writeback(t)
	folio_unlock(t)
	ext4_journal_stop(t)
	end_writeback(t, block, data)
}

// folio_prepare_writeback locks the folio and says whether it is still to be written; if not it is unlocked.
func folio_prepare_writeback(t *task) bool {
	folio_lock(t)
	t.folio.writeback.WaitUnlocked()
	if !t.folio.flags.Test(dirty) {
		folio_unlock(t)
		return false
	}
	return true
}

// start_writeback takes the folio's data for its I/O, which the commit will wait for. The folio is locked, its
// block mapped, and a handle open.
func start_writeback(t *task) (block int, data [fileMax]byte) {
	t.folio.writeback.Lock()
	data = folio_clear_dirty_for_io(t)
	ext4_mark_inode_dirty(t)
	t.ordered = true
	sched.Note("write back into the block")
	return ext4_mapped_block(t), data
}

func end_writeback(t *task, block int, data [fileMax]byte) {
	submit_bio(t, block, data)
	t.folio.writeback.Unlock()
}
