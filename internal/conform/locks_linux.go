package conform

import (
	"fmt"
	"strconv"

	"golang.org/x/sys/unix"
)

// lockCalls lock files: lock, lockw and getlk by process, olock, olockw and ogetlk by open file, flock all of it.
var lockCalls = map[string]func(*caller, *operands) string{
	"lock":   func(_ *caller, a *operands) string { return lock(a, unix.F_SETLK) },
	"lockw":  func(_ *caller, a *operands) string { return lock(a, unix.F_SETLKW) },
	"getlk":  func(_ *caller, a *operands) string { return getLock(a, unix.F_GETLK) },
	"olock":  func(_ *caller, a *operands) string { return lock(a, unix.F_OFD_SETLK) },
	"olockw": func(_ *caller, a *operands) string { return lock(a, unix.F_OFD_SETLKW) },
	"ogetlk": func(_ *caller, a *operands) string { return getLock(a, unix.F_OFD_GETLK) },
	"flock":  func(_ *caller, a *operands) string { return ok(unix.Flock(a.fd(), a.flags(flockKinds))) },
	"lease":  lease,
}

var (
	lockKinds  = map[string]int{"r": unix.F_RDLCK, "w": unix.F_WRLCK, "un": unix.F_UNLCK, "bad": 7}
	flockKinds = map[string]int{"sh": unix.LOCK_SH, "ex": unix.LOCK_EX, "un": unix.LOCK_UN, "nb": unix.LOCK_NB}
)

// record is &FILE KIND START LENGTH [WHENCE].
func (a *operands) record() (uintptr, *unix.Flock_t) {
	fd := a.fd()
	l := &unix.Flock_t{Type: int16(a.flags(lockKinds)), Start: a.num(), Len: a.num()}
	l.Whence = int16(a.flags(whences))
	return uintptr(fd), l
}

func lock(a *operands, cmd int) string {
	fd, l := a.record()
	return ok(unix.FcntlFlock(fd, cmd, l))
}

// getLock says which lock stands in the way.
func getLock(a *operands, cmd int) string {
	fd, l := a.record()
	err := unix.FcntlFlock(fd, cmd, l)
	if err != nil {
		return ok(err)
	}
	for name, kind := range lockKinds {
		if int(l.Type) == kind {
			if kind == unix.F_UNLCK {
				return name
			}
			return fmt.Sprintf("%s %d %d %s", name, l.Start, l.Len, isSet(l.Pid > 0))
		}
	}
	return strconv.Itoa(int(l.Type))
}

// lease &FILE KIND
func lease(_ *caller, a *operands) string {
	fd := a.fd()
	_, err := unix.FcntlInt(uintptr(fd), unix.F_SETLEASE, a.flags(lockKinds))
	return ok(err)
}
