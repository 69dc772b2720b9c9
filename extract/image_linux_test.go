package extract_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"extant"
	"extant/disk"
	"extant/extract"
	"extant/mkfs"
)

// tool returns the path of a program; a test that needs it is skipped where it is missing, but not under CI.
func tool(t testing.TB, name string) string {
	t.Helper()
	for _, name := range []string{name, "/sbin/" + name, "/usr/sbin/" + name} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	missing(t, name+" is not installed")
	return ""
}

func missing(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(why)
	}
	t.Skip(why)
}

func needRoot(t testing.TB) {
	t.Helper()
	if os.Getuid() != 0 {
		missing(t, "needs root")
	}
}

// run runs a program to its end and returns what it printed.
func run(t testing.TB, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// mke2fs makes an image with the arguments of a command line, filled from source unless that is empty, and returns its path.
func mke2fs(t testing.TB, source, size, args string) string {
	t.Helper()
	image := filepath.Join(memDir(t), "image")
	cmd := append([]string{"-q", "-F"}, strings.Fields(args)...)
	if source != "" {
		cmd = append(cmd, "-d", source)
	}
	run(t, tool(t, "mke2fs"), append(cmd, image, size)...)
	return image
}

// open opens an image for the length of the test.
func open(t testing.TB, image string) *extant.Volume {
	t.Helper()
	vol, err := extant.Open(image)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { vol.Close() })
	return vol
}

// build is a volume in memory that package mkfs has filled from a directory.
func build(t testing.TB, source string) *extant.Volume {
	t.Helper()
	dev := disk.NewMem(256 << 20)
	if _, err := mkfs.Build(t.Context(), dev, mkfs.Dir(source), mkfs.Options{}, mkfs.FillOptions{}); err != nil {
		t.Fatal(err)
	}
	return openDevice(t, dev)
}

func openDevice(t testing.TB, dev disk.Device) *extant.Volume {
	t.Helper()
	vol, err := extant.OpenDevice(dev, extant.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { vol.Close() })
	return vol
}

var wholeVolume = []extract.Source{{Path: "/"}}

// toDir extracts a whole volume into a new directory, where nothing may fail, and returns the directory.
func toDir(t testing.TB, vol *extant.Volume, o extract.Options) (string, extract.Stats) {
	t.Helper()
	dir := filepath.Join(memDir(t), "out")
	o.Report = func(err error) { t.Error(err) }
	s, err := extract.ToDir(context.Background(), vol, wholeVolume, dir, o)
	if err != nil {
		t.Error(err)
	}
	return dir, s
}
