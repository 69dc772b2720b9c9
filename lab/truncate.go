package lab

import "extant/sched"

// ext4_truncate_to makes the file size bytes long, as truncate(2) does.
func ext4_truncate_to(t *task, size int) {
	t.inode.iRwsem.Lock()
	defer t.inode.iRwsem.Unlock()
	if size > i_size_read(t) {
		ext4_setattr_up(t, size)
		return
	}
	t.begins(size, fileMax-size, 0)
	t.inode.invalidate.Lock()
	ext4_journal_start(t)
	t.inode.size.Store(int64(size))
	ext4_mark_inode_dirty(t)
	t.raw.cut = min(t.raw.cut, size)
	sched.Note("i_size is smaller")
	ext4_journal_stop(t)

	ext4_journal_start(t)
	truncate_pagecache(t, size)
	ext4_journal_stop(t)
	t.inode.invalidate.Unlock()
	t.succeeded()
}

// truncate_pagecache zeroes what is beyond the end, in the folio and wherever the device has it. A handle is open.
func truncate_pagecache(t *task, size int) {
	f := &t.folio
	folio_lock(t)
	f.writeback.WaitUnlocked()
	ext4_read_folio(t)
	f.ptl.Lock()
	clear(f.data[size:])
	f.ptl.Unlock()
	switch {
	case ext4_has_inline_data(t) && (ext4_may_inline_data(t) || !t.design.keepsTail):
		ext4_inline_data_truncate(t, size)
	case !ext4_may_inline_data(t):
		f.flags.Set(dirty)
		t.ordered = true
	}
	folio_unlock(t)
}

// ext4_inline_data_truncate zeroes the inline data beyond the end, also where the folio has taken over: nobody shall find it
// there after a crash. A handle is open.
func ext4_inline_data_truncate(t *task, size int) {
	t.inode.xattrSem.Lock()
	clear(t.raw.value[min(size, t.raw.length):])
	t.inode.xattrSem.Unlock()
}

// ext4_setattr_up makes the file longer: the bytes between are zeros, whatever was stored beyond the end.
func ext4_setattr_up(t *task, size int) {
	ext4_journal_start(t)
	folio_lock(t)
	f := &t.folio
	f.ptl.Lock()
	clear(f.data[i_size_read(t):])
	f.writable = false // the next store faults again
	f.ptl.Unlock()
	t.inode.size.Store(int64(size))
	ext4_mark_inode_dirty(t)
	folio_unlock(t)
	ext4_journal_stop(t)
}
