package fsck

import (
	"extant/sched"
)

// run calls do for every unit from 0 to n-1, in ascending order of their starts, with the worker of the task that does it. One unit, or
// one task, needs no task of its own. Afterwards the findings of all workers are the checker's.
func (c *checker) each(phase string, n int, do func(w *worker, unit int)) error {
	tasks := min(c.o.Workers, n)
	c.hire(max(tasks, 1))
	var next sched.Int64
	work := func(w *worker) {
		for {
			unit := int(next.Add(1)) - 1
			if unit >= n || c.ctx.Err() != nil {
				return
			}
			c.tell(Progress{phase, unit, n})
			do(w, unit)
		}
	}
	if tasks == 1 {
		work(c.workers[0])
	} else {
		c.together(tasks, work)
	}
	for _, w := range c.workers {
		c.findings.take(&w.findings)
		if w.err != nil {
			return w.err
		}
	}
	return c.ctx.Err()
}

// together runs work in several tasks.
func (c *checker) together(tasks int, work func(*worker)) {
	var wg sched.WaitGroup
	for _, w := range c.workers[:tasks] {
		wg.Go("fsck", func() { work(w) })
	}
	wg.Wait()
}

// hire makes sure that there are n workers.
func (c *checker) hire(n int) {
	for len(c.workers) < n {
		w := &worker{c: c}
		w.findings.max = c.o.FindingsMax
		w.used, w.dup = newBlockSet(&c.sb), newBlockSet(&c.sb)
		c.workers = append(c.workers, w)
	}
}

func (c *checker) tell(p Progress) {
	if c.o.Progress == nil {
		return
	}
	c.progress.Lock()
	defer c.progress.Unlock()
	c.o.Progress(p)
}

// A worker is the part of a check's state that belongs to one task.
type worker struct {
	findings

	c   *checker
	err error // that ends the check

	used  blockSet // claimed by files that this worker looked at
	dup   blockSet // of those, more than once
	nodes blockSet // blocks that were followed as nodes of maps

	refs   []refGroup // references to inodes, by group
	links  []dirLink
	xrefs  []xattrRef
	values []valueRef
	spent  [quotaKinds]map[uint32]spent
	usage  Usage

	shared     bool   // something was met twice
	sharedRead uint64 // blocks of directories read that others claim, too

	file     fileState
	entry    entryState
	table    []byte // of inodes
	block    []byte // directory blocks
	nodeBufs [nodeLevels][]byte
	slot     []byte
}

// buf returns a slice of n bytes, from *b where it is large enough.
func buf(b *[]byte, n int) []byte {
	if cap(*b) < n {
		*b = make([]byte, n)
	}
	return (*b)[:n]
}
