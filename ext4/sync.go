package ext4

import (
	"syscall"

	"extant/internal/journal"
)

// Fsync returns when the file, its data and what it takes to find that, is durable. It writes back this file's data, and waits for
// the transaction that changed the inode last, if that is not durable yet.
func (n *Inode) Fsync() error { return n.fs.judge(n.sync(false)) }

// Fdatasync is Fsync that does not care whether times are durable.
func (n *Inode) Fdatasync() error { return n.fs.judge(n.sync(true)) }

func (n *Inode) sync(dataOnly bool) error {
	if n.content == nil {
		return n.syncMeta(dataOnly)
	}
	if err := n.writeback(0, fileEnd); err != nil {
		return err
	}
	return n.syncMeta(dataOnly)
}

// syncMeta waits until the last change of the inode is durable.
func (n *Inode) syncMeta(dataOnly bool) error {
	w := n.fs.rw.Load()
	if w == nil {
		return nil
	}
	if err := w.refuses(); err == syscall.EIO {
		return err
	}
	tid := &n.changedIn
	if dataOnly {
		tid = &n.dataIn
	}
	return w.journal.Sync(journal.TID(tid.Load()))
}

// dropCache forgets what is cached of an inode that is being freed. Nobody uses it any more: there is no reason to keep others from the folios, and
// invalidate must not be taken under freeze-internal, which writeback enters below it.
func (n *Inode) dropCache() {
	if n.content == nil {
		return
	}
	n.dropFolios(0, fileEnd)
	n.giveUpAhead(n.w)
}

// changeWay brings the data of the file home and changes the flags of diff, after which data goes another way: through the journal, or past it.
// Meanwhile nothing is stored through a mapping and nobody writes back, for who does either looks more than once which way it is. The inode's lock is
// held.
func (n *Inode) changeWay(w *writer, diff uint32) error {
	n.invalidate.Lock()
	defer n.invalidate.Unlock()
	n.writepages.Lock()
	defer n.writepages.Unlock()
	if err := n.writebackLocked(0, fileEnd); err != nil {
		return err
	}
	if err := w.journal.Flush(); err != nil {
		return err
	}
	return n.flipFlags(w, diff)
}
