package lockdep

import (
	"fmt"
	"slices"
	"strings"

	"extant/sched"
)

// acquisition returns the entry of o, as t would hold it once it has taken it now.
func (v *Validator) acquisition(t *task, o *sched.Object, k kind, mode sched.Mode, n sched.Nest) held {
	if o.Class() == nil {
		o.Adopt(v.namedClass("unclassed:" + callerSite()))
	}
	a := held{obj: o, mode: mode, kind: k, level: uint8(n.Level()), slot: uint32(o.Slot())}
	if key, ok := n.Key(); ok {
		a.order = key
		a.flags |= keyed
	}
	a.chain = extend(t.tip(), a.describe())
	return a
}

// namedClass returns the one class of the given name for objects that their program gave none.
func (v *Validator) namedClass(name string) *sched.Class {
	v.mu.Lock()
	defer v.mu.Unlock()
	c := v.unclassed[name]
	if c == nil {
		c = &sched.Class{Name: name}
		v.unclassed[name] = c
	}
	return c
}

// callerSite returns the file and line of the innermost caller outside of this package and sched.
func callerSite() string {
	f := callers(1).program()
	if len(f) == 0 {
		return "unknown"
	}
	file := f[0].File
	if i := strings.LastIndexByte(file, '/'); i >= 0 {
		file = file[i+1:]
	}
	return fmt.Sprintf("%s:%d", file, f[0].Line)
}

// check validates that t may take a now: at once if the chain is known, else by learning from it. It
// may change what t and a say of the chain.
func (v *Validator) check(t *task, a *held) {
	if a.flags&keyed != 0 && a.flags&try == 0 {
		v.deliver(v.checkOrder(t, a))
	}
	if v.seen.has(a.chain) {
		return
	}
	v.deliver(v.learn(t, a))
}

// push notes that t holds a.
func (v *Validator) push(t *task, a held) {
	a.slot = uint32(a.obj.Slot())
	v.countLock(t, &a)
	*t.grow() = a
}

// pop notes that t no longer holds its entry i.
func (v *Validator) pop(t *task, i int) {
	v.countHold(t, &t.held[i])
	t.remove(i)
}

// checkOrder reports a if t holds a lock of its class and level with a key that is not less. An entry
// without key is learn's business.
func (v *Validator) checkOrder(t *task, a *held) []*Report {
	for i := range t.held {
		h := &t.held[i]
		if h.obj.Class() != a.obj.Class() || h.level != a.level || h.flags&keyed == 0 || h.order < a.order {
			continue
		}
		if h.slot != uint32(h.obj.Slot()) {
			continue // another task has released it
		}
		v.mu.Lock()
		defer v.mu.Unlock()
		r := v.newReport(WrongKey, t, a)
		r.With = v.holding(h)
		r.Keys = [2]uint64{h.order, a.order}
		return []*Report{r}
	}
	return nil
}

// learn takes in the new chain that ends in a, and returns what is wrong with it.
func (v *Validator) learn(t *task, a *held) []*Report {
	v.mu.Lock()
	defer v.mu.Unlock()
	at := callers(2)
	t.identify(at)
	v.dropReleased(t)
	a.chain = extend(t.tip(), a.describe())
	if v.seen.has(a.chain) {
		return nil
	}
	s := &site{task: t.name, id: t.id, stack: at}
	v.sites[a.chain] = s
	n := v.node(a)
	found := v.learnUse(t, a, n)
	if a.flags&try == 0 {
		for i := len(t.held) - 1; i >= 0; i-- {
			found = append(found, v.learnPair(t, i, a, n, s)...)
		}
	}
	v.seen.add(a.chain)
	return found
}

// dropReleased removes the locks that other tasks have released.
func (v *Validator) dropReleased(t *task) {
	stale := func(h held) bool { return h.kind == lockKind && h.slot != uint32(h.obj.Slot()) }
	if slices.ContainsFunc(t.held, stale) {
		t.held = slices.DeleteFunc(t.held, stale)
		t.rekey(0)
		t.forgetTimes()
	}
}

// node returns the node of what h is an entry of.
//
// +checklocks:v.mu
func (v *Validator) node(h *held) *node {
	c := h.obj.Class()
	key := classLevel{c.ID(), h.level}
	if n := v.classes[key]; n != nil {
		return n
	}
	n := v.graph.node(c.Name, int(h.level), h.kind, c.Wait)
	v.classes[key] = n
	return n
}

// learnUse notes in which contexts and how a's class is used.
//
// +checklocks:v.mu
func (v *Validator) learnUse(t *task, a *held, n *node) []*Report {
	var found []*Report
	if a.mode == sched.Exclusive && a.flags&try == 0 && minimal(&n.writers, sighting{gates: v.gates(t)}) {
		found = v.recheckReaders(t, a, n)
	}
	for i := range t.held {
		h := &t.held[i]
		switch {
		case a.kind == contextKind:
			v.node(h).used(v.graph.contextIndex(n), acrossExclusive, h.mode)
		case h.kind == contextKind:
			n.used(v.graph.contextIndex(v.node(h)), insideExclusive, a.mode)
		}
	}
	return found
}

func (g *graph) contextIndex(n *node) int { return slices.Index(g.contexts, n) }

// used notes a use of n with regard to context i: how, or the next value if n was not held
// exclusively.
func (n *node) used(i int, how contextUse, mode sched.Mode) {
	for len(n.use) <= i {
		n.use = append(n.use, 0)
	}
	if mode != sched.Exclusive {
		how <<= 1
	}
	n.use[i] |= how
}

// recheckReaders looks for circles that were none as long as n had only readers.
//
// +checklocks:v.mu
func (v *Validator) recheckReaders(t *task, a *held, n *node) []*Report {
	var found []*Report
	for _, e := range n.in {
		for k, seen := range e.seen {
			if wayAt(k).taken != sched.Shared {
				continue
			}
			for _, s := range seen {
				found = append(found, v.judge(t, a, step{e, s})...)
			}
		}
	}
	return found
}

// learnPair takes in that t takes a while it holds its entry i.
//
// +checklocks:v.mu
func (v *Validator) learnPair(t *task, i int, a *held, n *node, at *site) []*Report {
	h := &t.held[i]
	hn := v.node(h)
	var found []*Report
	if hn.wait == sched.Spinning && (n.wait == sched.Sleeping && a.kind == lockKind || a.kind == eventKind) {
		found = append(found, v.pairReport(WaitContext, t, h, a))
	}
	if hn == n && h.flags&a.flags&keyed != 0 && h.obj.Class().Ordered {
		return found
	}
	s := sighting{way: way{shared: h.mode != sched.Exclusive, taken: a.mode}, gates: v.gates(t), site: at}
	e, changed := v.graph.add(dependency{
		from: hn, to: n, event: h.kind == eventKind || a.kind == eventKind, sighting: s,
	})
	if !e.declared && v.cfg.Order != nil && !v.cfg.Order.allows(e) {
		found = append(found, v.pairReport(Undeclared, t, h, a))
	}
	e.declared = true
	if changed {
		found = append(found, v.judge(t, a, step{e, &s})...)
	}
	return found
}

// gates returns, sorted, the locks that t holds.
//
// +checklocks:v.mu
func (v *Validator) gates(t *task) []gate {
	var gates []gate
	for k := range t.held {
		if h := &t.held[k]; h.kind == lockKind {
			gates = append(gates, gate{v.node(h), h.mode == sched.Exclusive})
		}
	}
	slices.SortFunc(gates, compareGates)
	return gates
}

// judge returns a report if s is part of a circle.
//
// +checklocks:v.mu
func (v *Validator) judge(t *task, a *held, s step) []*Report {
	if s.edge.event && !v.cfg.Events {
		return nil
	}
	c := v.graph.cycleThrough(s)
	if c == nil {
		return nil
	}
	return []*Report{v.cycleReport(t, a, c)}
}
