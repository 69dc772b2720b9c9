//go:build unix

package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestFsckProgressLines(t *testing.T) {
	fsckImage(t)
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Dup(int(out.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	out.Close()
	if r := extantRun("fsck", "-fn", "-C", fmt.Sprint(fd), "sound.img"); r.code != 0 {
		t.Fatalf("%s", r)
	}
	text, err := io.ReadAll(in)
	if err != nil || !strings.HasPrefix(string(text), "1 0 100 sound.img\n") || !strings.Contains(string(text), "\n5 0 100 sound.img\n") {
		t.Errorf("%v: %q", err, text)
	}
	if r := extantRun("fsck", "-fn", "-C", "1", "sound.img"); r.code != 0 || !strings.HasPrefix(r.out, "1 0 100 sound.img\n") || !strings.HasSuffix(r.out, "sound.img: clean\n") {
		t.Errorf("%s", r)
	}
}
