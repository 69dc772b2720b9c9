package ext4

import (
	"iter"

	"extant/internal/journal"
	"extant/internal/ondisk"
)

// IndexLookup is Lookup by the index alone: it does not fall back to looking through the directory.
func (n *Inode) IndexLookup(name string) (ondisk.Ino, error) {
	m, err := n.matcher(name)
	if err != nil {
		return 0, err
	}
	at, err := n.indexFind(m)
	return at.ino, err
}

// IndexLevels is the number of levels of nodes below the root of a directory's index.
func (n *Inode) IndexLevels() (int, error) {
	root, _, err := n.indexRoot()
	return int(root.IndirectLevels), err
}

// FastSlots are the slots of the inodes that fast commits lie over.
func (fs *FS) FastSlots() map[ondisk.Ino][]byte {
	if fs.fast == nil {
		return nil
	}
	return fs.fast.slots
}

// WithFastCommits is the file system with the records of fast commits laid over it.
func (fs *FS) WithFastCommits(records iter.Seq2[ondisk.FastCommitRecord, error]) (*FS, error) {
	after := newFS(fs.layout, fs.view, Options{CacheBytes: 1 << 20})
	var err error
	after.fast, err = after.readFastCommits(records)
	return after, err
}

// FillHoles is what Fallocate does once it has written a range back: whoever stores to it meanwhile does so before this.
func (n *Inode) FillHoles(first, end uint64) error {
	_, err := n.fillSome(first, end, 0, false)
	return err
}

// DropCache takes the clean folios of the file out of the cache.
func (n *Inode) DropCache() {
	n.invalidate.Lock()
	defer n.invalidate.Unlock()
	n.dropFolios(0, fileEnd)
}

// QuotaPending is what quotas count of an inode beyond its slot, in bytes.
func (n *Inode) QuotaPending() int64 {
	q := n.quotas()
	if q == nil {
		return 0
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return n.quota.pending()
}

// QuotaPromised is what quotas count of a user beyond his entry, in bytes.
func (fs *FS) QuotaPromised(kind ondisk.QuotaKind, id uint32) int64 {
	q := fs.rw.Load().quotas
	if q == nil {
		return 0
	}
	d, err := q.users[kind].Get(id)
	if err != nil {
		panic(err)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return d.promised
}

// OvertakenGrowth makes an inode blocks larger and gives it to another user, as two tasks might at once: what the growth means for quotas is
// passed on after what the other owner does.
func (n *Inode) OvertakenGrowth(blocks int64, uid uint32) error {
	w := n.fs.rw.Load()
	return w.do(2*slotCredits, func(h *journal.Handle) error {
		old := n.core()
		if err := n.touch(func(e *edit) error { return n.fs.addBlocks(&e.Inode, blocks) }); err != nil {
			return err
		}
		grown := n.core()
		err := n.update(h, func(e *edit) error {
			e.SetOwner(uid, e.GID())
			return nil
		})
		if err != nil {
			return err
		}
		return w.quotas.changed(h, n, old, grown)
	})
}

// ForgetInode has the next who asks for an inode load another. Nobody uses the one there is any more.
func (fs *FS) ForgetInode(ino ondisk.Ino) { fs.inodes.Drop(ino) }

// PlaceOf is the place of a name in a directory that is read in the order of hashes, and Places those of names that are read together.
func PlaceOf(h ondisk.NameHash) Cookie { return orderedAt(h) }

func Places(hashes []ondisk.NameHash, names []string) (at []Cookie) {
	var list []orderedDirent
	for i, h := range hashes {
		list = append(list, orderedDirent{Dirent: ondisk.Dirent{Name: []byte(names[i])}, at: orderedAt(h)})
	}
	placeDirents(list)
	for _, d := range list {
		at = append(at, d.at)
	}
	return at
}

// HalfProtect does what EnableVerity does but for the last step, and makes it durable.
func (n *Inode) HalfProtect() error {
	w := n.fs.rw.Load()
	v, err := n.newVerity(VerityOptions{})
	if err != nil {
		return err
	}
	n.writepages.Lock()
	defer n.writepages.Unlock()
	if err := n.writebackLocked(0, fileEnd); err != nil {
		return err
	}
	if err := n.readyVerity(w, v); err != nil {
		return err
	}
	return w.journal.Force()
}

// ErrNoKey is what changes of what is encrypted end with.
const ErrNoKey = errNoKey

// SyncMeta is Fsync without the data.
func (n *Inode) SyncMeta() error { return n.syncMeta(false) }
