package mkfs

import (
	"bytes"
	"errors"
	"strconv"
	"unsafe"

	"extant/internal/ondisk"

	"golang.org/x/sys/unix"
)

// xattrReader reads the xattrs of files for one task.
type xattrReader struct {
	taker    xattrTaker
	names    []byte
	value    []byte
	troubles []xattrTrouble // of the file read last
	plain    bool           // the kernel is too old for listxattrat
}

// xattrTrouble is an xattr that could not be taken.
type xattrTrouble struct {
	name string
	err  error
}

const xattrBuffer = 64 << 10 // what the system lets a list of names, or a value, have at most

// read returns the xattrs of a name in the directory open at dir; what it is a symlink to does not matter.
func (r *xattrReader) read(dir int, name string) ([]ondisk.Xattr, error) {
	if r.names == nil {
		r.names, r.value = make([]byte, xattrBuffer), make([]byte, xattrBuffer)
	}
	r.troubles = r.troubles[:0]
	n, err := r.listNames(dir, name)
	if errors.Is(err, unix.ENOTSUP) || n == 0 && err == nil {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	r.taker.reset()
	for full := range bytes.SplitSeq(r.names[:n-1], []byte{0}) {
		if err := r.readOne(dir, name, string(full)); err != nil {
			r.troubles = append(r.troubles, xattrTrouble{string(full), err})
		}
	}
	return r.taker.list, nil
}

func (r *xattrReader) readOne(dir int, name, full string) error {
	n, err := r.getValue(dir, name, full)
	switch {
	case errors.Is(err, unix.ENODATA):
		return nil // gone since it was listed
	case err != nil:
		return err
	}
	return r.taker.take(full, r.value[:n])
}

// listNames fills r.names with the names of the xattrs.
func (r *xattrReader) listNames(dir int, name string) (int, error) {
	if !r.plain {
		n, err := listxattrat(dir, name, r.names)
		if err != unix.ENOSYS && err != unix.EPERM {
			return n, err
		}
		r.plain = true
	}
	return unix.Llistxattr(procPath(dir, name), r.names)
}

// getValue fills r.value.
func (r *xattrReader) getValue(dir int, name, full string) (int, error) {
	return unix.Lgetxattr(procPath(dir, name), full, r.value)
}

// procPath names a file in an open directory for system calls that take only paths. The path is short however deep
// the directory is.
func procPath(dir int, name string) string { return "/proc/self/fd/" + strconv.Itoa(dir) + "/" + name }

// listxattrat lists the xattrs of a name in an open directory, on kernels since 6.13.
func listxattrat(dir int, name string, buf []byte) (int, error) {
	p, err := unix.BytePtrFromString(name)
	if err != nil {
		return 0, err
	}
	n, _, errno := unix.Syscall6(unix.SYS_LISTXATTRAT, uintptr(dir), uintptr(unsafe.Pointer(p)), unix.AT_SYMLINK_NOFOLLOW,
		uintptr(unsafe.Pointer(&buf[0])), uintptr(len(buf)), 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
