package fuse

import (
	"encoding/binary"
	"strings"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"extant/ext4"
	"extant/internal/ondisk"
)

// Requests of ioctl(2) that x/sys does not name.
const (
	fsGetXattr   = 0x801C581F // FS_IOC_FSGETXATTR
	fsSetXattr   = 0x401C5820 // FS_IOC_FSSETXATTR
	fsGetVersion = 0x80087601 // FS_IOC_GETVERSION
	fsSetVersion = 0x40087602 // FS_IOC_SETVERSION
	ext4GetGen   = 0x80086603 // EXT4_IOC_GETVERSION
	ext4SetGen   = 0x40086604 // EXT4_IOC_SETVERSION
	ext4Shutdown = 0x8004587D // EXT4_IOC_SHUTDOWN
	fsGetLabel   = 0x81009431 // FS_IOC_GETFSLABEL
	fsSetLabel   = 0x41009432 // FS_IOC_SETFSLABEL
	fiTrim       = 0xC0185879 // FITRIM
)

// Ioctl answers those requests that the kernel passes on: most of those of ext4, but not FIEMAP and FIFREEZE, which it refuses by itself. The
// kernel has looked at who may change flags.
func (f *files) Ioctl(_ <-chan struct{}, in *fuse.IoctlIn, arg []byte, _ *fuse.IoctlOut, out []byte) fuse.Status {
	n, err := f.nodes.get(in.NodeId)
	if err != nil {
		return status(err)
	}
	le := binary.NativeEndian
	a := n.Attr()
	clear(out) // it may have held an answer to somebody else
	switch {
	case in.Cmd == unix.FS_IOC_GETFLAGS && len(out) >= 4:
		le.PutUint32(out, visibleFlags(a.Flags))
	case in.Cmd == unix.FS_IOC_SETFLAGS && len(arg) >= 4:
		err = f.setFlags(in, n, &a, le.Uint32(arg))
	case in.Cmd == fsGetXattr && len(out) >= fsxattrSize:
		putFsxattr(out, &a)
	case in.Cmd == fsSetXattr && len(arg) >= fsxattrSize:
		err = f.setFsxattr(in.NodeId, n, arg, &a)
	case (in.Cmd == fsGetVersion || in.Cmd == ext4GetGen) && len(out) >= 4:
		le.PutUint32(out, a.Generation)
	case (in.Cmd == fsSetVersion || in.Cmd == ext4SetGen) && len(arg) >= 4:
		if err = syscall.EPERM; in.Uid == 0 || in.Uid == a.UID {
			err = n.SetGeneration(le.Uint32(arg))
		}
	case in.Cmd == fsGetLabel && len(out) >= len(ondisk.Super{}.VolumeName):
		sb := f.fs.Super()
		copy(out, sb.VolumeName[:])
	case in.Cmd == fsSetLabel && len(arg) >= labelSize:
		err = f.setLabel(in, arg)
	case in.Cmd == fiTrim && len(arg) >= trimSize && len(out) >= trimSize:
		err = f.trim(in, arg, out)
	case in.Cmd == unix.FS_IOC_ENABLE_VERITY && len(arg) >= enableSize:
		err = f.enable(in, n, arg)
	case in.Cmd == unix.FS_IOC_MEASURE_VERITY && len(out) >= 4:
		err = measure(n, out)
	case in.Cmd == ext4Shutdown:
		err = f.shutdown(in)
	default:
		err = syscall.ENOTTY
	}
	return status(err)
}

// visibleFlags are the flags that lsattr shows (EXT4_FL_USER_VISIBLE). That data is inline is among them.
func visibleFlags(flags uint32) uint32 {
	const visible = 0x725BDFFF
	return flags & visible
}

// setFlags sets the flags that a caller may change and leaves the others that are visible.
func (f *files) setFlags(in *fuse.IoctlIn, n *node, a *ext4.Attr, flags uint32) error {
	if flags != visibleFlags(flags) {
		return syscall.EOPNOTSUPP
	}
	if (flags^a.Flags)&ondisk.InodeJournalData != 0 && !capable(&in.Caller, unix.CAP_SYS_RESOURCE) {
		return syscall.EPERM
	}
	f.settle(in.NodeId, a, flags)
	return n.SetFlags(flags)
}

// shutdown ends writing as a crash would (EXT4_IOC_SHUTDOWN). How, is in the caller's memory, where the kernel leaves it, since the request is
// declared the wrong way round; who cannot look there does not write anything more.
func (f *files) shutdown(in *fuse.IoctlIn) error {
	if !owns(in) {
		return syscall.EPERM
	}
	mode := uint32(ext4.ShutdownNoLogFlush)
	var buf [4]byte
	local := []unix.Iovec{{Base: &buf[0], Len: 4}}
	remote := []unix.RemoteIovec{{Base: uintptr(in.Arg), Len: 4}}
	if n, err := unix.ProcessVMReadv(int(in.Pid), local, remote, 0); err == nil && n == len(buf) {
		mode = binary.NativeEndian.Uint32(buf[:])
	}
	if mode > uint32(ext4.ShutdownNoLogFlush) {
		return syscall.EINVAL
	}
	return f.fs.Shutdown(ext4.ShutdownMode(mode))
}

// owns reports whether a caller may do to the file system as a whole what he likes: the super user, and who has mounted it.
func owns(in *fuse.IoctlIn) bool { return in.Uid == 0 || in.Uid == uint32(syscall.Geteuid()) }

const labelSize = 256 // FSLABEL_MAX

func (f *files) setLabel(in *fuse.IoctlIn, arg []byte) error {
	if !owns(in) {
		return syscall.EPERM
	}
	label, _, _ := strings.Cut(string(arg[:labelSize]), "\x00")
	return f.fs.SetLabel(label)
}

const trimSize = 24 // struct fstrim_range: where, how many bytes, and how long a piece is to be

// trim has the image give back the space that nothing in it uses, and answers how much that was.
func (f *files) trim(in *fuse.IoctlIn, arg, out []byte) error {
	if !owns(in) {
		return syscall.EPERM
	}
	le := binary.NativeEndian
	trimmed, err := f.fs.Trim(le.Uint64(arg), le.Uint64(arg[8:]), le.Uint64(arg[16:]))
	if err == nil {
		copy(out, arg[:trimSize])
		le.PutUint64(out[8:], trimmed)
	}
	return err
}

// struct fsxattr: flags, a hint for the size of extents, their number, the project, another hint, and room.
const (
	fsxattrSize    = 28
	fsxattrProject = 12
)

// Flags of struct fsxattr and those of ext4 that they mean.
var fsxattrFlags = []struct{ generic, ext4 uint32 }{
	{0x00000008, ondisk.InodeImmutable},
	{0x00000010, ondisk.InodeAppend},
	{0x00000020, ondisk.InodeSync},
	{0x00000040, ondisk.InodeNoAtime},
	{0x00000080, ondisk.InodeNoDump},
	{0x00000200, ondisk.InodeProjInherit},
}

func putFsxattr(p []byte, a *ext4.Attr) {
	flags := uint32(0)
	for _, f := range fsxattrFlags {
		if a.Flags&f.ext4 != 0 {
			flags |= f.generic
		}
	}
	binary.NativeEndian.PutUint32(p, flags)
	binary.NativeEndian.PutUint32(p[fsxattrProject:], a.ProjID)
}

func (f *files) setFsxattr(id uint64, n *node, p []byte, a *ext4.Attr) error {
	want := binary.NativeEndian.Uint32(p)
	flags := visibleFlags(a.Flags)
	for _, bit := range fsxattrFlags {
		flags &^= bit.ext4
		if want&bit.generic != 0 {
			flags |= bit.ext4
		}
		want &^= bit.generic
	}
	if want != 0 {
		return syscall.EOPNOTSUPP
	}
	project := binary.NativeEndian.Uint32(p[fsxattrProject:])
	if project != a.ProjID {
		if err := n.SetAttr(ext4.AttrChange{ProjID: &project}); err != nil {
			return err
		}
	}
	f.settle(id, a, flags)
	return n.SetFlags(flags)
}

// settle writes what the kernel has of a file that is about to become immutable: afterwards it could not.
func (f *files) settle(id uint64, a *ext4.Attr, flags uint32) {
	if flags&^a.Flags&ondisk.InodeImmutable != 0 && a.Type() == ondisk.ModeRegular {
		f.gather(id)
	}
}
