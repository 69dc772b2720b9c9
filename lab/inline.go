package lab

import (
	"extant/explore"
	"extant/sched"
)

// What the designs share of ext4's inline data.

func ext4_has_inline_data(t *task) bool { return t.inode.state.Test(inlineFlag) }
func ext4_may_inline_data(t *task) bool { return t.inode.state.Test(mayInline) }

// ext4_set_inline says whether the inode holds the data. A handle is open and xattr_sem held.
func ext4_set_inline(t *task, inline bool) {
	t.raw.inline = inline
	if inline {
		t.inode.state.Set(inlineFlag)
	} else {
		t.inode.state.Clear(inlineFlag)
	}
}

// ext4_get_max_inline_size returns how much inline data there is room for. xattr_sem is held.
func ext4_get_max_inline_size(t *task) int { return capacity - t.inode.xattrs }

// ext4_update_inline_data makes the inline value at least n bytes long, if there is room. A handle is open and
// xattr_sem held.
func ext4_update_inline_data(t *task, n int) bool {
	if n > ext4_get_max_inline_size(t) {
		return false
	}
	if !t.raw.inline {
		ext4_set_inline(t, true)
	}
	t.raw.length = max(t.raw.length, n)
	return true
}

// ext4_write_inline_data copies part of the folio into the inode. A handle is open and xattr_sem held.
func ext4_write_inline_data(t *task, pos, n int) {
	explore.Assert(pos+n <= t.raw.length, "BUG_ON(pos + len > EXT4_I(inode)->i_inline_size)")
	data := folio_copy_out(t)
	copy(t.raw.value[pos:pos+n], data[pos:])
}

// ext4_destroy_inline_data_nolock empties the inode of inline data. A handle is open and xattr_sem held.
func ext4_destroy_inline_data_nolock(t *task) {
	t.inode.dataSem.Lock()
	t.raw.value, t.raw.length = [fileMax]byte{}, 0
	ext4_set_inline(t, false)
	t.inode.dataSem.Unlock()
	t.inode.state.Clear(mayInline)
	sched.Note("clear EXT4_STATE_MAY_INLINE_DATA")
}

// ext4_map_blocks allocates the block, unless there is one. A handle is open.
func ext4_map_blocks(t *task) bool {
	t.inode.dataSem.Lock()
	defer t.inode.dataSem.Unlock()
	if t.raw.block != 0 {
		return true
	}
	if t.fails("ext4_map_blocks") {
		sched.Note("return -ENOSPC")
		return false
	}
	t.blocks++
	t.raw.block = t.blocks
	return true
}

// ext4_mapped_block returns the file's block, or 0: a hole.
func ext4_mapped_block(t *task) int {
	t.inode.dataSem.Lock()
	defer t.inode.dataSem.Unlock()
	return t.raw.block
}

// ext4_da_reserve_space makes sure that the folio will find a block at writeback. The folio is locked.
func ext4_da_reserve_space(t *task) bool {
	if !t.folio.buffers {
		t.folio.buffers = !t.fails("ext4_da_reserve_space")
	}
	return t.folio.buffers
}

// i_size_write makes the file at least end bytes long. i_rwsem is held.
func i_size_write(t *task, end int) {
	if int(t.inode.size.Load()) < end {
		t.inode.size.Store(int64(end))
	}
}

func i_size_read(t *task) int { return int(t.inode.size.Load()) }

// ext4_mark_inode_dirty puts i_size into the transaction. A handle is open.
func ext4_mark_inode_dirty(t *task) {
	t.inode.dataSem.Lock()
	t.raw.size = i_size_read(t)
	t.inode.dataSem.Unlock()
}
