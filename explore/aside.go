package explore

import "extant/sched"

// running is the engine of the exploration that runs, if one does. It changes while no task is there.
var running *engine

// Aside runs f outside of the execution that the calling task belongs to: what f does with package sched is seen by no hook, is no step, and happens while
// all other tasks wait. It is for what takes long and cannot depend on the schedule, such as judging what an execution has left. A failure in it is one of
// the execution. f must not wait for a task or leave one behind. Outside of an execution, and where some task holds a lock, which f might want, Aside just
// calls f. Under [Config.Goroutines] the race detector takes it for something that orders the tasks.
//
//go:norace
func Aside(f func()) {
	e := running
	if e == nil || e.cur == nil || e.objects.held() {
		f()
		return
	}
	e.detach()
	defer func() { e.detach = sched.Attach(e.top) }()
	f()
}
