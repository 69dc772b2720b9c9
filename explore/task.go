package explore

import (
	"math/bits"
	"strconv"
	"strings"

	"extant/sched"
)

// tasksMax is how many tasks an execution may have at once; the number of a task that has ended is used again.
const tasksMax = 64

// task is a task of the current execution.
type task struct {
	identity
	id     int
	serial uint16 // among all tasks of the execution
	st     *sched.Task
	body   func()
	daemon bool

	op    op // announced, or in progress
	begun bool
	ended bool
	woken bool // was notified of a condition

	expiries int // how many more of its waits may end early

	// What the operation in progress returns.
	ok    bool
	value int
	child *task
	fail  bool // the operation is one that must not be: the task is to end

	panicked  any  // what ended the task, if that was a panic
	unchanged bool // the operation announced as an update was none

	carry    *coroutine // runs the task, with the one back end
	resuming bool       // the task waits within the resumption of another, with that one
	thread   *thread    // runs the task, with the other back end

	pcs []uintptr // where the operation was announced, if the execution is traced
}

// identity tells a task from the others.
type identity struct {
	label string // its name, which others may have, too
	nth   int    // among those of its name
}

// name is unique in the execution, and the same in the same schedule.
func (t identity) name() string {
	name := strings.Map(nameRune, t.label)
	if name == "" {
		name = "task"
	}
	if t.nth > 1 {
		return name + "#" + strconv.Itoa(t.nth)
	}
	return name
}

// nameRune replaces what a schedule's text could not contain.
func nameRune(r rune) rune {
	if r <= ' ' || strings.ContainsRune(":=#!'\"`$\\", r) {
		return '-'
	}
	return r
}

// newTask makes a task that has not begun, or returns nil if there are too many.
func (e *engine) newTask(label string, st *sched.Task, body func()) *task {
	id := e.freeID()
	if id < 0 {
		return nil
	}
	t := e.tasks[id]
	if e.created >= tasksMax { // somebody may yet wait for the end of the task that had the number
		t = &task{}
		e.tasks[id] = t
	}
	e.born = append(e.born, identity{label, e.nth(label)})
	*t = task{identity: e.born[e.created], id: id, serial: uint16(e.created), st: st, body: body,
		expiries: e.cfg.Expiries, pcs: t.pcs[:0]}
	t.op.kind = kindStart
	e.live |= 1 << id
	e.created++
	return t
}

// freeID returns the number of a task that is not in use, or -1.
func (e *engine) freeID() int {
	if e.created < tasksMax {
		if e.created == len(e.tasks) {
			e.tasks = append(e.tasks, &task{})
		}
		return e.created
	}
	if e.live == ^uint64(0) {
		return -1
	}
	return bits.TrailingZeros64(^e.live)
}

// nth counts the tasks of that name, the next one included.
func (e *engine) nth(label string) int {
	n := 1
	for _, b := range e.born {
		if b.label == label {
			n++
		}
	}
	return n
}
