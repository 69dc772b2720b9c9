package ext4_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"extant/disk"
	"extant/ext4"
)

// tool returns the path of an oracle; a test that needs it is skipped where it is missing, but not under CI.
func tool(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		for _, dir := range []string{"/sbin", "/usr/sbin"} {
			if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
				return path
			}
		}
		missing(t, name+" is not installed")
	}
	return path
}

func missing(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// run runs a program to its end and returns what it printed.
func run(t testing.TB, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "E2FSPROGS_FAKE_TIME=1700000000")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// image is a file system in a file.
type image struct {
	t    testing.TB
	path string
}

// mke2fs makes an image of a size, such as "16M", with the arguments of a command line, filled from source unless that is empty.
func mke2fs(t testing.TB, source, size, args string) *image {
	t.Helper()
	im := &image{t, filepath.Join(t.TempDir(), "image")}
	cmd := append([]string{"-q", "-F", "-E", "root_owner=0:0,hash_seed=6c7d1f0a-8f4e-4e1e-9d0a-2b1c3d4e5f60", "-U", "0a1b2c3d-4e5f-4061-8273-8495a6b7c8d9"}, strings.Fields(args)...)
	if source != "" {
		cmd = append(cmd, "-d", source)
	}
	run(t, tool(t, "mke2fs"), append(cmd, im.path, size)...)
	return im
}

// debugfs runs debugfs commands on the image.
func (im *image) debugfs(cmds ...string) string {
	im.t.Helper()
	script := filepath.Join(im.t.TempDir(), "cmds")
	if err := os.WriteFile(script, []byte(strings.Join(cmds, "\n")+"\n"), 0o600); err != nil {
		im.t.Fatal(err)
	}
	return run(im.t, tool(im.t, "debugfs"), "-w", "-f", script, im.path)
}

// e2fsck runs e2fsck, which may repair the image but must leave nothing to repair.
func (im *image) e2fsck(flags string) {
	im.t.Helper()
	out, err := exec.Command(tool(im.t, "e2fsck"), flags, im.path).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() > 1) {
		im.t.Fatalf("e2fsck %s: %v\n%s", flags, err, out)
	}
}

// bytes is the content of the image.
func (im *image) bytes() []byte {
	im.t.Helper()
	b, err := os.ReadFile(im.path)
	if err != nil {
		im.t.Fatal(err)
	}
	return b
}

// mount mounts the image.
func (im *image) mount(o ext4.Options) *ext4.FS {
	im.t.Helper()
	dev, err := disk.Open(im.path, disk.ReadOnly|disk.Shared)
	if err != nil {
		im.t.Fatal(err)
	}
	im.t.Cleanup(func() { dev.Close() })
	fs, err := ext4.Mount(dev, o)
	if err != nil {
		im.t.Fatal(err)
	}
	return fs
}

// patch overwrites bytes of the image.
func (im *image) patch(off int64, b ...byte) {
	im.t.Helper()
	f, err := os.OpenFile(im.path, os.O_RDWR, 0)
	if err != nil {
		im.t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(b, off); err != nil {
		im.t.Fatal(err)
	}
}
