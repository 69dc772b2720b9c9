package hostdir

import (
	"errors"
	"unsafe"

	"golang.org/x/sys/unix"

	"extant/internal/model"
)

// setThread gives the calling thread, and no other, the identity for access to files. What package unix has for groups is for all threads.
func setThread(c model.Cred) error {
	var first unsafe.Pointer
	if len(c.Groups) > 0 {
		first = unsafe.Pointer(&c.Groups[0])
	}
	if c.UID == 0 {
		unix.SetfsuidRetUid(0)
	}
	_, _, no := unix.RawSyscall(unix.SYS_SETGROUPS, uintptr(len(c.Groups)), uintptr(first), 0)
	if no != 0 {
		return no
	}
	unix.SetfsgidRetGid(int(c.GID))
	unix.SetfsuidRetUid(int(c.UID))
	if uid, _ := unix.SetfsuidRetUid(-1); uid != int(c.UID) {
		return errors.New("the user cannot be changed")
	}
	return nil
}
