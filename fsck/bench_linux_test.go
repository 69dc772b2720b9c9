package fsck_test

import (
	"syscall"
	"time"
)

// measure is what a function costs this process.
func measure(f func()) cost {
	var before, after syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &before)
	start := time.Now()
	f()
	wall := time.Since(start)
	syscall.Getrusage(syscall.RUSAGE_SELF, &after)
	spent := func(r *syscall.Rusage) time.Duration {
		return time.Duration(r.Utime.Nano() + r.Stime.Nano())
	}
	return cost{wall, spent(&after) - spent(&before)}
}
