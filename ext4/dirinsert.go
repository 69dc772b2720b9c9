package ext4

import (
	"syscall"

	"extant/internal/buffer"
	"extant/internal/journal"
	"extant/internal/ondisk"
)

// addEntry adds a name to a directory that does not have it. mu is held exclusively. syscall.ENOSPC leaves the directory as it was, or
// with a block more that is empty.
func (n *Inode) addEntry(h *journal.Handle, m *nameMatch, ino ondisk.Ino, kind uint8) error {
	n.mu.AssertHeld()
	if !n.fs.sb.HasIncompat(ondisk.IncompatFileType) {
		kind = ondisk.FileUnknown
	}
	e := newEntry{m.name, ino, kind}
	if n.inline() {
		done, err := n.addInline(h, e)
		if done || err != nil {
			return err
		}
		if err := n.spillDir(h); err != nil {
			return err
		}
	}
	if n.indexed() {
		return n.addIndexed(h, m, e)
	}
	return n.addLinear(h, m, e)
}

// newEntry is an entry that is to be added.
type newEntry struct {
	name []byte
	ino  ondisk.Ino
	kind uint8
}

// dirTail is how many bytes at the end of a directory block are not for entries.
func (l *layout) dirTail() int {
	if l.csum {
		return ondisk.DirTailSize
	}
	return 0
}

// accessDir says that block fb of the directory is about to be changed.
func (n *Inode) accessDir(h *journal.Handle, fb uint64) (*buffer.Buffer, []byte, error) {
	b, err := n.dirBlockPlace(fb)
	if err != nil {
		return nil, nil, err
	}
	return n.fs.access(h, "directory block", b)
}

// growDir adds a block of zeros at the end of the directory. That it has no entries yet is for the caller to change.
func (n *Inode) growDir(h *journal.Handle) (fb uint64, buf *buffer.Buffer, data []byte, err error) {
	fb = n.blocksOfSize()
	most := uint64(ondisk.FileBlocksMax)
	if !n.fs.bigDirs() {
		most = 1 << 31 >> n.fs.blockBits
	}
	if fb >= most {
		return 0, nil, nil, syscall.ENOSPC
	}
	b, _, err := n.mapBlock(h, ondisk.FileBlock(fb), true)
	if err != nil {
		return 0, nil, nil, err
	}
	if buf, data, err = n.fs.create(h, "directory block", b); err != nil {
		return 0, nil, nil, err
	}
	err = n.update(h, func(e *edit) error {
		e.size = int64(fb+1) << n.fs.blockBits
		return nil
	})
	return fb, buf, data, err
}

// finishLeaf writes the checksum of a block with entries, and gives it to the journal.
func (n *Inode) finishLeaf(h *journal.Handle, buf *buffer.Buffer, data []byte) {
	if n.fs.csum {
		ondisk.SetDirTail(n.core().seed, data)
	}
	h.Dirty(buf)
}

// finishNode does that for a block of the index.
func (n *Inode) finishNode(h *journal.Handle, buf *buffer.Buffer, node ondisk.DxNode) {
	if n.fs.csum {
		node.SetCsum(n.core().seed)
	}
	h.Dirty(buf)
}

// addAt adds an entry to block fb at byte off, where DirentRoom found room.
func (n *Inode) addAt(h *journal.Handle, fb uint64, off int, e newEntry) error {
	buf, data, err := n.accessDir(h, fb)
	if err != nil {
		return err
	}
	if err := ondisk.PutDirent(data, off, e.ino, e.name, e.kind); err != nil {
		return ondisk.Locate(err, n.ino, buf.Block())
	}
	n.finishLeaf(h, buf, data)
	return nil
}

// addLinear adds an entry to a directory without an index, which it gets when its first block is full.
func (n *Inode) addLinear(h *journal.Handle, m *nameMatch, e newEntry) error {
	blocks := n.blocksOfSize()
	for fb := range blocks {
		data, err := n.dirBlock(fb)
		if err != nil {
			return err
		}
		off, err := ondisk.DirentRoom(data, n.fs.dirTail(), len(e.name))
		switch {
		case err != nil:
			return ondisk.Locate(err, n.ino, 0)
		case off >= 0:
			return n.addAt(h, fb, off, e)
		}
	}
	if blocks == 1 && n.fs.sb.HasCompat(ondisk.CompatDirIndex) {
		if err := n.makeIndex(h); err != nil {
			return err
		}
		return n.addIndexed(h, m, e)
	}
	_, buf, data, err := n.growDir(h)
	if err != nil {
		return err
	}
	ondisk.NewDirWriter(data, n.fs.dirTail()).Add(e.ino, e.name, e.kind)
	n.finishLeaf(h, buf, data)
	return nil
}

// removeEntry takes an entry out of a directory, which find found. mu is held exclusively.
func (n *Inode) removeEntry(h *journal.Handle, at entryPlace) error {
	n.mu.AssertHeld()
	if n.inline() {
		return n.editInlineArea(h, at.base, func(area []byte) error { return ondisk.RemoveDirent(area, at.off) })
	}
	buf, data, err := n.accessDir(h, uint64(at.base)>>n.fs.blockBits)
	if err != nil {
		return err
	}
	if err := ondisk.RemoveDirent(data, at.off); err != nil {
		return ondisk.Locate(err, n.ino, buf.Block())
	}
	n.finishLeaf(h, buf, data)
	return nil
}

// replaceEntry makes an entry that find found name another inode. mu is held exclusively.
func (n *Inode) replaceEntry(h *journal.Handle, at entryPlace, ino ondisk.Ino, kind uint8) error {
	n.mu.AssertHeld()
	if !n.fs.sb.HasIncompat(ondisk.IncompatFileType) {
		kind = ondisk.FileUnknown
	}
	if n.inline() {
		return n.editInlineArea(h, at.base, func(area []byte) error { return ondisk.RenameDirent(area, at.off, ino, kind) })
	}
	buf, data, err := n.accessDir(h, uint64(at.base)>>n.fs.blockBits)
	if err != nil {
		return err
	}
	if err := ondisk.RenameDirent(data, at.off, ino, kind); err != nil {
		return ondisk.Locate(err, n.ino, buf.Block())
	}
	n.finishDirBlock(h, buf, data, uint64(at.base)>>n.fs.blockBits)
	return nil
}

// finishDirBlock is finishLeaf or, in the root of an index, finishNode.
func (n *Inode) finishDirBlock(h *journal.Handle, buf *buffer.Buffer, data []byte, fb uint64) {
	if fb == 0 && n.indexed() {
		n.finishNode(h, buf, ondisk.DxRootNode(data))
		return
	}
	n.finishLeaf(h, buf, data)
}

// setParent makes ".." of a directory name another one. mu is held exclusively.
func (n *Inode) setParent(h *journal.Handle, parent ondisk.Ino) error {
	if n.inline() {
		return n.update(h, func(e *edit) error {
			d, err := e.inlineData()
			if err == nil {
				d.SetParent(parent)
			}
			return ondisk.Locate(err, n.ino, 0)
		})
	}
	at, err := n.find(&nameMatch{name: []byte("..")})
	if err != nil {
		return err
	}
	if at.ino == 0 {
		return n.corrupt("directory", "no entry \"..\"")
	}
	return n.replaceEntry(h, at, parent, ondisk.FileDir)
}

// parent is the inode number that ".." has.
func (n *Inode) parent() (ondisk.Ino, error) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.lookupLocked("..")
}

// empty reports whether a directory has no entries but "." and "..". mu is held.
func (n *Inode) empty() (bool, error) {
	for area, err := range n.dirAreas(0) {
		if err != nil {
			return false, err
		}
		for d, err := range ondisk.Dirents(area.data) {
			if err != nil {
				return false, ondisk.Locate(err, n.ino, 0)
			}
			if d.Ino != 0 && !isDot(d.Name) {
				return false, nil
			}
		}
	}
	return true, nil
}
