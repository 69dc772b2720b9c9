package lockdep

import (
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"extant/sched"
)

// Config says what a [Validator] does beside validating the order of locks.
type Config struct {
	// Report is called with every finding, in the task that caused it, before that task goes on. It may
	// panic: the operation is then abandoned. Nil prints the finding on standard error.
	Report func(*Report)

	// Order, if not nil, is the declared order: a dependency it does not have is a finding.
	Order *Order

	// Events makes dependencies on events (completions, conditions, the release of a lock by another
	// task) findings, too. They are of a second grade: that a task holds a lock where it once fired an
	// event does not prove that it always needs the lock to fire it.
	Events bool

	// Stats counts and times how classes are used.
	Stats bool

	// Under performs the operations, an explorer for instance. Nil is [sched.Real].
	Under sched.Hook
}

// Validator is a [sched.Hook] that learns in which order classes of locks are taken and reports what
// could deadlock. All its methods may be called at any time by any goroutine.
type Validator struct {
	sched.Hook // performs what is not overridden; immutable

	cfg    Config    // immutable
	plain  bool      // no Under and no Stats: the short way may be taken; immutable
	seen   seenSet   // chains that were validated
	tasks  taskTable // by goroutine
	waits  waitGraph
	start  time.Time                                  // immutable
	counts [countsRecent]atomic.Pointer[countedClass] // where classes are counted, by ID

	mu sync.Mutex
	// +checklocks:mu
	graph *graph
	// +checklocks:mu
	classes map[classLevel]*node
	// +checklocks:mu
	unclassed map[string]*sched.Class // by name
	// +checklocks:mu
	stats map[*node]*classStats
	// +checklocks:mu
	sites map[uint64]*site // where each chain was first completed
	// +checklocks:mu
	known map[string]bool // findings by identity
	// +checklocks:mu
	reports []*Report
}

type classLevel struct {
	class uint32
	level uint8
}

// New returns a validator that has seen nothing. It observes once it is attached.
func New(cfg Config) *Validator {
	v := &Validator{
		Hook:      cfg.Under,
		cfg:       cfg,
		plain:     cfg.Under == nil && !cfg.Stats,
		start:     time.Now(),
		graph:     newGraph(),
		classes:   make(map[classLevel]*node),
		unclassed: make(map[string]*sched.Class),
		stats:     make(map[*node]*classStats),
		sites:     make(map[uint64]*site),
		known:     make(map[string]bool),
	}
	if v.Hook == nil {
		v.Hook = sched.Real{}
	}
	v.seen.init()
	v.tasks.init()
	v.waits.init()
	return v
}

// Attach attaches v to package sched. It is called while no lock is held, and so is the function it
// returns, which detaches v.
func (v *Validator) Attach() (detach func()) { return sched.Attach(v) }

// Reports returns the findings so far.
func (v *Validator) Reports() []*Report {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.reports)
}

// TB is the part of testing.TB that [Watch] needs.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
	Cleanup(func())
}

// Watch attaches a new validator for the rest of the test t, which fails with every finding.
func Watch(t TB, cfg Config) *Validator {
	t.Helper()
	if cfg.Report == nil {
		cfg.Report = func(r *Report) { t.Errorf("%s", r) }
	}
	v := New(cfg)
	t.Cleanup(v.Attach())
	return v
}

// deliver hands out those of the findings that are new.
func (v *Validator) deliver(found []*Report) {
	for _, r := range found {
		if !v.record(r) {
			continue
		}
		if v.cfg.Report != nil {
			v.cfg.Report(r)
			continue
		}
		fmt.Fprintln(os.Stderr, r)
	}
}

func (v *Validator) record(r *Report) (isNew bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	id := r.identity()
	if v.known[id] {
		return false
	}
	v.known[id] = true
	v.reports = append(v.reports, r)
	return true
}
