package fsck

import (
	"bytes"

	"extant/internal/ondisk"
)

// checkEntry judges an entry in use that is not one of the first two.
func (w *worker) checkEntry(d *ondisk.Dirent) {
	e := &w.entry
	e.place.Offset = d.Off
	if isDots(d.Name) {
		w.entryFault(EntryDot, d, "inode %d", d.Ino)
		return
	}
	if !w.checkNamed(d) {
		return
	}
	w.checkName(d)
	w.ref(d.Ino)
	w.checkHashOf(d)
}

func isDots(name []byte) bool { return string(name) == "." || string(name) == ".." }

// entryFault notes what is wrong with an entry.
func (w *worker) entryFault(c Code, d *ondisk.Dirent, format string, args ...any) *Finding {
	e := &w.entry
	place := e.place
	place.Offset, place.Name = d.Off, string(d.Name)
	return w.add(c, place, format, args...).show(e.area[d.Off:][:d.Len])
}

// checkNamed judges the inode that an entry names; false for an entry that is to go.
func (w *worker) checkNamed(d *ondisk.Dirent) bool {
	c, e := w.c, &w.entry
	k := c.kindOf(d.Ino)
	switch {
	case k&kindType != kindUnused && k&(kindHidden|kindEA|kindOrphan) == 0 && d.Ino != e.d.ino && d.Ino != ondisk.RootIno:
		w.checkKind(d, k)
		return true
	case uint32(d.Ino) > c.sb.InodesCount || d.Ino < c.sb.FirstFreeIno() && d.Ino != ondisk.RootIno || k&kindHidden != 0:
		w.entryFault(EntryBadIno, d, "inode %d", d.Ino)
	case d.Ino == e.d.ino:
		w.entryFault(EntrySelf, d, "inode %d", d.Ino)
	case d.Ino == ondisk.RootIno:
		w.entryFault(EntryRoot, d, "inode %d", d.Ino)
	case k&kindEA != 0:
		w.entryFault(EntryValue, d, "inode %d", d.Ino)
	default:
		w.unusedTarget(d)
	}
	return false
}

// unusedTarget notes that an entry names an inode that is not in use.
func (w *worker) unusedTarget(d *ondisk.Dirent) {
	c := w.c
	g, i := c.sb.InodeGroup(d.Ino)
	if gr := &c.groups[g]; i >= c.sb.InodesPerGroup-gr.unused {
		w.entryFault(EntryUninit, d, "inode %d is number %d of group %d, whose last %d were never used", d.Ino, i, g, gr.unused)
		return
	}
	w.entryFault(EntryUnused, d, "inode %d", d.Ino)
}

// checkKind compares an entry with what is known of its inode.
func (w *worker) checkKind(d *ondisk.Dirent, k kind) {
	e := &w.entry
	if k&kindType == kindNone {
		return
	}
	w.checkType(d, uint8(k&kindType))
	if k&kindType == ondisk.FileDir {
		if e.d.ino == ondisk.RootIno && string(d.Name) == lostFoundName {
			w.c.lostFound = true
		}
		w.links = append(w.links, dirLink{child: d.Ino, parent: e.d.ino, file: e.place.File, block: e.place.Block, offset: int32(d.Off)})
	}
	if !e.d.secret() {
		return
	}
	switch t := k & kindType; {
	case len(d.Name) < ondisk.CryptNameMin:
		w.entryFault(EntryShort, d, "%d bytes", len(d.Name))
	case (t == ondisk.FileRegular || t == ondisk.FileDir || t == ondisk.FileSymlink) && k&kindEncrypt == 0:
		w.entryFault(EntryPlain, d, "inode %d", d.Ino)
	}
}

// checkType compares the file type of an entry with that of its inode.
func (w *worker) checkType(d *ondisk.Dirent, t uint8) {
	if !w.c.sb.HasIncompat(ondisk.IncompatFileType) {
		t = ondisk.FileUnknown
	}
	switch {
	case d.Type == t:
	case d.Type == ondisk.FileUnknown:
		w.entryFault(EntryTypeSet, d, "file type 0, not %d", t).want(uint64(t))
	default:
		w.entryFault(EntryType, d, "file type %d, not %d", d.Type, t).want(uint64(t))
	}
}

func (w *worker) checkName(d *ondisk.Dirent) {
	switch {
	case len(d.Name) == 0:
		w.entryFault(EntryNoName, d, "inode %d", d.Ino)
	case w.entry.d.secret():
	case bytes.IndexByte(d.Name, '/') >= 0 || bytes.IndexByte(d.Name, 0) >= 0:
		w.entryFault(EntryName, d, "inode %d", d.Ino)
	}
}

// checkHashOf notes the name for the search of duplicates, and compares its hash with those of its leaf.
func (w *worker) checkHashOf(d *ondisk.Dirent) {
	e := &w.entry
	key := w.key(d.Name)
	if e.leaf == nil {
		e.hashes = append(e.hashes, ondisk.CRC32C(0, key))
		return
	}
	h, ok := w.indexHash(d, key)
	if !ok {
		e.hashes = append(e.hashes, ondisk.CRC32C(0, key))
		return
	}
	e.hashes = append(e.hashes, h.Major^h.Minor<<1)
	switch {
	case h.Major < e.leaf.min && !e.low:
		e.low = true
		w.entryFault(IndexMinHash, d, "hash %#x, below the leaf's %#x", h.Major, e.leaf.min)
	case h.Major > e.leaf.max && !e.high:
		e.high = true
		w.entryFault(IndexMaxHash, d, "hash %#x, above the leaf's %#x", h.Major, e.leaf.max)
	}
}
