package lockdep_test

import (
	"slices"
	"testing"

	"extant/lockdep"
	"extant/sched"
)

// passing is a hook that performs everything itself, as an explorer does.
type passing struct {
	sched.Real
	log []string
}

func (p *passing) Lock(l sched.Lock, mode sched.Mode, n sched.Nest) {
	p.log = append(p.log, "lock")
	p.Real.Lock(l, mode, n)
}

func (p *passing) Unlock(l sched.Lock, mode sched.Mode) {
	p.log = append(p.log, "unlock")
	p.Real.Unlock(l, mode)
}

func (p *passing) CondWait(c *sched.Cond) { p.log = append(p.log, "cond") }
func (p *passing) Wait(sched.Waiter)      { p.log = append(p.log, "wait") }

// TestUnder validates a program whose operations another hook performs.
func TestUnder(t *testing.T) {
	under := &passing{}
	_, f := collect(t, lockdep.Config{Under: under})
	m := mutexes("a", "b")
	nest(m[0], m[1])
	nest(m[1], m[0])
	f.expect(t, lockdep.Circular)
	m[0].Lock()
	sched.NewCond(m[0]).Wait()
	m[0].AssertHeld()
	m[0].Unlock()
	var e sched.Event
	e.Wait()
	want := []string{"lock", "lock", "unlock", "unlock", "lock", "lock", "unlock", "unlock", "lock", "cond", "unlock", "wait"}
	if !slices.Equal(under.log, want) {
		t.Errorf("performed %v, want %v", under.log, want)
	}
	f.expect(t, lockdep.Circular)
}

// ending is a hook that ends tasks where they wait for a condition, as an explorer does that gives an execution up.
type ending struct{ sched.Real }

func (ending) CondWait(*sched.Cond) { panic("ended") }

// TestUnderEnds wants no report of the locks that a task's deferred calls release while it ends.
func TestUnderEnds(t *testing.T) {
	_, f := collect(t, lockdep.Config{Under: ending{}})
	m := mutexes("a")
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the task has not ended")
			}
		}()
		m[0].Lock()
		defer m[0].Unlock()
		sched.NewCond(m[0]).Wait()
	}()
	f.expect(t)
}
