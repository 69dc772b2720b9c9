package lockdep

import (
	"testing"

	"extant/sched"
)

// TestGoroutineLeavesLocks has a goroutine end with a lock held. A later one, whose address is the same, does not hold it.
func TestGoroutineLeavesLocks(t *testing.T) {
	var left, inner, outer, last sched.Mutex
	for m, name := range map[*sched.Mutex]string{&left: "left", &inner: "inner", &outer: "outer", &last: "last"} {
		m.Init(&sched.Class{Name: name})
	}
	v := New(Config{})
	defer v.Attach()()
	gone := make(chan uintptr)
	go func() {
		left.Lock()
		inner.Lock()
		inner.Unlock()
		gone <- currentG()
	}()
	g := <-gone
	for found := false; !found; {
		later := make(chan bool)
		go func() {
			same := currentG() == g
			if same {
				outer.Lock()
				last.Lock()
				last.Unlock()
				outer.Unlock()
			}
			later <- same
		}()
		found = <-later
	}
	edges := map[string]bool{}
	for _, e := range v.Graph().Edges {
		edges[e.From+" "+e.To] = true
	}
	if !edges["left inner"] || !edges["outer last"] || edges["left last"] || edges["left outer"] {
		t.Errorf("dependencies %v", edges)
	}
}
