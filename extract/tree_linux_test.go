package extract_test

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// memDir is a directory in memory, where there are xattrs of every kind and holes in units of 4 KiB, removed after the test.
func memDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "extracttest")
	if err != nil {
		dir = t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// A file is what two trees must have alike of each name.
type file struct {
	mode     uint32
	uid, gid uint32
	same     string // the first name of the same inode
	size     int64  // 0 for a directory
	blocks   int64  // 0 for a directory
	rdev     uint64
	mtime    time.Time
	sum      [32]byte
	target   string
	xattrs   string
}

// readMax is how large a file may be for its content to be compared. Beyond, only images made to frighten have any.
const readMax = 64 << 20

// readTree reads a tree of the host, its root under the name ".".
func readTree(t testing.TB, root string) map[string]file {
	t.Helper()
	tree, first := map[string]file{}, map[uint64]string{}
	err := filepath.WalkDir(root, func(name string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		tree[rel], err = readFile(name, rel, first)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func readFile(name, rel string, first map[uint64]string) (file, error) {
	var st unix.Stat_t
	if err := unix.Lstat(name, &st); err != nil {
		return file{}, err
	}
	f := file{mode: st.Mode, uid: st.Uid, gid: st.Gid, mtime: time.Unix(st.Mtim.Unix()).UTC()}
	var err error
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFDIR:
		f.xattrs, err = readXattrs(name)
		return f, err
	case unix.S_IFREG:
		var b []byte
		if st.Size > readMax {
			break
		}
		if b, err = os.ReadFile(name); err != nil {
			return f, err
		}
		f.sum = sha256.Sum256(b)
	case unix.S_IFLNK:
		f.target, err = os.Readlink(name)
	case unix.S_IFCHR, unix.S_IFBLK:
		f.rdev = uint64(st.Rdev)
	}
	if err != nil {
		return f, err
	}
	if _, ok := first[st.Ino]; !ok {
		first[st.Ino] = rel
	}
	f.same, f.size, f.blocks = first[st.Ino], st.Size, st.Blocks
	f.xattrs, err = readXattrs(name)
	return f, err
}

func readXattrs(name string) (string, error) {
	buf := make([]byte, 64<<10)
	n, err := unix.Llistxattr(name, buf)
	if err != nil {
		return "", err
	}
	var out []string
	for _, x := range strings.FieldsFunc(string(buf[:n]), func(r rune) bool { return r == 0 }) {
		value := make([]byte, 64<<10)
		k, err := unix.Lgetxattr(name, x, value)
		if err != nil {
			return "", fmt.Errorf("%s: %s: %w", name, x, err)
		}
		out = append(out, fmt.Sprintf("%s=%x", x, value[:k]))
	}
	slices.Sort(out)
	return strings.Join(out, " "), nil
}

// compareTrees reports how got differs from want, after both have been through adjust.
func compareTrees(t testing.TB, got, want map[string]file, adjust func(name string, f file) file) {
	t.Helper()
	shown := 0
	for _, name := range slices.Sorted(maps.Keys(want)) {
		g, ok := got[name]
		if g, w := adjust(name, g), adjust(name, want[name]); !ok || g != w {
			if shown++; shown < 10 {
				t.Errorf("%q:\n got %+v (there: %v)\nwant %+v", name, g, ok, w)
			}
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%q should not be there", name)
		}
	}
	if len(want) < 2 {
		t.Error("nothing was compared")
	}
}

// exactly compares everything.
func exactly(_ string, f file) file { return f }

// plant is a source tree being made.
type plant struct {
	t    testing.TB
	root string
}

func (p plant) do(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p plant) at(name string) string { return filepath.Join(p.root, name) }

func (p plant) file(name string, b []byte) { p.do(os.WriteFile(p.at(name), b, 0o644)) }

func (p plant) dir(name string) { p.do(os.MkdirAll(p.at(name), 0o755)) }

// sparse writes a file of size bytes of which only the given pieces are data.
func (p plant) sparse(name string, size int64, pieces map[int64][]byte) {
	f, err := os.Create(p.at(name))
	p.do(err)
	for off, b := range pieces {
		_, err := f.WriteAt(b, off)
		p.do(err)
	}
	p.do(f.Truncate(size))
	p.do(f.Close())
}

func (p plant) xattr(name, key string, value []byte) { p.do(unix.Lsetxattr(p.at(name), key, value, 0)) }

// stamp gives everything times that no clock would give.
func (p plant) stamp() {
	i := int64(0)
	p.do(filepath.WalkDir(p.root, func(name string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		i++
		ts := []unix.Timespec{{Sec: 1_600_000_000 + i, Nsec: 1000 + i}, {Sec: 1_500_000_000 + i*7, Nsec: 999_000_000 + i}}
		if i%50 == 0 {
			ts[1].Sec = -i // before 1970
		}
		return unix.UtimesNanoAt(unix.AT_FDCWD, name, ts, unix.AT_SYMLINK_NOFOLLOW)
	}))
}

// noise is n bytes that depend on seed alone, none of them zero.
func noise(seed uint64, n int) []byte {
	var key [32]byte
	key[0], key[1] = byte(seed), byte(seed>>8)
	b := make([]byte, n)
	rand.NewChaCha8(key).Read(b)
	for i := range b {
		b[i] |= 1
	}
	return b
}

var aclValue = acl(0o6, 1000, 0o6, 0o4, 100, 0o4, 0o6, 0o4)

// acl is an ACL with one named user and one named group in the form of the system call.
func acl(owner, user, userPerm, group, named, namedPerm, mask, other int) []byte {
	b := []byte{2, 0, 0, 0}
	for _, e := range [][3]int{{1, owner, -1}, {2, userPerm, user}, {4, group, -1}, {8, namedPerm, named}, {16, mask, -1}, {32, other, -1}} {
		b = append(b, byte(e[0]), 0, byte(e[1]), 0, byte(e[2]), byte(e[2]>>8), byte(e[2]>>16), byte(e[2]>>24))
	}
	return b
}

// plantVariety makes one of everything. What needs a privilege is made where there is one.
func plantVariety(t testing.TB, xattrs bool) plant {
	t.Helper()
	p := plant{t, memDir(t)}
	p.dir("sizes")
	for _, n := range []int{0, 1, 59, 60, 61, 160, 161, 1023, 4095, 4096, 4097, 12<<10 + 1, 65537, 256 << 10, 256<<10 + 1, 1<<20 + 3} {
		p.file(fmt.Sprintf("sizes/%d", n), noise(uint64(n), n))
	}
	p.dir("deep/a/b/c/d/e/f/g")
	p.file("deep/a/b/c/d/e/f/g/leaf", []byte("leaf"))
	p.dir("empty")
	p.dir("many")
	for i := range 700 {
		p.file(fmt.Sprintf("many/file number %d %s", i, strings.Repeat("x", i%100)), noise(uint64(i), i%7))
	}
	p.file("many/"+strings.Repeat("n", 255), nil)
	p.file("many/\xff\xfe not UTF-8 \x80", []byte("bytes"))
	p.file("many/Grüße", nil)
	p.file("many/-x \n\t\\", nil)
	p.links()
	p.sparse("hole", 3<<20, map[int64][]byte{1 << 20: noise(1, 5000), 2<<20 + 17: []byte("x"), 3<<20 - 1: []byte("e")})
	p.sparse("all hole", 5<<20+1, nil)
	p.sparse("hole at the end", 5<<20+1, map[int64][]byte{0: noise(4, 8192)})
	p.sparse("far", 20<<20, map[int64][]byte{0: []byte("start"), 20<<20 - 3: []byte("end")})
	for _, mode := range []uint32{0, 0o400, 0o111, 0o640, 0o777, 0o666} {
		p.file(fmt.Sprintf("mode %o", mode), []byte("m"))
		p.do(unix.Chmod(p.at(fmt.Sprintf("mode %o", mode)), mode))
	}
	p.dir("closed/inner")
	p.file("closed/inner/file", []byte("in"))
	p.do(os.Chmod(p.at("closed/inner"), 0o500))
	p.do(os.Chmod(p.at("closed"), 0o555))
	p.dir("tmp")
	p.do(unix.Chmod(p.at("tmp"), 0o1777))
	if os.Getuid() == 0 {
		p.do(os.Lchown(p.at("sizes/1"), 70_000, 80_000))
		p.do(os.Lchown(p.at("deep/a"), 1000, 100))
		p.do(os.Lchown(p.at("links/30"), 5, 6))
	}
	if xattrs {
		p.plantXattrs()
	}
	p.stamp()
	return p
}

// links adds everything that is neither a regular file nor a directory.
func (p plant) links() {
	p.dir("links")
	for _, n := range []int{1, 30, 59, 60, 61, 100, 101, 1000} {
		p.do(os.Symlink(strings.Repeat("t", n), p.at(fmt.Sprintf("links/%d", n))))
	}
	p.do(os.Symlink("/etc/passwd", p.at("links/absolute")))
	p.do(os.Symlink("../../../../etc", p.at("links/up")))
	p.do(os.Symlink("not UTF-8 \xff", p.at("links/bytes")))
	p.do(os.Link(p.at("sizes/4097"), p.at("links/hard")))
	p.do(os.Link(p.at("sizes/4097"), p.at("links/hard too")))
	p.do(os.Link(p.at("links/30"), p.at("deep/hard link of a symbolic one")))
	p.do(unix.Mkfifo(p.at("links/fifo"), 0o620))
}

// plantXattrs adds xattrs of many sizes, ACLs among them.
func (p plant) plantXattrs() {
	p.dir("x")
	for i, n := range []int{0, 1, 3, 20, 60, 100, 300, 600} {
		name := fmt.Sprintf("x/%d", n)
		p.file(name, []byte(name))
		p.xattr(name, "user.value", noise(uint64(i), n))
		p.xattr(name, "user.second at 50% value", []byte("2\n\x00\xff"))
	}
	p.file("x/acl", nil)
	p.xattr("x/acl", "system.posix_acl_access", aclValue)
	p.dir("x/dir")
	p.xattr("x/dir", "system.posix_acl_default", aclValue)
	p.xattr("x/dir", "user.dir", []byte("on a directory"))
	p.file("x/dir/below", []byte("made before the default ACL"))
	p.do(unix.Removexattr(p.at("x/dir/below"), "system.posix_acl_access"))
	p.do(unix.Chmod(p.at("x/dir/below"), 0o644))
}

// plantPower adds what only --privileged takes out. It needs root.
func (p plant) plantPower() {
	p.dir("power")
	p.do(unix.Mknod(p.at("power/null"), unix.S_IFCHR|0o666, int(unix.Mkdev(1, 3))))
	p.do(unix.Mknod(p.at("power/big"), unix.S_IFBLK|0o660, int(unix.Mkdev(259, 70_000))))
	for name, mode := range map[string]uint32{"setuid": 0o4755, "setgid": 0o2755, "sticky": 0o1644, "both": 0o6711} {
		p.file("power/"+name, []byte("#!"))
		p.do(os.Lchown(p.at("power/"+name), 3, 4))
		p.do(unix.Chmod(p.at("power/"+name), mode))
	}
	p.dir("power/dir")
	p.do(unix.Chmod(p.at("power/dir"), 0o3775))
	p.file("power/capable", nil)
	p.xattr("power/capable", "security.capability", []byte("\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
	p.xattr("power/capable", "trusted.x", []byte("t"))
	p.do(os.Symlink("target", p.at("power/link")))
	p.xattr("power/link", "trusted.link", []byte("on a link"))
	p.stamp()
}

func stat(t testing.TB, name string) syscall.Stat_t {
	t.Helper()
	var st syscall.Stat_t
	if err := syscall.Lstat(name, &st); err != nil {
		t.Fatal(err)
	}
	return st
}
