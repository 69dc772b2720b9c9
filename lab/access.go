package lab

import (
	"slices"

	"extant/explore"
	"extant/sched"
)

// filemap_read is read(2) of one byte. It must not be older than what had been written when the read began.
func filemap_read(t *task, pos int) {
	before := t.written.Load(1 << pos)
	folio_lock(t)
	ext4_read_folio(t)
	folio_unlock(t)
	b := folio_copy_out(t)[pos]
	allowed := t.tried(pos)
	if before == 0 {
		allowed = t.history(pos, fileMax)
	}
	explore.Assert(slices.Contains(allowed, b), "stale read: byte %d is %s, which should be %s", pos, show(b), showAny(allowed))
}

// drop_caches throws the folio away if it is clean, and takes it from the process.
func drop_caches(t *task) {
	f := &t.folio
	folio_lock(t)
	if !f.flags.Test(dirty) && !f.writeback.Locked() {
		f.ptl.Lock()
		f.writable = false
		f.ptl.Unlock()
		f.flags.Clear(uptodate)
		sched.Note("folio dropped")
	}
	folio_unlock(t)
}

// ext4_xattr_set adds an attribute to the inode, if there is room for its byte beside the inline data.
func ext4_xattr_set(t *task) {
	ext4_journal_start(t)
	t.inode.xattrSem.Lock()
	if t.raw.length+t.inode.xattrs < capacity {
		t.inode.xattrs++
		sched.Note("an attribute takes the room")
	}
	t.inode.xattrSem.Unlock()
	ext4_journal_stop(t)
}

// store_and_sync stores a byte and syncs it: from then on a crash must show it, or what came after. If the sync fails
// nothing is promised.
func store_and_sync(t *task, pos int, val byte) {
	if !store(t, pos, val) {
		return
	}
	ext4_sync_file(t)
	if !t.excused {
		t.promise(pos)
	}
}
