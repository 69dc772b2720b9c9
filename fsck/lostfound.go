package fsck

import (
	"errors"
	"fmt"
	"strings"

	"extant/internal/ondisk"
)

// lostFound is the directory for what has lost its name, in one round.
type lostFound struct {
	ino  ondisk.Ino // 0 while it was not looked for
	skip int        // blocks that are known to be full
}

// reconnect links an inode that no entry names into lost+found.
func (m *mender) reconnect(f *Finding) error {
	ino := f.Place.Ino
	if m.c.lostFound || m.lost.ino != 0 || !m.wasLostFound(ino) {
		if err := m.findLostFound(); err != nil {
			return err
		}
		err := m.addEntry(m.lost.ino, name{ino: ino, kind: m.typeOf(ino), text: fmt.Appendf(nil, "#%d", ino)}, &m.lost.skip)
		if err != nil || f.Code != DirUnconnected {
			return err
		}
		m.once(task{action: Reconnect, ino: ino})
		return m.nameParent(ino, m.lost.ino) // also says which entry stays of a directory that had one, in a ring
	}
	m.lost.ino = ino
	return m.addEntry(ondisk.RootIno, name{ino: ino, kind: m.entryType(ondisk.FileDir), text: []byte(lostFoundName)}, nil)
}

// typeOf is the file type that entries for an inode have.
func (m *mender) typeOf(ino ondisk.Ino) uint8 {
	k := m.c.kindOf(ino) & kindType
	if k == kindNone {
		k = kindUnused
	}
	return m.entryType(uint8(k))
}

// wasLostFound reports whether a directory without a name is a lost+found: one that only its owner may enter, in the root, with nothing in it
// but what a repair puts there.
func (m *mender) wasLostFound(ino ondisk.Ino) bool {
	i := m.c.findDir(ino)
	if i < 0 || m.c.dirs[i].dotdot != ondisk.RootIno {
		return false
	}
	n, _, _, err := m.getInode(ino)
	if err != nil || n.Mode != lostFoundMode || n.Has(ondisk.InodeEncrypt|ondisk.InodeInlineData) {
		return false
	}
	names, err := m.allNames(&m.c.dirs[i])
	for text := range names {
		if !isDots([]byte(text)) && !strings.HasPrefix(text, "#") {
			return false
		}
	}
	return err == nil
}

const lostFoundMode = ondisk.ModeDir | 0o700

// findLostFound finds lost+found in the root, or makes it.
func (m *mender) findLostFound() error {
	if m.lost.ino != 0 {
		return nil
	}
	root := m.c.findDir(ondisk.RootIno)
	if root < 0 {
		return errors.New("there is no root directory")
	}
	names, err := m.allNames(&m.c.dirs[root])
	if err != nil {
		return err
	}
	if list := names[lostFoundName]; len(list) > 0 {
		if m.c.findDir(list[0]) >= 0 {
			m.lost.ino = list[0]
			return nil
		}
		if err := m.unlink(&m.c.dirs[root], lostFoundName); err != nil {
			return err
		}
	}
	return m.makeLostFound()
}

// unlink removes an entry by its name.
func (m *mender) unlink(d *dir, text string) error {
	var at *Finding
	err := m.eachArea(d, func(p Place, area []byte) {
		if e, ok, err := ondisk.FindDirent(area, []byte(text)); err == nil && ok && at == nil {
			p.Offset = e.Off
			at = &Finding{Place: p}
		}
	})
	if err != nil || at == nil {
		return err
	}
	return m.removeEntry(at)
}

// makeLostFound makes an empty lost+found.
func (m *mender) makeLostFound() error {
	ino, err := m.newInode()
	if err != nil {
		return err
	}
	if err := m.makeDir(ino, ondisk.RootIno, lostFoundMode); err != nil {
		return err
	}
	m.lost.ino = ino
	return m.addEntry(ondisk.RootIno, name{ino: ino, kind: m.entryType(ondisk.FileDir), text: []byte(lostFoundName)}, nil)
}

// makeDir makes an inode an empty directory.
func (m *mender) makeDir(ino, parent ondisk.Ino, mode uint16) error {
	b, err := m.allocateBlock()
	if err != nil {
		return err
	}
	n, _, _, err := m.getInode(ino)
	if err != nil {
		return err
	}
	dots := m.dots(ino, parent)
	leaf, _ := m.leafOf(m.c.inodeSeed(ino, &n), dots[:])
	if err := m.put(b, leaf); err != nil {
		return err
	}
	if err := m.setFile(ino, []mapRun{{0, b, 1, false}}, uint64(m.c.bs), 0); err != nil {
		return err
	}
	return m.inode(ino, func(n *ondisk.Inode, _ []byte) { n.Mode, n.LinksCount = mode, 2 })
}

// addEntries adds entries to a directory.
func (m *mender) addEntries(ino ondisk.Ino, names []name) error {
	for _, n := range names {
		if err := m.addEntry(ino, n, nil); err != nil {
			return err
		}
	}
	return nil
}

// addEntry adds an entry to a directory, in a block that has room or a new one. An index is not kept: the next round finds that it is
// wrong. skip, where it is given, is how many blocks need not be looked at.
func (m *mender) addEntry(ino ondisk.Ino, e name, skip *int) error {
	n, _, seed, err := m.getInode(ino)
	if err != nil {
		return err
	}
	if n.Has(ondisk.InodeInlineData) {
		return m.addInlineEntry(ino, e)
	}
	runs, err := m.fileRuns(ino)
	if err != nil {
		return err
	}
	nr := 0
	for _, r := range runs {
		for i := range r.count {
			nr++
			if skip != nil && nr <= *skip || n.Has(ondisk.InodeIndex) && r.file+i == 0 {
				continue
			}
			if done, err := m.insert(r.start+ondisk.Block(i), seed, &e, n.Has(ondisk.InodeIndex)); done || err != nil {
				return err
			}
			if skip != nil {
				*skip = nr
			}
		}
	}
	return m.extend(ino, runs, seed, e)
}

// insert adds an entry to a block; false where that has no room, or is a node of an index.
func (m *mender) insert(b ondisk.Block, seed uint32, e *name, indexed bool) (bool, error) {
	p, err := m.get(b)
	if err != nil || indexed && spansBlock(p) {
		return false, nil
	}
	tail := 0
	if m.c.csum {
		tail = ondisk.DirTailSize
	}
	done, err := ondisk.InsertDirent(p, tail, e.ino, e.text, e.kind)
	if err != nil || !done {
		return false, nil
	}
	if m.c.csum {
		ondisk.SetDirTail(seed, p)
	}
	return true, m.put(b, p)
}

// extend gives a directory one more block, with an entry in it.
func (m *mender) extend(ino ondisk.Ino, runs []mapRun, seed uint32, e name) error {
	b, err := m.allocateBlock()
	if err != nil {
		return err
	}
	leaf, _ := m.leafOf(seed, []name{e})
	if err := m.put(b, leaf); err != nil {
		return err
	}
	end := uint64(0)
	if len(runs) > 0 {
		end = runs[len(runs)-1].end()
	}
	if err := m.plant(ino, appendRun(runs, mapRun{end, b, 1, false}), nil); err != nil {
		return err
	}
	return m.inode(ino, func(n *ondisk.Inode, _ []byte) { n.SetSize((end + 1) * uint64(m.c.bs)) })
}

// addInlineEntry adds an entry to a directory that is in its inode, or, where there is no room, makes it one with a block.
func (m *mender) addInlineEntry(ino ondisk.Ino, e name) error {
	done := false
	var names []name
	parent := ondisk.Ino(ondisk.RootIno)
	err := m.inlineData(ino, func(_ *ondisk.Inode, d ondisk.InlineData) {
		if p := d.Parent(); m.c.findDir(p) >= 0 {
			parent = p
		}
		for _, area := range d.Areas() {
			if !done && len(area) >= ondisk.DirentSizeMin {
				done, _ = ondisk.InsertDirent(area, 0, e.ino, e.text, e.kind)
			}
			for k := range ondisk.Dirents(area) {
				if k.Ino != 0 {
					names = append(names, name{ino: k.Ino, kind: k.Type, text: append([]byte(nil), k.Name...)})
				}
			}
		}
	})
	if err != nil || done {
		return err
	}
	return m.outline(ino, parent, append(names, e))
}

// outline makes a directory that is in its inode one with a block.
func (m *mender) outline(ino, parent ondisk.Ino, names []name) error {
	_, _, seed, err := m.getInode(ino)
	if err != nil {
		return err
	}
	b, err := m.allocateBlock()
	if err != nil {
		return err
	}
	dots := m.dots(ino, parent)
	leaf, left := m.leafOf(seed, append(dots[:], names...))
	if len(left) > 0 {
		return errNoRoom
	}
	if err := m.put(b, leaf); err != nil {
		return err
	}
	err = m.inode(ino, func(n *ondisk.Inode, slot []byte) {
		list, _ := m.bodyList(n, slot)
		kept := list[:0]
		for _, x := range list {
			if !x.Is(ondisk.XattrSystem, ondisk.XattrInlineDataName) {
				kept = append(kept, x)
			}
		}
		ondisk.PutBodyXattrs(slot[n.XattrStart(len(slot)):], kept)
		n.Flags &^= ondisk.InodeInlineData
		m.emptyMap(n)
		n.SetSize(uint64(m.c.bs))
	})
	if err != nil {
		return err
	}
	return m.plantCounted(ino, []mapRun{{0, b, 1, false}})
}

// setParent makes a directory name the one with its entry as its parent.
func (m *mender) setParent(f *Finding) error {
	if m.done[task{action: Reconnect, ino: f.Place.Ino}] {
		return nil
	}
	return m.nameParent(f.Place.Ino, ondisk.Ino(f.Repair.Want))
}

// nameParent sets what a directory says of its parent.
func (m *mender) nameParent(ino, parent ondisk.Ino) error {
	n, _, seed, err := m.getInode(ino)
	if err != nil {
		return err
	}
	if n.Has(ondisk.InodeInlineData) {
		return m.inlineData(ino, func(_ *ondisk.Inode, d ondisk.InlineData) { d.SetParent(parent) })
	}
	runs, err := m.fileRuns(ino)
	if err != nil {
		return err
	}
	if len(runs) == 0 {
		return errNoRoom
	}
	var fault error
	err = m.block(runs[0].start, func(b []byte) {
		if fault = putParent(b, parent); fault != nil {
			return
		}
		_, leaf := ondisk.DirTailOf(b)
		switch {
		case !m.c.csum:
		case leaf:
			ondisk.SetDirTail(seed, b)
		default:
			ondisk.DxRootNode(b).SetCsum(seed)
		}
	})
	if err != nil {
		return err
	}
	return fault
}

// putParent sets the inode of the second entry of a directory's first block.
func putParent(b []byte, parent ondisk.Ino) error {
	d, err := ondisk.DirentAt(b, 0)
	if err != nil {
		return err
	}
	if d, err = ondisk.DirentAt(b, d.Len); err != nil {
		return err
	}
	if string(d.Name) != ".." {
		return errNoRoom
	}
	putLE32(b[d.Off:], uint32(parent))
	return nil
}
