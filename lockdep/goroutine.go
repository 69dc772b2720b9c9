package lockdep

import "runtime"

// goroutineID returns the number that the runtime's tracebacks give the calling goroutine, which is
// never used again. It costs about 2 us.
func goroutineID() uint64 {
	var buf [64]byte
	text := buf[:runtime.Stack(buf[:], false)]
	id := uint64(0)
	for _, c := range text[len("goroutine "):] {
		if c < '0' || c > '9' {
			break
		}
		id = id*10 + uint64(c-'0')
	}
	return id
}

// stack is where something happened: return addresses, innermost first.
type stack []uintptr

// framesMax bounds a stack. Locks are taken near the leaves; what matters is found in fewer frames.
const framesMax = 32

// callers returns the stack of the calling goroutine without skip frames of this package.
func callers(skip int) stack {
	var pcs [framesMax]uintptr
	n := runtime.Callers(skip+2, pcs[:])
	return append(stack(nil), pcs[:n]...)
}
