//go:build linux || windows

package ext4

import "syscall"

// errNoKey is what the kernel answers where the key of an encrypted directory or file is missing.
const errNoKey = syscall.ENOKEY
