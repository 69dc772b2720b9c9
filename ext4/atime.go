package ext4

import (
	"cmp"
	"slices"
	"syscall"
	"time"

	"extant/internal/journal"
	"extant/internal/ondisk"
	"extant/sched"
)

// lazyTimes are the inodes whose times are newer in memory than in the table. They stay in memory until they are written.
type lazyTimes struct {
	mu sched.Mutex
	// +checklocks:mu
	inodes map[ondisk.Ino]*Inode
}

var classLazy = &sched.Class{Name: "lazy-times", Doc: "which inodes have times that are not in their slots yet", Wait: sched.Spinning}

func (l *lazyTimes) init() {
	l.mu.Init(classLazy)
	l.mu.Lock()
	l.inodes = map[ondisk.Ino]*Inode{}
	l.mu.Unlock()
}

func (l *lazyTimes) add(n *Inode) {
	l.mu.Lock()
	l.inodes[n.ino] = n
	l.mu.Unlock()
}

// take empties the list and returns it by ascending number.
func (l *lazyTimes) take() []*Inode {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := make([]*Inode, 0, len(l.inodes))
	for _, n := range l.inodes {
		list = append(list, n)
	}
	clear(l.inodes)
	slices.SortFunc(list, func(a, b *Inode) int { return cmp.Compare(a.ino, b.ino) })
	return list
}

// writeTimes writes the times that are only in memory.
func (w *writer) writeTimes() error {
	for _, n := range w.lazy.take() {
		err := w.do(slotCredits, func(h *journal.Handle) error { return n.update(h, (*edit).alive) })
		if err != nil && err != syscall.ESTALE {
			return err
		}
	}
	return nil
}

// accessed sets i_atime after a read, where the policy of the mount says so. No lock is held. That it cannot be set is no fault of the
// read, so there is no error.
func (n *Inode) accessed() {
	w := n.fs.rw.Load()
	if w == nil || !w.atimeDue(n.core()) || !w.write.tryEnter() {
		return
	}
	defer w.leave()
	if w.refuses() != nil {
		return
	}
	now := w.now()
	set := func(e *edit) error {
		e.SetAccessed(now)
		return e.alive()
	}
	if w.o.LazyTime {
		if n.touch(set) == nil {
			w.lazy.add(n)
		}
		return
	}
	_ = w.do(slotCredits, func(h *journal.Handle) error { return n.update(h, set) })
}

// alive is syscall.ESTALE for an inode that was freed, the slot of which is another's by now, perhaps. It is asked by who has no lock that keeps the
// inode from being freed.
func (e *edit) alive() error {
	if e.gone {
		return syscall.ESTALE
	}
	return nil
}

// touch changes the slot in memory alone.
func (n *Inode) touch(change func(*edit) error) error {
	n.state.Lock()
	defer n.state.Unlock()
	c, err := n.changed(change)
	if err == nil {
		n.now.Store(c)
	}
	return err
}

const atimeAgeMax = 24 * time.Hour

// atimeDue reports whether a read now is to be seen in i_atime.
func (w *writer) atimeDue(c *core) bool {
	if c.gone || c.disk.Flags&(ondisk.InodeNoAtime|ondisk.InodeImmutable) != 0 {
		return false
	}
	switch w.o.ATime {
	case NoATime:
		return false
	case StrictATime:
		return true
	}
	at := c.disk.Accessed()
	return !at.After(c.disk.Modified()) || !at.After(c.disk.Changed()) || w.now().Sub(at) >= atimeAgeMax
}
