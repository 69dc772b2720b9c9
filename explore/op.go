package explore

import "extant/sched"

// kind is what an operation does. The kinds up to kindsVisible are the alphabet of schedules: other tasks
// may run before such an operation, and which of two of them comes first may matter. The rest concern
// the task alone.
type kind uint8

const (
	kindRead     kind = iota // reads bits of a word
	kindWrite                // overwrites bits of a word
	kindUpdate               // reads and may change bits of a word
	kindAdd                  // adds to a counter
	kindFire                 // makes a waiter ready
	kindReset                // makes a waiter unready
	kindBegin                // binds the task to fire a waiter; changes nothing
	kindWait                 // waits, and consumes what it waited for
	kindAwait                // waits, and consumes nothing
	kindLock                 // takes a mutex
	kindTry                  // takes a mutex that is free
	kindTryFail              // finds a mutex taken
	kindUnlock               // releases a mutex
	kindHandoff              // releases a mutex that another task may have taken
	kindIdle                 // waits until a mutex is free
	kindRLock                // takes a read-write lock shared
	kindTryR                 // the same, free of writers
	kindTryRFail             // finds a writer
	kindRUnlock              // releases a read-write lock held shared
	kindAnnounce             // stops new readers of a read-write lock
	kindAcquire              // takes a read-write lock exclusively after kindAnnounce
	kindTryW                 // announces and acquires
	kindTryWFail             // finds a read-write lock held
	kindWUnlock              // releases a read-write lock held exclusively
	kindEnqueue              // begins to wait for a condition
	kindNotify               // wakes waiters of a condition
	kindPoll                 // waits no longer: finds a waiter ready, or reads that it is not
	kindSleep                // lets time pass
	kindArm                  // starts a timer
	kindDisarm               // stops a timer
	kindExpire               // the time of a timer has come

	kindsVisible

	kindStart  // the task has not begun
	kindJoin   // waits for the end of a task
	kindEnd    // the task ends
	kindSpawn  // starts a task
	kindChoose // asks for one of n values
	kindNote   // remarks
	kindAssert // states what is held
)

// A kindSet has room for all visible kinds.
var _ [32 - kindsVisible]struct{}

var kindNames = [...]string{
	"read", "write", "update", "add", "fire", "reset", "begin", "wait", "wait", "lock", "trylock", "trylock", "unlock",
	"unlock", "wait for unlock", "read lock", "try read lock", "try read lock", "read unlock", "announce write lock",
	"write lock", "try write lock", "try write lock", "write unlock", "enqueue", "notify", "poll", "sleep", "start timer",
	"stop timer", "expire", "", "start", "join", "end", "go", "choose",
	"note", "assert",
}

func (k kind) String() string { return kindNames[k] }

// noun returns what an object is called that an operation of the kind is done to.
func (k kind) noun() string {
	switch {
	case k <= kindUpdate:
		return "word"
	case k == kindAdd:
		return "wait group"
	case k <= kindAwait:
		return "event"
	case k <= kindIdle:
		return "mutex"
	case k <= kindWUnlock:
		return "rwmutex"
	case k == kindEnqueue || k == kindNotify:
		return "cond"
	case k >= kindArm && k <= kindExpire:
		return "timer"
	}
	return "object"
}

// immediate says that an operation of the kind is answered at once, in whatever schedule.
func (k kind) immediate() bool { return k >= kindEnd }

// op is an operation that a task has announced.
type op struct {
	kind     kind
	timed    bool // a wait that may end without
	notified bool // a lock that is taken again after a condition's notification
	all      bool // wake all waiters, not one
	want     sched.Assertion
	ref      *sched.Object // of visible operations and assertions
	obj      *object       // found from ref before anything else is done with the operation
	mask     uint64        // which bits of obj
	label    string        // of a yield, a note or a fault

	lock   sched.Lock   // whose state the engine operates, for a HandoffMutex
	waiter sched.Waiter // whose state the engine operates
	timer  *sched.Timer
	task   *sched.Task // to be started
	body   func()
	n      int   // of values to choose from
	budget *int  // how many values may yet be other than 0; nil if all
	until  int64 // when a wait ends without, in nanoseconds of the virtual clock
}

// step is one thing that happened in an execution: an operation of a task, or a value chosen for it.
type step struct {
	mask   uint64
	obj    int32 // index of the object; the value of a choice
	serial uint16
	task   uint8
	kind   kind // what it turned out to do
	said   kind // what was announced
	forced bool // there was nothing to decide
}
