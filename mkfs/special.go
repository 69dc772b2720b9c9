package mkfs

import (
	"cmp"
	"slices"

	"extant/internal/ondisk"
)

// laySpecial takes inodes and blocks for what the file system keeps for itself, and writes it. What depends on use
// waits for finishSpecial.
func (im *image) laySpecial() error {
	im.takeOwnInodes()
	for _, step := range []func() error{
		im.layBadBlocks, im.layResize, im.layMMP, im.layLostFound, im.layOrphans, im.layJournal, im.zeroTables,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	im.countOverhead()
	return nil
}

// takeOwnInodes numbers the inodes of the file system itself. The reserved ones exist, all zero, even where nothing uses
// them.
func (im *image) takeOwnInodes() {
	im.inoNext++ // lost+found
	if im.geo.Quota&QuotaProject != 0 {
		im.projectIno = im.inoNext
		im.inoNext++
	}
	if im.geo.has(orphanFile) {
		im.orphanIno = im.inoNext
		im.inoNext++
	}
	im.own = make([]byte, int(im.inoNext-1)*im.slotSize())
	for ino := ondisk.Ino(1); ino < im.inoNext; ino++ {
		im.seal(ino, im.own[int(ino-1)*im.slotSize():int(ino)*im.slotSize()])
	}
	im.countDir(ondisk.RootIno)
	im.countDir(lostFoundIno)
}

// newInode returns an inode born now, with one link.
func (im *image) newInode(mode uint16) ondisk.Inode {
	n := ondisk.Inode{Mode: mode, LinksCount: 1, ExtraIsize: im.super.WantExtraIsize}
	n.SetAccessed(im.now)
	n.SetModified(im.now)
	n.SetChanged(im.now)
	n.SetCreated(im.now)
	return n
}

// keep encodes one of the file system's own inodes and keeps it for finish.
func (im *image) keep(ino ondisk.Ino, n *ondisk.Inode) {
	slot := make([]byte, im.slotSize())
	n.Encode(slot)
	im.setOwn(ino, slot)
}

// layFile takes blocks for a file of size bytes and maps them; the caller writes the content and keeps the inode.
func (im *image) layFile(n *ondisk.Inode, ino ondisk.Ino, size uint64) ([]run, error) {
	blocks := divUp(size, uint64(im.geo.BlockSize))
	runs, err := im.space.alloc(blocks)
	if err != nil {
		return nil, err
	}
	n.SetSize(size)
	return runs, im.mapFile(n, ino, pieces(runs, blocks))
}

// writeRuns writes the content of a file, padded to whole blocks, over its runs.
func (im *image) writeRuns(runs []run, p []byte) error {
	for _, r := range runs {
		n := min(len(p), int(r.n)*im.geo.BlockSize)
		if err := im.write(r.start, p[:n]); err != nil {
			return err
		}
		p = p[n:]
	}
	return nil
}

// layBadBlocks gives the blocks that must not be used to inode 1.
func (im *image) layBadBlocks() error {
	bad := slices.Clone(im.geo.opts.BadBlocks)
	if len(bad) == 0 {
		return nil
	}
	slices.SortFunc(bad, cmp.Compare)
	bad = slices.Compact(bad)
	var list []piece
	for i, b := range bad {
		switch {
		case b < im.space.first || b >= im.space.end:
			return invalid("-l", "block %d lies outside the file system", b)
		case im.space.isUsed(b):
			return invalid("-l", "block %d is needed for fixed metadata; start the file system elsewhere, or choose another layout with -g or -G", b)
		case im.geo.Ratio > 1:
			return invalid("-l", "bad blocks cannot be listed with bigalloc; add -O ^bigalloc")
		}
		im.space.take(run{b, 1})
		list = append(list, piece{at: ondisk.FileBlock(i), run: run{b, 1}})
	}
	n := im.newInode(0)
	n.LinksCount = 0
	for range list {
		im.addBlocks(&n, 1)
	}
	if err := im.mapIndirect(&n, list); err != nil {
		return err
	}
	n.SetSize(uint64(len(list)) * uint64(im.geo.BlockSize))
	im.keep(ondisk.BadBlocksIno, &n)
	return nil
}

// layMMP writes the block by which mounts on two machines notice each other.
func (im *image) layMMP() error {
	if !im.geo.has(mmp) {
		return nil
	}
	r, err := im.space.allocRun(1)
	if err != nil {
		return err
	}
	im.super.MMPBlock = uint64(r.start)
	m := ondisk.MMP{
		Magic:         ondisk.MMPMagic,
		Seq:           ondisk.MMPSeqClean,
		Time:          uint64(im.now.Unix()),
		CheckInterval: im.super.MMPUpdateInterval,
	}
	b := make([]byte, im.geo.BlockSize)
	m.Encode(b)
	if im.geo.has(metadataCsum) {
		m.Checksum = ondisk.MMPCsum(im.seed, b)
		m.Encode(b)
	}
	return im.write(r.start, b)
}

// layOrphans writes an orphan file without orphans.
func (im *image) layOrphans() error {
	if im.orphanIno == 0 {
		return nil
	}
	n := im.newInode(ondisk.ModeRegular | 0o600)
	bs := im.geo.BlockSize
	runs, err := im.layFile(&n, im.orphanIno, im.geo.OrphanBlocks*uint64(bs))
	if err != nil {
		return err
	}
	im.super.OrphanFileInum = uint32(im.orphanIno)
	im.keep(im.orphanIno, &n)
	seed := ondisk.InodeSeed(im.seed, im.orphanIno, n.Generation)
	w := &im.meta
	left := im.geo.OrphanBlocks
	for _, r := range runs {
		for i := range min(r.n, left) {
			at := r.start + ondisk.Block(i)
			b, err := w.block(at)
			if err != nil {
				return err
			}
			im.orphanBlock(b, seed, at)
		}
		left -= min(r.n, left)
	}
	return w.flush()
}

func (im *image) orphanBlock(b ondisk.OrphanBlock, seed uint32, at ondisk.Block) {
	b.Init()
	if im.geo.has(metadataCsum) {
		t := ondisk.OrphanTail{Magic: ondisk.OrphanMagic, Checksum: b.Csum(seed, at)}
		t.Encode(b.TailBytes())
	}
}

// countOverhead sets what a mount subtracts from the size: all that is taken before there are files, and the journal.
func (im *image) countOverhead() {
	g := im.geo
	var n uint64
	for _, r := range g.meta {
		n += im.space.whole(r).n
	}
	for _, r := range im.journal {
		n += r.n
	}
	im.super.OverheadClusters = uint32((n + uint64(im.super.FirstDataBlock)) / g.Ratio)
}

// zeroTables makes inode tables read as zeros where they must.
func (im *image) zeroTables() error {
	g := im.geo
	if im.blank || im.lazyTables() {
		return nil
	}
	for _, t := range g.tables {
		if err := im.zero(run{t.inodeTable, g.TableBlocks}); err != nil {
			return err
		}
	}
	return nil
}

// lazyTables reports whether inode tables with old content are left to the kernel, which zeroes them after the
// first mount. Only descriptors with checksums can say so.
func (im *image) lazyTables() bool {
	if !im.geo.guarded() {
		return false
	}
	lazy := im.geo.opts.Extended.LazyItableInit
	return lazy == nil || *lazy
}

// zeroed reports whether the unused part of inode tables reads as zeros.
func (im *image) zeroed() bool { return im.blank || !im.lazyTables() }

// finishSpecial writes what had to wait until all is accounted for.
func (im *image) finishSpecial() error {
	if err := im.writeQuotas(); err != nil {
		return err
	}
	s := &im.super
	s.SetBlocksFree(im.space.free)
	s.FreeInodesCount = s.InodesCount - uint32(im.inoNext-1)
	return nil
}
