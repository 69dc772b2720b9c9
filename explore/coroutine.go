package explore

import "iter"

// coroutines is the fast back end: each task runs on a coroutine, and coroutines serve one task after the
// other, in this execution and the next. Switching makes order between tasks that the race detector
// takes for the program's, so under it nothing is a race.
//
// A task whose turn is over resumes the next one itself, from within its wait, unless that one is waiting for it in
// the same way; then it yields. So two tasks that take turns cost one switch a turn, and no more than two are needed.
type coroutines struct {
	e    *engine
	idle []*coroutine
	all  []*coroutine
}

type coroutine struct {
	next  func() (struct{}, bool)
	stop  func()
	yield func(struct{}) bool
	task  *task // nil if none is being served
}

func (*coroutines) inline() bool { return true }
func (*coroutines) begin()       {}
func (*coroutines) finish()      {}
func (*coroutines) look()        {}
func (*coroutines) launch(*task) {}
func (*coroutines) drop(*task)   {}

func (b *coroutines) close() {
	for _, c := range b.all {
		c.stop()
	}
}

func (b *coroutines) resume(t *task) (ended bool) {
	c := t.carry
	if c == nil {
		c = b.find()
		c.task, t.carry = t, c
	}
	c.next()
	if c.task == nil {
		t.carry = nil
		b.idle = append(b.idle, c)
		return true
	}
	return false
}

func (b *coroutines) park(t *task) {
	e := b.e
	for e.chosen != nil && !e.chosen.resuming {
		if e.chosen == t {
			e.cur, e.decided = t, false
			return
		}
		e.decided, t.resuming = false, true
		e.resume(e.chosen)
		t.resuming = false
		if !e.decided {
			e.chosen, e.decided = e.next(), true
		}
	}
	if !t.carry.yield(struct{}{}) {
		e.dying = true // the back end is being closed in the middle of an execution
		panic(abandoned{})
	}
}

// find returns a coroutine that serves nobody.
func (b *coroutines) find() *coroutine {
	if n := len(b.idle); n > 0 {
		c := b.idle[n-1]
		b.idle = b.idle[:n-1]
		return c
	}
	c := &coroutine{}
	c.next, c.stop = iter.Pull(func(yield func(struct{}) bool) {
		c.yield = yield
		for {
			b.e.run(c.task)
			c.task = nil
			if !yield(struct{}{}) {
				return
			}
		}
	})
	b.all = append(b.all, c)
	return c
}
