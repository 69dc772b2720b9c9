// Package lockdep validates the order in which a program takes its locks, by watching package sched.
//
// It needs no deadlock to report one. It learns which classes of locks were ever taken while which
// others were held, in any task at any time, and reports the first dependency that closes a circle: with
// unlucky timing, tasks that each do again what some task did once would wait for each other forever.
// A program that has run through each of its single-task lock sequences once, without report, cannot
// deadlock on those locks by any timing. The model, the rules for readers and the form of the reports
// are those of the Linux kernel's checker of the same name.
//
// A program is written with sched's locks in place of sync's, each with a class, and a test watches it:
//
//	var accountClass = sched.Class{Name: "account"}
//
//	func New() *Account {
//		a := &Account{}
//		a.mu.Init(&accountClass) // a sched.Mutex
//		return a
//	}
//
//	func TestBank(t *testing.T) {
//		lockdep.Watch(t, lockdep.Config{}) // whatever is found fails the test
//		...
//	}
//
// What it never does: it changes no outcome of any operation, it does not stop after its first
// report, and it does not look for data races.
//
// # Words
//
//   - class: what sched.Class says. The nesting levels of a class are classes of their own. Locks
//     without a class belong to one named after the place that first locked them.
//   - dependency: B was taken while A was held, written A --> B. Its kind is ER, EN, SR or SN: the first
//     held exclusively or shared, the second taken as a recursive reader or not.
//   - circle: dependencies that lead back to where they began, along which each task is blocked by the
//     next. Where a lock is taken by a recursive reader and held shared by the next, nobody is blocked.
//     A reader of a sched.RWMutex is not recursive, because a waiting writer stops it; but it is as
//     good as one while the class has no writer at all.
//   - chain: the sequence of what a task holds. A chain that was validated once is known by its key.
//   - grade: [Sure], [Gated] or [ThroughEvent]. A circle is gated if two of its tasks always hold one
//     class of lock besides, one of them exclusively: if that is one lock, they never meet. The writer
//     that a blocked reader needs counts as a task. That a circle cannot happen because of what data
//     the tasks look at is beyond this package; an explorer can tell.
//   - context: a sched.Context is a lock in the graph, held inside, and taken and released where it may be
//     entered. So one rule serves all: what is taken in reclaim is not held where reclaim may begin.
//   - event: what tasks wait for, and a lock's release by another task. With [Config.Events], who waits
//     for an event depends on all that was held or taken by who fires it.
//
// A task that takes a lock by TryLock waits for nothing and makes no dependency on it, but what it
// takes next depends on it.
//
// # What else is reported
//
// Tasks that wait for each other now ([Deadlock]), as soon as the last of them blocks. Broken assertions,
// releases of what is not held, tasks that end with locks held. Sleeping while a spinning lock is held.
// Dependencies that a declared [Order] does not have; the order's text is the form of a file that documents
// all locks of a program. What several runs and processes have seen is merged by [Graph.Merge].
//
// # Cost
//
// A lock taken in a known chain writes no shared memory and allocates nothing: a Lock and Unlock take about one and a
// half times what the bare pair of package sync takes, some 17 ns, whatever else is held. A new chain costs about
// 6 us, a good part of it to walk the stack; only dependencies within a circle
// search the graph, because its closure is kept, at two bits for each pair of classes. A contended lock
// costs microseconds more, because waits are entered in a graph of their own. With Config.Stats a pair
// costs about 85 ns. docs/benchmarks.md has the measurements.
//
// # Who is asking
//
// Go has no public name for the calling goroutine. On amd64, arm64 and s390x three instructions of
// assembly return the address that Go's assembler knows as g, for 2 ns: no linkname, and no field is read, so
// no release of Go can move what it relies on. The runtime uses an address again for a later goroutine.
// Tasks of sched are therefore reset at their start; a plain goroutine that ends while it holds a lock may
// leave it to another, which is noticed at the next new chain if the first had made one while it held the lock and
// the two began with different functions.
// On other architectures the goroutine's number is parsed from runtime.Stack, which costs thousands of
// nanoseconds.
//
// # Locks
//
// Three plain mutexes protect the graph (Validator.mu), the set of chains and the table of tasks; under the
// first the second is taken. They are leaves: no hook, handler or program code runs under them.
package lockdep
