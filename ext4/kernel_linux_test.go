package ext4_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"extant/ext4"
	"extant/internal/ext4test"
)

// kernelMount mounts the image with the kernel's ext4. The test is skipped where that is not possible.
func (im *image) kernelMount(options string) (dir string, umount func()) {
	im.t.Helper()
	if os.Getuid() != 0 {
		missing(im.t, "mounting needs root")
	}
	dir = im.t.TempDir()
	out, err := exec.Command("mount", "-t", "ext4", "-o", "loop,"+options, im.path, dir).CombinedOutput()
	if err != nil {
		missing(im.t, fmt.Sprintf("this kernel does not mount it: %v: %s", err, out))
	}
	mounted := true
	umount = func() {
		if mounted {
			ext4test.Unmount(im.t, dir)
			mounted = false
		}
	}
	im.t.Cleanup(umount)
	return dir, umount
}

// whole leaves out only what two readers of one file system cannot agree on: nothing but access times, which trees do not have.
func whole(string, *node) {}

// kernelImages are file systems that the kernel fills.
var kernelImages = []struct{ name, size, args, options string }{
	{"ext4", "64M", "-t ext4 -O metadata_csum_seed,orphan_file", "rw"},
	{"ext4 1k", "64M", "-t ext4 -b 1024", "rw"},
	{"ext3", "64M", "-t ext3 -b 1024", "rw"},
	{"ext2", "64M", "-t ext2 -I 128", "rw"},
	{"inline_data", "64M", "-t ext4 -O inline_data,ea_inode -I 512", "rw"},
	{"bigalloc", "64M", "-t ext4 -b 1024 -O bigalloc -C 4096", "rw"},
	{"ea_inode", "64M", "-t ext4 -O ea_inode -b 4096", "rw"},
	{"no csum", "64M", "-t ext4 -O ^metadata_csum,^64bit,uninit_bg -b 2048", "rw"},
	{"meta_bg", "128M", "-t ext4 -O meta_bg,^resize_inode -b 1024", "rw"},
}

func TestKernelWrites(t *testing.T) {
	for _, k := range kernelImages {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			im := mke2fs(t, "", k.size, k.args)
			dir, umount := im.kernelMount(k.options)
			p := &plant{t, dir}
			p.kernelVariety()
			syscall.Sync()
			run(t, "mount", "-o", "remount,ro", dir)
			want, stat := hostTree(t, dir), kernelStatFS(t, dir)
			umount()
			fs := im.mount(ext4.Options{})
			compareTrees(t, readTree(t, fs), want, whole)
			got, err := fs.StatFS()
			if err != nil {
				t.Fatal(err)
			}
			if got.ID = 0; got != stat {
				t.Errorf("statfs:\n got %+v\nwant %+v", got, stat)
			}
		})
	}
}

func kernelStatFS(t *testing.T, dir string) ext4.StatFS {
	t.Helper()
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		t.Fatal(err)
	}
	return ext4.StatFS{
		BlockSize: int(s.Bsize), Blocks: s.Blocks, BlocksFree: s.Bfree, BlocksAvail: s.Bavail,
		Files: s.Files, FilesFree: s.Ffree, NameMax: int(s.Namelen),
	}
}

// kernelVariety makes, through a mounted file system, what mke2fs -d cannot: unwritten extents, fragments, directories grown and shrunk,
// holes punched, large xattrs.
func (p *plant) kernelVariety() {
	for _, n := range fileSizes {
		p.file(fmt.Sprintf("size %d", n), noise(uint64(n), n))
	}
	p.links0()
	p.dir("dir")
	for i := range 3000 {
		p.file(fmt.Sprintf("dir/%s%d", strings.Repeat("n", i%60), i), nil)
	}
	for i := 0; i < 3000; i += 3 {
		p.do(os.Remove(p.at(fmt.Sprintf("dir/%s%d", strings.Repeat("n", i%60), i))))
	}
	p.file("xattrs", nil)
	for i, n := range []int{1, 50, 300} {
		p.xattr("xattrs", fmt.Sprintf("user.%d", i), noise(uint64(i), n))
	}
	_ = unix.Lsetxattr(p.at("xattrs"), "user.large", noise(9, 20_000), 0) // where there is ea_inode
	_ = unix.Lsetxattr(p.at("xattrs"), "system.posix_acl_access", acl(7, 1000, 6, 5, 100, 4, 7, 1), 0)
	p.fragments("fragments", 600)
	p.fallocated("unwritten")
	p.sparse("hole at the end", 10<<20, map[int64][]byte{4096: noise(3, 100)})
}

// links0 adds links of the lengths at which their targets move.
func (p *plant) links0() {
	p.dir("links")
	for _, n := range []int{1, 59, 60, 61, 200, 700} {
		p.do(os.Symlink(strings.Repeat("t", n), p.at(fmt.Sprintf("links/%d", n))))
	}
	p.do(unix.Mknod(p.at("links/dev"), unix.S_IFCHR|0o600, int(unix.Mkdev(300, 70_000))))
}

// fragments makes a file of n extents with holes between them.
func (p *plant) fragments(name string, n int) {
	pieces := map[int64][]byte{}
	for i := range int64(n) {
		pieces[i*2*65536] = noise(uint64(i), 100)
	}
	p.sparse(name, int64(n)*2*65536, pieces)
}

// fallocated makes a file of which parts are allocated and not written, where the file system can do so.
func (p *plant) fallocated(name string) {
	p.sparse(name, 1<<20, map[int64][]byte{0: noise(5, 300_000)})
	f, err := os.OpenFile(p.at(name), os.O_RDWR, 0)
	p.do(err)
	defer f.Close()
	if unix.Fallocate(int(f.Fd()), 0, 400_000, 300_000) != nil {
		return
	}
	_, err = f.WriteAt(noise(6, 1000), 500_000)
	p.do(err)
	p.do(unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, 70_000, 100_000))
	p.do(unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_KEEP_SIZE, 1<<20, 1<<20))
}

// dirty returns a copy of a mounted image as a power cut would leave it: of a moment, for nobody wrote to it between two readings.
func (im *image) dirty() *image {
	im.t.Helper()
	out := &image{im.t, filepath.Join(im.t.TempDir(), "copy")}
	content := im.bytes()
	for again := im.bytes(); !bytes.Equal(content, again); again = im.bytes() {
		content = again
	}
	if err := os.WriteFile(out.path, content, 0o600); err != nil {
		im.t.Fatal(err)
	}
	return out
}

// TestRecovery reads images whose journal is not empty and compares with what the kernel makes of them.
func TestRecovery(t *testing.T) {
	for _, k := range []struct {
		name, args, options string
		normal              func(string, *node)
	}{
		{"ordered", "-t ext4 -J size=4", "rw", whole},
		{"data=journal", "-t ext4 -J size=4", "rw,data=journal", whole},
		{"no csum", "-t ext4 -O ^metadata_csum,^64bit -b 1024 -J size=4", "rw", whole},
		{"ext3", "-t ext3 -b 1024 -J size=4", "rw", whole},
		// Not with inline_data: Linux writes fast commits of inline files that it then cannot replay.
		{"fast_commit", "-t ext4 -O fast_commit -J size=8 -b 4096", "rw", fastDirs},
	} {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			im := mke2fs(t, "", "64M", k.args)
			dir, umount := im.kernelMount(k.options)
			p := &plant{t, dir}
			p.churn()
			im.syncLoop()
			cut := im.dirty()
			umount()
			before := cut.bytes()
			got := readTree(t, cut.mount(ext4.Options{}))
			if string(before) != string(cut.bytes()) {
				t.Error("mounting wrote to the image")
			}
			replayed := cut.dirty()
			dir, umount = replayed.kernelMount("rw,noatime")
			want := hostTree(t, dir)
			umount()
			compareTrees(t, got, want, k.normal)
			if len(want) < 100 {
				t.Errorf("only %d files came through: the journal was not used", len(want))
			}
		})
	}
}

// fastDirs leaves out what the kernel's replay of fast commits makes up instead of recovering it: it touches directories in passing, and
// counts the links and blocks of new ones wrong.
func fastDirs(_ string, n *node) {
	if n.Mode&0xF000 == 0x4000 {
		n.MTime, n.CTime, n.Links, n.Blocks = time.Time{}, time.Time{}, 0, 0
	}
}

// syncLoop brings what the kernel wrote to the loop device into the file behind it.
func (im *image) syncLoop() {
	im.t.Helper()
	f, err := os.Open(im.path)
	if err != nil {
		im.t.Fatal(err)
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		im.t.Fatal(err)
	}
}

// churn changes a file system in many small steps, each of them made durable, the last ones in fast commits where there are any.
func (p *plant) churn() {
	p.dir("old")
	for i := range 200 {
		p.file(fmt.Sprintf("old/%d", i), noise(uint64(i), i*40))
	}
	syscall.Sync()
	for i := range 100 {
		name := fmt.Sprintf("old/new name of a file %d", i)
		p.synced(name, noise(uint64(i), 5000))
		switch i % 5 {
		case 1:
			p.do(os.Remove(p.at(fmt.Sprintf("old/%d", i))))
		case 2:
			p.do(os.Rename(p.at(name), p.at(name+" moved")))
		case 3:
			p.do(os.Link(p.at(name), p.at(fmt.Sprintf("link %d", i))))
		case 4:
			p.dir(fmt.Sprintf("made %d", i))
			p.synced(fmt.Sprintf("made %d/file", i), []byte("in a new directory"))
		}
	}
	p.synced("last", []byte("last"))
}

func (p *plant) synced(name string, b []byte) {
	f, err := os.OpenFile(p.at(name), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
	p.do(err)
	_, err = f.Write(b)
	p.do(err)
	p.do(f.Sync())
	p.do(f.Close())
}

// TestLargeDir reads a directory with an index of three levels, which only large_dir has.
func TestLargeDir(t *testing.T) {
	if testing.Short() {
		t.Skip("makes 60,000 names")
	}
	im := mke2fs(t, "", "96M", "-t ext4 -b 1024 -O large_dir -N 1000")
	dir, umount := im.kernelMount("rw")
	p := &plant{t, dir}
	p.dir("dir")
	p.file("file", nil)
	var list []string
	for i := range 60_000 {
		name := fmt.Sprintf("%d%s", i, strings.Repeat("l", 248))
		p.do(os.Link(p.at("file"), p.at("dir/"+name)))
		list = append(list, name)
	}
	umount()
	n := child(t, im.mount(ext4.Options{}), "dir")
	if levels, err := n.IndexLevels(); err != nil || levels != 2 {
		t.Fatalf("%d levels of nodes, %v; want 2", levels, err)
	}
	found := 0
	for e, err := range n.ReadDir(0) {
		if err != nil {
			t.Fatal(err)
		}
		if len(e.Name) > 200 {
			found++
		}
	}
	if found != len(list) {
		t.Errorf("%d names, want %d", found, len(list))
	}
	for i := 0; i < len(list); i += 7 {
		if ino, err := n.IndexLookup(list[i]); err != nil || ino == 0 {
			t.Fatalf("%q: inode %d, %v", list[i], ino, err)
		}
	}
}

// TestSeekLikeKernel compares where data and holes are with what the kernel says.
func TestSeekLikeKernel(t *testing.T) {
	for _, args := range []string{"-t ext4 -b 4096", "-t ext4 -b 1024", "-t ext3 -b 1024"} {
		im := mke2fs(t, "", "64M", args)
		dir, umount := im.kernelMount("rw")
		p := &plant{t, dir}
		p.fragments("fragments", 30)
		p.sparse("hole at the end", 10<<20, map[int64][]byte{4096: noise(3, 100)})
		p.sparse("all hole", 1<<20, nil)
		p.fallocated("unwritten")
		syscall.Sync()
		umount()
		dir, umount = im.kernelMount("ro")
		fs := im.mount(ext4.Options{})
		for _, name := range []string{"fragments", "hole at the end", "all hole", "unwritten"} {
			f, err := os.Open(filepath.Join(dir, name))
			p.do(err)
			n := child(t, fs, name)
			data, holes := map[int64]int64{}, map[int64]int64{}
			for off := int64(0); off <= n.Attr().Size; off += 10_007 {
				data[off], holes[off] = kernelSeek(f, off, unix.SEEK_DATA), kernelSeek(f, off, unix.SEEK_HOLE)
			}
			f.Close()
			seeks(t, n, name+": data", n.SeekData, data)
			seeks(t, n, name+": hole", n.SeekHole, holes)
		}
		umount()
	}
}

// kernelSeek is -1 for ENXIO.
func kernelSeek(f *os.File, off int64, whence int) int64 {
	got, err := unix.Seek(int(f.Fd()), off, whence)
	if err != nil {
		return -1
	}
	return got
}
