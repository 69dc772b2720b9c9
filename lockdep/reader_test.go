package lockdep_test

import (
	"testing"

	"extant/lockdep"
	"extant/sched"
)

// arrow is a dependency in the kernel's notation: how the first lock is held, how the second one is taken.
type arrow struct {
	from string
	kind string
	to   string
}

// run makes the dependency happen with pseudo-locks, which can be taken in every mode.
func (a arrow) run(locks map[string]*sched.Pseudo) {
	held, taken := sched.Exclusive, sched.Exclusive
	if a.kind[0] == 'S' {
		held = sched.Recursive
	}
	if a.kind[1] == 'R' {
		taken = sched.Recursive
	}
	locks[a.from].Acquire(held)
	locks[a.to].Acquire(taken)
	locks[a.to].Release()
	locks[a.from].Release()
}

// TestStrongCircles has the four facts that the kernel's self-test of recursive readers is built on.
func TestStrongCircles(t *testing.T) {
	for _, tc := range []struct {
		name     string
		arrows   []arrow
		deadlock bool
	}{
		{"ER-ER-ER", []arrow{{"x", "ER", "y"}, {"y", "ER", "z"}, {"z", "ER", "x"}}, true},
		{"EN-SR-ER", []arrow{{"x", "EN", "y"}, {"y", "SR", "z"}, {"z", "ER", "x"}}, true},
		{"EN-SR-SN", []arrow{{"x", "EN", "y"}, {"y", "SR", "z"}, {"z", "SN", "x"}}, false},
		{"ER-SR-EN", []arrow{{"x", "ER", "y"}, {"y", "SR", "z"}, {"z", "EN", "x"}}, false},
	} {
		for first := range tc.arrows { // whichever dependency comes last closes the circle
			t.Run(tc.name, func(t *testing.T) {
				_, f := collect(t, lockdep.Config{})
				locks := make(map[string]*sched.Pseudo)
				for _, name := range []string{"x", "y", "z"} {
					locks[name] = &sched.Pseudo{}
					locks[name].Init(class(name))
				}
				for i := range tc.arrows {
					tc.arrows[(first+i)%len(tc.arrows)].run(locks)
				}
				if tc.deadlock {
					f.expect(t, lockdep.Circular)
				} else {
					f.expect(t)
				}
			})
		}
	}
}

func rwMutexes(names ...string) []*sched.RWMutex {
	var all []*sched.RWMutex
	for _, name := range names {
		m := &sched.RWMutex{}
		m.Init(class(name))
		all = append(all, m)
	}
	return all
}

func nestReaders(a, b *sched.RWMutex) {
	a.RLock()
	b.RLock()
	b.RUnlock()
	a.RUnlock()
}

// TestReadersNeedWriters inverts two locks that are only read: nobody waits until both have a writer.
func TestReadersNeedWriters(t *testing.T) {
	_, f := collect(t, lockdep.Config{})
	m := rwMutexes("a", "b")
	nestReaders(m[0], m[1])
	nestReaders(m[1], m[0])
	f.expect(t)
	m[0].Lock()
	m[0].Unlock()
	f.expect(t)
	m[1].Lock()
	m[1].Unlock()
	f.expect(t, lockdep.Circular)
}

// TestReaderAgain takes a lock shared twice: a writer in between waits for the first and is waited for
// by the second.
func TestReaderAgain(t *testing.T) {
	_, f := collect(t, lockdep.Config{})
	m := rwMutexes("a")[0]
	nestReaders(m, m)
	f.expect(t)
	m.Lock()
	m.Unlock()
	f.expect(t, lockdep.Recursive)
}

func TestReaderAgainstWriter(t *testing.T) {
	_, f := collect(t, lockdep.Config{})
	m := rwMutexes("a", "b")
	m[0].RLock()
	m[1].Lock()
	m[1].Unlock()
	m[0].RUnlock()
	m[1].RLock()
	m[0].Lock()
	m[0].Unlock()
	m[1].RUnlock()
	f.expect(t, lockdep.Circular)
}

// TestRecursiveHandle holds a handle again and again, which is fine until someone waits for all handles while
// holding what a handle's owner takes.
func TestRecursiveHandle(t *testing.T) {
	_, f := collect(t, lockdep.Config{})
	var handle sched.Pseudo
	handle.Init(class("handle"))
	inode := mutexes("inode")[0]
	handle.Acquire(sched.Recursive)
	handle.Acquire(sched.Recursive)
	nest(inode)
	handle.Release()
	handle.Release()
	f.expect(t)
	inode.Lock()
	handle.Might(sched.Exclusive)
	inode.Unlock()
	f.expect(t, lockdep.Circular)
}
