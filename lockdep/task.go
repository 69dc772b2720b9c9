package lockdep

import (
	"fmt"
	"sync"
	"sync/atomic"

	"extant/sched"
)

// held is one lock, pseudo-lock, context or event that a task holds.
type held struct {
	obj   *sched.Object
	chain uint64 // key of the chain that ends here
	order uint64 // the nest's key, if keyed
	slot  uint32 // releases of obj by tasks that did not hold it, when it was taken
	level uint8
	mode  sched.Mode
	flags heldFlags
	kind  kind
}

type heldFlags uint8

const (
	keyed heldFlags = 1 << iota // order is valid
	try                         // taken without waiting
	timed                       // its hold time is being measured
)

// kind says what a node of the graph stands for.
type kind uint8

const (
	lockKind    kind = iota // a lock that excludes
	pseudoKind              // a sched.Pseudo
	contextKind             // a sched.Context
	eventKind               // something waited for
)

// task is what is known of one goroutine. Only that goroutine uses it.
type task struct {
	g     uintptr // immutable
	id    uint64  // goroutine number, if it has a name and has made a new chain
	entry uintptr // what the goroutine began with, 0 if it is not known since held was empty
	name  string
	ends  *sched.Object // what those who wait for the task's end wait for, or nil
	held  []held
	times []int64 // when timed entries of held were taken, innermost last
	turns uint32  // acquisitions, to time one in so many
}

// chainSeed is the key of the empty chain.
const chainSeed = 0x9e3779b97f4a7c15

// tip returns the key of the chain of all that t holds.
func (t *task) tip() uint64 {
	if n := len(t.held); n > 0 {
		return t.held[n-1].chain
	}
	return chainSeed
}

// extend returns the key of the chain with key tip and one more lock, described by what.
func extend(tip, what uint64) uint64 {
	h := (tip ^ what) * 0xff51afd7ed558ccd
	h ^= h >> 32
	h *= 0xc4ceb9fe1a85ec53
	return h | 1 // 0 marks an empty slot
}

// describe packs what distinguishes an acquisition within a chain.
func describe(classID uint32, level uint8, mode sched.Mode, f heldFlags) uint64 {
	return uint64(classID)<<16 | uint64(level)<<8 | uint64(mode)<<4 | uint64(f&(keyed|try))
}

func (h *held) describe() uint64 {
	return describe(h.obj.Class().ID(), h.level, h.mode, h.flags)
}

// grow adds an entry to what t holds and returns it, for the caller to fill field by field: a literal
// would be built elsewhere and copied, which costs as much as all the rest of a known chain.
func (t *task) grow() *held {
	n := len(t.held)
	if n == 0 {
		t.entry = 0
	}
	if n < cap(t.held) {
		t.held = t.held[:n+1]
	} else {
		t.held = append(t.held, held{})
	}
	return &t.held[n]
}

// find returns the index of the innermost entry of o, or -1.
func (t *task) find(o *sched.Object) int {
	for i := len(t.held) - 1; i >= 0; i-- {
		if t.held[i].obj == o {
			return i
		}
	}
	return -1
}

// remove takes entry i out and gives the entries above it the keys of their new chains.
func (t *task) remove(i int) {
	t.held = append(t.held[:i], t.held[i+1:]...)
	t.rekey(i)
}

func (t *task) rekey(from int) {
	for i := from; i < len(t.held); i++ {
		tip := uint64(chainSeed)
		if i > 0 {
			tip = t.held[i-1].chain
		}
		t.held[i].chain = extend(tip, t.held[i].describe())
	}
}

// reset makes t one that holds nothing. Its g stays unwritten: other goroutines read it.
func (t *task) reset(name string, ends *sched.Object) {
	t.id, t.entry, t.name, t.ends = 0, 0, name, ends
	t.held, t.times, t.turns = t.held[:0], t.times[:0], 0
}

// identify is told of a stack of the calling goroutine, and makes sure that it is the one that took what t
// holds: one that ended before it released everything has left the rest to another one of the same address. That
// goes unseen if the goroutine made no new chain meanwhile, or if both began with the same function: to ask for their
// numbers would cost more than all the rest of a new chain. Tasks that sched started are checked at their end.
func (t *task) identify(at stack) {
	if t.name != "" {
		if t.id == 0 {
			t.id = goroutineID()
		}
		return
	}
	entry := at.entry()
	if t.entry != entry && t.entry != 0 && entry != 0 {
		t.held = t.held[:0]
		t.forgetTimes()
	}
	t.entry = entry
}

// forgetTimes stops timing the entries of t.
func (t *task) forgetTimes() {
	t.times = t.times[:0]
	for i := range t.held {
		t.held[i].flags &^= timed
	}
}

// label returns the name and number that reports give t, which is the calling goroutine.
func (t *task) label() string { return label(t.name, goroutineID()) }

// label returns how reports call a task: by name and goroutine number, either of which may be missing.
func label(name string, id uint64) string {
	if name == "" {
		name = "goroutine"
	}
	if id == 0 {
		return name
	}
	return fmt.Sprintf("%s/%d", name, id)
}

// inside says whether t holds the context's object.
func (t *task) inside(o *sched.Object) bool { return t.find(o) >= 0 }

// taskTable finds the task of a goroutine without locks. Tasks are never removed: the runtime keeps the
// goroutines they belong to for reuse, too.
type taskTable struct {
	recent [taskRecent]atomic.Pointer[task]       // tasks found before, by a hash of g
	slots  atomic.Pointer[[]atomic.Pointer[task]] // open addressing by g, at most half full

	mu sync.Mutex
	// +checklocks:mu
	n int
}

const taskSlotsMin = 256

func (s *taskTable) init() {
	t := make([]atomic.Pointer[task], taskSlotsMin)
	s.slots.Store(&t)
}

const taskRecent = 1 << 10

func hashG(g uintptr) uint64 { return uint64(g) * 0x9e3779b97f4a7c15 >> 32 }

// current returns the calling goroutine's task.
func (s *taskTable) current() *task {
	g := currentG()
	t := s.hit(g)
	if t == nil || t.g != g {
		t = s.find(g)
	}
	t.seize()
	return t
}

// hit returns the task found last for goroutines of g's hash. It is compiled into its caller.
func (s *taskTable) hit(g uintptr) *task { return s.recent[hashG(g)%taskRecent].Load() }

func (s *taskTable) find(g uintptr) *task {
	slots := *s.slots.Load()
	for i := hashG(g); ; i++ {
		t := slots[i&uint64(len(slots)-1)].Load()
		if t == nil {
			return s.insert(g)
		}
		if t.g == g {
			s.recent[hashG(g)%taskRecent].Store(t)
			return t
		}
	}
}

func (s *taskTable) insert(g uintptr) *task {
	s.mu.Lock()
	defer s.mu.Unlock()
	slots := *s.slots.Load()
	if 2*(s.n+1) > len(slots) {
		grown := make([]atomic.Pointer[task], 2*len(slots))
		for i := range slots {
			if t := slots[i].Load(); t != nil {
				settle(grown, t)
			}
		}
		s.slots.Store(&grown)
		slots = grown
	}
	t := &task{g: g, held: make([]held, 0, 8)}
	settle(slots, t)
	s.n++
	return t
}

func settle(slots []atomic.Pointer[task], t *task) {
	i := hashG(t.g)
	for slots[i&uint64(len(slots)-1)].Load() != nil {
		i++
	}
	slots[i&uint64(len(slots)-1)].Store(t)
}
