//go:build !freebsd && !netbsd && !openbsd && !dragonfly

package model

import "syscall"

// errNoAttr says that there is no such attribute.
const errNoAttr = syscall.ENODATA
