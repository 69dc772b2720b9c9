package lab

import (
	"slices"

	"extant/explore"
	"extant/sched"
)

// Bits of an inode's state word.
const (
	inlineFlag uint64 = 1 << iota // EXT4_INODE_INLINE_DATA
	mayInline                     // EXT4_STATE_MAY_INLINE_DATA
	freed                         // nothing refers to the inode any more
)

// Bits of a folio's state word.
const (
	uptodate uint64 = 1 << iota
	dirty
)

// fs is a mounted file system with one file of at most one page, and one process that maps it.
type fs struct {
	design  *design  // immutable
	initial string   // what the file holds durably at first; immutable
	sites   []string // where faults are injected; immutable
	aliased bool     // conversion carries data through the device's cache, as Linux does; immutable
	quiet   bool     // no crash is judged; immutable

	tasks   []*task          // appended to before any of them runs
	written sched.Flags      // a bit for each byte that was written with success
	flush   sched.Completion // the flusher is asked to run
	flushed sched.Completion // it has run

	commit    sched.Completion // the journal's thread is asked to commit
	committed sched.Completion // it has

	inode  inode
	folio  folio
	mm     mm
	device device

	committing sched.Mutex   // there is one committing transaction
	journal    sched.RWMutex // class jbd2_handle
	raw        raw           // of the running transaction: written with a handle, read with the journal locked
	ordered    bool          // the folio goes to the device before the running transaction commits
	alias      aliasedBlock  // guarded as raw is
	blocks     int           // allocated so far; changed with i_data_sem
}

// inode is the file in memory.
type inode struct {
	iRwsem     sched.Mutex // i_rwsem, which nothing here takes shared
	iLock      sched.Mutex // i_lock
	invalidate sched.RWMutex
	xattrSem   sched.Mutex // xattr_sem: serialises changes of raw.inline, value and length
	dataSem    sched.Mutex // i_data_sem: serialises changes of raw.block

	state sched.Flags // inlineFlag, mayInline
	size  sched.Int64 // i_size

	xattrs int // bytes of the inode that other attributes take; guarded by xattrSem
}

// capacity is how much inline data there is room for if there are no other attributes.
const capacity = 3

// newFS mounts the file system of a scenario for one execution.
func newFS(s *scenario, d *design) *fs {
	f := &fs{design: d, initial: s.initial, sites: s.sites, aliased: s.aliased, quiet: s.quiet}
	f.classify()
	for i := range f.device.blocks[1:] { // block 0 is a hole
		f.device.blocks[1+i] = [fileMax]byte{stale, stale, stale, stale}
	}
	f.raw = raw{length: len(s.initial), size: len(s.initial), cut: fileMax}
	copy(f.raw.value[:], s.initial)
	if f.raw.inline = s.initial != ""; f.raw.inline {
		f.inode.state.Set(inlineFlag)
	}
	f.inode.state.Set(mayInline)
	f.inode.size.Store(int64(len(s.initial)))
	f.device.inode = f.raw
	f.mm.mapped = !s.unmapped
	if !s.cold {
		f.folio.load(s.initial)
	}
	return f
}

func (fs *fs) classify() {
	i := &fs.inode
	i.iRwsem.Init(&classInode)
	i.iLock.Init(&classILock)
	i.invalidate.Init(&classInvalidate)
	i.xattrSem.Init(&classXattr)
	i.dataSem.Init(&classData)
	i.state.Init(&classState)
	i.size.Init(&classSize)
	fs.folio.lock.Init(&classFolio)
	fs.folio.writeback.Init(&classWriteback)
	fs.folio.flags.Init(&classFlags)
	fs.folio.ptl.Init(&classPTL)
	fs.mm.lock.Init(&classMmap)
	fs.committing.Init(&classCommit)
	fs.journal.Init(&classHandle)
	fs.device.Init(&classDevice)
	fs.flush.Init(&classFlush)
	fs.flushed.Init(&classFlushed)
	fs.commit.Init(&classCommitRequest)
	fs.committed.Init(&classCommitted)
}

// tried returns the values that tasks have begun to write at pos.
func (fs *fs) tried(pos int) (values []byte) {
	for _, t := range fs.tasks {
		for _, w := range t.writes {
			if w.pos == pos && !slices.Contains(values, w.val) {
				values = append(values, w.val)
			}
		}
	}
	return values
}

// done says whether some write to pos has succeeded.
func (fs *fs) done(pos int) bool {
	return slices.ContainsFunc(fs.tasks, func(t *task) bool {
		return slices.ContainsFunc(t.writes, func(w byteWrite) bool { return w.pos == pos && w.done })
	})
}

// judge says whether, once every task has ended and all is written back and committed, the file holds what
// was written.
func (fs *fs) judge() {
	t := &task{fs: fs, name: "main"}
	for range 3 {
		writepages(t)
	}
	jbd2_journal_commit_transaction(t)
	for _, other := range fs.tasks {
		explore.Assert(other.handles == 0, "%s has ended and its handle is open", other.name)
	}
	explore.Assert(fs.folio.flags.Load(dirty) == 0, "folio is dirty after writeback")
	fs.judgeBytes()
}

func (fs *fs) judgeBytes() {
	d := &fs.device
	d.Lock()
	defer d.Unlock()
	data := d.inode.value
	if !d.inode.inline {
		data = d.blocks[d.inode.block]
	}
	size := int(fs.inode.size.Load())
	cached := folio_copy_out(&task{fs: fs})
	explore.Assert(d.inode.size == size, "the file is %d bytes long and %d on the device", size, d.inode.size)
	for pos, b := range data[:size] {
		allowed := fs.tried(pos)
		if !fs.done(pos) {
			allowed = fs.history(pos, fileMax)
		}
		explore.Assert(slices.Contains(allowed, b), "lost store: byte %d is %s after sync, which should be %s", pos, show(b), showAny(allowed))
		explore.Assert(fs.folio.flags.Load(uptodate) == 0 || cached[pos] == b,
			"byte %d is %s in the cache and %s on the device", pos, show(cached[pos]), show(b))
	}
}
