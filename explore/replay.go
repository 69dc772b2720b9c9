package explore

import (
	"errors"
	"fmt"
	"math/bits"
)

// replay is the search that follows one schedule. Where the schedule does not fit the program it either
// gives up or, if it is to be lenient, leaves out what does not fit.
type replay struct {
	observer
	schedule Schedule
	lenient  bool

	at, steps int // how far it is: the move, and how much of it
	begun     bool
	misfit    string // where the schedule did not fit first
}

func (r *replay) begin(*engine) bool {
	ok := !r.begun
	r.begun = true
	return ok
}

func (r *replay) pick(e *engine, enabled uint64) int {
	for r.at < len(r.schedule) {
		m := r.schedule[r.at]
		if m.Task != "" && r.steps < m.Steps {
			if id := e.find(m.Task, enabled); id >= 0 {
				r.steps++
				return id
			}
			if !r.lenient {
				r.misfit = fmt.Sprintf("after %d operations it is %s's turn, which cannot go on", len(e.steps), m.Task)
				e.cut = cutMisfit
				return -1
			}
		}
		r.at++
		r.steps = 0
	}
	return goOn(e, enabled)
}

func (r *replay) value(e *engine, t *task, n int) int {
	if r.at < len(r.schedule) && r.schedule[r.at].Task != "" && r.steps == r.schedule[r.at].Steps {
		r.at++
		r.steps = 0
	}
	if r.at == len(r.schedule) || r.schedule[r.at].Task != "" {
		return 0
	}
	v := r.schedule[r.at].Value
	r.at++
	if v >= n {
		r.misfit = fmt.Sprintf("after %d operations value %d is to be chosen out of %d", len(e.steps), v, n)
		return 0
	}
	return v
}

// finish notes that an execution was over before its schedule.
func (r *replay) finish(*engine) {
	if r.at < len(r.schedule) && r.schedule[r.at].Task != "" && r.steps == r.schedule[r.at].Steps {
		r.at++
	}
	if r.at < len(r.schedule) && !r.lenient && r.misfit == "" {
		r.misfit = fmt.Sprintf("all is over before move %d", r.at+1)
	}
}

func (r *replay) err() error {
	if r.misfit == "" {
		return nil
	}
	return errors.New("the schedule does not fit: " + r.misfit)
}

func (r *replay) exhausted() bool { return false }
func (r *replay) bounds() string  { return "one schedule" }

// goOn returns the task that ran last, if it can go on and has not yielded, else the next that can, in order of
// their numbers.
func goOn(e *engine, enabled uint64) int {
	if enabled>>e.ran&1 != 0 && !e.yielded {
		return e.ran
	}
	if after := enabled &^ (2<<e.ran - 1); after != 0 {
		return bits.TrailingZeros64(after)
	}
	return bits.TrailingZeros64(enabled)
}

// find returns the number of the named task if it is one of those, else -1.
func (e *engine) find(name string, among uint64) int {
	for m := among; m != 0; m &= m - 1 {
		if id := bits.TrailingZeros64(m); e.tasks[id].name() == name {
			return id
		}
	}
	return -1
}

// observer is the part of a searcher that learns nothing.
type observer struct{}

func (observer) did(*engine, step, *object) {}
func (observer) edge(*engine, *task, *task) {}
func (observer) never(*engine, *task)       {}
func (observer) finish(*engine)             {}
