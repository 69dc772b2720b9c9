package lockdep

import (
	"slices"

	"extant/sched"
)

// step is an edge of a path, as it was once seen.
type step struct {
	edge *edge
	*sighting
}

// visit is a node reached by a search: weak if it was reached in a way that no shared holder blocks.
type visit struct {
	node *node
	weak bool
	via  step
	from int // index of the visit it was reached from, or -1
}

// search is the memory that searches use one after the other.
type search struct {
	queue []visit
	seen  [2]bits // by weakness
}

// strongPath returns the shortest path of allowed edges from start to goal along which everyone who
// takes a lock is blocked by the one who holds it next: start is first taken as taken, and goal is
// held by the last as held says. It returns nil if there is none.
//
// A path that is not strong has a reader who took a lock recursively, or that no writer ever takes, and
// goes on with one who holds the lock shared. Neither waits for the other.
func (g *graph) strongPath(start *node, taken sched.Mode, goal *node, heldShared bool, allowed func(step) bool) []step {
	s := &g.scratch
	s.queue = s.queue[:0]
	clear(s.seen[0])
	clear(s.seen[1])
	s.push(visit{node: start, weak: !start.blocks(true, taken), from: -1})
	for i := 0; i < len(s.queue); i++ {
		for _, e := range s.queue[i].node.out {
			if e.to != goal && !g.reach[e.to.id].has(goal.id) {
				continue
			}
			if end := s.expand(i, e, goal, heldShared, allowed); end >= 0 {
				return s.path(end)
			}
		}
	}
	return nil
}

// expand follows e from visit i in every way it was seen. It returns the index of the visit that ends
// the search, or -1.
func (s *search) expand(i int, e *edge, goal *node, heldShared bool, allowed func(step) bool) int {
	for k := range e.seen {
		w := wayAt(k)
		if s.queue[i].weak && w.shared {
			continue
		}
		weak := !e.to.blocks(true, w.taken)
		if e.to == goal && weak && heldShared {
			continue
		}
		for _, seen := range e.seen[k] {
			via := step{e, seen}
			if !allowed(via) {
				continue
			}
			v := visit{node: e.to, weak: weak, via: via, from: i}
			if e.to == goal {
				s.queue = append(s.queue, v)
				return len(s.queue) - 1
			}
			s.push(v)
		}
	}
	return -1
}

func (s *search) push(v visit) {
	seen := &s.seen[0]
	if v.weak {
		seen = &s.seen[1]
	}
	// What can be reached weakly can be reached strongly.
	if seen.has(v.node.id) || s.seen[0].has(v.node.id) {
		return
	}
	seen.set(v.node.id)
	s.queue = append(s.queue, v)
}

func (s *search) path(end int) []step {
	var steps []step
	for i := end; s.queue[i].from >= 0; i = s.queue[i].from {
		steps = append(steps, s.queue[i].via)
	}
	for i, j := 0, len(steps)-1; i < j; i, j = i+1, j-1 {
		steps[i], steps[j] = steps[j], steps[i]
	}
	return steps
}

// cycle is a circle of dependencies, each of whose tasks would wait for the next: the first step is
// the newest dependency, the others lead from its end back to its beginning.
type cycle struct {
	steps []step
	gates []*node // classes that keep two of the tasks apart, if no circle without such was found
	event bool    // some step follows only from who fires an event
}

// cycleThrough returns a circle that the given step closes, nil if it closes none. It prefers circles
// that no event is part of, and among them such as no gate keeps from happening.
func (g *graph) cycleThrough(first step) *cycle {
	e := first.edge
	if e.from == e.to {
		if !e.from.blocks(first.way.shared, first.way.taken) {
			return nil
		}
		c := &cycle{steps: []step{first}, event: e.event}
		c.gates = c.commonGates()
		return c
	}
	if !g.reach[e.to.id].has(e.from.id) {
		return nil
	}
	for _, events := range []bool{false, true} {
		if e.event && !events {
			continue
		}
		c := g.cycleAmong(first, func(s step) bool { return events || !s.edge.event })
		if c != nil {
			c.event = events
			return c
		}
	}
	return nil
}

// cycleAmong returns a circle of allowed steps that first closes. It looks first for one that has no
// gates: without whatever shares a gate with first, then without each gate that turns up.
func (g *graph) cycleAmong(first step, allowed func(step) bool) *cycle {
	barred := slices.Clone(first.gates)
	for {
		c := g.find(first, func(s step) bool { return allowed(s) && excludes(s.gates, barred) == nil })
		if c == nil {
			break
		}
		gates := c.commonGates()
		if len(gates) == 0 {
			return c
		}
		before := len(barred)
		for _, n := range gates {
			if x := (gate{n, true}); !slices.Contains(barred, x) {
				barred = append(barred, x)
			}
		}
		if len(barred) == before {
			break
		}
	}
	c := g.find(first, allowed)
	if c != nil {
		c.gates = c.commonGates()
	}
	return c
}

func (g *graph) find(first step, allowed func(step) bool) *cycle {
	path := g.strongPath(first.edge.to, first.way.taken, first.edge.from, first.way.shared, allowed)
	if path == nil {
		return nil
	}
	return &cycle{steps: append([]step{first}, path...)}
}

// commonGates returns the classes by which tasks of c keep each other out. A reader that a waiting writer
// stops needs such a writer, who is one more task.
func (c *cycle) commonGates() []*node {
	var gates []*node
	add := func(n *node) {
		if n != nil && !slices.Contains(gates, n) {
			gates = append(gates, n)
		}
	}
	for i, s := range c.steps {
		for _, other := range c.steps[:i] {
			add(excludes(s.gates, other.gates))
		}
		next := c.steps[(i+1)%len(c.steps)]
		if s.way.taken == sched.Shared && next.way.shared {
			add(c.excludesWriters(s.edge.to))
		}
	}
	return gates
}

// excludesWriters returns nil if some writer of n can wait for it while all steps are in their places,
// else a class that keeps one from it.
func (c *cycle) excludesWriters(n *node) *node {
	var by *node
	for _, writer := range n.writers {
		free := true
		for _, s := range c.steps {
			if x := excludes(s.gates, writer.gates); x != nil {
				by, free = x, false
			}
		}
		if free {
			return nil
		}
	}
	return by
}
