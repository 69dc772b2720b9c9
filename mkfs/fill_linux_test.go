package mkfs_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"extant/disk"
	"extant/internal/ext4test"
	"extant/mkfs"

	"golang.org/x/sys/unix"
)

// hostManifest reads a directory of the system. Sockets are passed over.
func hostManifest(t testing.TB, dir string) manifest {
	t.Helper()
	m, first := manifest{}, map[uint64]string{}
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		var st unix.Stat_t
		if err := unix.Lstat(p, &st); err != nil {
			return err
		}
		if st.Mode&unix.S_IFMT == unix.S_IFSOCK {
			return nil
		}
		name := strings.TrimPrefix(strings.TrimPrefix(p, dir), "/")
		m[name] = hostLine(t, p, &st)
		if st.Mode&unix.S_IFMT != unix.S_IFDIR {
			m[name] += hardLinks(first, st.Ino, name, uint32(st.Nlink))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func hostLine(t testing.TB, p string, st *unix.Stat_t) string {
	line := fmt.Sprintf("%o %d:%d %d.%09d", st.Mode, st.Uid, st.Gid, st.Mtim.Sec, st.Mtim.Nsec)
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		line += contentLine(b)
	case unix.S_IFLNK:
		to, err := os.Readlink(p)
		if err != nil {
			t.Fatal(err)
		}
		line += fmt.Sprintf(" to %q", to)
	case unix.S_IFCHR, unix.S_IFBLK:
		line += fmt.Sprintf(" device %d:%d", unix.Major(uint64(st.Rdev)), unix.Minor(uint64(st.Rdev)))
	}
	return line + hostXattrs(t, p)
}

func hostXattrs(t testing.TB, p string) (line string) {
	buf := make([]byte, 64<<10)
	n, err := unix.Llistxattr(p, buf)
	if err != nil {
		t.Fatal(err)
	}
	names := strings.FieldsFunc(string(buf[:n]), func(r rune) bool { return r == 0 })
	slices.Sort(names)
	for _, name := range names {
		n, err := unix.Lgetxattr(p, name, buf)
		if err != nil {
			t.Fatal(err)
		}
		line += xattrLine(name, buf[:n])
	}
	return line
}

// A maker makes files below a directory and fails the test where it cannot.
type maker struct {
	t   testing.TB
	dir string
	rng *rand.ChaCha8
}

func (m *maker) ok(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

func (m *maker) path(name string) string { return filepath.Join(m.dir, name) }

func (m *maker) file(name string, size int) {
	m.t.Helper()
	b := make([]byte, size)
	m.rng.Read(b)
	m.ok(os.MkdirAll(filepath.Dir(m.path(name)), 0o755))
	m.ok(os.WriteFile(m.path(name), b, 0o644))
}

// sparse makes a file with a word at each of some places.
func (m *maker) sparse(name string, size int64, places ...int64) {
	m.t.Helper()
	f, err := os.Create(m.path(name))
	m.ok(err)
	defer f.Close()
	for _, at := range places {
		_, err := f.WriteAt([]byte("data"), at)
		m.ok(err)
	}
	m.ok(f.Truncate(size))
}

func (m *maker) xattr(name, attr string, value []byte) {
	m.t.Helper()
	m.ok(unix.Lsetxattr(m.path(name), attr, value, 0))
}

// makeSource makes a tree with one of everything that this user may make, in a place that has xattrs.
func makeSource(t testing.TB) string {
	t.Helper()
	m := &maker{t: t, dir: filepath.Join(tempDir(t), "source"), rng: rand.NewChaCha8([32]byte{7})}
	m.ok(os.Mkdir(m.dir, 0o755))
	for _, size := range []int{
		0, 1, 59, 60, 61, 127, 128, 129, 383, 384, 385, 1023, 1024, 1025, 4095, 4096, 4097, 65535, 65536, 65537, 3 << 20,
	} {
		m.file(fmt.Sprintf("files/f%d", size), size)
	}
	m.sparse("all hole", 3<<20)
	m.sparse("one word", 10<<20, 5_000_000)
	m.sparse("tiny hole", 100)
	var places []int64
	for i := range int64(700) {
		places = append(places, i*20000)
	}
	m.sparse("fragments", 14<<20, places...)
	m.links()
	m.attributes()
	for i := range 1100 {
		name := fmt.Sprintf("shared/x%d", i)
		m.file(name, i%7)
		m.xattr(name, "user.same", bytes.Repeat([]byte("v"), 300))
	}
	for i := range 40 {
		m.file(fmt.Sprintf("long names/%s%03d", strings.Repeat("n", 250), i), 1)
	}
	m.file("lost+found/kept", 10)
	if os.Geteuid() == 0 {
		m.privileged()
	}
	l, err := net.Listen("unix", m.path("socket"))
	m.ok(err)
	t.Cleanup(func() { l.Close() })
	return m.dir
}

func (m *maker) links() {
	m.ok(os.Mkdir(m.path("links"), 0o755))
	m.ok(os.Link(m.path("files/f129"), m.path("links/hard")))
	m.ok(os.Symlink("../files/f1", m.path("links/soft")))
	m.ok(unix.Linkat(unix.AT_FDCWD, m.path("links/soft"), unix.AT_FDCWD, m.path("links/soft too"), 0))
	for _, n := range []int{59, 60, 900} {
		m.ok(os.Symlink(strings.Repeat("x", n), m.path(fmt.Sprintf("links/s%d", n))))
	}
}

// acl is the value of an access or default ACL that lets one more user read.
func acl(user uint32) []byte {
	b := binary.LittleEndian.AppendUint32(nil, 2)
	for _, e := range []struct {
		tag, perm uint16
		id        uint32
	}{{1, 6, ^uint32(0)}, {2, 4, user}, {4, 4, ^uint32(0)}, {0x10, 4, ^uint32(0)}, {0x20, 0, ^uint32(0)}} {
		b = binary.LittleEndian.AppendUint16(b, e.tag)
		b = binary.LittleEndian.AppendUint16(b, e.perm)
		b = binary.LittleEndian.AppendUint32(b, e.id)
	}
	return b
}

func (m *maker) attributes() {
	m.xattr("files/f127", "user.short", []byte("hello"))
	m.xattr("files/f128", "user.empty", nil)
	m.xattr("files/f60", "user.long", bytes.Repeat([]byte("l"), 200))
	m.xattr("files/f4095", "system.posix_acl_access", acl(99))
	m.xattr("links", "system.posix_acl_default", acl(1234))
	for i := range 12 {
		m.xattr("files/f1023", fmt.Sprintf("user.number%d", i), bytes.Repeat([]byte{byte(i)}, 40))
	}
	m.ok(os.Chmod(m.path("files/f61"), 0o755|fs.ModeSetuid))
	m.ok(os.Chmod(m.path("links"), 0o777|fs.ModeSticky))
	m.ok(unix.Mkfifo(m.path("fifo"), 0o640))
	m.times("files/f1", time.Date(2400, 1, 1, 0, 0, 0, 123456789, time.UTC))
	m.times("files/f59", time.Date(1910, 5, 5, 0, 0, 0, 1, time.UTC))
	m.times("links/s60", time.Date(2001, 2, 3, 4, 5, 6, 700000000, time.UTC))
}

func (m *maker) times(name string, when time.Time) {
	ts := unix.NsecToTimespec(0)
	ts.Sec, ts.Nsec = when.Unix(), int64(when.Nanosecond())
	m.ok(unix.UtimesNanoAt(unix.AT_FDCWD, m.path(name), []unix.Timespec{ts, ts}, unix.AT_SYMLINK_NOFOLLOW))
}

func (m *maker) privileged() {
	m.ok(unix.Mknod(m.path("chr"), unix.S_IFCHR|0o600, int(unix.Mkdev(5, 300))))
	m.ok(unix.Mknod(m.path("blk"), unix.S_IFBLK|0o660, int(unix.Mkdev(259, 70000))))
	m.ok(os.Lchown(m.path("files/f0"), 70000, 80000))
	m.xattr("links/s59", "trusted.t", []byte("on a symlink"))
	m.xattr("files", "security.label", []byte("label\x00"))
	m.xattr("chr", "trusted.device", []byte("on a device"))
}

// fillArgs are the options that every kind of source is tried with.
var fillArgs = []string{
	"", "-t ext2", "-t ext3", "-b 1024", "-b 2048", "-b 65536", "-b 1024 -t ext3", "-I 512", "-I 1024 -O inline_data", "-O inline_data",
	"-b 1024 -O inline_data", "-O bigalloc", "-b 1024 -C 16384 -O bigalloc,inline_data", "-O meta_bg,^resize_inode", "-O ^64bit",
	"-O ^metadata_csum", "-O ^metadata_csum,uninit_bg", "-O ^metadata_csum_seed", "-O large_dir,ea_inode", "-O quota",
	"-O quota,project", "-O bigalloc,quota -C 32768", "-O casefold", "-O ^orphan_file", "-O ^has_journal", "-O sparse_super2",
	"-O ^extents,^64bit", "-O ^dir_index", "-O ^filetype", "-O ^flex_bg", "-O none", "-O ^extra_isize",
}

func TestFillFromDir(t *testing.T) {
	needTool(t, "e2fsck")
	src := makeSource(t)
	want := hostManifest(t, src)
	for _, args := range fillArgs {
		t.Run(args, func(t *testing.T) {
			path, r := fill(t, mkfs.Dir(src), 0, options(t, args), mkfs.FillOptions{})
			imageManifest(t, path).equal(t, want)
			if r.Failed || len(r.Warnings) != 1 || r.Warnings[0].Path != "socket" {
				t.Errorf("warnings %v", r.Warnings)
			}
			if r.Files != int64(21+4+1100+40+1) || r.Links != 2 {
				t.Errorf("report %+v", r)
			}
		})
	}
}

// TestFillShortInodes is apart, as they keep no nanoseconds and no time after 2038.
func TestFillShortInodes(t *testing.T) {
	needTool(t, "e2fsck")
	m := &maker{t: t, dir: filepath.Join(tempDir(t), "source"), rng: rand.NewChaCha8([32]byte{8})}
	m.file("a/b", 100)
	m.xattr("a/b", "user.x", []byte("y"))
	for _, p := range []string{"a/b", "a", ""} {
		m.times(p, time.Unix(1_600_000_000, 0))
	}
	path, _ := fill(t, mkfs.Dir(m.dir), 0, options(t, "-I 128"), mkfs.FillOptions{})
	imageManifest(t, path).equal(t, hostManifest(t, m.dir), "lost+found")
}

// TestKernelReadsFill has the kernel look at what was made.
func TestKernelReadsFill(t *testing.T) {
	needTool(t, "e2fsck", "mount")
	needMount(t)
	src := makeSource(t)
	want := hostManifest(t, src)
	for _, args := range []string{
		"", "-t ext2", "-t ext3", "-b 1024", "-O inline_data", "-O inline_data -I 1024", "-O bigalloc", "-O ^extents,^64bit",
		"-O ^metadata_csum", "-O ^dir_index", "-O large_dir,ea_inode", "-O none",
	} {
		t.Run(args, func(t *testing.T) {
			path, _ := fill(t, mkfs.Dir(src), 0, options(t, args), mkfs.FillOptions{})
			at := t.TempDir()
			run(t, "mount", "-o", "loop,ro", path, at)
			defer ext4test.Unmount(t, at)
			hostManifest(t, at).equal(t, want)
		})
	}
}

// tarOf packs a directory with the system's tar.
func tarOf(t testing.TB, dir string, args ...string) string {
	t.Helper()
	needTool(t, "tar")
	out := filepath.Join(tempDir(t), "archive.tar")
	args = append(args, "--exclude=./socket", "-C", dir, "-cf", out, ".")
	run(t, "tar", args...)
	return out
}

// fromTar is the source of an archive in a file.
func fromTar(t testing.TB, path string) mkfs.Source {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return mkfs.Tar(f)
}

var paxFlags = []string{"--format=posix", "--xattrs", "--xattrs-include=*", "--acls", "-S"}

func TestFillFromTar(t *testing.T) {
	needTool(t, "e2fsck")
	src := makeSource(t)
	want := hostManifest(t, src)
	archive := tarOf(t, src, paxFlags...)
	for _, args := range []string{"", "-O inline_data", "-t ext3 -b 1024", "-O bigalloc,quota"} {
		path, r := fill(t, fromTar(t, archive), 0, options(t, args), mkfs.FillOptions{})
		imageManifest(t, path).equal(t, want)
		if len(r.Warnings) != 0 {
			t.Errorf("warnings %v", r.Warnings)
		}
	}
}

func TestFillFromStreams(t *testing.T) {
	needTool(t, "e2fsck", "gzip")
	src := makeSource(t)
	want := hostManifest(t, src)
	archive := tarOf(t, src, paxFlags...)
	plain, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	run(t, "gzip", "-1", archive)
	spool := t.TempDir()
	for name, s := range map[string]mkfs.Source{
		"a stream":          mkfs.Tar(struct{ *bytes.Buffer }{bytes.NewBuffer(plain)}),
		"a compressed file": fromTar(t, archive+".gz"),
		"memory":            mkfs.Tar(bytes.NewReader(plain)),
	} {
		t.Run(name, func(t *testing.T) {
			path, _ := fill(t, s, 0, options(t, ""), mkfs.FillOptions{Spool: spool})
			imageManifest(t, path).equal(t, want)
		})
	}
	if left, err := os.ReadDir(spool); err != nil || len(left) > 0 {
		t.Errorf("left in the spool: %v %v", left, err)
	}
}

// TestOneImage makes the same image, byte for byte, of all kinds of source and with any number of tasks.
func TestOneImage(t *testing.T) {
	needTool(t, "e2fsck", "tar")
	src := makeSource(t)
	if err := os.Remove(filepath.Join(src, "tiny hole")); err != nil { // less than a block of an archive is never a hole
		t.Fatal(err)
	}
	archive := tarOf(t, src, paxFlags...)
	epoch := time.Unix(2_000_000_000, 5)
	sources := map[string]func() mkfs.Source{
		"directory": func() mkfs.Source { return mkfs.Dir(src) },
		"archive":   func() mkfs.Source { return fromTar(t, archive) },
	}
	// An archive knows holes in blocks of 512 bytes, the system only in pages: larger blocks make them one.
	for _, args := range []string{"-b 4096", "-b 4096 -O inline_data,quota", "-b 4096 -t ext3"} {
		var first []byte
		for name, s := range sources {
			for _, workers := range []int{1, 2, 7} {
				o := options(t, args)
				o.Now, o.Rand = time.Time{}, nil
				path, _ := fill(t, s(), 0, o, mkfs.FillOptions{Epoch: &epoch, Workers: workers})
				b, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if first == nil {
					first = b
				} else if !bytes.Equal(first, b) {
					t.Errorf("%s, %s with %d tasks: another image", args, name, workers)
				}
			}
		}
	}
}

// TestFSEqualsDir reads the same tree through package os and through io/fs.
func TestFSEqualsDir(t *testing.T) {
	needTool(t, "e2fsck")
	src := makeSource(t)
	epoch := time.Unix(2_000_000_000, 0)
	var trees [2]manifest
	for i, s := range []mkfs.Source{mkfs.Dir(src), mkfs.FS(os.DirFS(src))} {
		path, _ := fill(t, s, 0, options(t, ""), mkfs.FillOptions{Epoch: &epoch, NoXattrs: true})
		trees[i] = imageManifest(t, path)
	}
	trees[1].equal(t, trees[0])
}

// TestTooManyBlocks makes sure that a sparse file which small blocks cannot hold is refused with the blocks that can.
func TestTooManyBlocks(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "sparse")
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(name, 8<<40); err != nil {
		t.Skipf("no sparse file of 8 TiB here: %v", err)
	}
	for block, good := range map[int]bool{1024: false, 4096: true} {
		dev := disk.NewMem(64 << 20)
		_, err := mkfs.Build(t.Context(), dev, mkfs.Dir(dir), mkfs.Options{BlockSize: block}, mkfs.FillOptions{})
		if (err == nil) != good || !good && !strings.Contains(err.Error(), "-b 4096") {
			t.Errorf("blocks of %d bytes: %v", block, err)
		}
	}
}
