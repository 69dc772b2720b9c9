package fsck

import (
	"extant/internal/ondisk"
)

// fileState is what a worker knows of the inode at hand.
type fileState struct {
	ino   ondisk.Ino
	slot  []byte
	inode ondisk.Inode
	seed  uint32
	group *inodeGroup

	clusters uint64 // that it has, those of its map included
	last     uint64 // file block after the last mapped one
	written  uint64 // file block after the last one that is not unwritten
	pieces   uint64
	next     ondisk.Block // block after the last mapped one
	runs     int          // of a directory: where its pieces start in the group's list

	lastFile, lastDisk uint64 // cluster mapped last, counted from 1, in the file and on the device
	values             uint64 // clusters of values of its xattrs that are in other inodes
	valueInodes        uint64
	faults             int // of the map
	dir                bool
}

// fault notes what is wrong with the inode at hand.
func (w *worker) fault(c Code, at Place, format string, args ...any) *Finding {
	at.Ino = w.file.ino
	return w.add(c, at, format, args...)
}

// mapFault notes what is wrong with the map of the inode at hand. What depends on the whole of the map is not judged then.
func (w *worker) mapFault(c Code, at Place, format string, args ...any) *Finding {
	w.file.faults++
	return w.fault(c, at, format, args...)
}

// checkSlot looks at an inode of a group, the i-th, that is not all zeros.
func (w *worker) checkSlot(g *inodeGroup, i uint32, ino ondisk.Ino, slot []byte) {
	f, c := &w.file, w.c
	*f = fileState{ino: ino, slot: slot, group: g, runs: len(g.runs)}
	n := &f.inode
	if n.Decode(slot) != nil {
		return
	}
	special := c.special[ino]
	orphan := n.LinksCount == 0 && len(c.orphans) > 0 && c.orphans[ino]
	if n.LinksCount == 0 && !orphan && special == notSpecial {
		w.checkUnused()
		return
	}
	f.seed = c.inodeSeed(ino, n)
	w.checkSum()
	if special != notSpecial || ino < c.sb.FirstFreeIno() && ino != ondisk.RootIno {
		w.checkOwn(special, i)
		return
	}
	k := kind(ondisk.FileType(n.Mode))
	if k == kindUnused {
		w.checkNone(i)
		return
	}
	if orphan {
		k |= kindOrphan
	}
	if n.Has(ondisk.InodeEA) {
		k |= kindEA
	}
	if n.Has(ondisk.InodeEncrypt) {
		k |= kindEncrypt
	}
	g.note(c, i, k, n.LinksCount)
	w.checkFields(orphan)
	w.checkContent(k)
	w.charge(k)
}

// checkUnused looks at an inode that is not in use.
func (w *worker) checkUnused() {
	n := &w.file.inode
	switch {
	case n.DTime == 0 && n.Mode != 0:
		w.fault(InodeDeletedTime, Place{}, "mode %#o, no links, i_dtime 0", n.Mode)
	case n.DTime != 0 && n.DTime < w.c.sb.InodesCount && w.c.dated():
		w.fault(InodeDeletedLow, Place{}, "i_dtime is %d, and there are %d inodes", n.DTime, w.c.sb.InodesCount)
	}
}

// dated reports whether times of the file system are too late to be numbers of inodes.
func (c *checker) dated() bool {
	s := &c.sb
	return s.WTime >= s.InodesCount && (s.MTime == 0 || s.MTime >= s.InodesCount) && (s.MkfsTime == 0 || s.MkfsTime >= s.InodesCount)
}

// checkNone looks at an inode in use that is of no type.
func (w *worker) checkNone(i uint32) {
	f := &w.file
	f.group.note(w.c, i, kindNone, f.inode.LinksCount)
	w.usage.Inodes++
	w.fault(InodeMode, Place{}, "i_mode is %#o, with %d links", f.inode.Mode, f.inode.LinksCount).show(f.slot)
}

// checkOwn looks at an inode of the file system's own.
func (w *worker) checkOwn(k specialKind, i uint32) {
	f, c := &w.file, w.c
	t := kind(ondisk.FileType(f.inode.Mode))
	if t == kindUnused {
		t = kindNone
	}
	f.group.note(c, i, t|kindHidden, f.inode.LinksCount)
	w.usage.Inodes++
	if k == notSpecial {
		k = reserved
	}
	if d := f.inode.DTime; d != 0 && f.inode.LinksCount > 0 {
		w.fault(InodeTimeSet, Place{}, "i_dtime is %d, with %d links", d, f.inode.LinksCount).want(0)
	}
	w.checkDirFlags()
	if f.inode.Has(ondisk.InodeInlineData) {
		w.fault(InlineTypeless, Place{}, "i_flags is %#x of an inode of the file system's own", f.inode.Flags).want(ondisk.InodeInlineData)
		return
	}
	if !w.checkSpecial(k) {
		if k == resizeInode && f.clusters > 0 {
			w.checkBlockCount()
		}
		return
	}
	if f.inode.Mode == 0 && k != badBlocksInode {
		return
	}
	w.checkExtra()
	w.walkMap()
	if k != badBlocksInode {
		w.checkBlockCount()
	}
}

// checkSum compares the inode's checksum with it.
func (w *worker) checkSum() {
	c, f := w.c, &w.file
	if !c.csum {
		return
	}
	want := ondisk.InodeCsum(c.seed, f.ino, f.slot)
	got := uint32(f.inode.ChecksumLo)
	if c.slot > ondisk.InodeSizeMin && f.inode.ExtraIsize >= 4 {
		got |= uint32(f.inode.ChecksumHi) << 16
	}
	if got != want {
		w.fault(InodeChecksum, Place{}, "checksum %#08x, not %#08x", got, want).want(uint64(want)).show(f.slot)
	}
}

// checkContent looks at what an ordinary inode holds.
func (w *worker) checkContent(k kind) {
	f := &w.file
	n := &f.inode
	body := w.checkBody()
	if n.Has(ondisk.InodeInlineData) {
		w.checkInline(body)
		w.checkBlockCount()
		w.count(k)
		return
	}
	switch k & kindType {
	case ondisk.FileRegular:
		w.walkMap()
		w.checkSize()
		w.checkVerity()
	case ondisk.FileDir:
		f.dir = true
		w.walkMap()
		w.checkDirSize()
		w.noteDir()
	case ondisk.FileSymlink:
		w.checkSymlink()
	default:
		w.checkDevice()
	}
	w.checkBlockCount()
	w.count(k)
}

// count counts the inode for the summary.
func (w *worker) count(k kind) {
	w.usage.Inodes++
	switch k & kindType {
	case ondisk.FileRegular:
		w.usage.Files++
		if w.file.pieces > 1 {
			w.usage.Fragmented++
		}
	case ondisk.FileDir:
		w.usage.Directories++
		w.file.group.nDirs++
	case ondisk.FileSymlink:
		w.usage.Symlinks++
	default:
		w.usage.Special++
	}
}

// walkMap walks over the map of the inode.
func (w *worker) walkMap() {
	f := &w.file
	n := &f.inode
	if !n.Has(ondisk.InodeExtents) {
		if w.c.ratio > 1 && f.ino >= w.c.sb.FirstFreeIno() && n.Blocks() > 0 {
			w.mapFault(MapBigalloc, Place{}, "flags %#x", n.Flags)
		}
		if le32(n.IBlock[:])&0xFFFF == ondisk.ExtentMagic && w.looksLikeExtents() {
			w.mapFault(InodeExtentMissing, Place{}, "i_block holds an extent tree, flags %#x", n.Flags).want(ondisk.InodeExtents).show(n.IBlock[:])
			return
		}
	}
	m := mapper{im: &w.c.image, ino: f.ino, seed: f.seed, v: w, bufs: &w.nodeBufs}
	m.walk(n)
}

// looksLikeExtents reports whether i_block is the root of an extent tree by its header.
func (w *worker) looksLikeExtents() bool {
	var h ondisk.ExtentHeader
	const room = (ondisk.IBlockSize - ondisk.ExtentHeaderSize) / ondisk.ExtentEntrySize
	return h.Decode(w.file.inode.IBlock[:]) == nil && h.Max == room && h.Entries <= room && h.Depth <= ondisk.ExtentDepthMax
}
