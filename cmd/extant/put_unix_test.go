//go:build unix

package main

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestPutAnew puts what is no regular file where there is something already.
func TestPutAnew(t *testing.T) {
	newImage(t)
	if err := unix.Mkfifo("pipe", 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("pipe", "link"); err != nil {
		t.Fatal(err)
	}
	for _, args := range []string{"put -r pipe disk.img:/a", "put -r pipe disk.img:/a", "put -r link disk.img:/a", "put -r link disk.img:/a", "put -r pipe disk.img:/b"} {
		if r := extantRun(strings.Fields(args)...); r.code != 0 {
			t.Errorf("extant %s: %s", args, r)
		}
	}
	if r := extantRun("ls", "-l", "disk.img"); strings.Count(r.out, "\n") != 4 || !strings.Contains(r.out, "a -> pipe") || !strings.Contains(r.out, "\np") {
		t.Errorf("%s", r)
	}
	clean(t, "disk.img")
}
