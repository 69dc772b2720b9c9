package main

import (
	"fmt"
	"sync"

	"github.com/sasha-s/go-deadlock"

	"extant/lockdep"
	"extant/sched"
)

// pairs are the cases of one Lock and Unlock. The loop is written out for each type of lock: called through an
// interface, a pair would cost more than what is to be told apart.
func pairs() []*test {
	var m sync.Mutex
	tests := []*test{
		{name: "sync.Mutex", start: nothing, stop: nothing, run: func(n int) {
			for range n {
				m.Lock()
				m.Unlock()
			}
		}},
		schedPair("sched, nothing attached", 1, func() func() { return nothing }),
	}
	for _, depth := range []int{1, 3, 8, 16} {
		v := lockdep.New(lockdep.Config{})
		tests = append(tests, schedPair(fmt.Sprintf("sched with lockdep, depth %d", depth), depth, v.Attach))
	}
	for _, depth := range []int{1, 3, 8, 16} {
		tests = append(tests, deadlockPair(depth))
	}
	return tests
}

func nothing() {}

// schedPair takes one lock while depth-1 others are held.
func schedPair(name string, depth int, attach func() (detach func())) *test {
	locks := make([]sched.Mutex, depth)
	for i := range locks {
		locks[i].Init(&sched.Class{Name: fmt.Sprintf("%s: %d", name, i)})
	}
	outer, m := locks[:depth-1], &locks[depth-1]
	var detach func()
	return &test{
		name: name,
		start: func() {
			detach = attach()
			for i := range outer {
				outer[i].Lock()
			}
		},
		stop: func() {
			for i := range outer {
				outer[len(outer)-1-i].Unlock()
			}
			detach()
		},
		run: func(n int) {
			for range n {
				m.Lock()
				m.Unlock()
			}
		},
	}
}

// deadlockPair is the same with go-deadlock.
func deadlockPair(depth int) *test {
	locks := make([]deadlock.Mutex, depth)
	outer, m := locks[:depth-1], &locks[depth-1]
	return &test{
		name: fmt.Sprintf("go-deadlock, depth %d", depth),
		start: func() {
			for i := range outer {
				outer[i].Lock()
			}
		},
		stop: func() {
			for i := range outer {
				outer[len(outer)-1-i].Unlock()
			}
		},
		run: func(n int) {
			for range n {
				m.Lock()
				m.Unlock()
			}
		},
	}
}
