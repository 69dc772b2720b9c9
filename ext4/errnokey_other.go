//go:build !linux && !windows

package ext4

import "syscall"

// errNoKey is what the systems without ENOKEY answer where the key of an encrypted directory or file is missing.
const errNoKey = syscall.EACCES
