package lab

// Case is one question to a design: what some tasks do at once to a small inline file, and what is expected to
// come of it.
type Case struct {
	Design string // a, b, c, d, d', e, f1, f2, f3
	Title  string // of the design
	About  string // what the case shows

	// Fails are the failures to be found, in full; none if the design holds. Splat is the kind of report the
	// lock validator is to make; "" for none.
	Fails []string
	Splat string

	design   *design
	scenario scenario
}

// Failures, by what an explorer says of them.
const (
	bugTooSmall  = "BUG_ON(pos + len > EXT4_I(inode)->i_inline_size)"
	bugNotInline = "BUG_ON(!ext4_has_inline_data(inode))"
	bugNoHandle  = "BUG: handle is NULL in ext4_write_inline_data_end"
	bugStopped   = "BUG: handle is NULL in ext4_journal_stop"
	bugWriteback = "BUG_ON(ext4_test_inode_state(inode, EXT4_STATE_MAY_INLINE_DATA)) in ext4_do_writepages"
	bugNoRetry   = "BUG: do_shared_fault goes on without mmap_lock, because it does not know VM_FAULT_RETRY from page_mkwrite"
	bugFreed     = "BUG: use after free in inode_lock"
	leaked       = "write(2) returns with its handle open: no commit will ever finish"
	sigbus       = "SIGBUS, although nothing has failed"
	lostStore    = "lost store: byte 1 is 'b' after sync, which should be 'm'"
	lostEmpty    = "lost store: byte 1 is 0 after sync, which should be 'm'"
	lostCached   = "byte 1 is 'm' in the cache and 0 on the device"
	crashZeros   = "a crash now shows 0 in byte 0, which should be 'a'"
	lostSize     = "the file is 4 bytes long and 2 on the device"
)

const (
	circular     = "possible circular locking dependency detected"
	recursive    = "possible recursive locking detected"
	inconsistent = "inconsistent lock state"
)

const inlineFile = "ab"

var mapFails = []string{"ext4_map_blocks"}

// Cases returns every case, in the order of the table.
func Cases() []*Case {
	cases := thread()
	for _, d := range []*design{convertAtFault, evictAtFault, stayInline} {
		cases = append(cases, ours(d)...)
	}
	return cases
}

func (d *design) ask(about string, s scenario, fails ...string) *Case {
	return &Case{Design: d.name, Title: d.title, About: about, Fails: fails, design: d, scenario: s}
}

// splat says what the lock validator is to report.
func (c *Case) splat(kind string) *Case {
	c.Splat = kind
	return c
}

// thread returns the cases of the designs that the thread discussed.
func thread() []*Case {
	stored := store1.do
	grown := func(t *task) { writeGrow.do(t); writepages(t) }
	return []*Case{
		original.ask("the thread's race: the block cannot be allocated and the conversion is undone",
			scenario{initial: inlineFile, sites: mapFails, acts: []act{writeFits, store1}}, bugTooSmall, bugNotInline, leaked, bugWriteback),
		original.ask("the same for a write within the value: no handle",
			scenario{initial: inlineFile, sites: mapFails, acts: []act{write0, store1}}, bugNoHandle, bugNotInline, leaked, bugWriteback),
		original.ask("nothing fails but the timing",
			scenario{initial: inlineFile, acts: []act{write0, store1}}, bugNotInline, leaked),
		original.ask("a store alone: the old data is the device's own copy, and the commit writes it over the new",
			scenario{initial: inlineFile, aliased: true, quiet: true, acts: []act{storeLose}}, lostStore),
		original.ask("a write that evicts: the inode's data goes in one transaction, the block comes in the next; and the folio is dirty first",
			scenario{initial: inlineFile, acts: []act{writeGrow, flusher, jbd2}}, crashZeros, bugWriteback),

		inMmap.ask("the inode's lock and mmap_lock, in both orders",
			scenario{initial: inlineFile, unmapped: true, acts: []act{writeCold, mmaps}}, "deadlock").splat(circular),

		preMmap.ask("no inversion, and nothing is lost",
			scenario{initial: inlineFile, unmapped: true, acts: []act{writeCold, mmapStore, flusher, jbd2}}),
		preMmapFull.ask("an empty file becomes inline after the hook",
			scenario{unmapped: true, acts: []act{write0, mmapGrow}}, lostEmpty, bugWriteback),
		preMmap.ask("the same, if the hook looks after empty files too",
			scenario{unmapped: true, acts: []act{write0, mmapGrow}}),
		preMmap.ask("a stacked file system maps the lower file without the hook",
			scenario{initial: inlineFile, unmapped: true, acts: []act{lowerMmap}}, bugWriteback),

		noConversion.ask("writeback as it is does not expect a dirty page of an inline file",
			scenario{initial: inlineFile, acts: []act{store1}}, bugWriteback),
		noAssertion.ask("with the assertion removed, two transactions again",
			scenario{initial: inlineFile, acts: []act{store1, flusher, jbd2}}, crashZeros),
		copying.ask("the inline write_end makes the folio clean",
			scenario{initial: inlineFile, acts: []act{write0, store1}}, lostStore),
		copying.ask("inline-ness and i_size change under writeback",
			scenario{initial: inlineFile, before: stored, acts: []act{writeGrow, flusher}}, lostSize, bugTooSmall),
		copying.ask("i_size changes under writeback",
			scenario{initial: inlineFile, acts: []act{store1, downUp, flusher}}, lostCached),

		inodeLock.ask("with the inode's lock they are stable",
			scenario{initial: inlineFile, before: stored, acts: []act{writeGrow, flusher}}),
		inodeLock.ask("but who writes back under that lock waits for itself",
			scenario{initial: inlineFile, acts: []act{fallocate}}, "deadlock").splat(recursive),
		inodeLock.ask("or for the flusher, which waits for it",
			scenario{initial: inlineFile, before: stored, acts: []act{lowSpace, worker}}, "deadlock"),
		inodeLockCommit.ask("or, for lack of a block, for a commit, whose flush of ordered data shares its worker with writepages",
			scenario{initial: inlineFile, before: grown, acts: []act{noSpace, journald}}, "deadlock"),
		inodeLock.ask("the same, if the commit's flush does without the lock",
			scenario{initial: inlineFile, before: grown, acts: []act{noSpace, journald}}),
		inodeLock.ask("and the lock is held where memory is reclaimed",
			scenario{initial: inlineFile, before: stored, acts: []act{allocates, kswapd}}).splat(inconsistent),
		inodeLock.ask("the circle with i_lock that the thread draws is none: writeback lets go of it",
			scenario{initial: inlineFile, before: stored, acts: []act{verity, writeback}}),

		retryPosted.ask("as posted: the kernel hides the caller's flags, and no store is a first try",
			scenario{initial: inlineFile, acts: []act{store1}}, sigbus),
		retryFlags.ask("with the flags: the kernel does not know the answer",
			scenario{initial: inlineFile, acts: []act{store1}}, bugNoRetry),
		retryCore.ask("with a kernel that does: who cannot retry gets SIGBUS",
			scenario{initial: inlineFile, acts: []act{gup1}}, sigbus),
		retryCold.ask("and so does who has had to read the page: that was the first try",
			scenario{initial: inlineFile, cold: true, acts: []act{store1}}, sigbus),
		retryCore.ask("once mmap_lock is dropped nothing keeps the file: its last mapping goes, and the inode with it",
			scenario{initial: inlineFile, acts: []act{store1, unmaps}}, bugFreed),
		retryPins.ask("the same, if the file is pinned first",
			scenario{initial: inlineFile, acts: []act{store1, unmaps}}),
		retryCore.ask("the conversion's error is ignored: the second try is none, and ends in the SIGBUS that was due",
			scenario{initial: inlineFile, sites: mapFails, acts: []act{write0, store1, flusher}}),
		retryPins.ask("what remains is right: a store by the processor to a page in the cache",
			scenario{initial: inlineFile, acts: []act{write0, store1, flusher, jbd2}}),
	}
}

// ours returns the cases of one of f1, f2 and f3, which are asked the same.
func ours(d *design) []*Case {
	sites := []string{"ext4_map_blocks", "ext4_da_reserve_space", "copy_folio_from_iter_atomic"}
	ask := func(about string, acts ...act) *Case {
		return d.ask(about, scenario{initial: inlineFile, sites: sites, acts: acts})
	}
	empty := ask("an empty file that was made longer", write0, store1, flusher, jbd2)
	empty.scenario.initial = ""
	empty.scenario.before = func(t *task) { ext4_truncate_to(t, len(inlineFile)) }
	cold := ask("a page that is not in the cache", write0, store1, flusher, jbd2)
	cold.scenario.cold = true
	all := ask("all at once", write0, store1, downUp, flusher, jbd2)
	all.scenario.sites = nil
	synced := ask("a file that was stored to and synced before", write0, downUp, flusher, jbd2)
	synced.scenario.before = func(t *task) { store(t, 0, 'n'); ext4_sync_file(t) }
	return []*Case{
		ask("the race", write0, store1, flusher, jbd2),
		ask("a write that does not fit", writeGrow, store1, flusher, jbd2),
		ask("an attribute takes the room of a write", writeFits, setxattr, store1, flusher),
		ask("two writers", write0, write0too, store1, flusher),
		ask("truncation and crash", store1, downUp, flusher, jbd2),
		ask("truncation and write", write0, store1, shrink, flusher),
		ask("truncation to nothing", store1, toZero, flusher, jbd2),
		ask("a writer of mmap_lock waits", writeCold, mmaps, store1, flusher),
		ask("a caller that cannot retry", write0, gup1, flusher, jbd2),
		ask("what msync has promised", write0, storeSync, flusher, jbd2),
		ask("a reader whose page is dropped", write0, store1, readCold),
		empty, cold, synced, all,
	}
}

// Mutations returns what f2 and f3 come to when they break one of their rules.
func Mutations() []*Case {
	file := func(acts ...act) scenario { return scenario{initial: inlineFile, acts: acts} }
	return []*Case{
		f2NoRecheck.ask("write_begin does not ask again under the folio's lock", file(write0, store1), lostStore),
		f2Split.ask("writeback evicts in two transactions", file(store1, flusher, jbd2), crashZeros),
		f2Retest.ask("write_end asks again", file(write0, store1), bugStopped),
		f2KeepsTail.ask("truncate forgets what the inode still holds", file(store1, downUp, jbd2),
			"a crash now shows 'b' in byte 1, which should be 'm' or 0"),
		f3Clear.ask("the inline write_end makes the folio clean", file(write0, store1), lostStore),
	}
}
