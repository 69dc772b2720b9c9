package explore

import (
	"fmt"
	"math/bits"
)

// tree is the depth-first search of all schedules whose cost stays within a budget.
type tree struct {
	observer
	name   string
	cost   func(e *engine, enabled uint64, id int) int // of id's turn; nil if all is free
	budget int

	nodes []branch // decisions of the execution before this one, then of this one
	depth int      // decisions so far
	spent int
	over  bool
	fresh bool // no execution has begun
}

// branch is a decision.
type branch struct {
	enabled uint64
	todo    uint64 // tasks that have yet to have their turn here; the current one has
	task    int    // whose turn it is, or -1 if a value is chosen
	value   int
	values  int
}

// DFS tries every schedule, without any reduction. It is for small programs and for checking others.
func DFS() Strategy {
	return Strategy{name: "dfs", make: func() searcher { return &tree{name: "dfs", fresh: true} }}
}

func (s *tree) begin(*engine) bool {
	if !s.fresh && !s.backtrack() {
		s.over = true
		return false
	}
	s.fresh = false
	s.depth, s.spent = 0, 0
	return true
}

// backtrack moves on to the next schedule.
func (s *tree) backtrack() bool {
	for len(s.nodes) > 0 {
		b := &s.nodes[len(s.nodes)-1]
		switch {
		case b.task < 0 && b.value+1 < b.values:
			b.value++
			return true
		case b.task >= 0 && b.todo != 0:
			b.task = bits.TrailingZeros64(b.todo)
			b.todo &= b.todo - 1
			return true
		}
		s.nodes = s.nodes[:len(s.nodes)-1]
	}
	return false
}

func (s *tree) pick(e *engine, enabled uint64) int {
	if enabled&(enabled-1) == 0 {
		return bits.TrailingZeros64(enabled)
	}
	s.depth++
	if s.depth > len(s.nodes) {
		first := goOn(e, enabled)
		s.nodes = append(s.nodes, branch{enabled: enabled, todo: s.affordable(e, enabled) &^ (1 << first), task: first})
	}
	b := &s.nodes[s.depth-1]
	if b.enabled != enabled {
		e.failReplay()
		return -1
	}
	if s.cost != nil {
		s.spent += s.cost(e, enabled, b.task)
	}
	return b.task
}

// affordable returns the tasks whose turn now would stay within the budget.
func (s *tree) affordable(e *engine, enabled uint64) (ids uint64) {
	if s.cost == nil {
		return enabled
	}
	for m := enabled; m != 0; m &= m - 1 {
		if id := bits.TrailingZeros64(m); s.spent+s.cost(e, enabled, id) <= s.budget {
			ids |= 1 << id
		}
	}
	return ids
}

func (s *tree) value(e *engine, _ *task, n int) int {
	s.depth++
	if s.depth > len(s.nodes) {
		s.nodes = append(s.nodes, branch{task: -1, values: n})
	}
	b := &s.nodes[s.depth-1]
	if b.values != n {
		e.failReplay()
		return 0
	}
	return b.value
}

func (s *tree) exhausted() bool { return s.over }

func (s *tree) bounds() string {
	if s.cost == nil {
		return ""
	}
	return fmt.Sprintf("at most %d %s", s.budget, s.name)
}
