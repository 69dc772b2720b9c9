package explore

import (
	"sync"
	"time"

	"extant/sched"
)

// Strategy decides which schedules are tried, in which order. The zero Strategy is [DPOR].
type Strategy struct {
	name    string
	make    func() searcher
	endless bool // it does not end by itself
}

func (s Strategy) String() string {
	if s.make == nil {
		s = DPOR()
	}
	return s.name
}

// Config says how to explore. Its zero value searches exhaustively, with reduction, until the first failure.
type Config struct {
	Strategy Strategy

	// Executions and Time end the search early. Executions 0 is no end for a strategy that ends by itself, and 10,000
	// for one that does not.
	Executions int
	Time       time.Duration

	// StepsMax is how long an execution may get, in operations; 0 is 10,000. Where half of that is reached
	// each task gets its turn, and where all of it is reached the verdict is Livelock.
	StepsMax int

	// Faults is how many calls of sched.Fault may return true in one execution.
	Faults int

	// Expiries is how often each timer, and a wait with a time limit or sleep of each task, may expire while something
	// else can happen. They expire in any case when nothing else can happen.
	Expiries int

	// KeepGoing searches on after a failure: the task that failed ends, the others go on.
	KeepGoing bool

	// Goroutines runs every task on a goroutine of its own, so that a race detector works. It is slower.
	Goroutines bool

	// Watch, if not nil, returns a hook that watches the tasks and lets what they do happen by calling under.
	Watch func(under sched.Hook) sched.Hook

	// After, if not nil, is called after each execution.
	After func(*Execution)
}

// Execution is what one execution was.
type Execution struct {
	Steps    int // operations and choices
	Failure  *Failure
	Complete bool // it was not given up as redundant
	e        *engine
}

// Schedule returns what decided the execution. It is valid during [Config.After].
func (x *Execution) Schedule() Schedule { return x.e.schedule() }

// Result is what a search found.
type Result struct {
	Failure    *Failure // the first; nil if there was none
	Failures   int
	Executions int // that were complete
	Redundant  int // that were given up because others show the same
	Steps      int // of all of them
	Longest    int // steps of one

	// Exhausted says that every schedule within Bounds was tried, or one that shows the same.
	Exhausted bool
	Bounds    []string

	Elapsed time.Duration
}

const (
	cutRedundant = "redundant"
	cutMisfit    = "misfit"
)

// exploring keeps explorations apart: one hook can be attached at a time.
var exploring sync.Mutex

// Run explores f, which is called once for each execution in a task named main, and now and then once more to see
// that nothing but the schedule decides what it does. While Run runs, no goroutine but its tasks may use package sched.
func Run(cfg Config, f func()) *Result {
	return run(cfg, cfg.Strategy.searcher(), f, &Result{})
}

func (s Strategy) searcher() searcher {
	if s.make == nil {
		s = DPOR()
	}
	return s.make()
}

// run explores f and returns r, filled in. It does not return if a task on a coroutine calls runtime.Goexit, as
// testing's FailNow does; r then has the failure all the same.
func run(cfg Config, search searcher, f func(), r *Result) *Result {
	exploring.Lock()
	defer exploring.Unlock()
	e := newEngine(cfg, search)
	defer e.back.close()
	e.top = e
	if cfg.Watch != nil {
		e.top = cfg.Watch(e)
	}
	running, e.detach = e, sched.Attach(e.top)
	defer func() {
		running = nil
		e.detach()
	}()
	returned := false
	defer func() {
		if !returned && e.cur != nil {
			e.failPanic(e.cur)
			r.Failure = e.failure
			e.cur = nil
		}
	}()
	start := time.Now()
	ended := e.explore(r, f, start)
	returned = true
	r.Elapsed = time.Since(start)
	r.Bounds = e.bounds(r)
	r.Exhausted = ended && search.exhausted() && !e.clipped
	return r
}

const (
	stepsMaxDefault   = 10_000
	executionsDefault = 10_000
)

func newEngine(cfg Config, search searcher) *engine {
	if cfg.StepsMax == 0 {
		cfg.StepsMax = stepsMaxDefault
	}
	e := &engine{cfg: cfg, search: search, last: -1}
	e.back = &coroutines{e: e}
	if cfg.Goroutines {
		e.back = newGoroutines(e)
	}
	return e
}
