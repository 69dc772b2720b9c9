package sched

import "sync"

// Cond is a condition that tasks wait for while holding a Mutex, as sync.Cond is. Its zero value is
// ready once L is set.
type Cond struct {
	L *Mutex // held by the callers of Wait

	obj  Object
	real sync.Cond // L is set under L by the first Wait
}

// NewCond returns a condition on l.
func NewCond(l *Mutex) *Cond { return &Cond{L: l} }

// Init gives c its mutex and class. It is called before c is first used.
func (c *Cond) Init(l *Mutex, cl *Class) {
	c.L = l
	c.obj.init(cl)
}

// Object returns what hooks know c by.
func (c *Cond) Object() *Object { return &c.obj }

// Wait releases c.L, waits for a Signal or Broadcast, and takes c.L again before it returns. The
// condition need not hold then: callers wait in a loop.
func (c *Cond) Wait() {
	if h := hook.Load(); h != nil {
		h.CondWait(c)
		return
	}
	c.wait()
}

// Signal wakes one task that waits for c, if there is one.
func (c *Cond) Signal() { c.announce(false) }

// Broadcast wakes all tasks that wait for c.
func (c *Cond) Broadcast() { c.announce(true) }

func (c *Cond) announce(all bool) {
	if h := hook.Load(); h != nil {
		h.CondNotify(c, all)
		return
	}
	c.notify(all)
}

// wait releases and takes L through L's own methods, so a watching hook sees both.
func (c *Cond) wait() {
	if c.real.L == nil {
		c.real.L = c.L
	}
	c.real.Wait()
}

func (c *Cond) notify(all bool) {
	if all {
		c.real.Broadcast()
		return
	}
	c.real.Signal()
}
