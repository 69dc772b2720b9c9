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
	list []*Inode
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
		n.queued = true
		q.list = append(q.list, n)
	}
}

// take takes the first inode out; nil where there is none.
func (q *dirtyQueue) take() *Inode {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.list) == 0 {
		return nil
	}
	n := q.list[0]
	q.list = q.list[1:]
	n.queued = false
	return n
}

// length is the number of inodes that wait.
func (q *dirtyQueue) length() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.list)
}

// flushOne writes back the inode that has waited longest, and says whether there was one. Where that fails the inode waits on.
func (fs *FS) flushOne() (bool, error) {
	n := fs.files.queue.take()
	if n == nil {
		return false, nil
	}
	err := n.writeback(0, fileEnd)
	if n.pages.IsDirty() {
		fs.files.queue.add(n)
	}
	return true, err
}

// flushData writes back all inodes that wait now. It goes on after an error, and returns the first.
func (fs *FS) flushData() error {
	var first error
	for range fs.files.queue.length() {
		more, err := fs.flushOne()
		if first == nil {
			first = err
		}
		if !more {
			break
		}
	}
	return first
}

// throttle makes a writer write back where too much is dirty. No handle is open and no folio is locked.
func (fs *FS) throttle() error {
	for range fs.files.queue.lengthIf(fs.files.pool.Dirty() >= fs.files.pool.DirtyMax()) {
		if fs.files.pool.Dirty() < fs.files.pool.DirtyMax()*3/4 {
			return nil
		}
		if _, err := fs.flushOne(); err != nil {
			return err
		}
	}
	return nil
}

// lengthIf is length, or 0 if over is false.
func (q *dirtyQueue) lengthIf(over bool) int {
	if !over {
		return 0
	}
	return q.length()
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
