package lockdep

import (
	"runtime"
	"slices"
	"sync"

	"extant/sched"
)

// waitGraph is who waits for what, and what those who wait hold. Only a task that blocks is in it, so it
// costs nothing where nothing is contended; and since a deadlock consists of blocked tasks alone, the
// last one to block finds it at once.
type waitGraph struct {
	mu sync.Mutex
	// +checklocks:mu
	holders map[*sched.Object][]hold
	// +checklocks:mu
	waiters map[*sched.Object][]*blocked
}

// blocked is a task that waits. It does not change while it is in a waitGraph.
type blocked struct {
	task  string
	obj   *sched.Object
	mode  sched.Mode
	held  []held
	ends  *sched.Object
	stack stack
}

// hold is what a blocked task has of an object.
type hold struct {
	by   *blocked
	mode sched.Mode
	slot uint32 // as in held
	lock bool   // slot is valid
}

func (g *waitGraph) init() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.holders = make(map[*sched.Object][]hold)
	g.waiters = make(map[*sched.Object][]*blocked)
}

// block waits until t has o in the given mode, by calling wait. Before that it looks whether those who have
// to act first wait for t. try does what wait does if that needs no waiting.
func (g *waitGraph) block(v *Validator, t *task, o *sched.Object, mode sched.Mode, try func() bool, wait func()) {
	b := &blocked{
		task: t.label(), obj: o, mode: mode, held: slices.Clone(t.held), ends: t.ends, stack: callers(3),
	}
	g.enter(b)
	defer g.leave(b)
	if circle := g.circle(b); circle != nil {
		got, stuck := g.confirm(circle, try)
		if got {
			return
		}
		if stuck {
			v.deliver(v.deadlock(circle))
		}
	}
	wait()
}

// enter puts b into the graph.
func (g *waitGraph) enter(b *blocked) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiters[b.obj] = append(g.waiters[b.obj], b)
	for i := range b.held {
		if h := &b.held[i]; h.kind == lockKind {
			g.holders[h.obj] = append(g.holders[h.obj], hold{b, h.mode, h.slot, true})
		}
	}
	if b.ends != nil {
		g.holders[b.ends] = append(g.holders[b.ends], hold{by: b})
	}
}

// leave takes b out of the graph.
func (g *waitGraph) leave(b *blocked) {
	g.mu.Lock()
	defer g.mu.Unlock()
	without(g.waiters, b.obj, func(w *blocked) bool { return w == b })
	for i := range b.held {
		without(g.holders, b.held[i].obj, func(h hold) bool { return h.by == b })
	}
	without(g.holders, b.ends, func(h hold) bool { return h.by == b })
}

// without takes what drop says out of the list at o, and the list out of m if it is then empty.
func without[E any](m map[*sched.Object][]E, o *sched.Object, drop func(E) bool) {
	list := slices.DeleteFunc(m[o], drop)
	if len(list) == 0 {
		delete(m, o)
		return
	}
	m[o] = list
}

// circle returns blocked tasks of which each waits for the next and the last for the first, which is
// b. It returns nil if there are none.
func (g *waitGraph) circle(b *blocked) []*blocked {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.wayTo(b, b, make(map[*blocked]bool))
}

// wayTo returns a sequence of tasks from w to the one that waits for goal, nil if there is none. It leaves out
// the visited ones and adds those it visits.
//
// +checklocks:g.mu
func (g *waitGraph) wayTo(goal, w *blocked, visited map[*blocked]bool) []*blocked {
	visited[w] = true
	for _, next := range g.before(w) {
		if next == goal {
			return []*blocked{w}
		}
		if visited[next] {
			continue
		}
		if rest := g.wayTo(goal, next, visited); rest != nil {
			return append([]*blocked{w}, rest...)
		}
	}
	return nil
}

// before returns the blocked tasks that have to act before w can go on.
//
// +checklocks:g.mu
func (g *waitGraph) before(w *blocked) []*blocked {
	var first []*blocked
	for _, h := range g.holders[w.obj] {
		stale := h.lock && h.slot != uint32(w.obj.Slot())
		if !stale && (h.mode == sched.Exclusive || w.mode == sched.Exclusive) {
			first = append(first, h.by)
		}
	}
	if w.mode == sched.Shared {
		for _, writer := range g.waiters[w.obj] {
			if writer.mode == sched.Exclusive {
				first = append(first, writer)
			}
		}
	}
	return first
}

// confirmTries is how often a circle's newest member tries in vain before the circle is believed: a
// writer that is in the graph already may yet have to announce itself to the lock.
const confirmTries = 100

// confirm says whether the circle's newest member could go on after all, and if not, whether all members
// are where they were.
func (g *waitGraph) confirm(circle []*blocked, try func() bool) (got, stuck bool) {
	for range confirmTries {
		if try() {
			return true, false
		}
		runtime.Gosched()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, b := range circle {
		if !slices.Contains(g.waiters[b.obj], b) {
			return false, false
		}
	}
	return false, true
}
