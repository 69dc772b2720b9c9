package ext4test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"extant"
	"extant/disk"
	"extant/mkfs"
)

// Tool returns the path of a program of the system. A test that needs one is skipped where it is missing, but not under CI.
func Tool(t testing.TB, name string) string {
	t.Helper()
	for _, dir := range []string{"", "/sbin", "/usr/sbin"} {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path
		}
	}
	Lacking(t, name+" is not installed")
	return ""
}

// Lacking ends a test for which the system lacks something: skipped, but under CI failed.
func Lacking(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// Run runs a program of the system and returns what it says.
func Run(t testing.TB, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(Tool(t, name), args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// TempDir is a folder of the test's own, in memory where the system has such a place.
func TempDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "ext4test")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// Options reads the letters of mke2fs that say what file system to make.
func Options(args string) (mkfs.Options, error) {
	var o mkfs.Options
	words := strings.Fields(args)
	if len(words)%2 != 0 {
		return o, fmt.Errorf("%q is not pairs of a letter and a value", args)
	}
	for i := 0; i < len(words); i += 2 {
		if err := option(&o, words[i], words[i+1]); err != nil {
			return o, fmt.Errorf("%s %s: %w", words[i], words[i+1], err)
		}
	}
	return o, nil
}

func option(o *mkfs.Options, letter, value string) (err error) {
	switch letter {
	case "-t":
		o.Type, err = mkfs.ParseType(value)
	case "-O":
		o.Features, err = mkfs.ParseFeatures(value)
	case "-E":
		err = mkfs.ParseExtended(value, &o.Extended)
	case "-J":
		err = mkfs.ParseJournal(value, &o.Journal)
	case "-b":
		o.BlockSize, err = strconv.Atoi(value)
	case "-C":
		o.ClusterSize, err = strconv.Atoi(value)
	case "-I":
		o.InodeSize, err = strconv.Atoi(value)
	case "-N":
		o.Inodes, err = strconv.ParseUint(value, 10, 32)
	default:
		err = errors.New("not a letter that tests use")
	}
	return err
}

// Build makes an image of a source with the letters of mke2fs, and returns the path of the image. A size of 0 is the smallest that
// does. Nothing of the source may be left behind.
func Build(t testing.TB, src mkfs.Source, size int64, args string, fill mkfs.FillOptions) string {
	t.Helper()
	o, err := Options(args)
	if err != nil {
		t.Fatal(err)
	}
	o.Now = time.Unix(1_700_000_000, 0)
	ctx := context.Background()
	c, err := mkfs.Scan(ctx, src, fill)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if size == 0 {
		if size, err = c.Size(ctx, o); err != nil {
			t.Fatal(err)
		}
	}
	image := filepath.Join(TempDir(t), "disk.img")
	dev, err := disk.Create(image, size)
	if err != nil {
		t.Fatal(err)
	}
	report, err := c.Build(ctx, dev, o)
	if err = errors.Join(err, dev.Close()); err != nil {
		t.Fatalf("size %d: %v", size, err)
	}
	for i, w := range report.Warnings {
		if w.Failed && i < 5 {
			t.Error(w)
		}
	}
	return image
}

// Check fails the test unless e2fsck finds nothing to say of an image.
func Check(t testing.TB, image string) {
	t.Helper()
	if err := e2fsck(Tool(t, "e2fsck"), image); err != nil {
		t.Error(err)
	}
}

// e2fsck is what the tool finds wrong. Its exit code says nothing of a wrong resize inode.
func e2fsck(tool, image string) error {
	out, err := exec.Command(tool, "-fn", image).CombinedOutput()
	if err != nil || strings.Contains(string(out), "WARNING") || strings.Contains(string(out), "Resize inode not valid") {
		return fmt.Errorf("e2fsck -fn: %v\n%s", err, out)
	}
	return nil
}

// ReadImage opens an image with package extant and takes a snapshot of all of it.
func ReadImage(t testing.TB, image string) Tree {
	t.Helper()
	v, err := extant.Open(image)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := ReadVolume(v)
	if err = errors.Join(err, v.Close()); err != nil {
		t.Fatal(err)
	}
	return tree
}
