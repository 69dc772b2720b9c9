package ext4_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"extant/disk"
	"extant/disk/disktest"
	"extant/ext4"
)

// fastKinds are file systems on which the kernel makes fast commits.
var fastKinds = []struct{ name, args, options string }{
	{"4k", "-t ext4 -O fast_commit -J size=8 -b 4096", "rw"},
	{"1k", "-t ext4 -O fast_commit,^orphan_file -J size=8 -b 1024 -I 128", "rw"},
	{"bigalloc", "-t ext4 -O fast_commit,bigalloc -J size=8 -b 1024 -C 4096", "rw"},
	{"2k", "-t ext4 -O fast_commit -J size=8 -b 2048 -I 512", "rw"},
	{"no csum", "-t ext4 -O fast_commit,^metadata_csum,^64bit -J size=8 -b 1024", "rw,nodelalloc"},
	{"writeback", "-t ext4 -O fast_commit -J size=8 -b 1024", "rw,data=writeback"},
}

// cutFast has the kernel make changes on a file system, the last of them in fast commits, and returns it as a power cut leaves it.
func cutFast(t *testing.T, args, options string, change func(p *plant)) []byte {
	t.Helper()
	im := mke2fs(t, "", "32M", args)
	dir, umount := im.kernelMount(options)
	p := &plant{t, dir}
	p.dir("old/sub/gone")
	for i := range 60 {
		p.file(fmt.Sprintf("old/%d", i), noise(uint64(i), 100+i*300))
	}
	p.fragments("old/torn", 40)
	p.do(os.Symlink("here", p.at("old/link")))
	syscall.Sync()
	change(p)
	im.syncLoop()
	cut := im.bytes()
	umount()
	return cut
}

// manyFast makes all the changes that the kernel commits fast.
func manyFast(p *plant) {
	syncDir := func(name string) {
		f, err := os.Open(p.at(name))
		p.do(err)
		p.do(f.Sync())
		p.do(f.Close())
	}
	for i := range 30 {
		name := fmt.Sprintf("old/new %d", i)
		p.synced(name, noise(uint64(i), 4000*(i%5)))
		switch i % 6 {
		case 0:
			p.do(os.Remove(p.at(fmt.Sprintf("old/%d", i))))
		case 1:
			p.do(os.Rename(p.at(name), p.at(name+" moved")))
		case 2:
			p.do(os.Rename(p.at(name), p.at(fmt.Sprintf("old/%d", i)))) // over another
		case 3:
			p.do(os.Link(p.at(name), p.at(fmt.Sprintf("link %d", i))))
		case 4:
			p.dir(fmt.Sprintf("made %d/sub", i))
			p.synced(fmt.Sprintf("made %d/sub/file", i), []byte("in a new directory"))
		case 5:
			p.do(os.Remove(p.at(name))) // and its number is used again
		}
	}
	p.do(os.Symlink("there", p.at("old/new link")))
	p.do(os.Remove(p.at("old/sub/gone")))
	syncDir("old")
	f, err := os.OpenFile(p.at("old/torn"), os.O_RDWR, 0)
	p.do(err)
	p.do(f.Truncate(3 << 20))
	_, err = f.WriteAt(noise(9, 70_000), 100_000)
	p.do(err)
	p.do(f.Sync())
	p.do(unix.Fallocate(int(f.Fd()), 0, 5<<20, 200_000))
	p.do(f.Sync())
	for i := range 30 { // into what is allocated and not written: more extents than the inode holds
		_, err = f.WriteAt(noise(uint64(i), 500), 5<<20+int64(i)*6000)
		p.do(err)
	}
	p.do(f.Sync())
	p.do(f.Chmod(0o600))
	p.do(f.Chown(77, 78))
	p.do(f.Sync())
	p.do(f.Close())
	p.fragments("torn anew", 20)
	p.synced("last", []byte("last"))
}

// TestFastCommitsReplayed mounts what the kernel left in fast commits to write, and compares with what reading through them says, and with what the
// kernel and e2fsck make of them.
func TestFastCommitsReplayed(t *testing.T) {
	kinds := fastKinds
	if testing.Short() {
		kinds = kinds[:2]
	}
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			cut := cutFast(t, k.args, k.options, manyFast)
			before := readTree(t, mountMem(t, disk.NewMemFrom(bytes.Clone(cut)), ext4.Options{}))
			dev := disk.NewMemFrom(bytes.Clone(cut))
			fs := mountMem(t, dev, ext4.Options{ReadWrite: true})
			after := readTree(t, fs)
			if err := fs.Close(); err != nil {
				t.Fatal(err)
			}
			checkDevice(t, dev, time.Now())
			compareTrees(t, after, before, fastBlocks)

			im := &image{t, t.TempDir() + "/kernel"}
			writeFile(t, im.path, cut)
			dir, umount := im.kernelMount("rw,noatime")
			want := hostTree(t, dir)
			umount()
			compareTrees(t, after, want, func(p string, n *node) {
				fastDirs(p, n)
				if strings.Contains(k.args, "bigalloc") {
					n.Blocks = 0 // the kernel counts blocks where clusters count
				}
			})
			if len(want) < 100 {
				t.Errorf("only %d files came through", len(want))
			}
		})
	}
}

// fastBlocks leaves out how many blocks an inode has: recovery lays out directories and maps anew.
func fastBlocks(_ string, n *node) { n.Blocks = 0 }

func writeFile(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func mountMem(t testing.TB, dev disk.Device, o ext4.Options) *ext4.FS {
	t.Helper()
	fs, err := ext4.Mount(dev, o)
	if err != nil {
		t.Fatal(err)
	}
	return fs
}

// TestFastCommitsInterrupted cuts a mount that replays fast commits off at each of its writes, whole or in the middle: the next leaves what one that was
// not cut off leaves.
func TestFastCommitsInterrupted(t *testing.T) {
	cut := cutFast(t, fastKinds[1].args, fastKinds[1].options, manyFast)
	want := readTree(t, mountMem(t, disk.NewMemFrom(bytes.Clone(cut)), ext4.Options{}))
	lost, step := errors.New("power cut"), 1
	if testing.Short() {
		step = 11
	}
	for n := 1; ; n += step {
		mem := disk.NewMemFrom(bytes.Clone(cut))
		fault := disktest.Any(disktest.On(disktest.Write, disktest.Nth(n, disktest.Tear(int64(n)*700%4096/512*512, lost))),
			disktest.On(disktest.Write, disktest.From(n+1, disktest.Fail(lost))))
		dev := disktest.NewFaulty(mem, fault)
		fs, err := ext4.Mount(dev, ext4.Options{ReadWrite: true})
		if err == nil {
			err = fs.Close()
		}
		again := mountMem(t, mem, ext4.Options{ReadWrite: true})
		compareTrees(t, readTree(t, again), want, fastBlocks)
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
		ownCheck(t, mem, time.Now())
		if n%8 == 0 {
			e2fsckDevice(t, mem)
		}
		if t.Failed() {
			t.Fatalf("cut off at write %d", n)
		}
		if len(dev.Faults()) == 0 {
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("fewer than %d writes", n)
			return
		}
	}
}

// TestFastCommitsWithE2fsck compares the names and contents that are left with those after e2fsck's replay, but for what that finds nobody to own.
func TestFastCommitsWithE2fsck(t *testing.T) {
	cut := cutFast(t, fastKinds[0].args, fastKinds[0].options, manyFast)
	dev := disk.NewMemFrom(bytes.Clone(cut))
	fs := mountMem(t, dev, ext4.Options{ReadWrite: true})
	got := readTree(t, fs)
	if err := fs.Close(); err != nil {
		t.Fatal(err)
	}
	im := &image{t, t.TempDir() + "/e2fsck"}
	writeFile(t, im.path, cut)
	if out, err := exec.Command(tool(t, "e2fsck"), "-fy", im.path).CombinedOutput(); err != nil && err.(*exec.ExitError).ExitCode() > 1 {
		t.Fatalf("%v\n%s", err, out)
	}
	compareTrees(t, got, readTree(t, im.mount(ext4.Options{})), func(p string, n *node) {
		n.Blocks, n.CTime, n.MTime, n.Links = 0, time.Time{}, time.Time{}, 0
	})
}

// TestFastCommitsOfLargeFile replays a fast commit in which a file lost its name that somebody held: to free it takes more blocks than the journal has.
func TestFastCommitsOfLargeFile(t *testing.T) {
	im := mke2fs(t, "", "24G", "-t ext4 -O fast_commit -J size=2 -N 4096 -b 1024")
	dir, umount := im.kernelMount("rw")
	p := &plant{t, dir}
	f, err := os.Create(p.at("large"))
	p.do(err)
	p.do(unix.Fallocate(int(f.Fd()), 0, 0, 20<<30))
	syscall.Sync()
	p.do(os.Remove(f.Name()))
	p.synced("last", []byte("last"))
	im.syncLoop()
	cut := im.path + ".cut"
	out, err := exec.Command("cp", "--sparse=always", im.path, cut).CombinedOutput()
	f.Close()
	umount()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	dev, err := disk.Open(cut, disk.ReadWrite)
	p.do(err)
	defer dev.Close()
	for range 2 {
		fs := mountMem(t, dev, ext4.Options{ReadWrite: true})
		if child(t, fs, "last").Attr().Size != 4 {
			t.Error("the fast commit was not replayed")
		}
		if st, err := fs.StatFS(); err != nil || st.BlocksFree < 20<<20 {
			t.Errorf("only %d blocks are free, %v", st.BlocksFree, err)
		}
		p.do(fs.Close())
	}
	if out, err := exec.Command(tool(t, "e2fsck"), "-fn", cut).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
