package explore

import "math/bits"

// surw is selectively uniform random walk (Zhao, Wolff, Mathur and Roychoudhury, ASPLOS 2025).
type surw struct {
	walk
	steps    []counted // of the execution before this one: how many operations each task did on each object
	now      []counted
	focus    int32 // the object whose operations are interleaved uniformly
	left     [tasksMax]int
	intended int // the task whose operation on that object is to be next, or -1
}

// counted is how often a task operated on an object.
type counted struct {
	task uint8
	obj  int32
	n    int
}

// SURW chooses, for each execution, one object by chance, and samples the orders of the operations on it
// uniformly: a task is as likely to be next as it has such operations left. How many that are is what the
// execution before showed.
func SURW(seed uint64) Strategy {
	return Strategy{"surw", func() searcher { return &surw{walk: walk{rng: rng(seed), seed: seed}} }, true}
}

func (s *surw) begin(*engine) bool {
	s.steps, s.now = s.now, s.steps[:0]
	clear(s.left[:])
	s.focus, s.intended = -1, -1
	if len(s.steps) == 0 {
		return true
	}
	s.focus = s.steps[s.rng.below(len(s.steps))].obj
	for _, c := range s.steps {
		if c.obj == s.focus {
			s.left[c.task] += c.n
		}
	}
	return true
}

func (s *surw) pick(e *engine, enabled uint64) int {
	var focused uint64
	for m := enabled; m != 0; m &= m - 1 {
		if id := bits.TrailingZeros64(m); e.tasks[id].op.obj.index == s.focus {
			focused |= 1 << id
		}
	}
	if s.intended < 0 || e.live>>s.intended&1 == 0 {
		s.intended = s.next(e.live)
	}
	held := focused
	if s.intended >= 0 {
		held &^= 1 << s.intended
	}
	if free := enabled &^ held; free != 0 {
		return s.rng.member(free)
	}
	return s.rng.member(enabled)
}

// next returns one of the tasks, as likely as it has operations left, or -1.
func (s *surw) next(tasks uint64) int {
	sum := 0
	for m := tasks; m != 0; m &= m - 1 {
		sum += s.left[bits.TrailingZeros64(m)]
	}
	if sum == 0 {
		return -1
	}
	x := s.rng.below(sum)
	for m := tasks; ; m &= m - 1 {
		id := bits.TrailingZeros64(m)
		if x -= s.left[id]; x < 0 {
			return id
		}
	}
}

func (s *surw) did(_ *engine, st step, o *object) {
	s.count(st.task, o.index)
	if o.index == s.focus {
		s.left[st.task] = max(0, s.left[st.task]-1)
		s.intended = -1
	}
}

func (s *surw) count(task uint8, obj int32) {
	for i := range s.now {
		if c := &s.now[i]; c.task == task && c.obj == obj {
			c.n++
			return
		}
	}
	s.now = append(s.now, counted{task, obj, 1})
}
