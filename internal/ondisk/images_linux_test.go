package ondisk_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"extant/internal/ext4test"
)

// TestKernelImage reads every structure of an image that Linux filled: unlike e2fsprogs it splits index nodes, hashes blocks of xattrs
// and shares them.
func TestKernelImage(t *testing.T) {
	if os.Getuid() != 0 && os.Getenv("CI") != "true" {
		t.Skip("mounting needs root")
	}
	for _, options := range []string{"metadata_csum,64bit,ea_inode", "^metadata_csum,^64bit,^extent"} {
		t.Run(options, func(t *testing.T) {
			image := mke2fs(t, "-N", "3000", "-O", options)
			fillMounted(t, image)
			tool(t, "e2fsck", "-fn", image)
			b, err := os.ReadFile(image)
			if err != nil {
				t.Fatal(err)
			}
			im := openImage(t, b)
			im.checkGroups()
			im.checkInodes()
			want := []string{"index root", "index node", "xattr block", "xattr in a block", "xattr in an inode", "inode"}
			if strings.Contains(options, ",ea_inode") {
				want = append(want, "ea inode")
			}
			for _, k := range want {
				if im.seen[k] == 0 {
					t.Errorf("no %s in the image; met %v", k, im.seen)
				}
			}
			if im.hashed == 0 {
				t.Error("no block of xattrs has a hash")
			}
		})
	}
}

// fillMounted mounts an image and fills it through system calls.
func fillMounted(t *testing.T, image string) {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-o", "loop", image, dir).CombinedOutput(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("mount: %v: %s", err, out)
		}
		t.Skipf("cannot mount: %s", out)
	}
	defer ext4test.Unmount(t, dir)
	many := filepath.Join(dir, "many")
	if err := os.Mkdir(many, 0o755); err != nil {
		t.Fatal(err)
	}
	for i := range 1500 {
		if err := os.WriteFile(filepath.Join(many, longName(i)), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 3 {
		file := filepath.Join(dir, fmt.Sprintf("file%d", i))
		if err := os.WriteFile(file, []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
		setXattrs(t, file)
	}
}

// setXattrs gives a file xattrs that do not all fit its inode.
func setXattrs(t *testing.T, file string) {
	t.Helper()
	for _, x := range []struct{ name, value string }{
		{"user.first", "one"}, {"user.größe", "unsigned"}, {"trusted.t", "12345"}, {"user.large", strings.Repeat("v", 300)}, {"user.empty", ""},
		{"security.s", strings.Repeat("s", 100)}, {"user.huge", strings.Repeat("h", 3000)},
	} {
		err := syscall.Setxattr(file, x.name, []byte(x.value), 0)
		if err != nil && !(err == syscall.ENOSPC && x.name == "user.huge") { // without ea_inode
			t.Fatalf("%s: %v", x.name, err)
		}
	}
}
