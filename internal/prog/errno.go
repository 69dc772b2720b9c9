package prog

import (
	"errors"
	"fmt"
	"syscall"
)

var errnoNames = map[syscall.Errno]string{
	syscall.E2BIG: "E2BIG", syscall.EACCES: "EACCES", syscall.EBADF: "EBADF", syscall.EBUSY: "EBUSY", syscall.EDQUOT: "EDQUOT",
	syscall.EEXIST: "EEXIST", syscall.EFBIG: "EFBIG", syscall.EINVAL: "EINVAL", syscall.EIO: "EIO", syscall.EISDIR: "EISDIR",
	syscall.ELOOP: "ELOOP", syscall.EMLINK: "EMLINK", syscall.ENAMETOOLONG: "ENAMETOOLONG", syscall.ENODEV: "ENODEV",
	syscall.ENOENT: "ENOENT", syscall.ENOSPC: "ENOSPC", syscall.ENOTDIR: "ENOTDIR", syscall.ENOTEMPTY: "ENOTEMPTY",
	syscall.ENXIO: "ENXIO", syscall.EOPNOTSUPP: "EOPNOTSUPP", syscall.EPERM: "EPERM", syscall.ERANGE: "ERANGE",
	syscall.EROFS: "EROFS", syscall.EXDEV: "EXDEV", syscall.ETXTBSY: "ETXTBSY", syscall.ESTALE: "ESTALE",
	errNoAttr: "ENODATA",
}

// errName names an error as the manual does. What is no errno is shown in full: no two systems agree on it.
func errName(err error) string {
	if err == nil {
		return ""
	}
	var no syscall.Errno
	if !errors.As(err, &no) {
		return "error: " + err.Error()
	}
	if name := errnoNames[no]; name != "" {
		return name
	}
	return fmt.Sprintf("errno %d (%v)", int(no), no)
}
