package ext4

import (
	"extant/internal/ondisk"
	"extant/internal/page"
	"extant/sched"
)

// dirtyQueue holds the inodes with dirty folios, in the order in which they got their first. It keeps them in memory.
type dirtyQueue struct {
	mu sched.Mutex
	// +checklocks:mu
	oldest, newest *Inode // ends of a chain: see content
	// +checklocks:mu
	length int
	// +checklocks:mu
	round int // of the flusher
}

var classDirtyQueue = &sched.Class{Name: "dirty-queue", Doc: "which inodes have dirty folios", Wait: sched.Spinning}

// makeDirty makes a locked folio dirty. What is dirty is written back some time.
func (n *Inode) makeDirty(f *page.Folio) {
	if f.SetDirty() {
		n.fs.files.queue.add(n)
	}
}

// add puts an inode at the end, unless it is there.
func (q *dirtyQueue) add(n *Inode) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !n.queued {
		q.appendLocked(n)
	}
}

// appendLocked puts an inode that is not in the chain at its end.
//
// +checklocks:q.mu
func (q *dirtyQueue) appendLocked(n *Inode) {
	n.queued, n.queuedIn, n.older, n.newer = true, q.round, q.newest, nil
	if q.newest == nil {
		q.oldest = n
	} else {
		q.newest.newer = n
	}
	q.newest = n
	q.length++
}

// removeLocked takes an inode out of the chain.
//
// +checklocks:q.mu
func (q *dirtyQueue) removeLocked(n *Inode) {
	if n.older == nil {
		q.oldest = n.newer
	} else {
		n.older.newer = n.newer
	}
	if n.newer == nil {
		q.newest = n.older
	} else {
		n.newer.older = n.older
	}
	n.queued, n.older, n.newer = false, nil, nil
	q.length--
}

// waiting is a copy of the list.
func (q *dirtyQueue) waiting() []*Inode {
	q.mu.Lock()
	defer q.mu.Unlock()
	list := make([]*Inode, 0, q.length)
	for n := q.oldest; n != nil; n = n.newer {
		list = append(list, n)
	}
	return list
}

// count is how many wait.
func (q *dirtyQueue) count() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.length
}

// first is the inode that has waited longest, and how many rounds of the flusher; nil where there is none.
func (q *dirtyQueue) first() (n *Inode, rounds int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.oldest == nil {
		return nil, 0
	}
	return q.oldest, q.round - q.oldest.queuedIn
}

// written takes out an inode that was written back, unless it is dirty again: then it goes to the end.
func (q *dirtyQueue) written(n *Inode) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !n.queued {
		return
	}
	q.removeLocked(n)
	if n.pages.IsDirty() {
		q.appendLocked(n)
	}
}

// flush writes an inode back. Until that is done it stays in the list, so that others wait for it.
func (fs *FS) flush(n *Inode) error {
	err := n.writeback(0, fileEnd)
	fs.files.queue.written(n)
	return err
}

// flushData writes back all inodes that wait now. It goes on after an error, and returns the first.
func (fs *FS) flushData() error {
	var first error
	for _, n := range fs.files.queue.waiting() {
		if err := fs.flush(n); first == nil {
			first = err
		}
	}
	return first
}

// throttle makes a writer write back where too much is dirty. No handle is open and no folio is locked.
func (fs *FS) throttle() error {
	pool := fs.files.pool
	dirty := pool.Dirty()
	if dirty >= pool.DirtyMax()/2 {
		fs.files.flusher.ask()
	}
	if dirty < pool.DirtyMax() {
		return nil
	}
	for range fs.files.queue.count() {
		n, _ := fs.files.queue.first()
		if n == nil || pool.Dirty() < pool.DirtyMax()*3/4 {
			return nil
		}
		if err := fs.flush(n); err != nil {
			return err
		}
	}
	return nil
}

// findSpace tries to free space for a writer that found none: what was freed is free once it is committed. It says whether trying again makes
// sense. No handle is open and no folio is locked.
func (fs *FS) findSpace(try int) bool {
	if try >= spaceTries {
		return false
	}
	again, err := fs.rw.Load().alloc.Retry()
	return again && err == nil
}

// spaceTries is how often a writer looks for space again.
const spaceTries = 3

// fileEnd is a file block that no file has, and none behind it.
const fileEnd = ondisk.FileBlocksMax
