package sched

import (
	"sync"
	"time"
)

// Now returns the time of the clock that the timers follow: the time of day, or an explorer's.
func Now() time.Time {
	if h := hook.Load(); h != nil {
		return h.Now()
	}
	return time.Now()
}

// Sleep pauses the calling task for at least d.
func Sleep(d time.Duration) {
	if h := hook.Load(); h != nil {
		h.Sleep(d)
		return
	}
	time.Sleep(d)
}

// Timer runs a function in a task of its own once its time has come.
type Timer struct {
	name string
	f    func()
	obj  Object

	mu sync.Mutex
	// +checklocks:mu
	real *time.Timer
}

// NewTimer returns a timer for f that is not started. The name appears in reports.
func NewTimer(name string, f func()) *Timer { return &Timer{name: name, f: f} }

// AfterFunc returns a timer that runs f after d.
func AfterFunc(name string, d time.Duration, f func()) *Timer {
	t := NewTimer(name, f)
	t.Start(d)
	return t
}

// Name returns the name the timer was made with.
func (t *Timer) Name() string { return t.name }

// Object returns what hooks know t by.
func (t *Timer) Object() *Object { return &t.obj }

// Start makes t run once after d. A start that has not run yet is forgotten.
func (t *Timer) Start(d time.Duration) {
	if h := hook.Load(); h != nil {
		h.StartTimer(t, d)
		return
	}
	t.start(d)
}

// Stop forgets a start. It says whether it prevented a run; if not, the function has run, is running, or
// was not started.
func (t *Timer) Stop() bool {
	if h := hook.Load(); h != nil {
		return h.StopTimer(t)
	}
	return t.stop()
}

// Run calls the timer's function. It is for hooks, whose timers run in tasks of theirs.
func (t *Timer) Run() { t.f() }

func (t *Timer) start(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.real == nil {
		t.real = time.AfterFunc(d, t.f)
		return
	}
	t.real.Reset(d)
}

func (t *Timer) stop() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.real != nil && t.real.Stop()
}
