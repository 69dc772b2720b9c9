//go:build !freebsd && !netbsd && !openbsd && !dragonfly

package extant

import "syscall"

// errNoAttr says that there is no such attribute.
const errNoAttr = syscall.ENODATA
