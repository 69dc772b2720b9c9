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
	Wrote bool   // it was taken exclusively
}

// GraphEdge is a dependency: To was taken while From was held.
type GraphEdge struct {
	From, To string
	Event    bool     // known only from who fires an event
	Gates    []string // other locks that were held exclusively every time, sorted
	Ways     []GraphWay
}

// GraphWay is one way in which a dependency was seen.
type GraphWay struct {
	Held  string // exclusive or shared
	Taken string // exclusive, shared or recursive
	Task  string
	Stack []string // where To was first taken so, innermost first
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
	return v.graph.load(g, func(*edge, way) {})
}

func (g *graph) snapshot() *Graph {
	s := &Graph{}
	for _, n := range g.nodes {
		s.Nodes = append(s.Nodes, GraphNode{
			Name: n.name, Class: n.class, Level: n.level, Kind: kindNames[n.kind],
			Spin: n.wait == sched.Spinning, Wrote: n.writer,
		})
	}
	for _, e := range g.edges {
		s.Edges = append(s.Edges, e.snapshot())
	}
	s.sort()
	return s
}

func (e *edge) snapshot() GraphEdge {
	x := GraphEdge{From: e.from.name, To: e.to.name, Event: e.event}
	for _, n := range e.gates {
		x.Gates = append(x.Gates, n.name)
	}
	slices.Sort(x.Gates)
	for i := range wayCount {
		if e.ways&(1<<i) == 0 {
			continue
		}
		w, s := wayAt(i), e.sites[i]
		held := sched.Exclusive
		if w.shared {
			held = sched.Shared
		}
		x.Ways = append(x.Ways, GraphWay{Held: held.String(), Taken: w.taken.String(), Task: label(s.task, s.id), Stack: s.frames()})
	}
	return x
}

func (g *Graph) sort() {
	slices.SortFunc(g.Nodes, func(a, b GraphNode) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(g.Edges, func(a, b GraphEdge) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
}

// load adds s to g and calls each with every way of every edge of s, once all of s is there.
func (g *graph) load(s *Graph, each func(*edge, way)) error {
	for _, n := range s.Nodes {
		if err := g.loadNode(n); err != nil {
			return err
		}
	}
	type use struct {
		edge *edge
		way  way
	}
	var uses []use
	for _, x := range s.Edges {
		for _, w := range x.Ways {
			e, way, err := g.loadWay(x, w)
			if err != nil {
				return err
			}
			uses = append(uses, use{e, way})
		}
	}
	for _, u := range uses {
		each(u.edge, u.way)
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
	x := g.node(n.Class, n.Level, kind(k), wait)
	x.writer = x.writer || n.Wrote
	return nil
}

func (g *graph) loadWay(x GraphEdge, w GraphWay) (*edge, way, error) {
	from, to := g.byName[x.From], g.byName[x.To]
	taken := slices.Index([]string{sched.Exclusive.String(), sched.Shared.String(), sched.Recursive.String()}, w.Taken)
	shared := w.Held == sched.Shared.String()
	if from == nil || to == nil || taken < 0 || !shared && w.Held != sched.Exclusive.String() {
		return nil, way{}, fmt.Errorf("edge %q to %q, held %q and taken %q, makes no sense", x.From, x.To, w.Held, w.Taken)
	}
	d := dependency{
		from: from, to: to, way: way{shared: shared, taken: sched.Mode(taken)}, event: x.Event,
		site: &site{task: w.Task, text: append([]string{}, w.Stack...)},
	}
	for _, name := range x.Gates {
		n := g.byName[name]
		if n == nil {
			return nil, way{}, fmt.Errorf("edge %q to %q: gate %q is no node", x.From, x.To, name)
		}
		d.gates = append(d.gates, n)
	}
	slices.SortFunc(d.gates, func(a, b *node) int { return a.id - b.id })
	e, _ := g.add(d)
	return e, d.way, nil
}

// Merge adds what h has seen to g.
func (g *Graph) Merge(h *Graph) error {
	both := newGraph()
	for _, s := range []*Graph{g, h} {
		if err := both.load(s, func(*edge, way) {}); err != nil {
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
	err := x.load(g, func(e *edge, w way) {
		c := x.cycleThrough(e, w)
		if e.from == e.to && e.from.blocks(w.shared, w.taken) {
			c = &cycle{steps: []step{{e, w}}, event: e.event}
		}
		if c == nil || e.from == e.to && len(c.steps) > 1 {
			return
		}
		s := e.sites[w.index()]
		r := &Report{Kind: Circular, Task: label(s.task, s.id), Stack: s.frames()}
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
	return g, newGraph().load(g, func(*edge, way) {})
}
