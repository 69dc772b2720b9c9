//go:build race

package explore

import (
	"runtime"
	"unsafe"

	"extant/sched"
)

func raceDisable() { runtime.RaceDisable() }
func raceEnable()  { runtime.RaceEnable() }

func raceAcquire(p *uint64)      { runtime.RaceAcquire(unsafe.Pointer(p)) }
func raceReleaseMerge(p *uint64) { runtime.RaceReleaseMerge(unsafe.Pointer(p)) }

// address is where the detector keeps what releases of o say about memory; those of readers are kept
// apart, because readers do not order each other.
//
//go:norace
func address(o *sched.Object, readers uintptr) unsafe.Pointer {
	return unsafe.Add(unsafe.Pointer(o), 8*readers)
}

var releasing = kindsOf(kindUnlock, kindHandoff, kindWUnlock, kindFire, kindAdd, kindReset, kindNotify, kindArm)

var acquiring = kindsOf(kindLock, kindTry, kindAcquire, kindTryW, kindRLock, kindTryR, kindWait, kindAwait, kindIdle,
	kindPoll)

// raceBefore tells the detector what others may rely on once they see that o has happened.
//
//go:norace
func raceBefore(e *engine, o *op) {
	switch {
	case e.back.inline():
	case o.kind == kindRUnlock:
		runtime.RaceReleaseMerge(address(o.ref, 1))
	case o.kind == kindEnd || o.kind < kindsVisible && releasing.has(o.kind):
		runtime.RaceReleaseMerge(address(o.ref, 0))
	}
}

// raceAfter tells the detector what the task may rely on now that o has happened.
//
//go:norace
func raceAfter(e *engine, o *op) {
	if e.back.inline() || o.kind != kindJoin && (o.kind >= kindsVisible || !acquiring.has(o.kind)) {
		return
	}
	runtime.RaceAcquire(address(o.ref, 0))
	if o.kind == kindLock || o.kind == kindTry || o.kind == kindAcquire || o.kind == kindTryW {
		runtime.RaceAcquire(address(o.ref, 1))
	}
}
