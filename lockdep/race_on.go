//go:build race

package lockdep

import (
	"runtime"
	"unsafe"
)

// A goroutine that gets the address of one that has ended gets its task, too. The runtime orders the two, but
// the race detector does not know it unless it is told: seize follows a goroutine's finding of its
// task, yield its last use of it in an operation.

func (t *task) seize() { runtime.RaceAcquire(unsafe.Pointer(t)) }
func (t *task) yield() { runtime.RaceRelease(unsafe.Pointer(t)) }
