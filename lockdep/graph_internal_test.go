package lockdep

import (
	"math/rand/v2"
	"testing"
)

// TestClosure compares the closure that add keeps with a search from every node.
func TestClosure(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for range 200 {
		g := newGraph()
		n := 2 + r.IntN(100)
		for i := range n {
			g.node(string(rune('A'+i)), 0, lockKind, 0)
		}
		for range r.IntN(2 * n) {
			g.add(dependency{from: g.nodes[r.IntN(n)], to: g.nodes[r.IntN(n)], sighting: sighting{site: &site{}}})
		}
		for _, from := range g.nodes {
			reached := reachable(from)
			for _, to := range g.nodes {
				if got := g.reach[from.id].has(to.id); got != reached[to] || got != g.coreach[to.id].has(from.id) {
					t.Fatalf("%d to %d: closure says %v, search says %v", from.id, to.id, got, reached[to])
				}
			}
		}
	}
}

// reachable returns the nodes that a path of at least one edge leads to.
func reachable(from *node) map[*node]bool {
	reached := make(map[*node]bool)
	for todo := []*node{from}; len(todo) > 0; {
		n := todo[0]
		todo = todo[1:]
		for _, e := range n.out {
			if !reached[e.to] {
				reached[e.to] = true
				todo = append(todo, e.to)
			}
		}
	}
	return reached
}

// TestSightings checks that of sightings that differ in gates only the minimal ones are kept, and no more than
// the bound.
func TestSightings(t *testing.T) {
	g := newGraph()
	a, b := g.node("a", 0, lockKind, 0), g.node("b", 0, lockKind, 0)
	gates := make([]gate, 2*sightingsMax)
	for i := range gates {
		gates[i] = gate{g.node(string(rune('A'+i)), 0, lockKind, 0), true}
	}
	see := func(held ...gate) bool {
		_, changed := g.add(dependency{from: a, to: b, sighting: sighting{gates: held, site: &site{}}})
		return changed
	}
	if !see(gates[0], gates[1]) || see(gates[0], gates[1]) || see(gates[0], gates[1], gates[2]) {
		t.Error("a superset of gates is news")
	}
	if !see(gate{gates[0].node, false}, gates[1]) {
		t.Error("a weaker gate is no news")
	}
	for _, x := range gates {
		see(x)
	}
	e := g.edges[[2]int{a.id, b.id}]
	if n := len(e.seen[0]); n > sightingsMax {
		t.Errorf("%d sightings kept, want at most %d", n, sightingsMax)
	}
	see()
	if n := len(e.seen[0]); n != 1 {
		t.Errorf("%d sightings kept beside the one without gates", n-1)
	}
}

// TestSeenSet checks that a set finds what was put in, through growth, and nothing else.
func TestSeenSet(t *testing.T) {
	var s seenSet
	s.init()
	r := rand.New(rand.NewPCG(5, 5))
	keys := make(map[uint64]bool)
	for range 5000 {
		k := extend(chainSeed, r.Uint64())
		keys[k] = true
		s.add(k)
		s.add(k)
	}
	for k := range keys {
		if !s.has(k) || !s.has(k) {
			t.Fatalf("key %#x is lost", k)
		}
	}
	for range 5000 {
		if k := extend(chainSeed, r.Uint64()); s.has(k) != keys[k] {
			t.Fatalf("key %#x is in the set", k)
		}
	}
}
