package lockdep

import "extant/sched"

// step is an edge of a path with the way in which the path uses it.
type step struct {
	edge *edge
	way  way
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
func (g *graph) strongPath(start *node, taken sched.Mode, goal *node, heldShared bool, allowed func(*edge) bool) []step {
	s := &g.scratch
	s.queue = s.queue[:0]
	clear(s.seen[0])
	clear(s.seen[1])
	s.push(visit{node: start, weak: !start.blocks(true, taken), from: -1})
	for i := 0; i < len(s.queue); i++ {
		for _, e := range s.queue[i].node.out {
			if e.to != goal && !g.reach[e.to.id].has(goal.id) || !allowed(e) {
				continue
			}
			if end := s.expand(i, e, goal, heldShared); end >= 0 {
				return s.path(end)
			}
		}
	}
	return nil
}

// expand follows e from visit i in every way it was seen. It returns the index of the visit that ends
// the search, or -1.
func (s *search) expand(i int, e *edge, goal *node, heldShared bool) int {
	for k := range wayCount {
		w := wayAt(k)
		if e.ways&(1<<k) == 0 || s.queue[i].weak && w.shared {
			continue
		}
		v := visit{node: e.to, weak: !e.to.blocks(true, w.taken), via: step{e, w}, from: i}
		if e.to != goal {
			s.push(v)
			continue
		}
		if !v.weak || !heldShared {
			s.queue = append(s.queue, v)
			return len(s.queue) - 1
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
	gates []*node // locks that two of the steps always hold, if no cycle without such was found
	event bool    // some step follows only from who fires an event
}

// cycleThrough returns a circle that the given use of e closes, nil if it closes none. It prefers circles
// that no event is part of, and among them such as no gate keeps from happening.
func (g *graph) cycleThrough(e *edge, w way) *cycle {
	if !g.reach[e.to.id].has(e.from.id) {
		return nil
	}
	for _, events := range []bool{false, true} {
		if e.event && !events {
			continue
		}
		c := g.cycleAmong(step{e, w}, func(x *edge) bool { return events || !x.event })
		if c != nil {
			c.event = events
			return c
		}
	}
	return nil
}

func (g *graph) cycleAmong(first step, allowed func(*edge) bool) *cycle {
	e := first.edge
	find := func(allowed func(*edge) bool) *cycle {
		path := g.strongPath(e.to, first.way.taken, e.from, first.way.shared, allowed)
		if path == nil {
			return nil
		}
		return &cycle{steps: append([]step{first}, path...)}
	}
	gated := find(allowed)
	if gated == nil {
		return nil
	}
	// Tasks that hold a common gate are never at their steps at once. Look for a way around: first
	// without whatever shares a gate with the newest step, then without each gate that turned up.
	barred := append([]*node(nil), e.gates...)
	for c := gated; ; {
		gates := c.commonGates()
		if len(gates) == 0 {
			return c
		}
		grown := union(barred, gates)
		if c != gated && len(grown) == len(barred) {
			break
		}
		barred = grown
		c = find(func(x *edge) bool { return allowed(x) && !overlap(x.gates, barred) })
		if c == nil {
			break
		}
	}
	gated.gates = gated.commonGates()
	return gated
}

// commonGates returns the gates that two or more steps of c have.
func (c *cycle) commonGates() []*node {
	var once, twice []*node
	for _, s := range c.steps {
		for _, n := range s.edge.gates {
			if overlap(once, []*node{n}) {
				twice = union(twice, []*node{n})
			}
		}
		once = union(once, s.edge.gates)
	}
	return twice
}

// overlap says whether a and b, in any order, have a node in common.
func overlap(a, b []*node) bool {
	for _, x := range a {
		for _, y := range b {
			if x == y {
				return true
			}
		}
	}
	return false
}

// union returns the nodes of a followed by those of b that are not in a.
func union(a, b []*node) []*node {
	all := append([]*node(nil), a...)
	for _, n := range b {
		if !overlap(a, []*node{n}) {
			all = append(all, n)
		}
	}
	return all
}
