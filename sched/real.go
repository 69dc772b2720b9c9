package sched

import "time"

// Real is the Hook that behaves as if nothing were attached. Hooks embed it.
type Real struct{}

var _ Hook = Real{}

// Lock takes l.
func (Real) Lock(l Lock, mode Mode, _ Nest) { RealLock(l, mode) }

// TryLock takes l if that needs no waiting.
func (Real) TryLock(l Lock, mode Mode, _ Nest) bool { return RealTryLock(l, mode) }

// Unlock releases l.
func (Real) Unlock(l Lock, mode Mode) { RealUnlock(l, mode) }

// HandOff does nothing.
func (Real) HandOff(*HandoffMutex) {}

// Acquire does nothing.
func (Real) Acquire(*Pseudo, Mode, Nest) {}

// Release does nothing.
func (Real) Release(*Pseudo) {}

// Might does nothing.
func (Real) Might(*Pseudo, Mode) {}

// Enter does nothing.
func (Real) Enter(*Context) {}

// Exit does nothing.
func (Real) Exit(*Context) {}

// May does nothing.
func (Real) May(*Context) {}

// Assert does nothing: the real locks do not know their holders.
func (Real) Assert(*Object, Assertion) {}

// Wait waits for w.
func (Real) Wait(w Waiter) { RealWait(w) }

// WaitFor waits for w, but no longer than d.
func (Real) WaitFor(w Waiter, d time.Duration) bool { return RealWaitFor(w, d) }

// CondWait waits for a notification of c.
func (Real) CondWait(c *Cond) { c.wait() }

// CondNotify wakes one or all waiters of c.
func (Real) CondNotify(c *Cond, all bool) { c.notify(all) }

// Point does nothing.
func (Real) Point(Op) {}

// Unchanged does nothing.
func (Real) Unchanged(*Object) {}

// Go runs body in a goroutine.
func (Real) Go(_ *Task, body func()) { go body() }

// Choose returns 0.
func (Real) Choose(int) int { return 0 }

// Fault returns false.
func (Real) Fault(string) bool { return false }

// Note does nothing.
func (Real) Note(string) {}

// Now returns the time of day.
func (Real) Now() time.Time { return time.Now() }

// Sleep pauses the goroutine.
func (Real) Sleep(d time.Duration) { time.Sleep(d) }

// StartTimer arms t to run after d.
func (Real) StartTimer(t *Timer, d time.Duration) { t.start(d) }

// StopTimer disarms t.
func (Real) StopTimer(t *Timer) bool { return t.stop() }
