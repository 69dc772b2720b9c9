package lockdep_test

import (
	"slices"
	"sync"
	"testing"

	"extant/lockdep"
	"extant/sched"
)

// findings collects reports instead of failing the test with them.
type findings struct {
	mu  sync.Mutex
	all []*lockdep.Report
}

func (f *findings) add(r *lockdep.Report) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all = append(f.all, r)
}

func (f *findings) kinds() []lockdep.Kind {
	f.mu.Lock()
	defer f.mu.Unlock()
	var kinds []lockdep.Kind
	for _, r := range f.all {
		kinds = append(kinds, r.Kind)
	}
	return kinds
}

// expect fails the test unless the findings are of these kinds, in this order.
func (f *findings) expect(t *testing.T, want ...lockdep.Kind) {
	t.Helper()
	if got := f.kinds(); !slices.Equal(got, want) {
		t.Errorf("findings %q, want %q", got, want)
		for _, r := range f.all {
			t.Logf("%s", r)
		}
	}
}

func collect(t *testing.T, cfg lockdep.Config) (*lockdep.Validator, *findings) {
	t.Helper()
	f := &findings{}
	cfg.Report = f.add
	return lockdep.Watch(t, cfg), f
}

func class(name string) *sched.Class { return &sched.Class{Name: name} }

func mutexes(names ...string) []*sched.Mutex {
	var all []*sched.Mutex
	for _, name := range names {
		m := &sched.Mutex{}
		m.Init(class(name))
		all = append(all, m)
	}
	return all
}

// nest takes the locks in order and releases them.
func nest(locks ...*sched.Mutex) {
	for _, m := range locks {
		m.Lock()
	}
	for _, m := range slices.Backward(locks) {
		m.Unlock()
	}
}

func TestConsistentOrder(t *testing.T) {
	_, f := collect(t, lockdep.Config{})
	m := mutexes("a", "b", "c")
	nest(m[0], m[1], m[2])
	nest(m[0], m[2])
	nest(m[1], m[2])
	f.expect(t)
}

func TestInversion(t *testing.T) {
	_, f := collect(t, lockdep.Config{})
	m := mutexes("a", "b")
	nest(m[0], m[1])
	nest(m[1], m[0])
	nest(m[1], m[0])
	nest(m[0], m[1])
	f.expect(t, lockdep.Circular)
}

func TestLongCircle(t *testing.T) {
	_, f := collect(t, lockdep.Config{})
	m := mutexes("a", "b", "c", "d")
	for i := range m {
		nest(m[i], m[(i+1)%len(m)])
	}
	f.expect(t, lockdep.Circular)
	if got := f.all[0].Chain; len(got) != 4 || got[0].From.Class != "d" || got[0].To.Class != "a" {
		t.Errorf("circle %+v", got)
	}
}

// TestInstances inverts two classes by locks that never meet.
func TestInstances(t *testing.T) {
	_, f := collect(t, lockdep.Config{})
	a, b := class("a"), class("b")
	var a1, a2, b1, b2 sched.Mutex
	a1.Init(a)
	a2.Init(a)
	b1.Init(b)
	b2.Init(b)
	nest(&a1, &b1)
	nest(&b2, &a2)
	f.expect(t, lockdep.Circular)
}

func TestReleaseOutOfOrder(t *testing.T) {
	v, f := collect(t, lockdep.Config{})
	m := mutexes("a", "b", "c")
	m[0].Lock()
	m[1].Lock()
	m[0].Unlock()
	m[2].Lock() // only b is held
	m[1].Unlock()
	m[2].Unlock()
	f.expect(t)
	var got []string
	for _, e := range v.Graph().Edges {
		got = append(got, e.From+e.To)
	}
	if !slices.Equal(got, []string{"ab", "bc"}) {
		t.Errorf("dependencies %v, want ab and bc", got)
	}
}

func TestTryLock(t *testing.T) {
	_, f := collect(t, lockdep.Config{})
	m := mutexes("a", "b", "c")
	nest(m[0], m[1])
	m[1].Lock()
	if !m[0].TryLock() {
		t.Fatal("cannot take a free lock")
	}
	f.expect(t) // a was taken without waiting
	m[2].Lock()
	m[2].Unlock()
	m[0].Unlock()
	m[1].Unlock()
	nest(m[2], m[0])
	f.expect(t, lockdep.Circular) // c was waited for while a was held
}

func TestRecursion(t *testing.T) {
	_, f := collect(t, lockdep.Config{})
	c := class("inode")
	var a, b sched.Mutex
	a.Init(c)
	b.Init(c)
	nest(&a, &b)
	f.expect(t, lockdep.Recursive)
}

func TestLevels(t *testing.T) {
	_, f := collect(t, lockdep.Config{})
	c := class("dir")
	var parent, child sched.Mutex
	parent.Init(c)
	child.Init(c)
	parent.Lock()
	child.NestedLock(sched.Level(1))
	child.Unlock()
	parent.Unlock()
	f.expect(t)
	child.NestedLock(sched.Level(1))
	parent.Lock()
	parent.Unlock()
	child.Unlock()
	f.expect(t, lockdep.Circular)
	if got := f.all[0].With.Class; got != "dir/1" {
		t.Errorf("holds %q, want dir/1", got)
	}
}

func TestKeys(t *testing.T) {
	_, f := collect(t, lockdep.Config{})
	c := &sched.Class{Name: "folio", Ordered: true}
	var p [3]sched.HandoffMutex
	take := func(i int) { p[i].NestedLock(sched.Key(uint64(i))) }
	for i := range p {
		p[i].Init(c)
		take(i)
	}
	for i := range p {
		p[i].Unlock()
	}
	f.expect(t)
	take(2)
	take(0)
	p[0].Unlock()
	p[2].Unlock()
	f.expect(t, lockdep.WrongKey)
	if got := f.all[0].Keys; got != [2]uint64{2, 0} {
		t.Errorf("keys %v, want 2 and 0", got)
	}
}

// TestKeysTried takes a lower key beneath a higher one without waiting for it, and then waits for one in
// between.
func TestKeysTried(t *testing.T) {
	_, f := collect(t, lockdep.Config{})
	c := &sched.Class{Name: "folio", Ordered: true}
	var p [4]sched.HandoffMutex
	for i := range p {
		p[i].Init(c)
	}
	p[2].NestedLock(sched.Key(2))
	if !p[0].NestedTryLock(sched.Key(0)) {
		t.Fatal("cannot take a free lock")
	}
	p[3].NestedLock(sched.Key(3))
	f.expect(t)
	p[1].NestedLock(sched.Key(1))
	f.expect(t, lockdep.WrongKey)
	for i := range p {
		p[i].Unlock()
	}
}

// TestKeysOfUnorderedClass gives keys to a class that does not say it is ordered.
func TestKeysOfUnorderedClass(t *testing.T) {
	_, f := collect(t, lockdep.Config{})
	m := [2]sched.Mutex{}
	c := class("plain")
	for i := range m {
		m[i].Init(c)
		m[i].NestedLock(sched.Key(uint64(i)))
	}
	f.expect(t, lockdep.Recursive)
	m[1].Unlock()
	m[0].Unlock()
}

func TestUnclassed(t *testing.T) {
	v, f := collect(t, lockdep.Config{})
	var a, b sched.Mutex
	nest(&a)
	nest(&b)
	nest(&b, &a)
	f.expect(t, lockdep.Recursive) // both were first locked in nest: one class by its place
	for _, n := range v.Graph().Nodes {
		if n.Name != "unclassed:lockdep_test.go:67" {
			t.Errorf("class %q", n.Name)
		}
	}
}

func TestSpinning(t *testing.T) {
	_, f := collect(t, lockdep.Config{})
	var spin, sleep sched.Mutex
	spin.Init(&sched.Class{Name: "list", Wait: sched.Spinning})
	sleep.Init(class("inode"))
	nest(&sleep, &spin)
	f.expect(t)
	spin.Lock()
	var e sched.Event
	e.Init(class("done"))
	e.Fire()
	e.Wait()
	spin.Unlock()
	f.expect(t, lockdep.WaitContext)
}

func TestSleepingUnderSpinning(t *testing.T) {
	_, f := collect(t, lockdep.Config{})
	var spin, sleep sched.Mutex
	spin.Init(&sched.Class{Name: "list", Wait: sched.Spinning})
	sleep.Init(class("inode"))
	nest(&spin, &sleep)
	f.expect(t, lockdep.WaitContext)
}

// TestGate inverts two locks under a third one that keeps it from ever deadlocking, and then without.
func TestGate(t *testing.T) {
	_, f := collect(t, lockdep.Config{})
	m := mutexes("gate", "a", "b")
	nest(m[0], m[1], m[2])
	nest(m[0], m[2], m[1])
	f.expect(t, lockdep.Circular)
	if r := f.all[0]; r.Grade != lockdep.Gated || !slices.Equal(r.Gates, []string{"gate"}) {
		t.Errorf("grade %d, gates %v", r.Grade, r.Gates)
	}
	nest(m[1], m[2])
	f.expect(t, lockdep.Circular, lockdep.Circular)
	if r := f.all[1]; r.Grade != lockdep.Sure {
		t.Errorf("grade %d without the gate", r.Grade)
	}
}

// TestNoGateWithinOneTask has a gate that only one of the tasks holds, though two steps of a longer
// circle through it have it.
func TestNoGateWithinOneTask(t *testing.T) {
	_, f := collect(t, lockdep.Config{})
	m := mutexes("gate", "a", "b", "c")
	nest(m[0], m[1], m[2], m[3])
	nest(m[3], m[1])
	f.expect(t, lockdep.Circular)
	if r := f.all[0]; r.Grade != lockdep.Sure || len(r.Chain) != 2 {
		t.Errorf("grade %d, circle of %d", r.Grade, len(r.Chain))
	}
}

func TestWarmPathDoesNotAllocate(t *testing.T) {
	collect(t, lockdep.Config{})
	m := mutexes("a", "b", "c", "d", "e", "f", "g", "h", "i")
	var rw sched.RWMutex
	rw.Init(class("rw"))
	round := func() {
		rw.RLock()
		nest(m...)
		rw.RUnlock()
	}
	round()
	if n := testing.AllocsPerRun(100, round); n != 0 {
		t.Errorf("%v allocations per round, want none", n)
	}
}
