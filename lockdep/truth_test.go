package lockdep_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"extant/lockdep"
	"extant/sched"
)

// This file compares the validator's verdict on small random programs with the truth, found by trying
// every interleaving of several copies of each task.

// lockOp takes or releases a lock.
type lockOp struct {
	lock    int
	shared  bool
	release bool
}

type lockProgram [][]lockOp

// randomProgram returns two tasks of one or two nests of locks each.
func randomProgram(r *rand.Rand, readers bool) lockProgram {
	var p lockProgram
	for range 2 {
		var ops []lockOp
		for range 1 + r.IntN(2) {
			locks := r.Perm(3)[:1+r.IntN(3)]
			nest := make([]lockOp, len(locks))
			for i, l := range locks {
				nest[i] = lockOp{lock: l, shared: readers && r.IntN(2) == 0}
			}
			ops = append(ops, nest...)
			for _, op := range slices.Backward(nest) {
				op.release = true
				ops = append(ops, op)
			}
		}
		p = append(p, ops)
	}
	return p
}

const copies = 3

// taskState is how far a task is, in steps, and whether it waits as a writer there.
type taskState struct {
	task, step int
	announced  bool
}

// world is the tasks in a canonical order, because copies of a task are alike.
type world [2 * copies]taskState

func (w world) sorted() world {
	slices.SortFunc(w[:], func(a, b taskState) int {
		if a.task != b.task {
			return a.task - b.task
		}
		if a.step != b.step {
			return a.step - b.step
		}
		return fromBool(a.announced) - fromBool(b.announced)
	})
	return w
}

func fromBool(b bool) int {
	if b {
		return 1
	}
	return 0
}

// deadlocks says whether any interleaving ends with tasks that are not done.
func (p lockProgram) deadlocks() bool {
	var start world
	for i := range start {
		start[i].task = i / copies
	}
	seen := map[world]bool{start: true}
	for todo := []world{start}; len(todo) > 0; {
		w := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		moved, done := false, true
		for i, s := range w {
			if s.step == len(p[s.task]) {
				continue
			}
			done = false
			next, ok := p.step(w, i)
			if !ok {
				continue
			}
			moved = true
			if next = next.sorted(); !seen[next] {
				seen[next] = true
				todo = append(todo, next)
			}
		}
		if !moved && !done {
			return true
		}
	}
	return false
}

// step lets task i of w do its next operation, if it can: a writer announces itself first, and stops
// readers from then on.
func (p lockProgram) step(w world, i int) (world, bool) {
	s := &w[i]
	op := p[s.task][s.step]
	if !op.release {
		writers, readers, announced := p.users(w, op.lock)
		switch {
		case op.shared && (writers > 0 || announced > 0):
			return w, false
		case !op.shared && !s.announced:
			s.announced = true
			return w, true
		case !op.shared && writers+readers > 0:
			return w, false
		}
	}
	s.step++
	s.announced = false
	return w, true
}

// users counts who holds the lock and which writers wait for it.
func (p lockProgram) users(w world, lock int) (writers, readers, announced int) {
	for _, s := range w {
		for _, op := range p[s.task][:s.step] {
			if op.lock == lock {
				delta := 1
				if op.release {
					delta = -1
				}
				if op.shared {
					readers += delta
				} else {
					writers += delta
				}
			}
		}
		if s.announced && p[s.task][s.step].lock == lock {
			announced++
		}
	}
	return writers, readers, announced
}

// verdict runs the tasks one after the other and returns whether lockdep is sure of a deadlock, and
// whether it found a gated one.
func (p lockProgram) verdict() (sure, gated bool) {
	v := lockdep.New(lockdep.Config{Report: func(r *lockdep.Report) {
		sure = sure || r.Grade == lockdep.Sure
		gated = gated || r.Grade == lockdep.Gated
	}})
	defer v.Attach()()
	var locks [3]sched.RWMutex
	for i := range locks {
		locks[i].Init(class(fmt.Sprint(i)))
	}
	for _, ops := range p {
		for _, op := range ops {
			m := &locks[op.lock]
			switch {
			case op.release && op.shared:
				m.RUnlock()
			case op.release:
				m.Unlock()
			case op.shared:
				m.RLock()
			default:
				m.Lock()
			}
		}
	}
	return sure, gated
}

func TestVerdictIsTrue(t *testing.T) {
	const n = 150 // the search for the truth takes milliseconds for each
	for _, readers := range []bool{false, true} {
		t.Run(fmt.Sprintf("readers=%v", readers), func(t *testing.T) {
			r := rand.New(rand.NewPCG(7, 7))
			dead, gates, doubts := 0, 0, 0
			for range n {
				p := randomProgram(r, readers)
				truth := p.deadlocks()
				sure, gated := p.verdict()
				if truth {
					dead++
				}
				if gated && !sure {
					gates++
				}
				if truth && !sure {
					doubts++
				}
				if sure && !truth || truth && !sure && !gated {
					t.Fatalf("program %+v: deadlocks %v, lockdep sure %v, gated %v", p, truth, sure, gated)
				}
			}
			t.Logf("%d programs: %d deadlock, %d are found gated, of which %d deadlock", n, dead, gates, doubts)
			if dead == 0 || dead == n || gates == 0 || doubts*50 > n {
				t.Errorf("of %d programs %d deadlock and %d are gated: the test says nothing", n, dead, gates)
			}
		})
	}
}
