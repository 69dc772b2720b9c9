package fsck

import (
	"extant/internal/casefold"
	"extant/internal/ondisk"
)

// entryState is what a worker knows of the directory at hand.
type entryState struct {
	d    *dir
	seed uint32

	place  Place // of the entry at hand
	area   []byte
	first  bool // the area is the first of a directory with "." and ".."
	hashes []uint32

	index index
	leaf  *indexBlock // the block at hand, where it is a leaf of an index
	low   bool        // an entry below the leaf's hashes was met
	high  bool        // and one above
}

// checkDir judges a directory.
func (w *worker) checkDir(d *dir) {
	c, e := w.c, &w.entry
	*e = entryState{d: d, seed: ondisk.InodeSeed(c.seed, d.ino, d.generation), hashes: e.hashes[:0], index: index{blocks: e.index.blocks[:0]}}
	if d.inline() {
		w.inlineDir()
		w.checkDuplicates()
		return
	}
	runs := c.runsOf(d)
	if len(runs) == 0 {
		return
	}
	w.checkHoles(runs)
	if d.indexed() {
		w.readIndex(runs)
	}
	dots := false
	w.eachBlock(d, func(fb ondisk.FileBlock, at ondisk.Block, b []byte) {
		dots = dots || fb == 0
		w.dirBlock(fb, at, b)
	})
	if !dots {
		w.add(DotMissing, Place{Ino: d.ino}, "its first block cannot be read")
	}
	w.checkReferenced()
	w.checkDuplicates()
}

// checkHoles looks for file blocks that the directory does not have.
func (w *worker) checkHoles(runs []mapRun) {
	next := uint64(0)
	for _, r := range runs {
		if r.file != next {
			w.add(DirHole, Place{Ino: w.entry.d.ino, File: ondisk.FileBlock(next)}, "file blocks %d to %d are not there", next, r.file-1)
		}
		if r.unwritten {
			w.add(DirUnwritten, Place{Ino: w.entry.d.ino, File: ondisk.FileBlock(r.file), Block: r.start}, "%d blocks", r.count)
		}
		next = r.end()
	}
}

// dirBlock judges a block of the directory at hand.
func (w *worker) dirBlock(fb ondisk.FileBlock, at ondisk.Block, b []byte) {
	c, e := w.c, &w.entry
	e.place = Place{Ino: e.d.ino, Block: at, File: fb}
	e.leaf, e.low, e.high = nil, false, false
	e.first = fb == 0
	if x := e.index.at(fb); x != nil {
		if x.kind == indexNode {
			if fb == 0 {
				w.dots(b)
			}
			return
		}
		if x.kind == indexLeaf {
			e.leaf = x
		}
	}
	if c.csum && !(e.d.indexed() && (fb == 0 || spansBlock(b))) {
		w.checkTail(b)
	}
	w.entries(b)
}

// spansBlock reports whether a block is one empty entry, as nodes of an index look to who does not know them.
func spansBlock(b []byte) bool {
	return le32(b) == 0 && ondisk.RecLen(uint16(le32(b[4:])), len(b)) == len(b)
}

// checkTail compares the checksum at the end of a directory block with it.
func (w *worker) checkTail(b []byte) {
	e := &w.entry
	t, ok := ondisk.DirTailOf(b)
	if !ok {
		w.add(DirNoTail, e.place, "no checksum at its end").show(b[len(b)-ondisk.DirTailSize:])
		return
	}
	if want := ondisk.DirCsum(e.seed, b); t.Checksum != want {
		w.add(DirChecksum, e.place, "det_checksum is %#08x, not %#08x", t.Checksum, want).want(uint64(want))
	}
}

// entries judges the entries of an area of the directory at hand.
func (w *worker) entries(area []byte) {
	e := &w.entry
	e.area = area
	nr := 0
	for off := 0; off < len(area); nr++ {
		d, err := ondisk.DirentAt(area, off)
		if err != nil {
			e.place.Offset = off
			w.add(DirCorrupt, e.place, "%v", err).show(area[off:])
			return
		}
		off += d.Len
		switch {
		case e.first && nr < 2:
			w.dot(&d, nr)
		case d.Ino != 0:
			w.checkEntry(&d)
		}
	}
	if e.first && nr < 2 {
		w.add([...]Code{DotMissing, DotDotMissing}[nr], e.place, "the first block has %d entries", nr)
	}
}

// dots judges the first two entries of a block whose rest is an index.
func (w *worker) dots(b []byte) {
	e := &w.entry
	e.area = b
	for nr, off := 0, 0; nr < 2; nr++ {
		d, err := ondisk.DirentAt(b, off)
		if err != nil {
			e.place.Offset = off
			w.add(DirCorrupt, e.place, "%v", err).show(b[off:])
			return
		}
		w.dot(&d, nr)
		off += d.Len
	}
}

// dot judges the entry of a directory for itself, nr 0, or for its parent, nr 1.
func (w *worker) dot(d *ondisk.Dirent, nr int) {
	c, e := w.c, &w.entry
	e.place.Offset = d.Off
	if string(d.Name) != "..."[:nr+1] || d.Ino == 0 {
		w.add([...]Code{DotMissing, DotDotMissing}[nr], e.place, "entry %d is %q for inode %d", nr, d.Name, d.Ino).want(uint64(e.d.ino))
		if d.Ino != 0 && string(d.Name) != "." && string(d.Name) != ".." {
			w.checkEntry(d)
		}
		return
	}
	place := e.place
	place.Name = string(d.Name)
	if nr == 0 {
		if d.Ino != e.d.ino {
			w.add(DotIno, place, "inode %d, not %d", d.Ino, e.d.ino).want(uint64(e.d.ino))
		}
		if d.Len != ondisk.DirentSizeMin {
			w.add(DotLong, place, "a record of %d bytes", d.Len)
		}
		w.ref(e.d.ino)
	} else {
		e.d.dotdot = d.Ino
		if c.kindOf(d.Ino)&kindType == ondisk.FileDir {
			w.ref(d.Ino)
		}
	}
	if after := e.area[d.Off+ondisk.DirentHeaderSize+len(d.Name)]; after != 0 && d.Len > ondisk.DirentHeaderSize+len(d.Name) {
		w.add(DotPadding, place, "byte %#x follows the name", after)
	}
	w.checkType(d, ondisk.FileDir)
}

// inlineDir judges a directory whose entries are in its inode.
func (w *worker) inlineDir() {
	c, e := w.c, &w.entry
	slot := buf(&w.slot, c.slot)
	w.slot = slot
	var n ondisk.Inode
	if c.readInode(e.d.ino, slot, &n) != nil {
		return
	}
	body, err := ondisk.BodyXattrs(slot[n.XattrStart(c.slot):])
	if err != nil {
		return
	}
	data, err := n.InlineData(body)
	if err != nil {
		return
	}
	w.ref(e.d.ino)
	e.d.dotdot = data.Parent()
	if c.kindOf(e.d.dotdot)&kindType == ondisk.FileDir {
		w.ref(e.d.dotdot)
	}
	e.place = Place{Ino: e.d.ino}
	for i, area := range data.Areas() {
		e.place.File = ondisk.FileBlock(i)
		w.inlineArea(area)
	}
}

// inlineArea judges one of the two areas of an inline directory; the second may be empty.
func (w *worker) inlineArea(area []byte) {
	e := &w.entry
	e.area = area
	for off := 0; off < len(area); {
		d, err := ondisk.DirentAt(area, off)
		if err != nil {
			e.place.Offset = off
			w.add(InlineLastRec, e.place, "%v", err).show(area)
			return
		}
		off += d.Len
		if d.Ino != 0 {
			w.checkEntry(&d)
		}
	}
}

// key is the form of a name by which the directory at hand compares and hashes names.
func (w *worker) key(name []byte) []byte {
	if d := w.entry.d; d.folds() && !d.secret() {
		return casefold.Key(name)
	}
	return name
}
