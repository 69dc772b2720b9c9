package fuse

import (
	"bytes"
	"encoding/binary"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"extant/ext4"
	"extant/internal/ondisk"
)

// The kernel passes FS_IOC_ENABLE_VERITY and FS_IOC_MEASURE_VERITY on with all they point to. FS_IOC_READ_VERITY_METADATA points to where an answer is to go,
// where only the kernel may write.

// struct fsverity_enable_arg: version, algorithm, size of blocks, length and address of the salt, length and address of a signature, and room; the
// salt and the signature follow.
const (
	enableSize = 128
	saltMax    = 32
	sigMax     = 16128
)

// enable protects a file (FS_IOC_ENABLE_VERITY). What the kernel has not sent yet of the file becomes part of it.
func (f *files) enable(in *fuse.IoctlIn, n *node, arg []byte) error {
	le := binary.NativeEndian
	version, algorithm, block := le.Uint32(arg), le.Uint32(arg[4:]), le.Uint32(arg[8:])
	salt, sig := le.Uint32(arg[12:]), le.Uint32(arg[24:])
	reserved := le.Uint32(arg[28:]) != 0 || len(bytes.Trim(arg[40:enableSize], "\x00")) > 0
	switch {
	case version != 1 || reserved || block&(block-1) != 0 || algorithm > 255:
		return syscall.EINVAL
	case salt > saltMax || sig > sigMax:
		return syscall.EMSGSIZE
	case len(arg) < enableSize+int(salt):
		return syscall.EINVAL
	}
	a := n.Attr()
	switch {
	case !mayWrite(n, &a, &in.Caller):
		return syscall.EACCES
	case a.Flags&ondisk.InodeAppend != 0:
		return syscall.EPERM
	case a.Type() == ondisk.ModeDir:
		return syscall.EISDIR
	case a.Type() != ondisk.ModeRegular:
		return syscall.EINVAL
	case sig > 0:
		return syscall.EOPNOTSUPP
	}
	f.gather(in.NodeId)
	o := ext4.VerityOptions{Algorithm: ondisk.VerityAlgorithm(algorithm), BlockSize: int(block), Salt: arg[enableSize:][:salt]}
	err := f.nodes.withSpace(func() error { return n.EnableVerity(o) })
	f.notify.InodeNotify(in.NodeId, 0, 0) // what it has cached nobody has verified
	return err
}

// mayWrite reports whether a caller may write to a file by its mode. Where there is a list only the owner may.
func mayWrite(n *node, a *ext4.Attr, c *fuse.Caller) bool {
	bit := uint16(0o002)
	switch _, err := n.Xattr(aclXattr); {
	case c.Uid == a.UID:
		bit = 0o200
	case err == nil:
		bit = 0
	case inGroup(c, a.GID):
		bit = 0o020
	}
	return a.Mode&bit != 0 || capable(c, unix.CAP_DAC_OVERRIDE)
}

// measure answers with algorithm, length and digest (struct fsverity_digest).
func measure(n *node, out []byte) error {
	algorithm, digest, err := n.MeasureVerity()
	if err != nil {
		return err
	}
	const header = 4
	if len(digest) > len(out)-header {
		return syscall.EOVERFLOW
	}
	binary.NativeEndian.PutUint16(out, uint16(algorithm))
	binary.NativeEndian.PutUint16(out[2:], uint16(len(digest)))
	copy(out[header:], digest)
	return nil
}
