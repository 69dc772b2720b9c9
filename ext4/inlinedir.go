package ext4

import (
	"errors"

	"extant/internal/journal"
	"extant/internal/ondisk"
)

// errInlineFull says that the inode has no room.
var errInlineFull = errors.New("no room in the inode")

// inlineData is what the edited slot holds of the content. What is changed in it changes the slot.
func (e *edit) inlineData() (ondisk.InlineData, error) {
	body, err := ondisk.BodyXattrs(e.slot[e.XattrStart(len(e.slot)):])
	if err != nil {
		return ondisk.InlineData{}, err
	}
	return e.Inode.InlineData(body)
}

// editInlineArea changes the area of an inline directory that has this base.
func (n *Inode) editInlineArea(h *journal.Handle, base Cookie, change func(area []byte) error) error {
	n.xattr.Lock()
	defer n.xattr.Unlock()
	return n.update(h, func(e *edit) error {
		d, err := e.inlineData()
		if err == nil {
			i := 0
			if base != inlineBase(d, 0) {
				i = 1
			}
			err = change(d.Areas()[i])
		}
		return ondisk.Locate(err, n.ino, 0)
	})
}

// addInline adds an entry to an inline directory; false says that it does not fit, even with all the room that the inode has.
func (n *Inode) addInline(h *journal.Handle, e newEntry) (done bool, err error) {
	n.xattr.Lock()
	defer n.xattr.Unlock()
	err = n.update(h, func(ed *edit) error {
		if done, err = ed.insertInline(e); done || err != nil {
			return err
		}
		if err = ed.growInlineDir(); err != nil {
			return err
		}
		done, err = ed.insertInline(e)
		if err == nil && !done {
			return errInlineFull
		}
		return err
	})
	if err == errInlineFull {
		err = nil
	}
	return done, ondisk.Locate(err, n.ino, 0)
}

// insertInline adds an entry to the first area with room for it.
func (e *edit) insertInline(n newEntry) (bool, error) {
	d, err := e.inlineData()
	if err != nil {
		return false, err
	}
	for _, area := range d.Areas() {
		if done, err := ondisk.InsertDirent(area, 0, n.ino, n.name, n.kind); done || err != nil {
			return done, err
		}
	}
	return false, nil
}

// growInlineDir makes the second area as large as the other xattrs leave room for. What it gains is an entry not in use, or belongs to
// the last entry.
func (e *edit) growInlineDir() error {
	d, err := e.inlineData()
	if err != nil {
		return err
	}
	list, err := xattrsBeside(e.slot, &e.Inode)
	if err != nil {
		return err
	}
	room := ondisk.InlineMax(len(e.slot)-e.XattrStart(len(e.slot)), list) - ondisk.IBlockSize
	if room < len(d.Tail)+ondisk.DirentSizeMin {
		return errInlineFull
	}
	tail := make([]byte, room)
	if err := ondisk.ExtendDirArea(tail, copy(tail, d.Tail)); err != nil {
		return err
	}
	list = append(list, ondisk.InlineXattr(tail))
	if !ondisk.PutBodyXattrs(e.slot[e.XattrStart(len(e.slot)):], list) {
		return errInlineFull
	}
	e.size = int64(ondisk.IBlockSize + room)
	return nil
}

// spillDir moves the entries of an inline directory to a block of its own, in which their places are those that their cookies say.
func (n *Inode) spillDir(h *journal.Handle) error {
	c := n.core()
	d, err := c.inlineData()
	if err != nil {
		return ondisk.Locate(err, n.ino, 0)
	}
	if err := n.dropInlineDir(h); err != nil {
		return err
	}
	_, buf, data, err := n.growDir(h)
	if err != nil {
		if undone(err) {
			err = n.restore(h, c, err)
		}
		return err
	}
	w := n.newDir(data, d.Parent())
	for _, area := range d.Areas() {
		if err := w.AddArea(area); err != nil {
			return ondisk.Locate(err, n.ino, 0)
		}
	}
	n.finishLeaf(h, buf, data)
	return nil
}

// dropInlineDir leaves the directory with a map that has nothing in it, and no size.
func (n *Inode) dropInlineDir(h *journal.Handle) error {
	n.xattr.Lock()
	defer n.xattr.Unlock()
	return n.update(h, func(e *edit) error {
		e.size = 0
		return ondisk.Locate(e.dropInline(n.fs.extents()), n.ino, 0)
	})
}

// restore puts back what the slot held, and returns why.
func (n *Inode) restore(h *journal.Handle, c *core, why error) error {
	n.xattr.Lock()
	defer n.xattr.Unlock()
	err := n.update(h, func(e *edit) error {
		e.Inode, e.size = c.disk, c.size
		copy(e.slot, c.slot)
		return nil
	})
	if err != nil {
		return err
	}
	return why
}

// newDir starts the first block of a directory.
func (n *Inode) newDir(block []byte, parent ondisk.Ino) *ondisk.DirWriter {
	kind := uint8(ondisk.FileUnknown)
	if n.fs.sb.HasIncompat(ondisk.IncompatFileType) {
		kind = ondisk.FileDir
	}
	w := ondisk.NewDirWriter(block, n.fs.dirTail())
	w.Add(n.ino, []byte("."), kind)
	w.Add(parent, []byte(".."), kind)
	return w
}
