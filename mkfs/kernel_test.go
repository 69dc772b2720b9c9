package mkfs_test

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"extant/internal/ext4test"
)

// TestKernelMounts mounts what was made, writes to it, and has the result checked.
func TestKernelMounts(t *testing.T) {
	needTool(t, "e2fsck", "mount")
	needMount(t)
	for _, args := range []string{
		"-t ext2", "-t ext3", "-t ext4", "-b 1024", "-b 1024 -O bigalloc", "-O bigalloc", "-O meta_bg", "-O inline_data", "-O fast_commit",
		"-O ^has_journal", "-O ^metadata_csum,uninit_bg", "-O ^64bit", "-O ^extents", "-O sparse_super2", "-I 128", "-I 1024",
		"-O large_dir,ea_inode", "-E packed_meta_blocks", "-O ^flex_bg,^resize_inode", "-E desc_size=128",
	} {
		t.Run(args, func(t *testing.T) {
			o := options(t, args)
			o.Now = time.Now()
			path := create(t, 96<<20, o)
			at := t.TempDir()
			run(t, "mount", "-o", "loop", path, at)
			mounted := true
			defer func() {
				if mounted {
					ext4test.Unmount(t, at)
				}
			}()
			useMount(t, at)
			ext4test.Unmount(t, at)
			mounted = false
			ext4test.Check(t, path)
		})
	}
}

// useMount spreads files and directories over several groups and reads them back.
func useMount(t *testing.T, at string) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(at, "lost+found")); err != nil {
		t.Error(err)
	}
	content := bytes.Repeat([]byte("content\n"), 1<<17)
	for _, dir := range []string{"a", "b", "c", "d", "e", "f"} {
		if err := os.Mkdir(filepath.Join(at, dir), 0o755); err != nil {
			t.Error(err)
		}
		for _, name := range []string{"one", "two", "three"} {
			file := filepath.Join(at, dir, name)
			if err := os.WriteFile(file, content, 0o644); err != nil {
				t.Error(err)
			}
			if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, content) {
				t.Errorf("%s: read back %d bytes, %v", file, len(got), err)
			}
		}
	}
}

// needMount skips the test, or fails it in CI, where loop mounts are not allowed.
func needMount(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "linux" && os.Geteuid() == 0 {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("loop mounts need Linux and root")
	}
	t.Skip("loop mounts need Linux and root")
}
