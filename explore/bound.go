package explore

import "math/bits"

// Preemptions tries every schedule in which at most n times a task that could have gone on has to let
// another go first. Most bugs need no more than three; some do.
func Preemptions(n int) Strategy {
	return Strategy{name: "preemptions", make: func() searcher {
		return &tree{name: "preemptions", cost: preemption, budget: n, fresh: true}
	}}
}

func preemption(e *engine, enabled uint64, id int) int {
	if last := e.ran; id == last || enabled>>last&1 == 0 || e.yielded {
		return 0
	}
	return 1
}

// Delays tries every schedule that differs in at most n places from the one in which each task goes on as
// long as it can and then it is the next one's turn: letting the k-th next task go on counts as k differences.
func Delays(n int) Strategy {
	return Strategy{name: "delays", make: func() searcher {
		return &tree{name: "delays", cost: delay, budget: n, fresh: true}
	}}
}

func delay(e *engine, enabled uint64, id int) int {
	first := goOn(e, enabled)
	between := (id - first + tasksMax) % tasksMax
	return bits.OnesCount64(bits.RotateLeft64(enabled, -first) & (1<<between - 1))
}
