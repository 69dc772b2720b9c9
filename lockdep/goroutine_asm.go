//go:build amd64 || arm64 || s390x

package lockdep

// currentG returns a number that no other living goroutine has: the address that Go's assembler knows as the
// goroutine's own. It is only compared, never followed, so no layout of the runtime matters. The
// runtime uses it again for a later goroutine.
func currentG() uintptr
