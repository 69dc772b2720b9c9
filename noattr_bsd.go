//go:build freebsd || netbsd || openbsd || dragonfly

package extant

import "syscall"

// errNoAttr is what the systems without ENODATA answer when there is no such attribute.
const errNoAttr = syscall.ENOATTR
