//go:build !freebsd && !netbsd && !openbsd && !dragonfly

package ext4

import "syscall"

// errNoAttr is what getxattr answers when there is no such attribute.
const errNoAttr = syscall.ENODATA
