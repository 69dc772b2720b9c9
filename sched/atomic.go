package sched

import "sync/atomic"

// Int64 is an atomic counter.
type Int64 struct {
	obj Object
	v   atomic.Int64
}

// Init gives x its class. It is called before x is first used.
func (x *Int64) Init(c *Class) { x.obj.init(c) }

// Object returns what hooks know x by.
func (x *Int64) Object() *Object { return &x.obj }

// Load returns the value.
func (x *Int64) Load() int64 {
	point(OpRead, &x.obj, ^uint64(0))
	return x.v.Load()
}

// Store sets the value.
func (x *Int64) Store(v int64) {
	point(OpWrite, &x.obj, ^uint64(0))
	x.v.Store(v)
}

// Add adds d and returns the sum.
func (x *Int64) Add(d int64) int64 {
	point(OpUpdate, &x.obj, ^uint64(0))
	return x.v.Add(d)
}

// CompareAndSwap sets the value to next if it is old, and says whether it did.
func (x *Int64) CompareAndSwap(old, next int64) bool {
	point(OpUpdate, &x.obj, ^uint64(0))
	if x.v.CompareAndSwap(old, next) {
		return true
	}
	unchanged(&x.obj)
	return false
}

// Pointer is an atomic pointer to a T.
type Pointer[T any] struct {
	obj Object
	v   atomic.Pointer[T]
}

// Init gives x its class. It is called before x is first used.
func (x *Pointer[T]) Init(c *Class) { x.obj.init(c) }

// Object returns what hooks know x by.
func (x *Pointer[T]) Object() *Object { return &x.obj }

// Load returns the value.
func (x *Pointer[T]) Load() *T {
	point(OpRead, &x.obj, ^uint64(0))
	return x.v.Load()
}

// Store sets the value.
func (x *Pointer[T]) Store(v *T) {
	point(OpWrite, &x.obj, ^uint64(0))
	x.v.Store(v)
}

// Swap sets the value and returns the one before.
func (x *Pointer[T]) Swap(v *T) *T {
	point(OpUpdate, &x.obj, ^uint64(0))
	return x.v.Swap(v)
}

// CompareAndSwap sets the value to next if it is old, and says whether it did.
func (x *Pointer[T]) CompareAndSwap(old, next *T) bool {
	point(OpUpdate, &x.obj, ^uint64(0))
	if x.v.CompareAndSwap(old, next) {
		return true
	}
	unchanged(&x.obj)
	return false
}

// Var is a variable that several tasks use without a lock, on purpose: every Load and Store is an
// operation that an explorer orders. Unlike [Pointer] it is no atomic: outside an explorer the race
// detector sees it as the plain variable it is.
type Var[T any] struct {
	obj Object
	v   T
}

// Object returns what hooks know x by.
func (x *Var[T]) Object() *Object { return &x.obj }

// Load returns the value.
func (x *Var[T]) Load() T {
	point(OpRead, &x.obj, ^uint64(0))
	return x.v
}

// Store sets the value.
func (x *Var[T]) Store(v T) {
	point(OpWrite, &x.obj, ^uint64(0))
	x.v = v
}
