package fuse

import (
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"

	"extant/ext4"
	"extant/internal/ondisk"
)

// Open says whether a file may be opened as far as its flags go: modes and lists the kernel has looked at. There is nothing to remember of an open
// file: what the kernel has open it also knows, and the table of nodes holds it. What the kernel has cached of the file stays good.
//
// A mount that is only read needs no OPEN. One that may be written does, though the answer is almost always yes: with the write-back cache
// that a file is immutable would otherwise be found out when it is too late.
func (f *files) Open(_ <-chan struct{}, in *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	if f.noOpen {
		return fuse.ENOSYS
	}
	n, err := f.nodes.get(in.NodeId)
	if err == nil {
		a := n.Attr()
		err = mayOpen(&a, in.Flags)
	}
	if err == nil && in.Mode&fuse.OPEN_KILL_SUIDGID != 0 {
		err = f.dropPrivileges(n, &in.Caller, true)
	}
	out.OpenFlags = fuse.FOPEN_KEEP_CACHE
	return status(err)
}

// mayOpen says why a file with such attributes may not be opened.
func mayOpen(a *ext4.Attr, flags uint32) error {
	writes := flags&syscall.O_ACCMODE != syscall.O_RDONLY || flags&syscall.O_TRUNC != 0
	switch {
	case a.Flags&ondisk.InodeEncrypt != 0 && a.Type() == ondisk.ModeRegular:
		return syscall.ENOKEY
	case !writes:
		return nil
	case a.Flags&ondisk.InodeImmutable != 0, a.Flags&ondisk.InodeVerity != 0:
		return syscall.EPERM
	case a.Flags&ondisk.InodeAppend != 0 && (flags&syscall.O_APPEND == 0 || flags&syscall.O_TRUNC != 0):
		return syscall.EPERM
	}
	return nil
}

// Release ends an open, of which nothing was remembered.
func (f *files) Release(<-chan struct{}, *fuse.ReleaseIn) {}

// Flush comes with every close. By then the kernel has sent what it had to write and has been told how that went, so it need not come.
func (f *files) Flush(<-chan struct{}, *fuse.FlushIn) fuse.Status { return fuse.ENOSYS }
