// Package guarded is read by the analyzer checklocks: every function named good is right and every
// one named bad is not.
package guarded

import "extant/sched"

type box struct {
	mu sched.Mutex
	// +checklocks:mu
	n int

	rw sched.RWMutex
	// +checklocks:rw
	m int

	page sched.HandoffMutex
	// +checklocks:page
	p int
}

func (b *box) goodMutex() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.n
}

func (b *box) goodNested(o *box) {
	b.mu.Lock()
	o.mu.NestedLock(sched.Level(1))
	b.n, o.n = o.n, b.n
	o.mu.Unlock()
	b.mu.Unlock()
}

func (b *box) goodRead() int {
	b.rw.RLock()
	defer b.rw.RUnlock()
	return b.m
}

func (b *box) goodWrite() {
	b.rw.Lock()
	b.m++
	b.rw.Unlock()
}

func (b *box) goodPage() {
	b.page.Lock()
	b.p++
	b.page.Unlock()
}

func (b *box) badUnlocked() int {
	return b.n
}

func (b *box) badWriteUnderRead() {
	b.rw.RLock()
	b.m++
	b.rw.RUnlock()
}

func (b *box) badStillHeld(early bool) {
	b.mu.Lock()
	if early {
		return
	}
	b.mu.Unlock()
}
