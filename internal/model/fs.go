package model

import (
	"syscall"
	"time"
)

// Types of files, as the upper bits of a mode have them.
const (
	ModeFmt      = 0o170000
	ModeFIFO     = 0o010000
	ModeChar     = 0o020000
	ModeDir      = 0o040000
	ModeBlock    = 0o060000
	ModeRegular  = 0o100000
	ModeSymlink  = 0o120000
	ModeSocket   = 0o140000
	modeSetuid   = 0o4000
	modeSetgid   = 0o2000
	modeSticky   = 0o1000
	modePerm     = 0o777
	modeChanging = 0o7777
)

// Limits of Linux, in bytes.
const (
	NameMax    = 255
	PathMax    = 4096 // with the zero byte at the end
	linksMax   = 40   // links that one path may lead through
	xattrMax   = 64 << 10
	hardLinks  = 65000
	extraTimes = 1<<34 - 1 - 1<<31 // last second that an inode with extra bits can hold
)

// Config is what of the specification depends on the file system.
type Config struct {
	Now func() time.Time // the time; required

	BlockSize   int   // bytes; links are shorter than one
	ClusterSize int   // bytes; what collapsing and inserting is aligned to; 0 means BlockSize
	SizeMax     int64 // the largest size of a file, bytes; 0 means that of extents
	ShortInodes bool  // inodes of 128 bytes: no fractions of seconds, no time after 2038
	BlockMaps   bool  // files have block maps: no fallocate but punching
	NoACL       bool  // no POSIX ACLs

	// ProtectedHardlinks is the restriction of links to files of others (fs.protected_hardlinks).
	ProtectedHardlinks bool

	// TouchesOnFailure is a habit of Linux: to collapse or insert a range that is not aligned fails, but counts as a change of the file.
	TouchesOnFailure bool
}

// FS is a file system.
type FS struct {
	c      Config
	root   *node
	serial uint64 // of the last node
}

// New makes a file system that holds nothing but its root, which belongs to user 0 and has permissions 0755.
func New(c Config) *FS {
	if c.ClusterSize == 0 {
		c.ClusterSize = c.BlockSize
	}
	if c.SizeMax == 0 {
		c.SizeMax = (1<<32 - 1) * int64(c.BlockSize)
	}
	f := &FS{c: c}
	f.root = f.newNode(ModeDir | 0o755)
	f.root.parent, f.root.links = f.root, 2
	return f
}

// A node is an inode.
type node struct {
	serial uint64
	mode   uint32
	uid    uint32
	gid    uint32
	links  int
	flags  uint32
	major  uint32
	minor  uint32
	target string
	data   content
	xattrs map[string]string

	names  map[string]*node // of a directory
	parent *node            // of a directory
	dead   bool             // a directory that was removed

	atime, mtime, ctime time.Time
}

func (f *FS) newNode(mode uint32) *node {
	f.serial++
	n := &node{serial: f.serial, mode: mode, links: 1, xattrs: map[string]string{}}
	if mode&ModeFmt == ModeDir {
		n.names = map[string]*node{}
	}
	now := f.now()
	n.atime, n.mtime, n.ctime = now, now, now
	return n
}

func (n *node) kind() uint32    { return n.mode & ModeFmt }
func (n *node) isDir() bool     { return n.kind() == ModeDir }
func (n *node) isRegular() bool { return n.kind() == ModeRegular }
func (n *node) isLink() bool    { return n.kind() == ModeSymlink }

// AnyTime is a time of which nothing is known.
var AnyTime = time.Unix(-1<<40, 0)

// clamp is a time as the inode can hold it.
func (f *FS) clamp(t time.Time) time.Time {
	last := int64(extraTimes)
	if f.c.ShortInodes {
		last = 1<<31 - 1
		t = time.Unix(t.Unix(), 0)
	}
	switch s := t.Unix(); {
	case s <= -1<<31:
		return time.Unix(-1<<31, 0)
	case s > last || s == last && t.Nanosecond() > 0:
		return time.Unix(last, 0)
	}
	return t
}

func (f *FS) now() time.Time { return f.clamp(f.c.Now()) }

// modified marks the content of a file or directory as changed.
func (f *FS) modified(n *node) {
	n.mtime = f.now()
	n.ctime = n.mtime
}

func (f *FS) changed(n *node) { n.ctime = f.now() }

// Stat is what stat reports.
type Stat struct {
	Serial              uint64 // names the inode, as its number does
	Mode                uint32 // type and permissions
	Links               uint32
	UID, GID            uint32
	Size                int64  // bytes; 0 for a directory
	Major, Minor        uint32 // of a device
	Flags               uint32 // those that can be set; of files and directories only
	ATime, MTime, CTime time.Time
}

func (n *node) stat() Stat {
	s := Stat{
		Serial: n.serial, Mode: n.mode, Links: uint32(n.links), UID: n.uid, GID: n.gid, Major: n.major, Minor: n.minor,
		ATime: n.atime, MTime: n.mtime, CTime: n.ctime,
	}
	switch n.kind() {
	case ModeRegular:
		s.Size, s.Flags = n.data.size, n.flags
	case ModeDir:
		s.Flags = n.flags
	case ModeSymlink:
		s.Size = int64(len(n.target))
	}
	return s
}

// Stat describes what a path leads to.
func (f *FS) Stat(c Cred, path string, follow bool) (Stat, error) {
	n, err := f.resolve(c, path, follow)
	if err != nil {
		return Stat{}, err
	}
	return n.stat(), nil
}

// Readlink is the target of a symbolic link.
func (f *FS) Readlink(c Cred, path string) (string, error) {
	n, err := f.resolve(c, path, false)
	switch {
	case err != nil:
		return "", err
	case !n.isLink():
		return "", syscall.EINVAL
	}
	return n.target, nil
}

// A Name is an entry of a directory.
type Name struct {
	Name string
	Type uint32 // one of ModeRegular and so on
}

// ReadDir lists a directory, without "." and "..", in no order.
func (f *FS) ReadDir(c Cred, path string) ([]Name, error) {
	n, err := f.resolve(c, path, true)
	switch {
	case err != nil:
		return nil, err
	case !n.isDir():
		return nil, syscall.ENOTDIR
	}
	if err := f.permit(c, n, mayRead); err != nil {
		return nil, err
	}
	list := make([]Name, 0, len(n.names))
	for name, child := range n.names {
		list = append(list, Name{name, child.kind()})
	}
	return list, nil
}
