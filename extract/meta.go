package extract

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"syscall"
	"time"

	"extant/ext4"
	"extant/internal/ondisk"
)

// meta is what a file in the target gets besides its data.
type meta struct {
	mode  uint32 // permissions and the bits above them, as in chmod
	umask bool   // of mode, only what the umask allows

	owner    bool // uid and gid are to be set
	uid, gid uint32

	times        bool
	atime, mtime time.Time

	xattrs []xattr
}

// An xattr is an extended attribute as the system call takes it.
type xattr struct {
	name  string
	value []byte
}

// A failer is told what of a file could not be had or done, while the rest goes on.
type failer func(error)

// check tells of an error of doing something, if there is one, and reports whether there was none.
func (f failer) check(what string, err error) bool {
	if err != nil {
		f(fmt.Errorf("%s: %w", what, err))
	}
	return err == nil
}

// Bits of a mode above the permissions, and all of them.
const (
	modeSetID  = 0o6000
	modeSticky = 0o1000
	modeAll    = 0o7777
)

// A metaReader reads what options want of the metadata of inodes.
type metaReader struct {
	o      *Options
	owners bool
}

func newMetaReader(o *Options, isRoot bool) metaReader {
	return metaReader{o: o, owners: o.Owners == OwnersAlways || o.Owners == OwnersIfRoot && isRoot}
}

// read is the metadata for n. What cannot be had is told to fail and left out, what is left out by intent is counted.
func (r metaReader) read(n *ext4.Inode, attr *ext4.Attr, left *Stats, fail failer) meta {
	m := meta{mode: uint32(attr.Mode) & modeAll, umask: r.o.Omit&MetaModes != 0}
	if bits := r.unwanted(attr.Type()) & m.mode; bits != 0 && attr.Type() != ondisk.ModeSymlink {
		m.mode &^= bits
		left.SetID++
	}
	if r.o.Omit&MetaTimes == 0 {
		m.times, m.atime, m.mtime = true, attr.ATime, attr.MTime
	}
	if r.owners {
		m.uid, m.gid = mapID(r.o.MapUID, attr.UID), mapID(r.o.MapGID, attr.GID)
		if m.owner = m.uid != idNone && m.gid != idNone; !m.owner {
			m.mode &^= modeSetID
			fail(fmt.Errorf("owner %d:%d is nobody", m.uid, m.gid))
		}
	}
	if r.o.Omit&MetaXattrs == 0 {
		m.xattrs = r.xattrs(n, left, fail)
	}
	return m
}

// idNone is the ID that stands for nobody, and that chown takes for "leave it".
const idNone = math.MaxUint32

func mapID(m func(uint32) uint32, id uint32) uint32 {
	if m == nil {
		return id
	}
	return m(id)
}

// unwanted is the bits above the permissions that a file of this type does not get.
func (r metaReader) unwanted(fileType uint16) uint32 {
	switch {
	case r.o.Privileged:
		return 0
	case fileType == ondisk.ModeDir:
		return modeSetID
	}
	return modeSetID | modeSticky
}

// xattrs reads the extended attributes.
func (r metaReader) xattrs(n *ext4.Inode, left *Stats, fail failer) []xattr {
	names, err := n.Xattrs()
	if err != nil {
		fail(err)
	}
	slices.Sort(names)
	var list []xattr
	for _, name := range names {
		switch {
		case strings.IndexByte(name, 0) >= 0:
			fail(ondisk.Corrupt("xattr", "zero byte in the name %q", name).At(n.Ino(), 0))
		case strings.HasPrefix(name, "user."), isACL(name), r.o.Privileged && !strings.HasPrefix(name, "system."):
			value, err := n.Xattr(name)
			if err == nil && isACL(name) {
				value, err = r.mapACL(value)
			}
			if err != nil {
				fail(fmt.Errorf("xattr %q: %w", name, err))
				continue
			}
			list = append(list, xattr{name, value})
		default:
			left.Xattrs++
		}
	}
	return list
}

const (
	aclAccess  = "system.posix_acl_access"
	aclDefault = "system.posix_acl_default"
)

func isACL(name string) bool { return name == aclAccess || name == aclDefault }

// mapACL translates the users and groups that an ACL names.
func (r metaReader) mapACL(value []byte) ([]byte, error) {
	acl, err := ondisk.DecodeXattrACL(value)
	if err == syscall.EINVAL {
		return nil, ondisk.Corrupt("ACL", "its entries make no sense")
	}
	if err != nil {
		return nil, err
	}
	if r.o.MapUID == nil && r.o.MapGID == nil {
		return value, nil
	}
	for i := range acl {
		e := &acl[i]
		switch e.Tag {
		case ondisk.ACLUser:
			e.ID = mapID(r.o.MapUID, e.ID)
		case ondisk.ACLGroup:
			e.ID = mapID(r.o.MapGID, e.ID)
		}
	}
	return acl.EncodeXattr(), nil
}

// size is the number of bytes in the values of the xattrs.
func (m *meta) size() int64 {
	n := 0
	for _, x := range m.xattrs {
		n += len(x.value)
	}
	return int64(n)
}
