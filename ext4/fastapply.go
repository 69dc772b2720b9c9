package ext4

import (
	"errors"
	"iter"
	"maps"
	"slices"
	"syscall"

	"extant/disk"
	"extant/internal/alloc"
	"extant/internal/journal"
	"extant/internal/ondisk"
)

// ApplyFastCommits makes the changes of fast commits on dev, which holds a file system as the full commits before them leave it, nobody has mounted,
// and is written to without any order: it is a copy in memory. What they leave is sound where what they found was; it still needs recovery.
func ApplyFastCommits(dev disk.Device, records iter.Seq2[ondisk.FastCommitRecord, error]) error {
	return applyFast(dev, Options{}, records)
}

func applyFast(dev disk.Device, o Options, records iter.Seq2[ondisk.FastCommitRecord, error]) error {
	o.ReadWrite, o.Background, o.Discard = true, false, false
	l, err := readLayout(dev, dev.Size(), o)
	if err != nil {
		return err
	}
	fs := newFS(l, dev, o)
	plan, err := fs.planFast(records)
	if err != nil {
		return err
	}
	w := newWriter(fs, dev, o)
	if err := w.open(nil, false); err != nil {
		return err
	}
	a := &fastApplier{w: w, fs: fs, plan: plan, inos: slices.Sorted(maps.Keys(plan.Inodes)), fresh: make(map[ondisk.Ino]uint64)}
	err = a.apply()
	if err == nil {
		err = w.journal.Flush()
	}
	w.journal.Close()
	if err != nil {
		return err
	}
	return w.super.write(w.now(), func(sb *ondisk.Super) {
		w.alloc.Super(sb)
		if sb.HasCompat(ondisk.CompatOrphanFile) && w.orphans.left() {
			sb.FeatureROCompat |= uint32(ondisk.ROCompatOrphanPresent)
		}
	})
}

// fastApplier makes the changes of fast commits, through what makes any other change: but which blocks files have, they have decided.
type fastApplier struct {
	w     *writer
	fs    *FS
	plan  *journal.FastPlan
	inos  []ondisk.Ino          // of the plan, ascending
	fresh map[ondisk.Ino]uint64 // clusters that were free and are an inode's now
}

// apply takes what files got before anything else can be given it, and frees what they lost; then come inodes, maps and names.
func (a *fastApplier) apply() error {
	for _, step := range [...]func(ondisk.Ino, *journal.FastInode) error{a.claim, a.bury, a.settle, a.remap, a.fill} {
		for _, ino := range a.inos {
			if err := step(ino, a.plan.Inodes[ino]); err != nil {
				return ondisk.Locate(err, ino, 0)
			}
		}
	}
	for _, ino := range slices.Sorted(maps.Keys(a.plan.Dirs)) {
		if err := a.names(ino, a.plan.Dirs[ino]); err != nil {
			return ondisk.Locate(err, ino, 0)
		}
	}
	return nil
}

// alive decodes the slot that an inode is to have; false where it has no link.
func alive(n *journal.FastInode) (d ondisk.Inode, ok bool, err error) {
	err = d.Decode(n.Slot)
	return d, err == nil && d.LinksCount > 0, err
}

// claim marks the blocks that an inode is to have as in use.
func (a *fastApplier) claim(ino ondisk.Ino, n *journal.FastInode) error {
	if _, ok, err := alive(n); !ok {
		return err
	}
	for _, r := range n.Runs {
		if r.Hole() {
			continue
		}
		for count := uint64(0); count < r.Count; {
			k := min(r.Count-count, uint64(a.fs.sb.BlocksPerGroup))
			err := a.w.do(alloc.FreeCredits*2, func(h *journal.Handle) error {
				got, err := a.w.alloc.ClaimBlocks(h, r.Start+ondisk.Block(count), k)
				a.fresh[ino] += got
				return err
			})
			if err != nil {
				return err
			}
			count += k
		}
	}
	return nil
}

// bury sees an inode off that is no more: it has lost its last name, or its number is another's by now. The one becomes an orphan, which the mount is
// going to free: that may take more blocks than the journal has. The other was freed before its number was given to another, in the transaction that the
// fast commits belong to.
func (a *fastApplier) bury(ino ondisk.Ino, n *journal.FastInode) error {
	_, ok, err := alive(n)
	if err != nil || ok && !n.Fresh {
		return err
	}
	old, err := a.fs.SystemInode(ino)
	if err == syscall.ESTALE {
		return nil
	}
	if err != nil {
		return err
	}
	switch d := &old.core().disk; {
	case d.Mode == 0, d.LinksCount == 0 && (!ok || !a.w.orphans.has(old)):
		return nil // it was freed, or the mount is going to
	case d.LinksCount > 0:
		if err := a.w.do(slotCredits+orphanCredits, func(h *journal.Handle) error { return a.orphan(h, old) }); err != nil {
			return err
		}
	}
	if !ok {
		return nil
	}
	return old.evict(a.w)
}

// orphan takes the last name from an inode.
func (a *fastApplier) orphan(h *journal.Handle, n *Inode) error {
	if err := n.update(h, func(e *edit) error {
		e.LinksCount = 0
		return nil
	}); err != nil {
		return err
	}
	return a.w.orphans.add(h, n)
}

// settle makes the slot of an inode what it is to be.
func (a *fastApplier) settle(ino ondisk.Ino, n *journal.FastInode) error {
	d, ok, err := alive(n)
	if !ok {
		return err
	}
	if err := a.w.quotas.ready(idsOf(&d)); err != nil {
		return err
	}
	if n.Fresh {
		return a.w.do(createCredits, func(h *journal.Handle) error { return a.create(h, ino, n, d) })
	}
	old, err := a.fs.SystemInode(ino)
	if err != nil {
		return err
	}
	if err := a.w.do(orphanCredits+slotCredits+alloc.InodeCredits, func(h *journal.Handle) error {
		if ino != ondisk.RootIno {
			if _, err := a.w.alloc.ClaimInode(h, ino, d.Type() == ondisk.ModeDir); err != nil {
				return err
			}
		}
		if old.core().disk.LinksCount == 0 {
			if err := a.w.orphans.remove(h, old); err != nil {
				return err
			}
		}
		return old.update(h, func(e *edit) error {
			blocks, huge := e.Blocks(), e.Flags&ondisk.InodeHugeFile
			dtime := e.DTime
			a.take(e, n, d)
			e.SetBlocks(blocks)
			e.Flags, e.DTime = e.Flags&^ondisk.InodeHugeFile|huge, dtime
			return nil
		})
	}); err != nil {
		return err
	}
	old.size.Store(old.core().size)
	if !a.w.orphans.has(old) {
		a.fs.inodes.Drop(ino) // it may be of another shape by now
	}
	return nil
}

// take makes the edited slot that of the plan.
func (a *fastApplier) take(e *edit, n *journal.FastInode, d ondisk.Inode) {
	copy(e.slot, n.Slot)
	e.Inode, e.size = d, int64(d.Size())
	if d.Type() != ondisk.ModeRegular && !a.fs.bigDirs() {
		e.size = int64(d.SizeLo)
	}
}

// create brings an inode into use, which has no blocks yet.
func (a *fastApplier) create(h *journal.Handle, ino ondisk.Ino, n *journal.FastInode, d ondisk.Inode) error {
	dir := d.Type() == ondisk.ModeDir
	if _, err := a.w.alloc.ClaimInode(h, ino, dir); err != nil {
		return err
	}
	if q := a.w.quotas; q != nil {
		o, err := q.find(idsOf(&d))
		if err == nil {
			err = q.add(h, o, 0, 1)
		}
		if err != nil {
			return err
		}
	}
	e := a.fs.newEdit()
	defer a.fs.edits.Put(e)
	a.take(e, n, d)
	e.SetBlocks(0)
	e.Flags &^= ondisk.InodeHugeFile
	if dir && !d.Inline() {
		e.size = 0
		e.SetSize(0)
	}
	_, err := a.fs.setUp(h, ino, e)
	return err
}

// remap gives an inode the blocks that it is to have.
func (a *fastApplier) remap(ino ondisk.Ino, n *journal.FastInode) error {
	if _, ok, err := alive(n); !ok || len(n.Runs) == 0 {
		return err
	}
	to, err := a.fs.Inode(ino)
	if err != nil || !to.hasBlocks() {
		return err
	}
	if ratio := a.w.alloc.Cluster(); ratio > 1 {
		if err := a.w.do(slotCredits, func(h *journal.Handle) error { return to.charge(h, int64(a.fresh[ino]*ratio)) }); err != nil {
			return err
		}
	}
	for _, r := range n.Runs {
		if err := a.remapRun(to, fastRun(r)); err != nil {
			return err
		}
	}
	return nil
}

// remapRun makes the map of an inode say what want does.
func (a *fastApplier) remapRun(n *Inode, want run) error {
	for fb := want.first; fb < want.end(); {
		r, err := n.mapped(fb)
		if err != nil {
			return err
		}
		r = r.clip(fb, want.end())
		if err := a.remapPiece(n, r, want.clip(r.first, r.end())); err != nil {
			return err
		}
		fb = r.end()
	}
	return nil
}

// remapPiece puts want in the place of r.
func (a *fastApplier) remapPiece(n *Inode, r, want run) error {
	if r.state == want.state && (r.state == hole || r.start == want.start) {
		return nil
	}
	h, err := a.w.start(n.mapCredits() + n.freeCredits())
	if err != nil {
		return err
	}
	return a.w.stopped(h, a.replace(h, n, r, want))
}

func (a *fastApplier) replace(h *journal.Handle, n *Inode, r, want run) error {
	if r.state != hole && want.state != hole && r.start == want.start && n.extents() {
		n.maps.Lock()
		defer n.maps.Unlock()
		n.last.Store(nil)
		return half(n.markExtents(h, r.first, r.end(), want.state == unwritten))
	}
	if r.state != hole {
		if err := n.removeRange(h, r.first, r.end()); err != nil {
			return err
		}
	}
	if want.state == hole {
		return nil
	}
	if err := n.refill(h); err != nil {
		return err
	}
	n.maps.Lock()
	defer n.maps.Unlock()
	if err := n.insertRun(h, want); err != nil {
		return err
	}
	if a.w.alloc.Cluster() > 1 {
		return nil // counted by the cluster
	}
	return n.charge(h, int64(want.count))
}

// fill gives a directory that was made its first two entries.
func (a *fastApplier) fill(ino ondisk.Ino, n *journal.FastInode) error {
	d, ok, err := alive(n)
	if !ok || !n.Fresh || d.Type() != ondisk.ModeDir || d.Inline() {
		return err
	}
	dir := a.plan.Dirs[ino]
	if dir == nil || dir.Up == 0 {
		return ondisk.Corrupt("fast commit", "a directory that nobody has made")
	}
	to, err := a.fs.Inode(ino)
	if err != nil {
		return err
	}
	to.mu.Lock()
	defer to.mu.Unlock()
	return a.w.do(createCredits, func(h *journal.Handle) error { return to.fillDir(h, dir.Up) })
}

// names gives a directory names and takes them from it.
func (a *fastApplier) names(ino ondisk.Ino, d *journal.FastDir) error {
	dir, err := a.fs.Inode(ino)
	if errors.Is(err, syscall.ESTALE) {
		return nil // it is gone
	}
	if err != nil {
		return err
	}
	if !dir.IsDir() || dir.encrypted() {
		return dir.corrupt("fast commit", "names in what is not a directory, or encrypted")
	}
	dir.mu.Lock()
	defer dir.mu.Unlock()
	for _, name := range d.Order {
		if err := a.name(dir, name, d.Names[name]); err != nil {
			return err
		}
	}
	return nil
}

// name makes a name in a directory lead to an inode, or nowhere for 0 or one that is not in use.
func (a *fastApplier) name(dir *Inode, name string, ino ondisk.Ino) error {
	m, err := dir.matcher(name)
	if err != nil {
		return err
	}
	at, err := dir.find(m)
	if err != nil {
		return err
	}
	kind := uint8(ondisk.FileUnknown)
	if ino != 0 {
		child, err := a.fs.Inode(ino)
		switch {
		case err == nil:
			kind = ondisk.FileType(child.core().disk.Mode)
		case errors.Is(err, syscall.ESTALE):
			ino = 0
		default:
			return err
		}
	}
	if at.ino == ino && !a.renewed(ino) {
		return nil
	}
	return a.w.do(entryCredits, func(h *journal.Handle) error {
		switch {
		case at.ino == 0:
			return dir.addEntry(h, m, ino, kind)
		case ino == 0:
			return dir.removeEntry(h, at)
		}
		return dir.replaceEntry(h, at, ino, kind)
	})
}

// renewed reports whether a number is that of another inode than it was before, which may be of another type.
func (a *fastApplier) renewed(ino ondisk.Ino) bool {
	n := a.plan.Inodes[ino]
	return n != nil && n.Fresh
}
