package lab

import (
	"extant/explore"
	"extant/sched"
)

// mm is the memory of the process that maps the file.
type mm struct {
	lock sched.RWMutex // mmap_lock

	mapped   bool // guarded by lock
	unmapped bool // there was a munmap; guarded by lock

	pins sched.Int64 // references to the file beside the mapping's
}

// faultFlags say what a fault handler may do.
type faultFlags uint

const (
	allowRetry faultFlags = 1 << iota // FAULT_FLAG_ALLOW_RETRY: it may drop mmap_lock and say so
	tried                             // FAULT_FLAG_TRIED: it has done so before
)

// firstTry is the kernel's fault_flag_allow_retry_first.
func (f faultFlags) firstTry() bool { return f&(allowRetry|tried) == allowRetry }

// vmFault is what a fault handler did.
type vmFault uint

const (
	faultLocked vmFault = iota // VM_FAULT_LOCKED: done, and the folio is locked
	faultNopage                // VM_FAULT_NOPAGE: try again
	faultSigbus                // VM_FAULT_SIGBUS
	faultRetry                 // VM_FAULT_RETRY: mmap_lock was dropped, try again
)

// vm_mmap_pgoff maps the file, shared and writable.
func vm_mmap_pgoff(t *task) {
	if t.design.pre_mmap != nil {
		t.design.pre_mmap(t)
	}
	mmap_region(t)
}

// mmap_region is the part of mmap(2) under the lock. Stacked file systems and drivers call it for the lower file.
func mmap_region(t *task) {
	t.mm.lock.Lock()
	if t.design.file_mmap != nil {
		t.design.file_mmap(t)
	}
	t.mm.mapped = true
	t.mm.lock.Unlock()
}

// munmap takes the file's mapping away, and with it the last reference: the process has closed the file.
func munmap(t *task) {
	t.mm.lock.Lock()
	t.mm.mapped, t.mm.unmapped = false, true
	zap_page_range(t)
	t.mm.lock.Unlock()
	fput(t)
}

// zap_page_range makes the next store fault.
func zap_page_range(t *task) {
	t.folio.ptl.Lock()
	t.folio.writable = false
	t.folio.ptl.Unlock()
}

func get_file(t *task) { t.mm.pins.Add(1) }

// fput gives a reference back. The inode goes with the last one.
func fput(t *task) {
	if t.mm.pins.Add(-1) < 0 {
		sched.Note("evict the inode")
		t.inode.state.Set(freed)
	}
}

// store is a store instruction of the process: it faults until the page is writable.
func store(t *task, pos int, val byte) bool {
	return access_page(t, pos, val, allowRetry, do_user_addr_fault)
}

// get_user_pages is a store by a caller that holds mmap_lock and cannot retry: a futex, ptrace, a driver.
func get_user_pages(t *task, pos int, val byte) bool {
	return access_page(t, pos, val, 0, faultin_page)
}

// access_page stores val at pos, as the processor does it: the entry of the page table is looked at and the byte
// written in one step.
func access_page(t *task, pos int, val byte, flags faultFlags, fault func(*task, *faultFlags) vmFault) bool {
	t.begins(pos, 1, val)
	for {
		if stored(t, pos, val) {
			t.succeeded()
			return true
		}
		if fault(t, &flags) == faultSigbus {
			explore.Assert(t.excused, "SIGBUS, although nothing has failed")
			return false
		}
	}
}

func stored(t *task, pos int, val byte) bool {
	f := &t.folio
	f.ptl.Lock()
	defer f.ptl.Unlock()
	if f.writable {
		sched.Note("store through the mapping")
		f.data[pos] = val
	}
	return f.writable
}

// do_user_addr_fault handles the fault of an instruction, which may be tried again.
func do_user_addr_fault(t *task, flags *faultFlags) vmFault {
	t.mm.lock.RLock()
	ret := handle_mm_fault(t, *flags)
	if ret == faultRetry {
		*flags |= tried
		return ret
	}
	t.mm.lock.RUnlock()
	return ret
}

// faultin_page handles the fault of a caller that allows no retry.
func faultin_page(t *task, flags *faultFlags) vmFault {
	t.mm.lock.RLock()
	ret := handle_mm_fault(t, *flags)
	explore.Assert(ret != faultRetry, "VM_FAULT_RETRY for a caller that cannot retry: mmap_lock is gone")
	t.mm.lock.RUnlock()
	return ret
}

// handle_mm_fault makes the page writable: it reads it, asks the file system, and sets the entry of the page table.
func handle_mm_fault(t *task, flags faultFlags) vmFault {
	if !t.mm.mapped {
		explore.Assert(t.mm.unmapped, "segmentation fault")
		t.excused = true
		return faultSigbus
	}
	if ret := do_fault_read(t, flags); ret != faultLocked {
		return ret
	}
	ret := do_page_mkwrite(t, flags)
	switch {
	case ret == faultRetry && !t.design.retries:
		explore.Failf("BUG: do_shared_fault goes on without mmap_lock, because it does not know VM_FAULT_RETRY from page_mkwrite")
	case ret != faultLocked:
		return ret
	}
	f := &t.folio
	f.ptl.Lock()
	f.writable = true
	f.ptl.Unlock()
	folio_unlock(t)
	return faultNopage
}

// do_fault_read has the page in the cache. Where that takes I/O and the caller allows it, mmap_lock is dropped for it.
func do_fault_read(t *task, flags faultFlags) vmFault {
	if i_size_read(t) == 0 {
		t.excused = true
		return faultSigbus
	}
	if t.folio.flags.Test(uptodate) {
		return faultLocked
	}
	dropped := t.design.dropsForRead && flags.firstTry()
	if dropped {
		t.mm.lock.RUnlock()
	}
	t.inode.invalidate.RLock()
	folio_lock(t)
	ext4_read_folio(t)
	folio_unlock(t)
	t.inode.invalidate.RUnlock()
	if dropped {
		return faultRetry
	}
	return faultLocked
}

// do_page_mkwrite tells the file system that the page is about to become writable. The kernel hides the caller's flags.
func do_page_mkwrite(t *task, flags faultFlags) vmFault {
	if t.design.masksFlags {
		flags = 0
	}
	return t.design.page_mkwrite(t, flags)
}
