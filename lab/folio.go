package lab

import "extant/sched"

// folio is page 0 of the file, the only one.
type folio struct {
	lock      sched.HandoffMutex
	writeback sched.HandoffMutex // PG_writeback
	flags     sched.Flags        // uptodate, dirty

	buffers bool // a block is mapped or reserved for it; guarded by lock

	ptl sched.Mutex
	// +checklocks:ptl
	data [fileMax]byte
	// +checklocks:ptl
	writable bool // the page table entry lets the process store
}

// load fills the folio before anybody uses it.
func (f *folio) load(content string) {
	f.ptl.Lock()
	defer f.ptl.Unlock()
	copy(f.data[:], content)
	f.flags.Set(uptodate)
}

func folio_lock(t *task)   { t.folio.lock.Lock() }
func folio_unlock(t *task) { t.folio.lock.Unlock() }

// folio_truncated says whether the folio is no longer what the fault is about: dropped, or beyond the end. It is locked.
func folio_truncated(t *task) bool {
	return i_size_read(t) == 0 || !t.folio.flags.Test(uptodate)
}

// folio_copy_out returns what the folio holds.
func folio_copy_out(t *task) [fileMax]byte {
	t.folio.ptl.Lock()
	defer t.folio.ptl.Unlock()
	return t.folio.data
}

// folio_fill stores val in n bytes from pos on.
func folio_fill(t *task, pos, n int, val byte) {
	t.folio.ptl.Lock()
	defer t.folio.ptl.Unlock()
	for i := range n {
		t.folio.data[pos+i] = val
	}
}

// folio_clear_dirty_for_io makes the next store fault, and returns what is to be written: zeros beyond the file's
// end, whatever was stored there. The folio is locked.
func folio_clear_dirty_for_io(t *task) [fileMax]byte {
	f := &t.folio
	f.flags.Clear(dirty)
	size := i_size_read(t)
	f.ptl.Lock()
	defer f.ptl.Unlock()
	f.writable = false
	clear(f.data[size:])
	return f.data
}

// submit_bio writes a block.
func submit_bio(t *task, block int, data [fileMax]byte) {
	d := &t.device
	d.Lock()
	defer d.Unlock()
	d.blocks[block] = data
	if !t.quiet {
		t.crash()
	}
}

// ext4_read_folio fills the folio, which is locked and not uptodate, from where the data is.
func ext4_read_folio(t *task) {
	f := &t.folio
	if f.flags.Test(uptodate) {
		return
	}
	t.inode.xattrSem.Lock()
	var data [fileMax]byte
	switch {
	case ext4_has_inline_data(t):
		copy(data[:], t.raw.value[:t.raw.length])
	default:
		data = device_read(t, ext4_mapped_block(t))
	}
	t.inode.xattrSem.Unlock()
	f.ptl.Lock()
	f.data = data
	f.ptl.Unlock()
	f.flags.Set(uptodate)
}

func device_read(t *task, block int) [fileMax]byte {
	t.device.Lock()
	defer t.device.Unlock()
	return t.device.blocks[block]
}
