package mkfs

import (
	"extant/internal/ondisk"
)

// A metaWriter gathers neighbouring blocks into large writes. An image has one, which whoever uses it leaves empty.
type metaWriter struct {
	im  *image
	at  ondisk.Block // of the first byte in buf
	buf []byte
}

// metaChunk is how much a metaWriter gathers, in bytes. An empty file system has less than a MiB to write in all: what its memory costs when it
// is touched first counts there, and larger writes gain nothing.
const metaChunk = 64 << 10

// block returns a zeroed buffer for block b, which is written later.
func (w *metaWriter) block(b ondisk.Block) ([]byte, error) {
	bs := w.im.geo.BlockSize
	next := w.at + ondisk.Block(len(w.buf)/bs)
	if len(w.buf) > 0 && (b != next || len(w.buf)+bs > cap(w.buf)) {
		if err := w.flush(); err != nil {
			return nil, err
		}
	}
	if w.buf == nil {
		w.buf = make([]byte, 0, metaChunk)
	}
	if len(w.buf) == 0 {
		w.at = b
	}
	n := len(w.buf)
	w.buf = w.buf[:n+bs]
	clear(w.buf[n:])
	return w.buf[n:], nil
}

func (w *metaWriter) flush() error {
	if len(w.buf) == 0 {
		return nil
	}
	err := w.im.write(w.at, w.buf)
	w.buf = w.buf[:0]
	return err
}

// finish writes bitmaps, descriptors and super blocks. After it the file system is complete and durable.
func (im *image) finish() error {
	if err := im.finishSpecial(); err != nil {
		return err
	}
	if err := im.writeInodes(1, im.own); err != nil {
		return err
	}
	if err := im.writeTables(); err != nil {
		return err
	}
	if err := im.writeSupers(); err != nil {
		return err
	}
	return im.dev.Flush()
}

// inodesUsed is how many inodes at the start of a group's table are taken.
func (im *image) inodesUsed(group uint64) uint32 {
	per := uint64(im.super.InodesPerGroup)
	taken, before := uint64(im.inoNext-1), group*per
	return uint32(min(taken-min(taken, before), per))
}

// guarded reports whether descriptors have checksums, and so may mark what was never written.
func (g *Geometry) guarded() bool { return g.has(metadataCsum) || g.has(uninitBG) }

// writeTables writes the bitmaps of all groups and then their descriptors.
func (im *image) writeTables() error {
	descs := im.newDescWriter()
	step := min(im.geo.FlexGroups, 1024)
	for lo := uint64(0); lo < im.geo.Groups; lo += step {
		if err := im.writeGroups(descs, lo, min(lo+step, im.geo.Groups)); err != nil {
			return err
		}
	}
	return descs.flush()
}

// writeGroups writes what the groups lo to hi-1 keep: all block bitmaps, then all inode bitmaps, since that is how
// they lie.
func (im *image) writeGroups(descs *descWriter, lo, hi uint64) error {
	w := &im.meta
	set := make([]ondisk.GroupDesc, hi-lo)
	for i := range set {
		if err := im.blockBitmap(w, lo+uint64(i), &set[i]); err != nil {
			return err
		}
	}
	for i := range set {
		if err := im.inodeBitmap(w, lo+uint64(i), &set[i]); err != nil {
			return err
		}
	}
	if err := w.flush(); err != nil {
		return err
	}
	for i := range set {
		if err := descs.put(lo+uint64(i), &set[i]); err != nil {
			return err
		}
	}
	return nil
}

// blockBitmap fills in what a descriptor says of the group's blocks and writes their bitmap, unless nothing is
// taken but what a reader knows anyway.
func (im *image) blockBitmap(w *metaWriter, group uint64, d *ondisk.GroupDesc) error {
	g, s := im.geo, &im.super
	t := g.tables[group]
	d.SetBlockBitmap(t.blockBitmap)
	d.SetInodeBitmap(t.inodeBitmap)
	d.SetInodeTable(t.inodeTable)
	first, size := s.GroupFirstBlock(ondisk.Group(group)), uint64(s.GroupBlocks(ondisk.Group(group)))
	end := first + ondisk.Block(size)
	var used uint64
	im.space.usedIn(first, end, func(r run) { used += r.n })
	d.SetFreeClusters(uint32((size - used) / g.Ratio))
	if g.guarded() && group != g.Groups-1 && used == g.impliedBlocks(group) {
		d.Flags |= ondisk.GroupBlockUninit
		return nil
	}
	b, err := w.block(t.blockBitmap)
	if err != nil {
		return err
	}
	m := ondisk.Bitmap(b)
	im.space.usedIn(first, end, func(r run) {
		at := int(uint64(r.start-first) / g.Ratio)
		m.SetRange(at, at+int(r.n/g.Ratio))
	})
	m.Pad(int(divUp(size, g.Ratio)))
	if g.has(metadataCsum) {
		d.SetBlockBitmapCsum(ondisk.BitmapCsum(im.seed, m, s.ClustersPerGroup))
	}
	return nil
}

// impliedBlocks is how many blocks of a group a reader takes for used when the bitmap is marked as never
// written: the head and those of the group's own tables that lie within. With clusters it is no number that can be, unless the
// group has a head at most.
func (g *Geometry) impliedBlocks(group uint64) uint64 {
	s := &g.Super
	first, size := s.GroupFirstBlock(ondisk.Group(group)), uint64(s.GroupBlocks(ondisk.Group(group)))
	n := g.head(group).n
	if g.Ratio > 1 {
		return divUp(n, g.Ratio) * g.Ratio
	}
	t := g.tables[group]
	for _, r := range []run{{t.blockBitmap, 1}, {t.inodeBitmap, 1}, {t.inodeTable, g.TableBlocks}} {
		lo, hi := max(r.start, first), min(r.end(), first+ondisk.Block(size))
		if lo < hi {
			n += uint64(hi - lo)
		}
	}
	return n
}

// inodeBitmap does the same for inodes, and settles what is known of the table.
func (im *image) inodeBitmap(w *metaWriter, group uint64, d *ondisk.GroupDesc) error {
	g, per := im.geo, im.super.InodesPerGroup
	used := im.inodesUsed(group)
	d.SetFreeInodes(per - used)
	if group < uint64(len(im.dirs)) {
		d.SetUsedDirs(im.dirs[group])
	}
	if g.guarded() {
		d.SetItableUnused(per - used)
		if im.zeroed() {
			d.Flags |= ondisk.GroupInodeZeroed
		}
		if used == 0 {
			d.Flags |= ondisk.GroupInodeUninit
			return nil
		}
	}
	b, err := w.block(g.tables[group].inodeBitmap)
	if err != nil {
		return err
	}
	m := ondisk.Bitmap(b)
	m.SetRange(0, int(used))
	m.Pad(int(per))
	if g.has(metadataCsum) {
		d.SetInodeBitmapCsum(ondisk.BitmapCsum(im.seed, m, per))
	}
	return nil
}
