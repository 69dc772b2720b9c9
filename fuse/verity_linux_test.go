package fuse_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"extant/internal/conform"
	"extant/internal/ext4test"
)

// TestVerity protects files in a mount by fs-verity, through the requests that fsverity(1) makes, and by that program itself, whose digests of
// unprotected copies are the ones to come.
func TestVerity(t *testing.T) {
	tool := ext4test.Tool(t, "fsverity")
	d := mount(t, format(t, 64<<20, "-b 4096 -I 256 -O verity"), "")
	if err := errors.Join(os.Chmod(d.dir, 0o777), os.Chmod(filepath.Dir(d.dir), 0o755)); err != nil {
		t.Fatal(err)
	}
	scripts, err := conform.ReadScripts("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range scripts {
		conformWith(t, d.dir, s, conform.Kernel, *update == "verity")
	}
	for _, args := range [][]string{nil, {"--hash-alg=sha512"}, {"--block-size=1024"}, {"--salt=0123456789abcdef"}} {
		name := d.path(fmt.Sprint("f", len(strings.Join(args, ""))))
		if err := os.WriteFile(name, []byte(strings.Repeat("verity", 20000)), 0o644); err != nil {
			t.Fatal(err)
		}
		want, _, _ := strings.Cut(ext4test.Run(t, tool, append(append([]string{"digest"}, args...), name)...), " ")
		if out, err := exec.Command(tool, append(append([]string{"enable"}, args...), name)...).CombinedOutput(); err != nil {
			t.Fatalf("enable %q: %v: %s", args, err, out)
		}
		if got, _, _ := strings.Cut(ext4test.Run(t, tool, "measure", name), " "); got != want {
			t.Errorf("%q: measured %s, want %s", args, got, want)
		}
		if f, err := os.OpenFile(name, os.O_WRONLY, 0); err == nil {
			f.Close()
			t.Errorf("%q: open to write", args)
		}
		if b, err := os.ReadFile(name); err != nil || len(b) != 120000 {
			t.Errorf("%q: reads %d bytes, %v", args, len(b), err)
		}
		if err := unix.Unlink(name); err != nil {
			t.Error(err)
		}
	}
}
