package lab

import "extant/sched"

// scenario is what happens at once to one file.
type scenario struct {
	initial  string   // what the file holds, inline and durable; "" for one that has never held anything
	sites    []string // where one fault is injected
	cold     bool     // the page is not in the cache
	unmapped bool     // nobody has mapped the file yet
	aliased  bool     // conversion carries data through the device's cache, as Linux does
	quiet    bool     // no crash is judged

	before func(*task) // what happens first, alone
	acts   []act
}

// act is what one task does.
type act struct {
	name string
	do   func(*task)
}

// run plays the scenario once, and judges its end. It is what an explorer runs.
func (s *scenario) run(d *design) {
	f := newFS(s, d)
	if s.before != nil {
		f.tasks = append(f.tasks, &task{fs: f, name: "before", resident: true})
	}
	for _, a := range s.acts {
		f.tasks = append(f.tasks, &task{fs: f, name: a.name, resident: true})
	}
	tasks := f.tasks
	if s.before != nil {
		s.before(tasks[0])
		tasks = tasks[1:]
	}
	running := make([]*sched.Task, len(tasks))
	for i, t := range tasks {
		running[i] = sched.Go(t.name, func() { s.acts[i].do(t) })
	}
	for _, r := range running {
		r.Wait()
	}
	f.judge()
}

// writes is a write(2) of n bytes.
func writes(name string, pos, n int, val byte) act {
	return act{name, func(t *task) { ext4_file_write_iter(t, write{pos: pos, n: n, val: val}) }}
}

// What writes.
var (
	write0    = writes("write", 0, 1, 'w')
	write0too = writes("write-too", 0, 1, 'v')
	writeFits = writes("write", 2, 1, 'g')                                       // which the inode has room for, just
	writeGrow = writes("write", 2, 2, 'g')                                       // which it has not
	writeCold = act{"write", func(t *task) { t.resident = false; write0.do(t) }} // from a buffer that must be faulted in

	lowSpace  = act{"write", write_low_space}
	noSpace   = act{"write", write_no_space}
	allocates = act{"write", write_allocates}
)

// What uses the mapping.
var (
	store1    = act{"store", func(t *task) { store(t, 1, 'm') }}
	gup1      = act{"gup", func(t *task) { get_user_pages(t, 1, 'm') }}
	storeSync = act{"store+msync", func(t *task) { store_and_sync(t, 1, 'm') }}
	// storeLose promises nothing, so that its loss is seen at the end and not after a crash.
	storeLose = act{"store+msync", func(t *task) { store(t, 1, 'm'); ext4_sync_file(t) }}

	unmaps    = act{"munmap", munmap}
	mmaps     = act{"mmap", vm_mmap_pgoff}
	mmapStore = act{"mmap+store", func(t *task) { vm_mmap_pgoff(t); store(t, 1, 'm') }}
	lowerMmap = act{"mmap+store", func(t *task) { mmap_region(t); store(t, 1, 'm') }}
	// mmapGrow maps a file, makes it longer and stores to what is new.
	mmapGrow = act{"mmap+truncate+store", func(t *task) { vm_mmap_pgoff(t); ext4_truncate_to(t, 2); store(t, 1, 'm') }}
)

// What writes back and commits.
var (
	flusher   = act{"flusher", writepages}
	writeback = act{"flusher", writeback_single_inode}
	worker    = act{"flusher", wb_workfn}
	kswapd    = act{"kswapd", shrink_folio_list}
	jbd2      = act{"jbd2", jbd2_journal_commit_transaction}
	journald  = act{"jbd2", kjournald2}
)

// The rest.
var (
	readCold  = act{"read", func(t *task) { drop_caches(t); filemap_read(t, 0) }}
	shrink    = act{"truncate", func(t *task) { ext4_truncate_to(t, 1) }}
	downUp    = act{"truncate-down-up", func(t *task) { ext4_truncate_to(t, 1); ext4_truncate_to(t, 2) }}
	toZero    = act{"truncate-to-0", func(t *task) { ext4_truncate_to(t, 0) }}
	setxattr  = act{"setxattr", ext4_xattr_set}
	fallocate = act{"fallocate", ext4_fallocate}
	verity    = act{"verity", fsverity_enable}
)
