// Package sched is the one seam through which a program meets concurrency: locks, waits, flags,
// goroutines, timers, the clock, and the choices a test wants to make for it.
//
// With nothing attached every type does what its counterpart in sync, sync/atomic and time does, at
// the price of one more load and branch. A [Hook] attached with [Attach] sees every operation before
// it happens. A validator watches and lets the operation through; an explorer takes over and
// decides who goes on. The program under test is the shipped program in both cases.
//
// To use it, write sched where sync and atomic were, and name what is started:
//
//	sync.Mutex, RWMutex, Cond, Once, WaitGroup    [Mutex], [RWMutex], [Cond], [Once], [WaitGroup]; [Pool]
//	atomic.Int64, atomic.Pointer                  [Int64], [Pointer] and [Pointers], [Flags] for bits; [Hint]
//	go f()                                        [Go]("name", f), which returns a [Task] to wait for
//	a channel that is closed, or holds a signal   [Completion], [Event]
//	time.Now, time.Sleep, time.AfterFunc          [Now], [Sleep], [AfterFunc]
//
// and give each lock a class:
//
//	var inodeClass = sched.Class{Name: "inode", Doc: "a file's size"}
//
//	ino.mu.Init(&inodeClass)
//
// Tests then attach package lockdep, which validates the order of locks, or let package explore try the schedules.
//
// What it never does: it imposes no order and detects nothing by itself, it never starts a goroutine
// that was not asked for, and it knows nothing of the programs that use it.
//
// # Words
//
//   - lock: [Mutex], [RWMutex] (a waiting writer stops new readers) and [HandoffMutex], which another
//     task than its locker may release.
//   - pseudo-lock: [Pseudo], a class taken and released with no lock behind it. It stands for waiting
//     that is implemented some other way: a transaction handle, a freeze level.
//   - context: [Context], a state of the task (in reclaim, in a fault) that other code may enter on
//     the program's behalf at marked places.
//   - waiter: whatever a task can wait for: [Completion], [Event], [WaitGroup], [Task].
//   - class: [Class], what locks of one purpose have in common. Order is a property of classes, not
//     of locks. A lock without a class works; a validator names it after the place that locked it first.
//   - nest: [Nest], how a second lock of one class is taken beneath the first: by [Level] (parent,
//     then child) or by ascending [Key] in an [Class.Ordered] class.
//   - point: an operation that cannot block but that others can observe. [Yield] is a point by itself.
//
// # Zero values
//
// The zero value of every type is ready for use; Init only gives it a class. A value must not be
// copied after its first use, nor may a hook be attached or detached while locks are held or tasks
// wait: the hook would miss half of a pair.
//
// # Cost
//
// Measured by the benchmarks of this package, one uncontended Lock and Unlock costs within 1 ns of the same
// pair of package sync. An object carries 16 bytes beside its own state: its class, and a word that
// belongs to the attached hook.
//
// # Static checking
//
// The analyzer checklocks knows a lock by a type name that ends in Mutex and by the methods Lock,
// Unlock, RLock, RUnlock and NestedLock, so guarded fields are annotated as with sync.
package sched
