package ext4

import (
	"syscall"

	"extant/internal/journal"
)

// Fsync returns when the file, its data and what it takes to find that, is durable. It writes back this file's data, and waits for
// the transaction that changed the inode last, if that is not durable yet.
func (n *Inode) Fsync() error { return n.sync(false) }

// Fdatasync is Fsync that does not care whether times are durable.
func (n *Inode) Fdatasync() error { return n.sync(true) }

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

// writeBack writes the data of all files to the device. Nobody else is needed for it.
func (fs *FS) writeBack(*writer) error { return fs.flushData() }

// dropCache forgets what is cached of an inode that is being freed. Nobody uses it any more: there is no reason to keep others from the folios, and
// invalidate must not be taken under freeze-internal, which writeback enters below it.
func (n *Inode) dropCache() {
	if n.content == nil {
		return
	}
	n.dropFolios(0, fileEnd)
	n.giveUpAhead(n.w)
}

// beforeJournalData brings the data of the file home, so that it can go another way from now on. The inode's lock is held.
func (n *Inode) beforeJournalData(w *writer) error {
	if n.content == nil {
		return nil
	}
	if err := n.writeback(0, fileEnd); err != nil {
		return err
	}
	return w.journal.Flush()
}
