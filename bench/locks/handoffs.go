package main

import "iter"

// handoffs are the cases in which control goes to another goroutine: one hand-over is an operation. A step of a
// schedule is two of them, from the task to the scheduler and back.
func handoffs() []*test {
	return []*test{
		{name: "hand-over by iter.Pull", start: nothing, stop: nothing, run: pull},
		{name: "hand-over by channels", start: nothing, stop: nothing, run: channels},
	}
}

func pull(n int) {
	next, stop := iter.Pull(func(yield func(struct{}) bool) {
		for yield(struct{}{}) {
		}
	})
	defer stop()
	for range (n + 1) / 2 {
		next()
	}
}

func channels(n int) {
	there, back := make(chan struct{}), make(chan struct{})
	go func() {
		for range there {
			back <- struct{}{}
		}
	}()
	defer close(there)
	for range (n + 1) / 2 {
		there <- struct{}{}
		<-back
	}
}
