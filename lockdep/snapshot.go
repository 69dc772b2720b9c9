package lockdep

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"extant/sched"
)

// Graph is the dependencies that one or more validators have seen. It outlives them: graphs of several runs
// and processes are merged, so that orders that never met in one program meet here.
type Graph struct {
	Nodes []GraphNode
	Edges []GraphEdge
}

// GraphNode is a class at a nesting level.
type GraphNode struct {
	Name  string // class, followed by "/level" unless that is 0
	Class string
	Level int
	Kind  string // lock, pseudo, context or event
	Spin  bool   // holders must not sleep

	// Writers is what was held where it was taken exclusively: all sets that are no superset of
	// another.
	Writers [][]GraphGate
}

// GraphEdge is a dependency: To was taken while From was held.
type GraphEdge struct {
	From, To string
	Event    bool // known only from who fires an event
	Ways     []GraphWay
}

// GraphWay is one way in which a dependency was seen.
type GraphWay struct {
	Held  string      // exclusive or shared
	Taken string      // exclusive, shared or recursive
	Gates []GraphGate // all locks that were held
	Task  string
	Stack []string // where To was first taken so, innermost first
}

// GraphGate is a lock that was held besides.
type GraphGate struct {
	Name      string
	Exclusive bool
}

var kindNames = []string{lockKind: "lock", pseudoKind: "pseudo", contextKind: "context", eventKind: "event"}

// Graph returns what v has seen so far, sorted by name.
func (v *Validator) Graph() *Graph {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.graph.snapshot()
}

// Load makes v judge new dependencies together with those of g, as if it had seen g itself.
func (v *Validator) Load(g *Graph) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.graph.load(g, func(step) {})
}

func (g *graph) snapshot() *Graph {
	s := &Graph{}
	for _, n := range g.nodes {
		x := GraphNode{
			Name: n.name, Class: n.class, Level: n.level, Kind: kindNames[n.kind], Spin: n.wait == sched.Spinning,
		}
		for _, held := range n.writers {
			x.Writers = append(x.Writers, snapshotGates(held.gates))
		}
		s.Nodes = append(s.Nodes, x)
	}
	for _, e := range g.edges {
		s.Edges = append(s.Edges, e.snapshot())
	}
	s.sort()
	return s
}

func (e *edge) snapshot() GraphEdge {
	x := GraphEdge{From: e.from.name, To: e.to.name, Event: e.event}
	for _, list := range e.seen {
		for _, s := range list {
			x.Ways = append(x.Ways, s.snapshot())
		}
	}
	return x
}

func (s *sighting) snapshot() GraphWay {
	held := sched.Exclusive
	if s.way.shared {
		held = sched.Shared
	}
	return GraphWay{
		Held: held.String(), Taken: s.way.taken.String(), Gates: snapshotGates(s.gates),
		Task: label(s.site.task, s.site.id), Stack: s.site.frames(),
	}
}

func snapshotGates(gates []gate) []GraphGate {
	all := []GraphGate{}
	for _, x := range gates {
		all = append(all, GraphGate{x.node.name, x.exclusive})
	}
	slices.SortFunc(all, func(a, b GraphGate) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

func (g *Graph) sort() {
	slices.SortFunc(g.Nodes, func(a, b GraphNode) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(g.Edges, func(a, b GraphEdge) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
}

// load adds s to g and calls each with everything that was seen of s, once all of it is there.
func (g *graph) load(s *Graph, each func(step)) error {
	for _, n := range s.Nodes {
		if err := g.loadNode(n); err != nil {
			return err
		}
	}
	for _, n := range s.Nodes {
		for _, held := range n.Writers {
			gates, err := g.loadGates(held)
			if err != nil {
				return err
			}
			minimal(&g.byName[n.Name].writers, sighting{gates: gates})
		}
	}
	var steps []step
	for _, x := range s.Edges {
		for _, w := range x.Ways {
			e, err := g.loadWay(x, w)
			if err != nil {
				return err
			}
			steps = append(steps, e)
		}
	}
	for _, e := range steps {
		each(e)
	}
	return nil
}

func (g *graph) loadNode(n GraphNode) error {
	k := slices.Index(kindNames, n.Kind)
	if k < 0 || n.Level < 0 || n.Level >= sched.LevelsMax || n.Name != nodeName(n.Class, n.Level) {
		return fmt.Errorf("node %q: kind %q and level %d make no sense", n.Name, n.Kind, n.Level)
	}
	wait := sched.Sleeping
	if n.Spin {
		wait = sched.Spinning
	}
	g.node(n.Class, n.Level, kind(k), wait)
	return nil
}

func (g *graph) loadWay(x GraphEdge, w GraphWay) (step, error) {
	from, to := g.byName[x.From], g.byName[x.To]
	taken := slices.Index([]string{sched.Exclusive.String(), sched.Shared.String(), sched.Recursive.String()}, w.Taken)
	shared := w.Held == sched.Shared.String()
	if from == nil || to == nil || taken < 0 || !shared && w.Held != sched.Exclusive.String() {
		return step{}, fmt.Errorf("edge %q to %q, held %q and taken %q, makes no sense", x.From, x.To, w.Held, w.Taken)
	}
	gates, err := g.loadGates(w.Gates)
	if err != nil {
		return step{}, err
	}
	s := sighting{
		way: way{shared: shared, taken: sched.Mode(taken)}, gates: gates,
		site: &site{task: w.Task, text: append([]string{}, w.Stack...)},
	}
	e, _ := g.add(dependency{from: from, to: to, event: x.Event, sighting: s})
	return step{e, &s}, nil
}

func (g *graph) loadGates(held []GraphGate) ([]gate, error) {
	var gates []gate
	for _, x := range held {
		n := g.byName[x.Name]
		if n == nil {
			return nil, fmt.Errorf("gate %q is no node", x.Name)
		}
		gates = append(gates, gate{n, x.Exclusive})
	}
	slices.SortFunc(gates, compareGates)
	return gates, nil
}

// Merge adds what h has seen to g.
func (g *Graph) Merge(h *Graph) error {
	both := newGraph()
	for _, s := range []*Graph{g, h} {
		if err := both.load(s, func(step) {}); err != nil {
			return err
		}
	}
	*g = *both.snapshot()
	return nil
}

// Cycles returns a report for every circle of g that can be found from one of its dependencies. Those
// through events are among them.
func (g *Graph) Cycles() ([]*Report, error) {
	x := newGraph()
	var found []*Report
	known := make(map[string]bool)
	err := x.load(g, func(s step) {
		c := x.cycleThrough(s)
		if c == nil {
			return
		}
		r := &Report{Kind: Circular, Task: label(s.site.task, s.site.id), Stack: s.site.frames()}
		x.describe(r, c)
		if id := r.identity(); !known[id] {
			known[id] = true
			found = append(found, r)
		}
	})
	return found, err
}

// Encode writes g as JSON, the same for the same graph.
func (g *Graph) Encode(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "\t")
	return e.Encode(g)
}

// DecodeGraph reads what Encode wrote.
func DecodeGraph(r io.Reader) (*Graph, error) {
	g := &Graph{}
	if err := json.NewDecoder(r).Decode(g); err != nil {
		return nil, fmt.Errorf("lock graph: %w", err)
	}
	return g, newGraph().load(g, func(step) {})
}
