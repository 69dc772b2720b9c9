package ondisk_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// tool runs a program of e2fsprogs and returns what it printed. Where the program is not installed the test is skipped, but not in CI.
func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		path, err = exec.LookPath("/sbin/" + name)
	}
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is not installed", name)
		}
		t.Skipf("%s is not installed", name)
	}
	out, err := exec.Command(path, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// mke2fs makes an image of 16 MiB with 1 KiB blocks and returns its path.
func mke2fs(t *testing.T, args ...string) string {
	t.Helper()
	image := filepath.Join(t.TempDir(), "image")
	if err := os.WriteFile(image, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	tool(t, "mke2fs", append(append([]string{"-q", "-F", "-t", "ext4", "-b", "1024"}, args...), image, "16M")...)
	return image
}

// dumpFile returns the contents of a file of an image, named as debugfs names files.
func dumpFile(t *testing.T, image, file string) []byte {
	t.Helper()
	to := filepath.Join(t.TempDir(), "dump")
	tool(t, "debugfs", "-R", "dump "+file+" "+to, image)
	b, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// runScript runs debugfs commands that change an image.
func runScript(t *testing.T, image, script string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	tool(t, "debugfs", "-w", "-f", file, image)
}
