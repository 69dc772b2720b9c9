package lab

// design is how a file system handles inline data that is written and mapped at once: the thread's functions, as far
// as designs differ in them.
type design struct {
	name  string
	title string

	pre_mmap     func(*task)      // before mmap_lock
	file_mmap    func(*task)      // ->mmap, with mmap_lock held
	convert      func(*task) bool // what page_mkwrite does first, if anything
	page_mkwrite func(*task, faultFlags) vmFault
	write_begin  func(*task, *write) bool
	write_end    func(t *task, w *write, copied int) bool
	writepages   func(*task)
	submit_data  func(*task) // the commit's flush of ordered data

	endsEmpty    bool // conversion also keeps an empty file from becoming inline
	noAssert     bool // writeback does not assert that an inline file has no dirty page
	masksFlags   bool // the kernel hides the caller's flags from page_mkwrite
	retries      bool // the kernel knows VM_FAULT_RETRY from page_mkwrite
	keepsTail    bool // truncate leaves what the inode holds of an evicted file's data
	dropsForRead bool // a fault drops mmap_lock while it reads
	pinsFile     bool // page_mkwrite takes a reference before it drops mmap_lock
}

// upstream is a design that writes as Linux does.
func upstream(name, title string) design {
	return design{
		name: name, title: title, page_mkwrite: ext4_page_mkwrite,
		write_begin: ext4_da_write_begin, write_end: ext4_da_write_end, writepages: ext4_do_writepages,
		submit_data: jbd2_journal_submit_inode_data_buffers,
	}
}

// with returns a copy of d that was changed by f.
func (d design) with(f func(*design)) *design {
	f(&d)
	return &d
}

var (
	original = upstream("a", "the original: page_mkwrite converts the file").with(func(d *design) { d.convert = ext4_convert_inline_data })

	inMmap = upstream("b", "->mmap converts, under the inode's lock").with(func(d *design) { d.file_mmap = ext4_file_mmap })

	preMmap      = upstream("c", "a hook before mmap_lock converts").with(func(d *design) { d.pre_mmap, d.endsEmpty = ext4_file_mmap, true })
	preMmapFull  = preMmap.with(func(d *design) { d.endsEmpty = false })
	noConversion = upstream("d", "no conversion: writeback copies into the inode").with(func(*design) {})
	noAssertion  = noConversion.with(func(d *design) { d.noAssert = true })
	copying      = noConversion.with(func(d *design) { d.writepages = writepages_copy })

	inodeLock       = upstream("d'", "writeback copies, under the inode's lock").with(func(d *design) { d.writepages = writepages_inode_lock })
	inodeLockCommit = inodeLock.with(func(d *design) { d.submit_data = ext4_normal_submit_inode_data_buffers })

	retryPosted = upstream("e", "VM_FAULT_RETRY: page_mkwrite drops mmap_lock").with(func(d *design) {
		d.page_mkwrite, d.masksFlags = page_mkwrite_retry, true
	})
	retryFlags = retryPosted.with(func(d *design) { d.masksFlags = false })
	retryCore  = retryFlags.with(func(d *design) { d.retries = true })
	retryCold  = retryCore.with(func(d *design) { d.dropsForRead = true })
	retryPins  = retryCore.with(func(d *design) { d.pinsFile = true })

	convertAtFault = &design{
		name: "f1", title: "ours, without delayed allocation: convert under the folio's lock", page_mkwrite: mkwrite_convert_locked,
		write_begin: write_begin_convert, write_end: write_end_convert, writepages: writepages_switch,
		submit_data: jbd2_journal_submit_inode_data_buffers,
	}
	evictAtFault = &design{
		name: "f2", title: "ours: evict at the fault, switch in writeback", page_mkwrite: mkwrite_evict,
		write_begin: write_begin_record, write_end: write_end_record, writepages: writepages_switch,
		submit_data: jbd2_journal_submit_inode_data_buffers,
	}
	stayInline = &design{
		name: "f3", title: "ours: stay inline, copy in writeback under the folio's lock", page_mkwrite: mkwrite_stay,
		write_begin: write_begin_record, write_end: write_end_keep, writepages: writepages_stay,
		submit_data: jbd2_journal_submit_inode_data_buffers,
	}
)

// Designs that break a rule on purpose, and must fail.
var (
	f2NoRecheck = evictAtFault.with(func(d *design) { d.write_begin = write_begin_hint })
	f2Split     = evictAtFault.with(func(d *design) { d.writepages = ext4_do_writepages })
	f2Retest    = evictAtFault.with(func(d *design) { d.write_end = write_end_retest })
	f2KeepsTail = evictAtFault.with(func(d *design) { d.keepsTail = true })
	f3Clear     = stayInline.with(func(d *design) { d.write_end = write_end_record })
)
