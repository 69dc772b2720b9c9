package page

import "golang.org/x/sys/unix"

// wantLargePages advises the system to back mem, which the Go runtime has just had from it or used before, with large pages. It is free not to.
func wantLargePages(mem []byte) { unix.Madvise(mem, unix.MADV_HUGEPAGE) }
