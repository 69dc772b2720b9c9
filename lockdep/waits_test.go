package lockdep_test

import (
	"slices"
	"testing"

	"extant/lockdep"
	"extant/sched"
)

// abandon is what the tests' handlers panic with to break a deadlock they were told of.
type abandon struct{}

// breaking returns a configuration whose handler notes deadlocks and breaks them by a panic, and a function
// that runs a task's body and swallows the panic.
func breaking(f *findings) (lockdep.Config, func(func()) func()) {
	cfg := lockdep.Config{Report: func(r *lockdep.Report) {
		if r.Kind == lockdep.Deadlock {
			f.add(r)
			panic(abandon{})
		}
	}}
	return cfg, func(body func()) func() {
		return func() {
			defer func() {
				if x := recover(); x != nil && x != (abandon{}) {
					panic(x)
				}
			}()
			body()
		}
	}
}

// TestDeadlockABBA lets two tasks deadlock; the second one is told before it blocks.
func TestDeadlockABBA(t *testing.T) {
	f := &findings{}
	cfg, safely := breaking(f)
	lockdep.Watch(t, cfg)
	m := mutexes("a", "b")
	var both sched.WaitGroup
	both.Add(2)
	cross := func(first, second *sched.Mutex) func() {
		return safely(func() {
			first.Lock()
			defer first.Unlock()
			both.Done()
			both.Wait()
			second.Lock()
			second.Unlock()
		})
	}
	one, two := sched.Go("one", cross(m[0], m[1])), sched.Go("two", cross(m[1], m[0]))
	one.Wait()
	two.Wait()
	f.expect(t, lockdep.Deadlock)
	var who []string
	for _, w := range f.all[0].Blocked {
		who = append(who, w.Task[:3]+" "+w.Want.Class+" "+w.Held[0].Class)
	}
	slices.Sort(who)
	if !slices.Equal(who, []string{"one b a", "two a b"}) {
		t.Errorf("blocked: %q", who)
	}
}

func TestDeadlockAlone(t *testing.T) {
	f := &findings{}
	cfg, safely := breaking(f)
	lockdep.Watch(t, cfg)
	m := mutexes("a")[0]
	m.Lock()
	safely(m.Lock)()
	m.Unlock()
	f.expect(t, lockdep.Deadlock)
}

// TestDeadlockReaders has a reader that takes its lock again behind a waiting writer.
func TestDeadlockReaders(t *testing.T) {
	f := &findings{}
	cfg, safely := breaking(f)
	lockdep.Watch(t, cfg)
	m := rwMutexes("a")[0]
	reading := sched.Event{}
	reader := sched.Go("reader", safely(func() {
		m.RLock()
		defer m.RUnlock()
		reading.Fire()
		for m.TryRLock() { // until the writer waits
			m.RUnlock()
		}
		m.RLock()
		m.RUnlock()
	}))
	reading.Wait()
	m.Lock()
	m.Unlock()
	reader.Wait()
	f.expect(t, lockdep.Deadlock)
}

// TestDeadlockJoin waits for the end of a task that waits for a lock of the one who waits.
func TestDeadlockJoin(t *testing.T) {
	f := &findings{}
	cfg, safely := breaking(f)
	lockdep.Watch(t, cfg)
	m := mutexes("a")[0]
	m.Lock()
	child := sched.Go("child", safely(func() {
		m.Lock()
		m.Unlock()
	}))
	safely(child.Wait)()
	m.Unlock()
	child.Wait()
	f.expect(t, lockdep.Deadlock)
}

// TestNoDeadlock contends for locks without end; no report may come of it.
func TestNoDeadlock(t *testing.T) {
	_, f := collect(t, lockdep.Config{})
	m := mutexes("a", "b", "c")
	rw := rwMutexes("rw")[0]
	n := 0
	var wg sched.WaitGroup
	for range 6 {
		wg.Go("worker", func() {
			for i := range 500 {
				if i%8 == 0 {
					rw.Lock()
					n++
					rw.Unlock()
				}
				rw.RLock()
				_ = n
				nest(m[i%2:]...)
				rw.RUnlock()
			}
		})
	}
	wg.Wait()
	f.expect(t)
}
