package sched_test

import (
	"fmt"

	"extant/sched"
)

// A hook sees the program's operations while it is attached. This one counts how often each class of
// lock is taken.
type census struct {
	sched.Real
	taken map[string]int
}

func (c *census) Lock(l sched.Lock, mode sched.Mode, n sched.Nest) {
	c.taken[l.Object().Class().Name]++
	c.Real.Lock(l, mode, n)
}

func ExampleAttach() {
	var (
		dirClass  = &sched.Class{Name: "dir", Doc: "names in a directory"}
		fileClass = &sched.Class{Name: "file", Doc: "a file's size"}
		dir, file sched.Mutex
	)
	dir.Init(dirClass)
	file.Init(fileClass)

	c := &census{taken: make(map[string]int)}
	detach := sched.Attach(c)
	for range 2 {
		dir.Lock()
		file.Lock()
		file.Unlock()
		dir.Unlock()
	}
	detach()
	fmt.Println(c.taken)
	// Output: map[dir:2 file:2]
}

func ExampleMutex_NestedLock() {
	var parent, child sched.Mutex
	class := &sched.Class{Name: "dir"}
	parent.Init(class)
	child.Init(class)

	parent.Lock()
	child.NestedLock(sched.Level(1)) // a second lock of the class, beneath the first
	fmt.Println("both held")
	child.Unlock()
	parent.Unlock()
	// Output: both held
}
