package sched_test

import (
	"testing"

	"extant/sched"
)

func TestFlags(t *testing.T) {
	const a, b, c = 1, 2, 4
	var f sched.Flags
	f.Set(a | c)
	if f.Load(^uint64(0)) != a|c || !f.Test(a) || f.Test(b) {
		t.Fatalf("flags %#x, want %#x", f.Load(^uint64(0)), a|c)
	}
	if old := f.TestAndSet(a | b); old != a {
		t.Errorf("test-and-set found %#x, want %#x", old, a)
	}
	if old := f.TestAndClear(a); old != a {
		t.Errorf("test-and-clear found %#x, want %#x", old, a)
	}
	if f.CompareAndSwap(a|b, a, a|b) {
		t.Error("swapped from bits that are not there")
	}
	if !f.CompareAndSwap(a|b, b, a) || f.Load(^uint64(0)) != a|c {
		t.Errorf("flags %#x after the swap, want %#x", f.Load(^uint64(0)), a|c)
	}
	f.Clear(^uint64(0))
	if f.Test(^uint64(0)) {
		t.Error("flags set after Clear")
	}
}

func TestInt64(t *testing.T) {
	var x sched.Int64
	x.Store(5)
	if x.Add(2) != 7 || x.Load() != 7 {
		t.Errorf("value %d, want 7", x.Load())
	}
	if x.CompareAndSwap(5, 1) || !x.CompareAndSwap(7, 1) || x.Load() != 1 {
		t.Errorf("value %d, want 1", x.Load())
	}
}

func TestPointer(t *testing.T) {
	var x sched.Pointer[int]
	a, b := new(int), new(int)
	if x.Load() != nil || x.Swap(a) != nil || x.Load() != a {
		t.Error("swap of the zero value")
	}
	if x.CompareAndSwap(b, a) || !x.CompareAndSwap(a, b) {
		t.Error("compare and swap looks at the wrong value")
	}
	x.Store(nil)
	if x.Load() != nil {
		t.Error("store did not")
	}
}

func TestPointers(t *testing.T) {
	var x sched.Pointers[int]
	a := new(int)
	x.Store(63, a)
	if x.Load(63) != a || x.Load(0) != nil || x.Load(127) != a {
		t.Error("a store to one of the pointers is not in that one alone")
	}
}

func TestHint(t *testing.T) {
	var h sched.Hint
	if h.Take() {
		t.Error("the zero value is set")
	}
	h.Set()
	if !h.Take() || h.Take() {
		t.Error("what was set is not taken once")
	}
}

func TestVar(t *testing.T) {
	var x sched.Var[string]
	x.Store("a")
	if x.Load() != "a" {
		t.Errorf("value %q, want a", x.Load())
	}
}

func TestNothingAttached(t *testing.T) {
	sched.Yield("here")
	sched.Note("remark")
	if sched.Choose(3) != 0 || sched.Fault("device") {
		t.Error("a choice was made with nothing attached")
	}
	defer func() {
		if recover() == nil {
			t.Error("a choice among nothing did not panic")
		}
	}()
	sched.Choose(0)
}
