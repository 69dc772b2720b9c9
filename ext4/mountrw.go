package ext4

import (
	"errors"
	"fmt"
	"syscall"
	"time"

	"extant/disk"
	"extant/internal/alloc"
	"extant/internal/journal"
	"extant/internal/ondisk"
)

// mountToWrite is Mount with Options.ReadWrite. After an error the device is as a crash would leave it: another mount can recover it.
func mountToWrite(dev disk.Device, l *layout, o Options) (*FS, error) {
	if err := mayWrite(l, o); err != nil {
		return nil, err
	}
	fs := newFS(l, dev, o)
	w := newWriter(fs, dev, o)
	if err := w.claim(); err != nil {
		return nil, err
	}
	fs, err := w.recoverMount(l)
	if err == nil {
		return fs, nil
	}
	if w.mmp != nil {
		err = errors.Join(err, w.mmp.release())
	}
	return nil, err
}

// mayWrite says why a file system cannot be mounted to write.
func mayWrite(l *layout, o Options) error {
	if err := l.sb.WriteSupport(); err != nil {
		return err
	}
	switch sb := &l.sb; {
	case o.NoLoad, o.SuperBlock != 0, o.Truncated:
		return syscall.EINVAL
	case sb.HasCompat(ondisk.CompatHasJournal) && sb.JournalInum == 0:
		return &UnsupportedError{
			Features: []string{"journal_dev"},
			Detail:   fmt.Sprintf("the journal is on a device of its own, %x: writing needs it", sb.JournalUUID),
		}
	case sb.HasIncompat(ondisk.IncompatNeedsRecovery) && !sb.HasCompat(ondisk.CompatHasJournal):
		return ondisk.Corrupt("super block", "needs_recovery without a journal")
	}
	return nil
}

// claim takes the block that guards against a second mount.
func (w *writer) claim() error {
	if !w.fs.sb.HasIncompat(ondisk.IncompatMMP) {
		return nil
	}
	seq, err := w.random32()
	if err == nil {
		w.mmp, err = claimMMP(w.fs, w.dev, w.o, seq)
	}
	return err
}

// recoverMount recovers the journal and returns the file system, ready for use.
func (w *writer) recoverMount(l *layout) (*FS, error) {
	fs, mmp := w.fs, w.mmp
	exact := l.sb.State&(ondisk.StateClean|ondisk.StateError) == ondisk.StateClean && !l.sb.HasIncompat(ondisk.IncompatNeedsRecovery)
	var log *journal.Log
	if l.sb.HasCompat(ondisk.CompatHasJournal) {
		var err error
		if log, err = fs.replay(w); err != nil {
			return nil, fmt.Errorf("the journal cannot be recovered: %w", err)
		}
		if l, err = readLayout(w.dev, w.dev.Size(), w.o); err != nil {
			return nil, err
		}
		if err := mayWrite(l, w.o); err != nil {
			return nil, err
		}
		fs = newFS(l, w.dev, w.o)
		w = newWriter(fs, w.dev, w.o)
		w.mmp = mmp
	}
	if err := w.begin(log, exact); err != nil {
		return nil, err
	}
	if w.mmp != nil {
		if err := w.mmp.watch(func(err error) { w.abort(err) }); err != nil {
			w.journal.Shutdown(err)
			return nil, err
		}
	}
	if err := w.freeOrphans(); err != nil {
		w.journal.Shutdown(err)
		return nil, err
	}
	fs.files.flusher.start()
	return fs, nil
}

// openJournal reads the journal of the file system, which is not in use yet.
func (fs *FS) openJournal(dev disk.Device) (*journal.Log, error) {
	extents, err := fs.journalExtents()
	if err != nil {
		return nil, err
	}
	return journal.Open(dev, journal.Config{
		BlockSize: fs.blockSize, Blocks: fs.blocks, Extents: extents, EntriesMax: journalEntriesMax,
	})
}

// replay writes home what the journal holds and returns it, empty.
func (fs *FS) replay(w *writer) (*journal.Log, error) {
	log, err := fs.openJournal(w.dev)
	if err != nil {
		return nil, err
	}
	if !fs.sb.HasIncompat(ondisk.IncompatNeedsRecovery) && log.Empty() {
		return log, nil
	}
	over, err := log.Recover()
	if err != nil {
		return nil, err
	}
	fast := func(dev disk.Device) error { return applyFast(dev, w.o, over.FastCommits()) }
	if err := over.Replay(journal.ReplayOptions{FastCommits: fast}); err != nil {
		return nil, err
	}
	// What was replayed may have changed where the journal lies, as far as this mount is concerned: its inode.
	l, err := readLayout(w.dev, w.dev.Size(), w.o)
	if err != nil {
		return nil, err
	}
	return newFS(l, w.dev, w.o).openJournal(w.dev)
}

// begin makes everything ready for changes. log is empty, or nil for none. exact says that the super block has the right counts: the last
// unmount left them.
func (w *writer) begin(log *journal.Log, exact bool) error {
	if err := w.markMounted(log); err != nil {
		return err
	}
	return w.open(log, exact)
}

// open is begin without a word in the super block.
func (w *writer) open(log *journal.Log, exact bool) error {
	fs := w.fs
	fs.files = newFileCache(w, fs.blockSize, w.o)
	fs.rw.Store(w)
	var err error
	if w.journal, err = journal.New(w.journalConfig(log)); err != nil {
		return err
	}
	if log != nil && log.Super().Errno != 0 {
		if err := w.journal.ClearError(); err != nil { // the super block knows
			return err
		}
	}
	protected, err := w.journalRuns()
	if err != nil {
		return err
	}
	sb := w.super.get()
	c := alloc.Config{
		Super: &sb, Cache: fs.cache, Journal: w.journal, Exact: exact, Protected: protected,
		Corrupt: func(err error) { fs.judge(err) },
	}
	if w.o.Discard {
		c.Discard = w.discard
	}
	if w.alloc, err = alloc.New(c); err != nil {
		return err
	}
	if w.quotas, err = w.openQuotas(); err != nil {
		return err
	}
	return w.orphans.load(w)
}

// discard tells the device that blocks are free.
func (w *writer) discard(first ondisk.Block, blocks uint64) error {
	return w.dev.Discard(int64(first)<<w.fs.blockBits, int64(blocks)<<w.fs.blockBits)
}

func (w *writer) journalConfig(log *journal.Log) journal.WriteConfig {
	c := journal.WriteConfig{
		Dev: w.dev, Cache: w.fs.cache, Log: log, Checksums: w.fs.csum, Wide: w.fs.sb.HasIncompat(ondisk.Incompat64Bit),
		Early: func(b ondisk.Block) bool { return w.alloc.Early(b) }, Now: w.now, Aborted: func(error) { w.refuse(refuseDamaged) },
	}
	if w.o.Background {
		if c.Interval = w.o.CommitEvery; c.Interval == 0 {
			c.Interval = commitEvery
		}
	}
	return c
}

const commitEvery = 5 * time.Second

// journalRuns is where the journal lies.
func (w *writer) journalRuns() (runs []alloc.Run, err error) {
	if !w.fs.sb.HasCompat(ondisk.CompatHasJournal) {
		return nil, nil
	}
	extents, err := w.fs.journalExtents()
	for _, e := range extents {
		runs = append(runs, alloc.Run{Start: e.Start, N: uint64(e.Count)})
	}
	return runs, err
}

// markMounted says in the super block on the device that the file system is in use.
func (w *writer) markMounted(log *journal.Log) error {
	failed := log != nil && log.Super().Errno != 0
	now := w.now()
	return w.super.write(now, func(sb *ondisk.Super) {
		setInUse(sb, log != nil)
		if failed {
			sb.State |= ondisk.StateError
		}
		sb.MountCount++
		sb.SetMounted(now)
	})
}

// setInUse makes a super block say that what lies behind it may be half changed.
func setInUse(sb *ondisk.Super, log bool) {
	if log {
		sb.FeatureIncompat |= uint32(ondisk.IncompatNeedsRecovery)
	} else {
		sb.State &^= ondisk.StateClean
	}
	if sb.HasCompat(ondisk.CompatOrphanFile) {
		sb.FeatureROCompat |= uint32(ondisk.ROCompatOrphanPresent)
	}
}

// freeOrphans frees or truncates what a crash left half done. Damage that it meets is judged when all has been done that can be: what is damaged
// stays an orphan.
func (w *writer) freeOrphans() error {
	damage := w.orphans.takeDamage()
	for _, n := range w.orphans.all() {
		switch err := w.freeOrphan(n); {
		case isDamage(err):
			damage = append(damage, ondisk.Locate(err, n.ino, 0))
		case err != nil:
			return fmt.Errorf("orphan inode %d: %w", n.ino, err)
		}
		if w.refuses() != nil {
			break
		}
	}
	for _, err := range damage {
		w.fs.judge(err)
	}
	return nil
}

func (w *writer) freeOrphan(n *Inode) error {
	if n.core().disk.LinksCount == 0 {
		return n.evict(w)
	}
	if err := n.truncateOrphan(w); err != nil {
		return err
	}
	return w.do(2*slotCredits, func(h *journal.Handle) error { return w.orphans.remove(h, n) })
}

// truncateOrphan ends a truncation: what lies past i_size goes.
func (n *Inode) truncateOrphan(w *writer) error {
	if n.core().disk.Type() != ondisk.ModeRegular || n.inline() {
		return nil
	}
	return n.truncateBlocks(w, n.blocksOfSize())
}

// closeWriter writes all that is only in memory and leaves a clean file system.
func (w *writer) close() error {
	w.level.Lock()
	defer w.level.Unlock()
	if w.state.Load()&refuseClosed != 0 {
		return nil
	}
	if w.frozen {
		w.thawLocked()
	}
	w.fs.files.flusher.stop()
	w.write.shut()
	w.fault.shut()
	err := w.finish()
	w.refuse(refuseClosed)
	w.fault.open()
	w.write.open()
	w.journal.Close()
	if w.mmp != nil {
		err = errors.Join(err, w.mmp.release())
	}
	return err
}

// finish brings the device into the state of a clean unmount, unless it is one that a mount is to recover.
func (w *writer) finish() error {
	if w.state.Load()&(refuseShutdown|refuseDamaged) != 0 {
		return w.leaveDirty()
	}
	if err := w.settle(); err != nil {
		return err
	}
	damage := w.freeHeld()
	if w.refuses() != nil {
		return errors.Join(damage, w.leaveDirty())
	}
	return errors.Join(damage, w.markClean())
}

// freeHeld frees the inodes without a name that somebody holds, for all that goes.
func (w *writer) freeHeld() (err error) {
	for _, n := range w.orphans.all() {
		if n.core().disk.LinksCount == 0 {
			n.dropHolds()
			err = errors.Join(err, w.fs.judge(n.evict(w)))
		}
	}
	return err
}

// leaveDirty ends a mount after which the journal has to be recovered.
func (w *writer) leaveDirty() error {
	if w.state.Load()&refuseShutdown != 0 {
		return nil
	}
	return w.noteOnDevice()
}

// settle writes all that is only in memory.
func (w *writer) settle() error {
	if err := w.fs.flushData(); err != nil {
		return err
	}
	return w.settleMeta()
}

// settleMeta is settle without the data of files.
func (w *writer) settleMeta() error {
	if err := w.writeTimes(); err != nil {
		return err
	}
	return w.journal.Force()
}

// dropHolds forgets who held an inode: the file system is being unmounted.
func (n *Inode) dropHolds() {
	n.state.Lock()
	n.holds = 0
	n.state.Unlock()
}

// markClean checkpoints everything and says in the super block that nothing is to be recovered.
func (w *writer) markClean() error {
	if err := w.journal.Flush(); err != nil {
		return err
	}
	orphans := w.orphans.left()
	return w.super.write(w.now(), func(sb *ondisk.Super) { w.setUnused(sb, orphans) })
}

// setUnused makes a super block say that nothing is to be recovered; orphans says whether there are any.
func (w *writer) setUnused(sb *ondisk.Super, orphans bool) {
	w.alloc.Super(sb)
	sb.FeatureIncompat &^= uint32(ondisk.IncompatNeedsRecovery)
	if sb.State&ondisk.StateError == 0 {
		sb.State |= ondisk.StateClean
	}
	if !orphans {
		sb.FeatureROCompat &^= uint32(ondisk.ROCompatOrphanPresent)
	}
}

// noteOnDevice records damage in the super block on the device, which is otherwise as the last checkpoint left it.
func (w *writer) noteOnDevice() error {
	mem := w.super.get()
	raw := make([]byte, ondisk.SuperSize)
	if _, err := w.dev.ReadAt(raw, ondisk.SuperOffset); err != nil {
		return fmt.Errorf("super block: %w", err)
	}
	var sb ondisk.Super
	if err := sb.Decode(raw); err != nil {
		return err
	}
	sb.State |= mem.State & ondisk.StateError
	sb.ErrorCount = mem.ErrorCount
	sb.FirstErrorTime, sb.FirstErrorTimeHi, sb.FirstErrorIno = mem.FirstErrorTime, mem.FirstErrorTimeHi, mem.FirstErrorIno
	sb.FirstErrorBlock, sb.FirstErrorFunc, sb.FirstErrorLine = mem.FirstErrorBlock, mem.FirstErrorFunc, mem.FirstErrorLine
	sb.LastErrorTime, sb.LastErrorTimeHi, sb.LastErrorIno = mem.LastErrorTime, mem.LastErrorTimeHi, mem.LastErrorIno
	sb.LastErrorBlock, sb.LastErrorFunc, sb.LastErrorLine = mem.LastErrorBlock, mem.LastErrorFunc, mem.LastErrorLine
	return writeSuper(w.dev, &sb)
}
