package lockdep

import (
	"fmt"

	"extant/sched"
)

// node is a class at a nesting level: what dependencies are between.
type node struct {
	id      int
	class   string
	level   int
	name    string // class, followed by "/level" unless that is 0
	kind    kind
	wait    sched.WaitType
	writers []*sighting // how it is taken exclusively; only gates count
	out, in []*edge
	use     []contextUse // by context, in order of their first appearance
}

// contextUse is a set of ways a lock was used with regard to one context.
type contextUse uint8

const (
	insideExclusive contextUse = 1 << iota
	insideShared
	acrossExclusive // held where the context may be entered
	acrossShared
)

// wayCount is how many kinds of dependency there are: two ways to hold times three ways to take.
const wayCount = 6

// way is how the first lock of a dependency was held and the second one taken. The kernel's four
// kinds are these six with Exclusive and Shared taken together as N.
type way struct {
	shared bool       // held Shared or Recursive
	taken  sched.Mode // how the second lock was taken
}

func (w way) index() int {
	i := int(w.taken)
	if w.shared {
		i += wayCount / 2
	}
	return i
}

func wayAt(i int) way {
	return way{shared: i >= wayCount/2, taken: sched.Mode(i % (wayCount / 2))}
}

// String returns the kernel's name of the kind: S or E for how the first is held, R or N for whether
// the second was taken as a recursive reader.
func (w way) String() string {
	s := "EN"
	if w.taken == sched.Recursive {
		s = "ER"
	}
	if w.shared {
		s = "S" + s[1:]
	}
	return s
}

// edge is a dependency: to was taken while from was held.
type edge struct {
	from, to *node
	seen     [wayCount][]*sighting // by way.index
	event    bool                  // follows only from who fires an event, never from holding a lock
	declared bool                  // the declared order was asked
}

// site is where and by whom something was first done.
type site struct {
	task  string // name, empty for a goroutine that sched did not start
	id    uint64 // goroutine number, 0 if it was not asked for
	stack stack
	text  []string // frames of another process, instead of stack
}

// graph is the dependencies seen so far, with their transitive closure. The closure answers in one
// step whether a new edge can close any cycle at all, so only edges within a cycle cost a search.
type graph struct {
	nodes    []*node
	byName   map[string]*node
	edges    map[[2]int]*edge
	contexts []*node
	reach    []bits // reach[i] has j if a path leads from i to j
	coreach  []bits // its transpose
	from, to bits   // room for close
	scratch  search
}

func newGraph() *graph {
	return &graph{byName: make(map[string]*node), edges: make(map[[2]int]*edge)}
}

// node returns the node of a class and level. If there is none, it makes one of kind k.
func (g *graph) node(class string, level int, k kind, wait sched.WaitType) *node {
	name := nodeName(class, level)
	if n := g.byName[name]; n != nil {
		return n
	}
	n := &node{id: len(g.nodes), class: class, level: level, name: name, kind: k, wait: wait}
	g.nodes = append(g.nodes, n)
	g.byName[name] = n
	g.reach = append(g.reach, nil)
	g.coreach = append(g.coreach, nil)
	if k == contextKind {
		g.contexts = append(g.contexts, n)
	}
	return n
}

func nodeName(class string, level int) string {
	if level == 0 {
		return class
	}
	return fmt.Sprintf("%s/%d", class, level)
}

// dependency is one observation of an edge.
type dependency struct {
	from, to *node
	event    bool
	sighting sighting
}

// add puts d into the graph. It says whether that may have closed a circle that was not there before,
// because the edge is new, is seen in a new way, or is held back by less.
func (g *graph) add(d dependency) (e *edge, changed bool) {
	key := [2]int{d.from.id, d.to.id}
	e = g.edges[key]
	if e == nil {
		e = &edge{from: d.from, to: d.to, event: d.event}
		g.edges[key] = e
		d.from.out = append(d.from.out, e)
		d.to.in = append(d.to.in, e)
		g.close(d.from.id, d.to.id)
	}
	changed = e.event && !d.event
	e.event = e.event && d.event
	return e, minimal(&e.seen[d.sighting.way.index()], d.sighting) || changed
}

// close extends the closure by a path from u to v.
func (g *graph) close(u, v int) {
	if g.reach[u].has(v) {
		return
	}
	from := append(g.from[:0], g.coreach[u]...)
	from.set(u)
	to := append(g.to[:0], g.reach[v]...)
	to.set(v)
	for x := range from.all() {
		if !g.reach[x].has(v) { // else it leads to all that v leads to
			g.reach[x].or(to)
		}
	}
	for y := range to.all() {
		if !g.coreach[y].has(u) {
			g.coreach[y].or(from)
		}
	}
	g.from, g.to = from, to
}

// blocks says whether one who takes n as taken has to wait for one who holds it as held, possibly
// because of a writer that waits in between.
func (n *node) blocks(heldShared bool, taken sched.Mode) bool {
	switch {
	case !heldShared || taken == sched.Exclusive:
		return true
	case taken == sched.Shared:
		return len(n.writers) > 0
	}
	return false
}
