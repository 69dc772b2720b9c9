package sched

import "sync/atomic"

// WaitType says what a holder of a lock may do, as the pair of numbers {outer:inner} in a
// validator's report does.
type WaitType uint8

const (
	// Sleeping is the type of ordinary locks: their holders may block.
	Sleeping WaitType = iota
	// Spinning is the type of leaf locks held for a few instructions: their holders take no Sleeping lock
	// and wait for nothing.
	Spinning
)

// Class is what all locks of one purpose have in common: its address is its identity, so a class is
// a package variable. A Class must not be copied or changed once a lock has it.
type Class struct {
	Name    string   // unique in the program; classes of one name are one class to a validator
	Doc     string   // what the class protects, for generated documents
	Wait    WaitType // what holders may do
	Ordered bool     // two locks of the class may be held together if taken by ascending [Key]

	id atomic.Uint32
}

var lastClassID atomic.Uint32

// ID returns a small number, not 0, that no other class of this process has. Numbers are given out
// in order of first use.
func (c *Class) ID() uint32 {
	if id := c.id.Load(); id != 0 {
		return id
	}
	return c.assignID()
}

func (c *Class) assignID() uint32 {
	c.id.CompareAndSwap(0, lastClassID.Add(1))
	return c.id.Load()
}

// Object is the part of every sched value that a hook sees: the identity of the value is the address
// of its Object.
type Object struct {
	class atomic.Pointer[Class]
	slot  atomic.Uint64
}

// Class returns the object's class, or nil if it has none.
func (o *Object) Class() *Class { return o.class.Load() }

// Adopt gives the object the class c unless it has one, and returns the class it has then.
func (o *Object) Adopt(c *Class) *Class {
	o.class.CompareAndSwap(nil, c)
	return o.class.Load()
}

// Slot returns a word that belongs to the attached hook: its lower half to one that watches, its upper half to one
// that takes over, since one can stand above the other. A hook may find there what an earlier one left, so it
// validates what it reads.
func (o *Object) Slot() uint64 { return o.slot.Load() }

// SetSlot stores the hook's word.
func (o *Object) SetSlot(v uint64) { o.slot.Store(v) }

// AddSlot adds d to the hook's word and returns the sum.
func (o *Object) AddSlot(d uint64) uint64 { return o.slot.Add(d) }

func (o *Object) init(c *Class) { o.class.Store(c) }

// Mode is how a lock is held.
type Mode uint8

const (
	// Exclusive excludes every other holder.
	Exclusive Mode = iota
	// Shared excludes Exclusive holders; a waiting one stops new Shared ones.
	Shared
	// Recursive is Shared that no waiting writer stops. Only a [Pseudo] can be taken so.
	Recursive
)

func (m Mode) String() string {
	switch m {
	case Exclusive:
		return "exclusive"
	case Shared:
		return "shared"
	case Recursive:
		return "recursive"
	}
	return "unknown mode"
}

// LevelsMax is how many nesting levels a class has, 0 included.
const LevelsMax = 8

// Nest says why taking a second lock of a class already held is in order. The zero Nest gives no
// reason.
type Nest struct {
	key   uint64
	level uint8
	keyed bool
}

// Level returns the Nest of a lock taken beneath others of its class that were taken at a lower
// level: 1 for a child beneath its parent. Each level is a class of its own to a validator. It
// panics if n is not below [LevelsMax].
func Level(n int) Nest {
	if n < 0 || n >= LevelsMax {
		panic("sched: nesting level out of range")
	}
	return Nest{level: uint8(n)}
}

// Key returns the Nest of a lock whose class is [Class.Ordered]: locks of the class are taken by
// strictly ascending k.
func Key(k uint64) Nest { return Nest{key: k, keyed: true} }

// At returns n at level l: levels order first, keys within a level.
func (n Nest) At(l int) Nest {
	n.level = Level(l).level
	return n
}

// Level returns the nesting level, 0 if none was given.
func (n Nest) Level() int { return int(n.level) }

// Key returns the key and whether one was given.
func (n Nest) Key() (k uint64, ok bool) { return n.key, n.keyed }
