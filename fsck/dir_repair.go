package fsck

import (
	"bytes"
	"fmt"

	"extant/internal/ondisk"
)

// area edits the part of a directory that a finding is in: a block, or one of the two areas in an inode.
func (m *mender) area(f *Finding, edit func(d *dir, area []byte) error) error {
	i := m.c.findDir(f.Place.Ino)
	if i < 0 {
		return ondisk.Corrupt("directory", "inode %d is none", f.Place.Ino)
	}
	d := &m.c.dirs[i]
	var fault error
	if d.inline() {
		err := m.inlineData(d.ino, func(_ *ondisk.Inode, data ondisk.InlineData) { fault = edit(d, data.Areas()[f.Place.File]) })
		if err != nil {
			return err
		}
		return fault
	}
	err := m.block(f.Place.Block, func(b []byte) {
		fault = edit(d, b)
		m.sealBlock(d, b)
	})
	if err != nil {
		return err
	}
	return fault
}

// dirSeed is what the checksums of a directory's blocks start from.
func (m *mender) dirSeed(d *dir) uint32 { return ondisk.InodeSeed(m.c.seed, d.ino, d.generation) }

// sealBlock sets the checksum at the end of a block that has one.
func (m *mender) sealBlock(d *dir, b []byte) {
	if _, ok := ondisk.DirTailOf(b); ok && m.c.csum {
		ondisk.SetDirTail(m.dirSeed(d), b)
	}
}

// sealDir sets the checksum of a block.
func (m *mender) sealDir(f *Finding) error {
	return m.area(f, func(*dir, []byte) error { return nil })
}

// removeEntry removes an entry.
func (m *mender) removeEntry(f *Finding) error {
	return m.area(f, func(_ *dir, area []byte) error {
		_ = ondisk.RemoveDirent(area, f.Place.Offset) // it may be gone for another reason
		return nil
	})
}

// mendUninit believes an entry whose inode, in a part of the table that is said to be unused, is one; otherwise the entry goes.
func (m *mender) mendUninit(f *Finding) error {
	var ino ondisk.Ino
	err := m.area(f, func(_ *dir, area []byte) error {
		d, err := ondisk.DirentAt(area, f.Place.Offset)
		ino = d.Ino
		return err
	})
	if err != nil {
		return nil
	}
	n, _, _, err := m.getInode(ino)
	if err != nil || n.LinksCount == 0 || ondisk.FileType(n.Mode) == ondisk.FileUnknown || m.c.csum && !m.sealedInode(ino) {
		return m.removeEntry(f)
	}
	g, _ := m.c.sb.InodeGroup(ino)
	if !m.once(task{action: RestoreGroup, group: g}) {
		return nil
	}
	return m.descriptor(g, func(d *ondisk.GroupDesc) { m.doubt(d) })
}

// sealedInode reports whether an inode has the right checksum.
func (m *mender) sealedInode(ino ondisk.Ino) bool {
	n, slot, _, err := m.getInode(ino)
	if err != nil {
		return false
	}
	before := [2]uint16{n.ChecksumLo, n.ChecksumHi}
	ondisk.SetInodeCsum(m.c.seed, ino, slot)
	return n.Decode(slot) == nil && before == [2]uint16{n.ChecksumLo, n.ChecksumHi}
}

// setType sets the file type of an entry.
func (m *mender) setType(f *Finding) error {
	return m.area(f, func(_ *dir, area []byte) error {
		if d, err := ondisk.DirentAt(area, f.Place.Offset); err == nil && d.Ino != 0 {
			area[d.Off+typeOffset] = uint8(f.Repair.Want)
		}
		return nil
	})
}

// typeOffset is where in an entry its file type is.
const typeOffset = 7

// mendName takes out of a name what no name may have.
func (m *mender) mendName(f *Finding) error {
	return m.area(f, func(_ *dir, area []byte) error {
		d, err := ondisk.DirentAt(area, f.Place.Offset)
		if err != nil || d.Ino == 0 {
			return nil
		}
		for i, b := range d.Name {
			if b == 0 || b == '/' {
				d.Name[i] = '.'
			}
		}
		if isDots(d.Name) {
			d.Name[0] = '_'
		}
		return nil
	})
}

// renameDuplicate gives an entry another name, unless it is the same entry twice, which is once too many.
func (m *mender) renameDuplicate(f *Finding) error {
	i := m.c.findDir(f.Place.Ino)
	if i < 0 {
		return ondisk.Corrupt("directory", "inode %d is none", f.Place.Ino)
	}
	names, err := m.allNames(&m.c.dirs[i])
	if err != nil {
		return err
	}
	return m.area(f, func(_ *dir, area []byte) error {
		d, err := ondisk.DirentAt(area, f.Place.Offset)
		if err != nil || d.Ino == 0 || string(d.Name) != f.Place.Name {
			return nil
		}
		if same := names[f.Place.Name]; len(same) > 1 && same[0] == d.Ino {
			return ondisk.RemoveDirent(area, d.Off)
		}
		text, ok := freshName(d.Name, d.Len-ondisk.DirentHeaderSize, names)
		if !ok {
			return ondisk.RemoveDirent(area, d.Off) // what it names is connected to lost+found
		}
		area[d.Off+typeOffset-1] = uint8(len(text))
		copy(area[d.Off+ondisk.DirentHeaderSize:], text)
		return nil
	})
}

// freshName is a name like another, of at most room bytes, that is not among names.
func freshName(old []byte, room int, names map[string][]ondisk.Ino) ([]byte, bool) {
	for i := range 10_000 {
		mark := fmt.Sprintf("~%d", i)
		keep := min(len(old), min(room, ondisk.NameMax)-len(mark))
		if keep < 0 {
			return nil, false
		}
		text := append(bytes.Clone(old[:keep]), mark...)
		if names[string(text)] == nil {
			return text, true
		}
	}
	return nil, false
}

// allNames is the names in a directory, with the inodes they name.
func (m *mender) allNames(d *dir) (map[string][]ondisk.Ino, error) {
	names := make(map[string][]ondisk.Ino)
	err := m.eachArea(d, func(_ Place, area []byte) {
		for e, err := range ondisk.Dirents(area) {
			if err == nil && e.Ino != 0 {
				names[string(e.Name)] = append(names[string(e.Name)], e.Ino)
			}
		}
	})
	return names, err
}

// eachArea tells do of the blocks of a directory, or of the two areas of one that is in its inode.
func (m *mender) eachArea(d *dir, do func(at Place, area []byte)) error {
	if d.inline() {
		n, slot, _, err := m.getInode(d.ino)
		if err != nil {
			return err
		}
		body, err := ondisk.BodyXattrs(slot[n.XattrStart(len(slot)):])
		if err != nil {
			return err
		}
		data, err := n.InlineData(body)
		if err != nil {
			return err
		}
		for i, area := range data.Areas() {
			do(Place{Ino: d.ino, File: ondisk.FileBlock(i)}, area)
		}
		return nil
	}
	runs, err := m.fileRuns(d.ino)
	if err != nil {
		return err
	}
	for _, r := range runs {
		for i := range r.count {
			at := r.start + ondisk.Block(i)
			if b, err := m.get(at); err == nil {
				do(Place{Ino: d.ino, Block: at, File: ondisk.FileBlock(r.file + i)}, b)
			}
		}
	}
	return nil
}

// fileRuns is the map of an inode as it is on the draft.
func (m *mender) fileRuns(ino ondisk.Ino) ([]mapRun, error) {
	n, _, _, err := m.getInode(ino)
	if err != nil {
		return nil, err
	}
	n.Mode, n.LinksCount = n.Mode&^ondisk.ModeFmt|ondisk.ModeRegular, 1 // what a sysFile has to be
	f := &sysFile{im: &m.c.image, ino: ino, inode: n, left: uint64(m.c.end)}
	err = f.open()
	return f.runs, err
}

// closeHoles moves the blocks of a directory together. They are all taken for written; what was not is found to make no sense.
func (m *mender) closeHoles(f *Finding) error {
	ino := f.Place.Ino
	if !m.once(task{action: AddBlock, ino: ino}) {
		return nil
	}
	runs, err := m.fileRuns(ino)
	if err != nil {
		return err
	}
	next := uint64(0)
	for i := range runs {
		runs[i].file, runs[i].unwritten = next, false
		next += runs[i].count
	}
	if err := m.plant(ino, runs, nil); err != nil {
		return err
	}
	return m.inode(ino, func(n *ondisk.Inode, _ []byte) { n.SetSize(next * uint64(m.c.bs)) })
}

// salvageDir keeps the entries of a block that make sense.
func (m *mender) salvageDir(f *Finding) error {
	if f.Place.File == 0 {
		return m.mendDots(f)
	}
	if !m.once(task{action: SalvageBlock, ino: f.Place.Ino, block: f.Place.Block}) {
		return nil
	}
	var left []name
	err := m.area(f, func(d *dir, area []byte) error {
		b, rest := m.leafOf(m.dirSeed(d), m.gather(d, m.entriesOf(area)))
		left = rest
		copy(area, b)
		return nil
	})
	if err != nil {
		return err
	}
	return m.addEntries(f.Place.Ino, left)
}

// entriesOf is the part of a block that entries are in.
func (m *mender) entriesOf(b []byte) []byte {
	if _, ok := ondisk.DirTailOf(b); ok && m.c.csum {
		return b[:len(b)-ondisk.DirTailSize]
	}
	return b
}

// salvageInline keeps the entries of an area in an inode that make sense.
func (m *mender) salvageInline(f *Finding) error {
	return m.area(f, func(d *dir, area []byte) error {
		names := m.gather(d, area)
		clear(area)
		p := &dirPack{area: area}
		if len(area) < ondisk.DirentHeaderSize {
			return nil
		}
		p.record(0, len(area))
		for i := range names {
			p.add(&names[i])
		}
		return nil
	})
}

// mendDots writes the first block of a directory anew: its own entry, that for its parent, and the others that make sense. The root of an
// index keeps what follows those two.
func (m *mender) mendDots(f *Finding) error {
	ino := f.Place.Ino
	i := m.c.findDir(ino)
	if i < 0 || m.c.dirs[i].inline() {
		return ondisk.Corrupt("directory", "inode %d is none with blocks", ino)
	}
	d := &m.c.dirs[i]
	if !m.once(task{action: SalvageBlock, ino: ino}) {
		return nil
	}
	runs, err := m.fileRuns(ino)
	if err != nil {
		return err
	}
	if len(runs) == 0 || runs[0].file != 0 {
		return errNoRoom
	}
	b, err := m.get(runs[0].start)
	if err != nil {
		return err
	}
	dots := m.dots(ino, m.parentOf(d, b))
	if d.indexed() && le16(b[ondisk.DirentSizeMin+4:]) >= uint16(min(len(b)-ondisk.DirentSizeMin, 1<<16-1)) {
		m.rootDots(d, b, dots)
		return m.put(runs[0].start, b)
	}
	names := dots[:]
	for _, n := range m.gather(d, m.entriesOf(b)) {
		if n.ino != dots[1].ino || m.c.kindOf(n.ino)&kindType != ondisk.FileDir {
			names = append(names, n)
		}
	}
	leaf, left := m.leafOf(m.dirSeed(d), names)
	if err := m.put(runs[0].start, leaf); err != nil {
		return err
	}
	return m.addEntries(ino, left)
}

// rootDots writes the first two entries into the root of an index.
func (m *mender) rootDots(d *dir, b []byte, dots [2]name) {
	var r ondisk.DxRoot
	if r.Decode(b) != nil {
		return
	}
	k := ondisk.MakeDxRoot(d.ino, dots[1].ino, dots[0].kind, len(b), ondisk.HashHalfMD4, 0)
	r.Dot, r.DotName, r.DotDot, r.DotDotName = k.Dot, k.DotName, k.DotDot, k.DotDotName
	r.Encode(b)
	if m.c.csum {
		ondisk.DxRootNode(b).SetCsum(m.dirSeed(d))
	}
}

// parentOf is the parent of a directory: what its own entry says, where that is one, or where its entry is.
func (m *mender) parentOf(d *dir, b []byte) ondisk.Ino {
	if d.ino == ondisk.RootIno {
		return ondisk.RootIno
	}
	for nr, off := 0, 0; nr < 2; nr++ {
		e, err := ondisk.DirentAt(b, off)
		if err != nil {
			break
		}
		if string(e.Name) == ".." && m.c.findDir(e.Ino) >= 0 && e.Ino != d.ino {
			return e.Ino
		}
		off += e.Len
	}
	if d.parent != 0 {
		return d.parent
	}
	return ondisk.RootIno
}
