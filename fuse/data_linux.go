package fuse

import (
	"io"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"extant/ext4"
	"extant/internal/ondisk"
)

// direct says why a request of a file that is open with O_DIRECT is refused: the kernel does not look at what it makes whole sectors of.
func (f *files) direct(flags uint32, off uint64, n int) error {
	if flags&syscall.O_DIRECT != 0 && (off%sector != 0 || n%sector != 0) {
		return syscall.EINVAL
	}
	return nil
}

func (f *files) Read(_ <-chan struct{}, in *fuse.ReadIn, buf []byte) (fuse.ReadResult, fuse.Status) {
	if err := f.direct(in.Flags, in.Offset, int(in.Size)); err != nil {
		return nil, status(err)
	}
	n, err := f.nodes.get(in.NodeId)
	if err != nil {
		return nil, status(err)
	}
	k, err := n.ReadAt(buf, int64(in.Offset))
	if err != nil && err != io.EOF {
		return nil, status(err)
	}
	return fuse.ReadResultData(buf[:k]), fuse.OK
}

func (f *files) Write(_ <-chan struct{}, in *fuse.WriteIn, data []byte) (uint32, fuse.Status) {
	n, err := f.nodes.get(in.NodeId)
	if err != nil {
		return 0, status(err)
	}
	if in.WriteFlags&fuse.WRITE_CACHE == 0 {
		if err := f.direct(in.Flags, in.Offset, len(data)); err != nil {
			return 0, status(err)
		}
		// What was written into the kernel's cache has taken away what it takes away by then.
		if err := f.dropPrivileges(n, &in.Caller, in.WriteFlags&fuse.WRITE_KILL_SUIDGID != 0); err != nil {
			return 0, status(err)
		}
	}
	k := 0
	err = f.nodes.withSpace(func() error {
		more, err := n.WriteAt(data[k:], int64(in.Offset)+int64(k))
		k += more
		return err
	})
	if err != nil && (k == 0 || in.WriteFlags&fuse.WRITE_CACHE != 0) { // of what it had in its cache the kernel does not look at how much was written
		return 0, status(err)
	}
	return uint32(k), fuse.OK
}

// Fsync makes a file durable. The blocks it has got are news to the kernel, which counts none of those it writes from its cache.
func (f *files) Fsync(_ <-chan struct{}, in *fuse.FsyncIn) fuse.Status {
	n, err := f.nodes.get(in.NodeId)
	if err != nil {
		return status(err)
	}
	if in.FsyncFlags&fsyncData != 0 {
		err = n.Fdatasync()
	} else {
		err = n.Fsync()
	}
	f.notify.InodeNotify(in.NodeId, -1, 0)
	return status(err)
}

// Modes of fallocate that are known. A kernel passes on the first five.
var fallocModes = map[uint32]ext4.FallocMode{
	0:                         ext4.FallocAllocate,
	unix.FALLOC_FL_KEEP_SIZE:  ext4.FallocKeepSize,
	unix.FALLOC_FL_ZERO_RANGE: ext4.FallocZero,
	unix.FALLOC_FL_ZERO_RANGE | unix.FALLOC_FL_KEEP_SIZE: ext4.FallocZeroKeep,
	unix.FALLOC_FL_PUNCH_HOLE | unix.FALLOC_FL_KEEP_SIZE: ext4.FallocPunch,
	unix.FALLOC_FL_COLLAPSE_RANGE:                        ext4.FallocCollapse,
	unix.FALLOC_FL_INSERT_RANGE:                          ext4.FallocInsert,
}

func (f *files) Fallocate(_ <-chan struct{}, in *fuse.FallocateIn) fuse.Status {
	n, err := f.nodes.get(in.NodeId)
	if err != nil {
		return status(err)
	}
	mode, ok := fallocModes[in.Mode]
	if !ok {
		return fuse.Status(syscall.EOPNOTSUPP)
	}
	if mode != ext4.FallocAllocate && mode != ext4.FallocKeepSize && n.appends() {
		return fuse.EPERM
	}
	if err := f.dropUnasked(n, &in.InHeader); err != nil {
		return status(err)
	}
	return status(f.nodes.withSpace(func() error { return n.Fallocate(mode, int64(in.Offset), int64(in.Length)) }))
}

// appends reports whether a file may only be appended to. Who has it open to write may write all the same, as long as that takes nothing away.
func (n *node) appends() bool {
	a := n.Attr()
	return a.Flags&ondisk.InodeAppend != 0
}

// gather has the kernel send what it has in its cache of a file, by writing or by storing through a mapping, which it also drops. The answer comes after
// it has.
func (f *files) gather(node uint64) {
	if !f.noOpen {
		f.notify.InodeNotify(node, 0, 0)
	}
}

// Lseek finds data and holes. The kernel asks without having sent what it has in its cache, so it is made to.
func (f *files) Lseek(_ <-chan struct{}, in *fuse.LseekIn, out *fuse.LseekOut) fuse.Status {
	n, err := f.nodes.get(in.NodeId)
	if err != nil {
		return status(err)
	}
	f.gather(in.NodeId)
	var off int64
	switch in.Whence {
	case unix.SEEK_DATA:
		off, err = n.SeekData(int64(in.Offset))
	case unix.SEEK_HOLE:
		off, err = n.SeekHole(int64(in.Offset))
	default:
		return fuse.EINVAL
	}
	out.Offset = uint64(off)
	return status(err)
}

// copyMax is how many bytes one request copies; the caller asks for the rest.
const copyMax = 16 << 20

// CopyFileRange copies within the file system, past the kernel, which has written what it had of both files before.
func (f *files) CopyFileRange(_ <-chan struct{}, in *fuse.CopyFileRangeIn) (uint32, fuse.Status) {
	from, err := f.nodes.get(in.NodeId)
	if err != nil {
		return 0, status(err)
	}
	to, err := f.nodes.get(in.NodeIdOut)
	if err != nil {
		return 0, status(err)
	}
	if in.Flags != 0 {
		return 0, fuse.EINVAL
	}
	if err := f.dropUnasked(to, &fuse.InHeader{NodeId: in.NodeIdOut, Caller: in.Caller}); err != nil {
		return 0, status(err)
	}
	left := int64(min(in.Len, copyMax))
	buf := make([]byte, min(left, requestMax))
	done := int64(0)
	for left > 0 {
		k, err := from.ReadAt(buf[:min(left, int64(len(buf)))], int64(in.OffIn)+done)
		if k > 0 {
			k, werr := to.WriteAt(buf[:k], int64(in.OffOut)+done)
			done, left = done+int64(k), left-int64(k)
			if werr != nil {
				err = werr
			}
		}
		if err != nil || k == 0 {
			if err == io.EOF || done > 0 {
				err = nil
			}
			return uint32(done), status(err)
		}
	}
	return uint32(done), fuse.OK
}

const sector = 512 // bytes; O_DIRECT reads and writes whole ones

const fsyncData = 1 // FUSE_FSYNC_FDATASYNC
