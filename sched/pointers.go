package sched

import "sync/atomic"

// PointersLen is the number of pointers in a [Pointers].
const PointersLen = 64

// Pointers is 64 atomic pointers to T, for tables that are read without a lock. Operations on different ones do not conflict, and an explorer
// knows it. They take 8 bytes each where a [Pointer] takes 24.
type Pointers[T any] struct {
	obj Object
	v   [PointersLen]atomic.Pointer[T]
}

// Init gives x its class. It is called before x is first used.
func (x *Pointers[T]) Init(c *Class) { x.obj.init(c) }

// Object returns what hooks know x by.
func (x *Pointers[T]) Object() *Object { return &x.obj }

// Load returns pointer i, which is taken modulo 64 as it is by Store.
func (x *Pointers[T]) Load(i uint64) *T {
	point(OpRead, &x.obj, 1<<(i%PointersLen))
	return x.v[i%PointersLen].Load()
}

// Store sets pointer i.
func (x *Pointers[T]) Store(i uint64, v *T) {
	point(OpWrite, &x.obj, 1<<(i%PointersLen))
	x.v[i%PointersLen].Store(v)
}
