//go:build linux

package extant_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"extant"
	"extant/internal/ext4test"
)

// epoch is the SOURCE_DATE_EPOCH of large trees; some of their files are newer.
const epoch = 1_700_000_000

// TestGoTree puts the tree of Go itself into images and takes it out again.
func TestGoTree(t *testing.T) {
	dir := runtime.GOROOT()
	if testing.Short() {
		dir = filepath.Join(dir, "src", "net")
	}
	if _, err := os.Stat(dir); err != nil {
		ext4test.Lacking(t, "no tree of Go: "+err.Error())
	}
	inAndOut(t, dir)
}

// TestTinyFiles puts a folder of many files of 50 to 150 bytes into images and takes it out again.
func TestTinyFiles(t *testing.T) {
	files, dirs := 100_000, 100
	if testing.Short() {
		files, dirs = files/10, dirs/10
	}
	dir := ext4test.TempDir(t)
	for d := range dirs {
		sub := filepath.Join(dir, fmt.Sprintf("directory %d", d))
		if err := os.Mkdir(sub, 0o755); err != nil {
			t.Fatal(err)
		}
		for f := range files / dirs {
			n := d*(files/dirs) + f
			name := filepath.Join(sub, fmt.Sprintf("file-%d", n))
			if err := os.WriteFile(name, ext4test.Noise(uint64(n), 50+n%101), 0o644); err != nil {
				t.Fatal(err)
			}
			if n%1000 == 0 {
				if err := os.Chtimes(name, time.Unix(epoch, 0), time.Unix(epoch-int64(n), int64(n))); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	inAndOut(t, dir)
}

// inAndOut makes images of a directory, and with inline_data of an archive of it, each twice, on one processor and on several: the images
// are the same byte for byte, sound, and hold what the directory does.
func inAndOut(t *testing.T, dir string) {
	want, err := ext4test.ReadHost(dir)
	if err != nil {
		t.Fatal(err)
	}
	tar := filepath.Join(ext4test.TempDir(t), "tar")
	if err := archive(dir, tar); err != nil {
		t.Fatal(err)
	}
	program := buildProgram(t)
	for _, c := range []struct {
		name, source, features string
	}{{"directory", dir, "extent"}, {"tar", tar, "inline_data"}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			folder := ext4test.TempDir(t)
			one, several := filepath.Join(folder, "one"), filepath.Join(folder, "several")
			for processors, image := range map[string]string{"1": one, "3": several} {
				env := []string{fmt.Sprintf("SOURCE_DATE_EPOCH=%d", epoch), "GOMAXPROCS=" + processors}
				program.run(t, env, "mkfs", "-q", "-d", c.source, "-O", c.features, image, "auto")
			}
			sameBytes(t, one, several)
			os.Remove(several)
			ext4test.Check(t, one)
			got := ext4test.ReadImage(t, one)
			ext4test.Same(t, got, want, ext4test.Losses{Time: noLater})
			seenAsFS(t, one, got)
		})
	}
}

// noLater is what becomes of times where the epoch is set.
func noLater(m time.Time) time.Time {
	if limit := time.Unix(epoch, 0); m.After(limit) {
		return limit
	}
	return m
}

// seenAsFS compares an image as io/fs shows it with what its paths gave.
func seenAsFS(t *testing.T, image string, want ext4test.Tree) {
	t.Helper()
	v, err := extant.Open(image)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	got, err := ext4test.ReadFS(v.FS())
	if err != nil {
		t.Fatal(err)
	}
	ext4test.Same(t, got, want, ext4test.PlainFS())
}

// sameBytes compares two files.
func sameBytes(t *testing.T, a, b string) {
	t.Helper()
	fa, err := os.Open(a)
	if err != nil {
		t.Fatal(err)
	}
	defer fa.Close()
	fb, err := os.Open(b)
	if err != nil {
		t.Fatal(err)
	}
	defer fb.Close()
	pa, pb := make([]byte, 1<<20), make([]byte, 1<<20)
	for at := int64(0); ; {
		na, erra := io.ReadFull(fa, pa)
		nb, errb := io.ReadFull(fb, pb)
		if !bytes.Equal(pa[:na], pb[:nb]) {
			t.Fatalf("two runs differ after byte %d", at)
		}
		if erra != nil || errb != nil {
			if erra != errb || erra != io.EOF && erra != io.ErrUnexpectedEOF {
				t.Fatal(erra, errb)
			}
			return
		}
		at += int64(na)
	}
}
