package extract

import (
	"os"

	"golang.org/x/sys/unix"

	"extant/internal/ondisk"
)

// setXattr sets an xattr of an open file. ACLs have another form here.
func setXattr(f *os.File, x xattr) error {
	if isACL(x.name) {
		return &ondisk.UnsupportedError{Detail: "POSIX access control lists on this system"}
	}
	return unix.Fsetxattr(int(f.Fd()), x.name, x.value, 0)
}
