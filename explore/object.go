package explore

import (
	"fmt"
	"slices"

	"extant/sched"
)

// object is what the engine knows of one sched.Object in the current execution.
type object struct {
	key   *sched.Object
	index int32
	noun  string // what it is, for reports

	held      bool   // a mutex is taken, or a read-write lock exclusively
	owner     *task  // of an exclusive lock, unless it was handed off
	readers   uint64 // tasks that hold a read-write lock shared; a task that does so twice counts once
	shared    int    // how often a read-write lock is held shared
	announced int    // writers that hold a read-write lock or wait for it

	ends    *task   // the object is this task's end
	waiting []*task // on a condition, first come first
	timer   *task   // the armed run of a timer
	early   int     // how often the timer has expired while something else could happen

	history []int32 // events on the object, for whoever keeps them
}

// objects finds objects by their keys. The key's slot holds an index that a hook watching above does not touch: it
// has the lower half of the slot, the engine the upper.
type objects struct {
	all  []*object // of this execution, then those to use again
	used int
}

const slotShift = 32

func (s *objects) reset() { s.used = 0 }

// at returns the object of a key.
func (s *objects) at(key *sched.Object) *object {
	slot := key.Slot()
	if i := int(slot >> slotShift); i < s.used && s.all[i].key == key {
		return s.all[i]
	}
	o := s.add(key)
	key.SetSlot(uint64(o.index)<<slotShift | slot&(1<<slotShift-1))
	return o
}

// add makes an object, for a key or, if that is nil, for the engine itself.
func (s *objects) add(key *sched.Object) *object {
	if s.used == len(s.all) {
		s.all = append(s.all, &object{})
	}
	o := s.all[s.used]
	*o = object{key: key, index: int32(s.used), waiting: o.waiting[:0], history: o.history[:0]}
	s.used++
	return o
}

// held reports whether some lock is.
func (s *objects) held() bool {
	return slices.ContainsFunc(s.all[:s.used], func(o *object) bool { return o.held || o.shared > 0 })
}

// name returns the object's class, or what it is and a number that is the same in the same schedule.
func (o *object) name() string {
	if o.key != nil {
		if c := o.key.Class(); c != nil {
			return c.Name
		}
	}
	return fmt.Sprintf("%s %d", o.noun, o.index)
}

// holders returns the tasks that have the lock.
func (o *object) holders(tasks []*task) []*task {
	var hs []*task
	for _, t := range tasks {
		if t == o.owner || o.readers>>t.id&1 != 0 {
			hs = append(hs, t)
		}
	}
	return hs
}
