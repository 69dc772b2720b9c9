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
