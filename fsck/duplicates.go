package fsck

import (
	"slices"

	"extant/internal/ondisk"
)

// checkDuplicates looks for names that the directory at hand has twice. Hashes of names tell which might be; only those are
// looked at again.
func (w *worker) checkDuplicates() {
	e := &w.entry
	slices.Sort(e.hashes)
	var suspects map[uint32]map[string]struct{}
	for i := 1; i < len(e.hashes); i++ {
		if e.hashes[i] == e.hashes[i-1] {
			if suspects == nil {
				suspects = make(map[uint32]map[string]struct{})
			}
			suspects[e.hashes[i]] = make(map[string]struct{})
		}
	}
	if suspects == nil {
		return
	}
	if e.d.inline() {
		w.inlineSuspects(suspects)
		return
	}
	w.eachBlock(e.d, func(fb ondisk.FileBlock, at ondisk.Block, b []byte) {
		x := e.index.at(fb)
		if x != nil && x.kind == indexNode {
			return
		}
		e.leaf = nil
		if x != nil && x.kind == indexLeaf {
			e.leaf = x
		}
		e.place = Place{Ino: e.d.ino, Block: at, File: fb}
		w.suspectsIn(b, suspects)
	})
}

// suspectsIn looks for names with hashes among suspects in an area, and notes those that were met before.
func (w *worker) suspectsIn(area []byte, suspects map[uint32]map[string]struct{}) {
	e := &w.entry
	e.area = area
	for off := 0; off < len(area); {
		d, err := ondisk.DirentAt(area, off)
		if err != nil {
			return
		}
		off += d.Len
		if d.Ino == 0 || isDots(d.Name) {
			continue
		}
		key := w.key(d.Name)
		met := suspects[w.nameHash(&d, key)]
		if met == nil {
			continue
		}
		if _, again := met[string(key)]; again {
			w.entryFault(EntryDuplicate, &d, "inode %d", d.Ino)
		}
		met[string(key)] = struct{}{}
	}
}

// nameHash is the hash that checkHashOf noted of an entry.
func (w *worker) nameHash(d *ondisk.Dirent, key []byte) uint32 {
	if w.entry.leaf != nil {
		if h, ok := w.indexHash(d, key); ok {
			return h.Major ^ h.Minor<<1
		}
	}
	return ondisk.CRC32C(0, key)
}

// inlineSuspects is the search for duplicates in an inline directory, whose slot is still at hand.
func (w *worker) inlineSuspects(suspects map[uint32]map[string]struct{}) {
	var n ondisk.Inode
	if n.Decode(w.slot) != nil {
		return
	}
	body, err := ondisk.BodyXattrs(w.slot[n.XattrStart(w.c.slot):])
	if err != nil {
		return
	}
	data, err := n.InlineData(body)
	if err != nil {
		return
	}
	w.entry.leaf = nil
	w.entry.place = Place{Ino: w.entry.d.ino}
	for i, area := range data.Areas() {
		w.entry.place.File = ondisk.FileBlock(i)
		w.suspectsIn(area, suspects)
	}
}
