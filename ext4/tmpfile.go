package ext4

import (
	"extant/internal/journal"
	"extant/internal/ondisk"
)

// Tmpfile makes a regular file without a name, as if it were in the directory. It is returned held, and freed by the last Release unless Link
// has given it a name.
func (n *Inode) Tmpfile(a NewAttr) (*Inode, error) {
	w, err := n.fs.enter()
	if err != nil {
		return nil, err
	}
	defer w.leave()
	a.Mode = a.Mode&^ondisk.ModeFmt | ondisk.ModeRegular
	child, err := n.tmpfileLocked(w, &creation{NewAttr: a})
	return child, n.fs.judge(err)
}

func (n *Inode) tmpfileLocked(w *writer, c *creation) (*Inode, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.mayAdd(); err != nil {
		return nil, err
	}
	if err := n.inherit(c); err != nil {
		return nil, err
	}
	if err := w.quotas.ready(n.childIDs(c)); err != nil {
		return nil, err
	}
	var child *Inode
	err := w.do(createCredits, func(h *journal.Handle) error {
		var err error
		if child, err = n.newChild(w, h, c); err != nil {
			return err
		}
		return child.disown(w, h, nil)
	})
	if err != nil {
		if child != nil && undone(err) {
			child.evict(w)
		}
		return nil, err
	}
	child.state.Lock()
	child.holds++
	child.nameless = true
	child.state.Unlock()
	return child, nil
}

// linkable reports whether an inode without a name may get one.
func (n *Inode) linkable() bool {
	n.state.Lock()
	defer n.state.Unlock()
	return n.nameless
}
