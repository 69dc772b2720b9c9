package lab

import (
	"slices"

	"extant/sched"
)

// task is what the kernel calls current: one thread inside the kernel.
type task struct {
	*fs
	name     string
	handles  int         // journal_info: handles that are open, each within the one before
	writes   []byteWrite // what the task has written, in order
	resident bool        // the buffer of write(2) is in memory
	excused  bool        // the task may fail: something was made to fail, or the file was truncated
}

// byteWrite is one byte that a task began to write, and whether that succeeded.
type byteWrite struct {
	pos  int
	val  byte
	done bool
}

// begins notes that the task is about to write val to n bytes from pos on.
func (t *task) begins(pos, n int, val byte) {
	for i := range n {
		t.writes = append(t.writes, byteWrite{pos: pos + i, val: val})
	}
}

// succeeded notes that all the task has begun to write is written.
func (t *task) succeeded() {
	var bits uint64
	for i := range t.writes {
		t.writes[i].done = true
		bits |= 1 << t.writes[i].pos
	}
	t.written.Set(bits)
}

// fails says whether the operation named site is to fail this time.
func (t *task) fails(site string) bool {
	if !slices.Contains(t.sites, site) || !sched.Fault(site) {
		return false
	}
	t.excused = true
	return true
}
