package lab

import (
	"extant/explore"
	"extant/sched"
)

// aliasedBlock is the file's block as the cache of the device has it after Linux's conversion: metadata, which the
// commit writes over whatever the file's own page has put there.
type aliasedBlock struct {
	block int
	data  [fileMax]byte
}

// ext4_convert_inline_data moves the file's data from the inode into a block, without the folio's lock.
func ext4_convert_inline_data(t *task) bool {
	switch {
	case !ext4_has_inline_data(t):
		if t.design.endsEmpty {
			t.inode.state.Clear(mayInline)
		}
		return true
	case !ext4_may_inline_data(t):
		writepages(t) // a write has left the rest to writeback
		return true
	}
	ext4_journal_start(t)
	t.inode.xattrSem.Lock()
	ok := !ext4_has_inline_data(t) || ext4_convert_inline_data_nolock(t)
	t.inode.xattrSem.Unlock()
	ext4_journal_stop(t)
	return ok
}

func ext4_convert_inline_data_nolock(t *task) bool {
	value, length := t.raw.value, t.raw.length
	ext4_destroy_inline_data_nolock(t)
	if !ext4_map_blocks(t) {
		ext4_restore_inline_data(t, value, length)
		return false
	}
	if t.aliased {
		t.alias = aliasedBlock{t.raw.block, value}
		return true
	}
	submit_bio(t, t.raw.block, value)
	return true
}

func ext4_restore_inline_data(t *task, value [fileMax]byte, length int) {
	t.raw.value, t.raw.length = value, length
	ext4_set_inline(t, true)
	t.inode.state.Set(mayInline)
	sched.Note("set EXT4_STATE_MAY_INLINE_DATA again")
}

// ext4_page_mkwrite is called with mmap_lock held, so it cannot take the inode's lock. What it does first is where
// designs differ.
func ext4_page_mkwrite(t *task, _ faultFlags) vmFault {
	t.inode.invalidate.RLock()
	defer t.inode.invalidate.RUnlock()
	if t.design.convert != nil && !t.design.convert(t) {
		return faultSigbus
	}
	return block_page_mkwrite(t)
}

// block_page_mkwrite reserves a block and makes the folio dirty, and leaves it locked.
func block_page_mkwrite(t *task) vmFault {
	folio_lock(t)
	switch {
	case folio_truncated(t):
		folio_unlock(t)
		return faultNopage
	case !ext4_da_reserve_space(t):
		folio_unlock(t)
		return faultSigbus
	}
	t.folio.flags.Set(dirty)
	return faultLocked
}

// ext4_file_mmap converts the file when it is mapped, under the inode's lock.
func ext4_file_mmap(t *task) {
	t.inode.iRwsem.Lock()
	ok := ext4_convert_inline_data(t)
	t.inode.iRwsem.Unlock()
	explore.Assert(ok || t.excused, "conversion fails although nothing else has")
}

// page_mkwrite_retry lets go of mmap_lock to take the inode's, and asks for another try.
func page_mkwrite_retry(t *task, flags faultFlags) vmFault {
	if !ext4_has_inline_data(t) {
		return ext4_page_mkwrite(t, flags)
	}
	if !flags.firstTry() {
		sched.Note("not a first try: return VM_FAULT_SIGBUS")
		return faultSigbus
	}
	if t.design.pinsFile {
		get_file(t)
		defer fput(t)
	}
	t.mm.lock.RUnlock() // release_fault_lock
	inode_lock(t)
	ext4_convert_inline_data(t)
	t.inode.iRwsem.Unlock()
	return faultRetry
}

// inode_lock takes the lock of an inode that the caller must have a reference to.
func inode_lock(t *task) {
	explore.Assert(!t.inode.state.Test(freed), "BUG: use after free in inode_lock")
	t.inode.iRwsem.Lock()
}
