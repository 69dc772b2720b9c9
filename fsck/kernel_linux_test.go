package fsck_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// mounted mounts an image file by the kernel for the time of a function.
func mounted(t *testing.T, path, options string, do func(dir string)) {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.Command(tool(t, "mount"), "-t", "ext4", "-o", "loop"+options, path, dir).CombinedOutput(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("mount: %v\n%s", err, out)
		}
		t.Skipf("mounting takes rights that the test does not have: %s", out)
	}
	defer func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Fatalf("umount: %v\n%s", err, out)
		}
	}()
	do(dir)
}

// churn makes, changes and removes files for a while. What it cannot do for want of room it leaves.
func churn(t *testing.T, dir string, seed uint64) {
	t.Helper()
	rnd := rand.New(rand.NewPCG(seed, 0))
	name := func() string {
		return filepath.Join(dir, fmt.Sprintf("d%d", rnd.IntN(6)), fmt.Sprintf("%s%d", strings.Repeat("n", rnd.IntN(90)), rnd.IntN(300)))
	}
	for i := range 6 {
		_ = os.MkdirAll(filepath.Join(dir, fmt.Sprintf("d%d", i)), 0o755)
	}
	for range 1500 {
		a, b := name(), name()
		switch rnd.IntN(12) {
		case 0, 1, 2:
			_ = os.WriteFile(a, noise(rnd.Uint64(), rnd.IntN(6000)), 0o644)
		case 3:
			if f, err := os.OpenFile(a, os.O_RDWR|os.O_CREATE, 0o600); err == nil {
				_, _ = f.WriteAt([]byte("sparse"), rnd.Int64N(4<<20))
				f.Close()
			}
		case 4:
			_ = os.Truncate(a, rnd.Int64N(20000))
		case 5:
			_ = os.Rename(a, b)
		case 6:
			_ = os.Link(a, b)
		case 7:
			_ = os.Symlink(strings.Repeat("t", 1+rnd.IntN(200)), a)
		case 8:
			_ = unix.Setxattr(a, "user.x"+fmt.Sprint(rnd.IntN(3)), noise(1, rnd.IntN(400)), 0)
		case 9:
			_ = os.Mkdir(a, 0o755)
		case 10:
			_ = unix.Mknod(a, unix.S_IFSOCK|0o600, 0)
		default:
			_ = os.Remove(a)
		}
	}
}

// kernelKinds are the images that the kernel is let loose on. It is not asked for inline data.
var kernelKinds = []struct{ name, size, args string }{
	{"ext4", "32M", "-t ext4 -O orphan_file"},
	{"1k", "32M", "-t ext4 -b 1024 -J size=4"},
	{"ext2", "32M", "-t ext2 -b 1024"},
	{"bigalloc", "64M", "-t ext4 -b 1024 -O bigalloc -C 8192"},
	{"large_dir ea_inode", "32M", "-t ext4 -b 1024 -O large_dir,ea_inode -I 512"},
	{"no csum", "32M", "-t ext4 -b 1024 -O ^metadata_csum,uninit_bg,^flex_bg"},
	{"no journal", "32M", "-t ext4 -b 2048 -O ^has_journal"},
	{"fast_commit", "32M", "-t ext4 -b 1024 -O fast_commit -J size=8"},
	{"inline_data", "32M", "-t ext4 -O inline_data"},
	{"meta_bg", "32M", "-t ext4 -b 1024 -O meta_bg,^resize_inode,^flex_bg"},
	{"no extent", "32M", "-t ext4 -b 1024 -O ^extent,^64bit,^dir_index"},
	{"ext3", "32M", "-t ext3 -b 2048 -I 128"},
	{"csum seed, no filetype", "32M", "-t ext4 -O metadata_csum,metadata_csum_seed,^filetype,^huge_file,^dir_nlink"},
	{"small groups", "32M", "-t ext4 -b 1024 -g 2048 -G 2 -O sparse_super2,^resize_inode"},
}

// TestKernelChurn wants no false alarm on what the kernel leaves, unmounted or cut off in the middle.
func TestKernelChurn(t *testing.T) {
	for i, k := range kernelKinds {
		t.Run(k.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "image")
			if err := os.WriteFile(path, mke2fs(t, "", k.size, k.args), 0o600); err != nil {
				t.Fatal(err)
			}
			var cut []byte
			mounted(t, path, "", func(dir string) {
				churn(t, dir, uint64(i))
				run(t, "sync", "-f", dir)
				churn(t, dir, uint64(i)+100)
				held, err := os.Create(filepath.Join(dir, "held"))
				if err != nil {
					t.Fatal(err)
				}
				defer held.Close()
				_ = os.WriteFile(filepath.Join(dir, "held"), noise(5, 9000), 0o600)
				_ = os.Remove(filepath.Join(dir, "held"))
				if strings.Contains(k.args, "fast_commit") {
					_ = held.Sync()
				} else {
					run(t, "sync", "-f", dir)
				}
				cut = contents(t, path)
			})
			wantClean(t, contents(t, path))
			if !strings.Contains(k.args, "ext2") && !strings.Contains(k.args, "^has_journal") {
				if r := wantClean(t, cut); !r.Replay {
					t.Error("there was nothing to replay in what was cut off")
				}
			}
		})
	}
}
