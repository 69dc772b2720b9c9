package ext4_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// hostTree reads a tree of the host, lost+found left out.
func hostTree(t testing.TB, root string) tree {
	t.Helper()
	out := tree{}
	err := filepath.Walk(root, func(name string, info os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		if rel == "lost+found" {
			return filepath.SkipDir
		}
		out[rel], err = hostNode(name, info)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func hostNode(name string, info os.FileInfo) (node, error) {
	st := info.Sys().(*syscall.Stat_t)
	n := node{
		Mode: uint16(st.Mode), UID: st.Uid, GID: st.Gid, Links: uint32(st.Nlink), Size: st.Size, Blocks: uint64(st.Blocks),
		MTime: time.Unix(st.Mtim.Unix()).UTC(), CTime: time.Unix(st.Ctim.Unix()).UTC(), Xattrs: map[string]string{},
	}
	var err error
	switch st.Mode & syscall.S_IFMT {
	case syscall.S_IFREG:
		var b []byte
		b, err = os.ReadFile(name)
		n.Sum = sha256.Sum256(b)
	case syscall.S_IFLNK:
		n.Target, err = os.Readlink(name)
	case syscall.S_IFCHR, syscall.S_IFBLK:
		n.Major, n.Minor = unix.Major(st.Rdev), unix.Minor(st.Rdev)
	}
	if err != nil {
		return n, err
	}
	buf := make([]byte, 64<<10)
	size, err := unix.Llistxattr(name, buf)
	if err != nil {
		return n, err
	}
	for _, x := range strings.FieldsFunc(string(buf[:size]), func(r rune) bool { return r == 0 }) {
		value := make([]byte, 64<<10)
		k, err := unix.Lgetxattr(name, x, value)
		if err != nil {
			return n, fmt.Errorf("%s: %s: %w", name, x, err)
		}
		n.Xattrs[x] = string(value[:k])
	}
	return n, nil
}

// plant is a source tree being made.
type plant struct {
	t    testing.TB
	root string
}

// newPlant starts a tree in memory, where xattrs of every kind can be set.
func newPlant(t testing.TB) *plant {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "ext4test")
	if err != nil {
		dir = t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return &plant{t, dir}
}

func (p *plant) do(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *plant) at(name string) string { return filepath.Join(p.root, name) }

func (p *plant) file(name string, b []byte) { p.do(os.WriteFile(p.at(name), b, 0o644)) }

func (p *plant) dir(name string) { p.do(os.MkdirAll(p.at(name), 0o755)) }

// sparse writes size bytes of which only the given pieces are data.
func (p *plant) sparse(name string, size int64, pieces map[int64][]byte) {
	f, err := os.Create(p.at(name))
	p.do(err)
	for off, b := range pieces {
		_, err := f.WriteAt(b, off)
		p.do(err)
	}
	p.do(f.Truncate(size))
	p.do(f.Close())
}

func (p *plant) xattr(name, key string, value []byte) {
	p.do(unix.Lsetxattr(p.at(name), key, value, 0))
}

// sizes around every boundary that matters to some block size, inline data and the extent tree.
var fileSizes = []int{0, 1, 59, 60, 61, 100, 127, 128, 129, 160, 200, 384, 385, 896, 897, 1023, 1024, 1025, 4095, 4096, 4097,
	12 << 10, 12<<10 + 1, 65535, 65536, 65537, 268<<10 + 7, 1<<20 + 3}

// plantVariety makes one of everything that any ext file system can hold.
func plantVariety(t testing.TB) *plant {
	t.Helper()
	p := newPlant(t)
	p.dir("sizes")
	for _, n := range fileSizes {
		p.file(fmt.Sprintf("sizes/%d", n), noise(uint64(n), n))
	}
	p.dir("deep/a/b/c/d/e/f/g")
	p.file("deep/a/b/c/d/e/f/g/leaf", []byte("leaf"))
	p.dir("empty")
	p.dir("few")
	for i := range 5 {
		p.file(fmt.Sprintf("few/%d", i), nil)
	}
	p.dir("many")
	for i := range 700 {
		p.file(fmt.Sprintf("many/file number %d %s", i, strings.Repeat("x", i%100)), []byte{byte(i)})
	}
	p.file("many/"+strings.Repeat("n", 255), nil)
	p.file("many/\xff\xfe not UTF-8 \x80", nil)
	p.file("many/Grüße", nil)
	p.links()
	// It ends in data, as mke2fs -d on inline_data cuts off a hole at the end.
	p.sparse("hole", 3<<20, map[int64][]byte{1 << 20: noise(1, 5000), 2<<20 + 17: []byte("x"), 3<<20 - 1: []byte("e")})
	p.sparse("all hole", 5<<20+1, nil)
	p.sparse("far", 100<<20, map[int64][]byte{0: []byte("start"), 100<<20 - 3: []byte("end")})
	for i := range 16 {
		p.do(os.Chtimes(p.at("sizes/0"), time.Unix(int64(i), 0), time.Unix(1_500_000_000, 0)))
	}
	p.do(os.Chmod(p.at("sizes/1"), 0o4751|os.ModeSetuid))
	p.do(os.Lchown(p.at("sizes/1"), 70_000, 80_000))
	return p
}

// links adds everything that is neither a regular file nor a directory.
func (p *plant) links() {
	p.dir("links")
	for _, n := range []int{1, 30, 58, 59, 60, 61, 100, 200, 1000} {
		p.do(os.Symlink(strings.Repeat("t", n), p.at(fmt.Sprintf("links/%d", n))))
	}
	p.do(os.Link(p.at("sizes/4097"), p.at("links/hard")))
	p.do(unix.Mkfifo(p.at("links/fifo"), 0o600))
	if os.Getuid() == 0 {
		p.do(unix.Mknod(p.at("links/null"), unix.S_IFCHR|0o666, int(unix.Mkdev(1, 3))))
		p.do(unix.Mknod(p.at("links/big"), unix.S_IFBLK|0o660, int(unix.Mkdev(259, 70_000))))
	}
}

// plantXattrs adds xattrs of many sizes, ACLs among them, none of which needs a large inode.
func (p *plant) plantXattrs() {
	p.dir("x")
	for i, n := range []int{0, 1, 3, 4, 5, 20, 60, 100, 300, 600} {
		name := fmt.Sprintf("x/%d", n)
		p.file(name, []byte(name))
		p.xattr(name, "user.value", noise(uint64(i), n))
		p.xattr(name, "user.second value with a name", []byte("2"))
	}
	p.do(os.Symlink("target", p.at("x/link")))
	p.file("x/acl", nil)
	if os.Getuid() == 0 {
		p.xattr("x/link", "trusted.link", []byte("on a link"))
		p.xattr("x/acl", "security.capability", []byte("\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
	}
	p.xattr("x/acl", "system.posix_acl_access", acl(0o7, 1000, 0o6, 0o5, 100, 0o4, 0o7, 0o1))
	p.dir("x/dir")
	p.xattr("x/dir", "system.posix_acl_default", acl(0o7, 1000, 0o6, 0o5, 100, 0o4, 0o7, 0o1))
}

// acl is an ACL with one named user and one named group in the form of the system call.
func acl(owner, user, userPerm, group, named, namedPerm, mask, other int) []byte {
	var b bytes.Buffer
	b.Write([]byte{2, 0, 0, 0})
	for _, e := range [][3]int{{1, owner, -1}, {2, userPerm, user}, {4, group, -1}, {8, namedPerm, named}, {16, mask, -1}, {32, other, -1}} {
		b.Write([]byte{byte(e[0]), 0, byte(e[1]), 0, byte(e[2]), byte(e[2] >> 8), byte(e[2] >> 16), byte(e[2] >> 24)})
	}
	return b.Bytes()
}
