package extant_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"extant"
)

// tool returns the path of an oracle. A test that needs one is skipped where it is missing, but not under CI.
func tool(t testing.TB, name string) string {
	t.Helper()
	for _, dir := range []string{"", "/sbin", "/usr/sbin"} {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is not installed", name)
	}
	t.Skipf("%s is not installed", name)
	return ""
}

// command runs a program with text on its standard input.
func command(t testing.TB, stdin, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(tool(t, name), args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// imageOf makes an image that holds the files in a directory, with the options of a mke2fs command line.
func imageOf(t testing.TB, dir, options string) string {
	t.Helper()
	image := filepath.Join(t.TempDir(), "disk.img")
	args := append([]string{"-q", "-F", "-d", dir}, strings.Fields(options)...)
	command(t, "", "mke2fs", append(args, image, "16M")...)
	return image
}

// debugfs runs debugfs commands, one to a line, on an image.
func debugfs(t testing.TB, image, commands string) {
	t.Helper()
	script := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(script, []byte(commands), 0o600); err != nil {
		t.Fatal(err)
	}
	command(t, "", "debugfs", "-w", "-f", script, image)
}

func open(t testing.TB, image string) *extant.Volume {
	t.Helper()
	v, err := extant.Open(image)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := v.Close(); err != nil {
			t.Error(err)
		}
	})
	return v
}

// sourceTree is a directory to make images of.
type sourceTree struct {
	t   testing.TB
	dir string
}

func newTree(t testing.TB) *sourceTree { return &sourceTree{t, t.TempDir()} }

func (s *sourceTree) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// file writes a file, and makes the directories above it.
func (s *sourceTree) file(name, content string) *sourceTree {
	s.t.Helper()
	name = filepath.Join(s.dir, name)
	s.must(os.MkdirAll(filepath.Dir(name), 0o755))
	s.must(os.WriteFile(name, []byte(content), 0o644))
	return s
}

func (s *sourceTree) link(name, target string) *sourceTree {
	s.t.Helper()
	name = filepath.Join(s.dir, name)
	s.must(os.MkdirAll(filepath.Dir(name), 0o755))
	s.must(os.Symlink(target, name))
	return s
}

// volume opens an image made of the tree.
func (s *sourceTree) volume(options string) *extant.Volume {
	s.t.Helper()
	return open(s.t, imageOf(s.t, s.dir, options))
}

// debugfsOutput is what one command of debugfs prints.
func debugfsOutput(t testing.TB, image, request string) string {
	t.Helper()
	out, err := exec.Command(tool(t, "debugfs"), "-R", request, image).Output()
	if err != nil {
		t.Fatalf("debugfs %s: %v", request, err)
	}
	return string(out)
}
