package explore

import (
	"fmt"
	"slices"
	"time"
)

// checkEvery is how many executions there are for one that is run twice to see that nothing but the
// schedule decides.
const checkEvery = 256

// explore runs f until the search ends, in which case it returns true, or a budget does.
func (e *engine) explore(r *Result, f func(), start time.Time) (ended bool) {
	limit := e.cfg.Executions
	if limit == 0 && e.cfg.Strategy.endless {
		limit = executionsDefault
	}
	for n := 0; ; n++ {
		if limit > 0 && n == limit || e.cfg.Time > 0 && time.Since(start) >= e.cfg.Time {
			return false
		}
		if !e.search.begin(e) {
			return true
		}
		e.execute(f)
		if n%checkEvery == 0 && e.failure == nil && e.cut == "" {
			e.repeat(f)
		}
		e.count(r)
		if e.failure != nil && !(e.cfg.KeepGoing && e.failure.Verdict != Nondeterminism) {
			return false
		}
	}
}

// count adds the execution to the result.
func (e *engine) count(r *Result) {
	x := Execution{Steps: len(e.steps), Failure: e.failure, Complete: e.cut == "", e: e}
	r.Steps += x.Steps
	r.Longest = max(r.Longest, x.Steps)
	if x.Complete {
		r.Executions++
	} else {
		r.Redundant++
	}
	if x.Failure != nil {
		r.Failures++
		if r.Failure == nil {
			r.Failure = x.Failure
		}
	}
	if e.cfg.After != nil {
		e.cfg.After(&x)
	}
}

// repeat runs the latest execution, which passed, again. It is a failure if it is not the same.
func (e *engine) repeat(f func()) {
	search, steps := e.search, slices.Clone(e.steps)
	defer func() { e.search = search }()
	e.search = &replay{schedule: e.schedule()}
	e.execute(f)
	n := 0
	for n < min(len(steps), len(e.steps)) && steps[n] == e.steps[n] {
		n++
	}
	if n < max(len(steps), len(e.steps)) || e.failure != nil {
		e.steps = steps[:n]
		e.failReplay()
	}
	e.cut = ""
}

// failReplay notes that what happened before does not happen again under the same schedule.
func (e *engine) failReplay() {
	e.failure = nil
	e.fail(nil, Nondeterminism, "after %d operations the same schedule leads elsewhere than before", len(e.steps))
}

// bounds says within what the search looked.
func (e *engine) bounds(r *Result) []string {
	var all []string
	if b := e.search.bounds(); b != "" {
		all = append(all, b)
	}
	if r.Longest > 0 && e.clipped {
		all = append(all, fmt.Sprintf("turns taken after %d operations", e.cfg.StepsMax/2))
	}
	if e.faultsMet {
		all = append(all, atMost(e.cfg.Faults, "fault"))
	}
	if e.expiriesMet {
		all = append(all, fmt.Sprintf("early expiries of each timer and task: at most %d", e.cfg.Expiries))
	}
	if e.waitedOut {
		all = append(all, "what nothing else could end expired in order of time")
	}
	return all
}

// atMost is a bound on a number of things.
func atMost(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("at most %d %s", n, thing)
}
