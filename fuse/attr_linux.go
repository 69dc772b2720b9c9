package fuse

import (
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"extant/ext4"
	"extant/internal/ondisk"
)

// fill puts what stat shows of an inode into an answer, and says how long that is so.
func (f *files) fill(in *ext4.Inode, out *fuse.Attr) (generation uint64, valid time.Duration) {
	a := in.Attr()
	out.Ino = uint64(in.Ino())
	out.Size = uint64(a.Size)
	out.Blocks = a.Blocks
	out.Atime, out.Atimensec = stamp(a.ATime)
	out.Mtime, out.Mtimensec = stamp(a.MTime)
	out.Ctime, out.Ctimensec = stamp(a.CTime)
	out.Mode = uint32(a.Mode)
	out.Nlink = a.Links
	out.Owner = fuse.Owner{Uid: a.UID, Gid: a.GID}
	out.Rdev = rdevOf(ondisk.Device{Major: a.Major, Minor: a.Minor})
	out.Blksize = f.blockSize
	valid = validity
	if a.Blocks == 0 && a.Size > 0 && a.Type() == ondisk.ModeRegular {
		if out.Blocks = f.promised(in, a.Size); out.Blocks > 0 {
			valid = 0
		}
	}
	return uint64(a.Generation), valid
}

// promised is about how many sectors a file will take that has none yet, as its data waits in memory. There are programs, tar among them, that take a file
// without sectors for one without data.
func (f *files) promised(in *ext4.Inode, size int64) uint64 {
	from, err := in.SeekData(0)
	if err != nil {
		return 0
	}
	block := int64(f.blockSize)
	return uint64((size-from/block*block+block-1)/block) * uint64(block/512)
}

func stamp(t time.Time) (sec uint64, nsec uint32) { return uint64(t.Unix()), uint32(t.Nanosecond()) }

func unstamp(sec uint64, nsec uint32) *time.Time {
	t := time.Unix(int64(sec), int64(nsec))
	return &t
}

// rdevOf is a device number as the protocol has it (new_encode_dev): the twelve bits of the major above the lowest eight of the minor.
func rdevOf(d ondisk.Device) uint32 { return d.Minor&0xFF | d.Major<<8 | d.Minor&^0xFF<<12 }

func deviceOf(rdev uint32) ondisk.Device {
	return ondisk.Device{Major: rdev >> 8 & 0xFFF, Minor: rdev&0xFF | rdev>>12&0xFFF00}
}

func (f *files) GetAttr(_ <-chan struct{}, in *fuse.GetAttrIn, out *fuse.AttrOut) fuse.Status {
	n, err := f.nodes.get(in.NodeId)
	if err != nil {
		return status(err)
	}
	_, valid := f.fill(n.Inode, &out.Attr)
	out.SetTimeout(valid)
	return fuse.OK
}

// Statx is GetAttr with the time of creation.
func (f *files) Statx(_ <-chan struct{}, in *fuse.StatxIn, out *fuse.StatxOut) fuse.Status {
	n, err := f.nodes.get(in.NodeId)
	if err != nil {
		return status(err)
	}
	var a fuse.Attr
	_, valid := f.fill(n.Inode, &a)
	out.SetTimeout(valid)
	out.Statx = fuse.Statx{
		Mask: unix.STATX_BASIC_STATS, Blksize: a.Blksize, Nlink: a.Nlink, Uid: a.Uid, Gid: a.Gid, Mode: uint16(a.Mode), Ino: a.Ino,
		Size: a.Size, Blocks: a.Blocks,
		Atime: fuse.SxTime{Sec: a.Atime, Nsec: a.Atimensec},
		Mtime: fuse.SxTime{Sec: a.Mtime, Nsec: a.Mtimensec},
		Ctime: fuse.SxTime{Sec: a.Ctime, Nsec: a.Ctimensec},
	}
	attr := n.Attr()
	out.RdevMajor, out.RdevMinor = attr.Major, attr.Minor
	if !attr.CrTime.IsZero() {
		out.Mask |= unix.STATX_BTIME
		out.Btime.Sec, out.Btime.Nsec = stamp(attr.CrTime)
	}
	return fuse.OK
}

// SetAttr changes attributes. A new size comes first: it sets times too, which the kernel may know better.
func (f *files) SetAttr(_ <-chan struct{}, in *fuse.SetAttrIn, out *fuse.AttrOut) fuse.Status {
	n, err := f.nodes.get(in.NodeId)
	if err != nil {
		return status(err)
	}
	if err := f.setAttr(n, in); err != nil {
		return status(err)
	}
	_, valid := f.fill(n.Inode, &out.Attr)
	out.SetTimeout(valid)
	return fuse.OK
}

func (f *files) setAttr(n *node, in *fuse.SetAttrIn) error {
	if size, ok := in.GetSize(); ok {
		if int64(size) < 0 {
			return unix.EFBIG
		}
		if n.appends() {
			return unix.EPERM
		}
		if err := f.dropPrivileges(n, &in.Caller, in.Valid&fuse.FATTR_KILL_SUIDGID != 0); err != nil {
			return err
		}
		if err := n.Truncate(int64(size)); err != nil {
			return err
		}
	}
	const rest = fuse.FATTR_MODE | fuse.FATTR_UID | fuse.FATTR_GID | fuse.FATTR_ATIME | fuse.FATTR_MTIME | fuse.FATTR_CTIME
	sameOwner := in.Valid&(rest|fuse.FATTR_SIZE) == f.changesOnly(n) // what the kernel makes of a change of owner to nobody new
	switch {
	case sameOwner:
	case in.Valid&(rest|fuse.FATTR_SIZE) == 0 && !capable(&in.Caller, unix.CAP_FSETID): // or that, or it is about to write
		_, err := n.dropSetID(&in.Caller)
		return err
	case in.Valid&rest == 0:
		return nil
	}
	c := changeOf(in)
	if c.UID != nil || c.GID != nil || sameOwner {
		if err := f.chown(n, in, &c); err != nil {
			return err
		}
	}
	return n.SetAttr(c)
}

// changesOnly is what the kernel asks to change where nothing but i_ctime changes: nothing, if it has not got the file's times. Of a regular file that is
// also what it asks before it writes.
func (f *files) changesOnly(n *node) uint32 {
	if a := n.Attr(); a.Type() == ondisk.ModeRegular {
		return fuse.FATTR_CTIME
	}
	return 0
}

// changeOf is what a request asks for besides a size.
func changeOf(in *fuse.SetAttrIn) (c ext4.AttrChange) {
	if m, ok := in.GetMode(); ok {
		mode := uint16(m)
		c.Mode = &mode
	}
	if in.Valid&fuse.FATTR_UID != 0 {
		c.UID = &in.Uid
	}
	if in.Valid&fuse.FATTR_GID != 0 {
		c.GID = &in.Gid
	}
	now := time.Now()
	if in.Valid&fuse.FATTR_ATIME != 0 {
		c.ATime = unstamp(in.Atime, in.Atimensec)
	}
	if in.Valid&fuse.FATTR_ATIME_NOW != 0 {
		c.ATime = &now
	}
	if in.Valid&fuse.FATTR_MTIME != 0 {
		c.MTime = unstamp(in.Mtime, in.Mtimensec)
	}
	if in.Valid&fuse.FATTR_MTIME_NOW != 0 {
		c.MTime = &now
	}
	if in.Valid&fuse.FATTR_CTIME != 0 {
		c.CTime = unstamp(in.Ctime, in.Ctimensec)
	}
	c.Touch = touches(in)
	return c
}

// touches reports whether the times are those of now: utimes without times, or what the kernel tells of what was written through its
// cache. A kernel that keeps i_mtime itself sends it along with i_ctime, which is the same if it is now.
func touches(in *fuse.SetAttrIn) bool {
	const (
		both = fuse.FATTR_ATIME_NOW | fuse.FATTR_MTIME_NOW
		kept = fuse.FATTR_ATIME_NOW | fuse.FATTR_MTIME | fuse.FATTR_CTIME
	)
	return in.Valid&both == both || in.Valid&kept == kept && in.Mtime == in.Ctime && in.Mtimensec == in.Ctimensec || in.Valid&fuse.FATTR_ATIME == 0 && in.Valid&fuse.FATTR_MTIME != 0 && in.Valid&fuse.FATTR_CTIME != 0
}
