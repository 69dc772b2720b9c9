// Package explore runs a concurrent program under every schedule, or under chosen ones, and judges each.
//
// The program is a function that uses package sched for its tasks, locks and waits. [Run] takes the place of the
// Go scheduler below it: one task runs at a time, and at each operation of sched a [Strategy] decides who goes on.
// So a race is not a matter of luck: it is found, told as a short text, replayed as often as wanted, made as
// simple as it can be, and drawn. In a test:
//
//	func TestTransfer(t *testing.T) {
//		explore.Test(t, func() {
//			a := newAccounts()
//			x := sched.Go("x", func() { a.transfer(0, 1, 10) })
//			y := sched.Go("y", func() { a.transfer(1, 0, 10) })
//			x.Wait()
//			y.Wait()
//			explore.Assert(a.total() == 100, "total is %d", a.total())
//		})
//	}
//
// A failure is printed with its simplest schedule as two columns, and with the line that replays it:
//
//	replay: EXPLORE_REPLAY='x:1 y:4 x:3' go test -run '^TestTransfer$'
//
// Where every schedule is too much, a [Config] says how many, how long or with which [Strategy]: [Random], [POS] or [Preemptions].
//
// What it never does: it does not look at memory, it knows only sequentially consistent schedules (which is all
// there is in a program without data races), and it says [Result.Exhausted] only if nothing within the bounds it
// names is left.
//
// # Words
//
//   - operation: a call of sched that other tasks can notice. Control passes only before one. Starting a task, and
//     waiting for its end, are none: they concern nobody else.
//   - step: an operation that happened, or a value that was chosen (sched.Choose, sched.Fault).
//   - schedule: which task did each step, and the values. An execution is the program run under one.
//   - dependent: two operations on one object whose order can matter. Two schedules that differ in the order of
//     others are one (Mazurkiewicz) trace, and [DPOR] runs one schedule of each trace.
//   - switch: another task goes on. A preemption is a switch away from a task that could have gone on.
//   - verdict: [Verdict], what an execution is found guilty of.
//
// # What is modelled
//
// A waiting writer stops new readers of an RWMutex from the moment it announces itself, an operation of its own.
// A Cond wakes who waited longest. Time is virtual: a timer, a sleep or a timed wait expires when nothing else can
// happen, in order of time, and before that as often as [Config.Expiries] allows. Daemons are not waited for, but do
// what is left for them to do. At most 64 tasks exist at once. What no operation guards must not change between two
// operations: [Config.Goroutines] lets the race detector see whether it does.
//
// An execution that is long gives everybody a turn from half of [Config.StepsMax] on, and one that has no end is a
// [Livelock]. A failing task ends. With [Config.KeepGoing] the others go on; which of several failures of an
// execution is reported is then the one that came first. A WaitGroup's counter that becomes negative is found, but
// not each way in which it can.
//
// [Aside] is for what is no part of the program, such as comparing what it left with a model: that takes no steps.
//
// # Other hooks
//
// [Config.Watch] puts a watching hook above: with package lockdep there, every schedule validates the lock order, too.
//
// # Back ends
//
// Tasks are coroutines, switched in some tens of nanoseconds, or goroutines, under which the race detector sees exactly
// the order that the program's own operations make. Both have the same schedules. A test's FailNow, called in a task,
// ends the search with the test; Failf is what fails an execution.
//
// The folder examples/bankaccount is a program that knows nothing of file systems, with its tests.
package explore
