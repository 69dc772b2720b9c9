package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
)

// want fails unless a run ended with the code and standard error has the text; "" for none.
func (r result) want(t *testing.T, code int, errText string) {
	t.Helper()
	if r.code != code || !strings.Contains(r.errors, errText) || errText == "" && r.errors != "" {
		t.Errorf("exit code %d, want %d; %q, want %q", r.code, code, r.errors, errText)
	}
}

// checkFile compares a file of the host.
func checkFile(t *testing.T, name, want string) {
	t.Helper()
	if b, err := os.ReadFile(name); err != nil || string(b) != want {
		t.Errorf("%s: %.40q, %v, want %.40q", name, b, err, want)
	}
}

func TestExtract(t *testing.T) {
	image := makeImage(t)
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	extantRun("extract", "--no-same-owner", image, out).want(t, 0, "left out the set-ID or sticky bits of a file, 2 device nodes; --privileged takes them along")
	checkFile(t, filepath.Join(out, "etc/hosts"), hosts)
	info, err := os.Lstat(filepath.Join(out, "etc/hosts2"))
	if err != nil || info.Mode() != 0o640 || !info.ModTime().Equal(time.Date(2023, 1, 2, 3, 4, 5, 123456789, time.UTC)) {
		t.Errorf("%+v, %v", info, err)
	}
	if target, err := os.Readlink(filepath.Join(out, "bin/loop")); target != "loop" {
		t.Errorf("link to %q, %v", target, err)
	}
	for _, name := range []string{"bin/null", "lost+found"} {
		if _, err := os.Lstat(filepath.Join(out, name)); err == nil {
			t.Errorf("%s came out", name)
		}
	}
	extantRun("extract", "-q", "--no-same-owner", image, out).want(t, exitFailed, image+":/etc/hosts: not extracted: file already exists in the target")
	extantRun("extract", "-q", "--no-same-owner", "--overwrite", image, out).want(t, 0, "")
	extantRun("extract", "-q", "--no-same-owner", image+":/etc", filepath.Join(dir, "etc")).want(t, 0, "")
	checkFile(t, filepath.Join(dir, "etc/hosts"), hosts)
	extantRun("extract", "-q", "--no-same-owner", image+":/bin/tool", filepath.Join(dir, "etc")).want(t, 0, "")
	checkFile(t, filepath.Join(dir, "etc/tool"), strings.Repeat("#!/bin/tool\n", 300))
}

func TestExtractErrors(t *testing.T) {
	image := makeImage(t)
	dir := t.TempDir()
	for _, c := range []struct {
		args string
		code int
		text string
	}{
		{"IMAGE:/none DIR/x", exitFailed, ":/none: no such file"},
		{"IMAGE", exitUsage, "accepts 2 arg"},
		{"--same-owner --no-same-owner IMAGE DIR/x", exitUsage, "not both"},
		{"--gzip --zstd IMAGE -", exitUsage, "not both"},
		{"--owner root IMAGE DIR/x", exitUsage, "give numbers"},
		{"--owner 0:0 --map-uid 1:2 IMAGE DIR/x", exitUsage, "leaves nothing to map"},
		{"--map-gid 1 IMAGE DIR/x", exitUsage, "FROM:TO"},
		{"--max-bytes many IMAGE DIR/x", exitUsage, "no limit"},
		{"--max-files 0 IMAGE DIR/x", exitUsage, "no limit"},
		{"--no-same-owner --max-files 5 IMAGE DIR/few", exitFailed, "stopped at the limit of 5 files"},
		{"--no-same-owner --max-bytes 1k IMAGE DIR/small", exitFailed, "--max-bytes sets it"},
		{"--no-same-owner --max-depth 1 IMAGE DIR/flat", exitFailed, "/a/b: refused: 1 directories deep"},
		{"none.img DIR/x", exitFailed, "none.img: no such file"},
		{"IMAGE DIR/none/x.tar", exitFailed, "no such file"},
	} {
		args := strings.NewReplacer("IMAGE", image, "DIR", dir).Replace(c.args)
		extantRun(append([]string{"extract", "-q"}, strings.Fields(args)...)...).want(t, c.code, c.text)
	}
	if _, err := os.Lstat(filepath.Join(dir, "x")); err == nil {
		t.Error("a command that was misused made the target")
	}
}

// members lists the names in an archive.
func members(t *testing.T, r io.Reader) string {
	t.Helper()
	var names []string
	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if err == io.EOF {
			return strings.Join(names, " ")
		}
		if err != nil {
			t.Error(err)
			return ""
		}
		names = append(names, h.Name)
	}
}

func TestExtractArchive(t *testing.T) {
	image := makeImage(t)
	dir := t.TempDir()
	const want = "./ ./tool ./disk ./loop"
	plain := extantRun("extract", image+":/bin", "-")
	plain.want(t, 0, "")
	names := members(t, strings.NewReader(plain.out))
	if names != "./ ./abs ./disk ./loop ./null ./pipe ./tool" && names != "./ ./disk ./loop ./null ./pipe ./tool" {
		t.Errorf("members %q, want something like %q", names, want)
	}
	for name, open := range map[string]func(io.Reader) (io.Reader, error){
		"x.tar":     func(r io.Reader) (io.Reader, error) { return r, nil },
		"x.tar.gz":  func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		"x.tgz":     func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		"x.tar.zst": func(r io.Reader) (io.Reader, error) { return zstd.NewReader(r) },
	} {
		path := filepath.Join(dir, name)
		extantRun("extract", image+":/bin", path).want(t, 0, "")
		b, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
			continue
		}
		r, err := open(bytes.NewReader(b))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got, err := io.ReadAll(r); string(got) != plain.out || err != nil {
			t.Errorf("%s: %d bytes, %v, want %d", name, len(got), err, len(plain.out))
		}
		extantRun("extract", image+":/bin", path).want(t, exitFailed, "file exists")
		extantRun("extract", "--overwrite", image+":/bin", path).want(t, 0, "")
	}
	for flag, magic := range map[string]string{"-z": "\x1f\x8b", "--zstd": "\x28\xb5\x2f\xfd"} {
		if r := extantRun("extract", flag, image, "-"); !strings.HasPrefix(r.out, magic) || r.code != 0 {
			t.Errorf("%s: %.10q, exit code %d", flag, r.out, r.code)
		}
	}
	limited := filepath.Join(dir, "limited.tar")
	extantRun("extract", "--max-files", "3", image, limited).want(t, exitFailed, "limit of 3 files")
	if _, err := os.Lstat(limited); err == nil {
		t.Error("half an archive was left")
	}
}

func TestCp(t *testing.T) {
	image := makeImage(t)
	t.Chdir(t.TempDir())
	if err := os.Mkdir("dir", 0o755); err != nil {
		t.Fatal(err)
	}
	cp := func(args string) result {
		return extantRun(append([]string{"cp", "-q"}, strings.Fields(strings.ReplaceAll(args, "IMAGE", image))...)...)
	}
	cp("IMAGE:/etc/hosts copy").want(t, 0, "")
	checkFile(t, "copy", hosts)
	if info, err := os.Stat("copy"); err != nil || time.Since(info.ModTime()) > time.Hour || info.Mode() != 0o640 {
		t.Errorf("a plain copy has time %v and mode %v", info.ModTime(), info.Mode())
	}
	cp("IMAGE:/etc/hosts .").want(t, 0, "")
	checkFile(t, "hosts", hosts)
	cp("IMAGE:/etc/hosts IMAGE:/bin/tool dir").want(t, 0, "")
	checkFile(t, "dir/hosts", hosts)
	cp("IMAGE:/link linked").want(t, 0, "")
	checkFile(t, "linked", hosts)
	cp("IMAGE:/etc new").want(t, exitFailed, "-r copies directories")
	cp("-r IMAGE:/etc new").want(t, 0, "")
	checkFile(t, "new/hosts", hosts)
	cp("-r IMAGE:/etc new").want(t, 0, "")
	checkFile(t, "new/etc/hosts", hosts)
	cp("-r IMAGE:/link l").want(t, 0, "")
	if target, err := os.Readlink("l"); target != "etc/hosts" {
		t.Errorf("link to %q, %v", target, err)
	}
	cp("-r IMAGE:/ dir").want(t, 0, "")
	checkFile(t, "dir/a/b/c/deep.conf", strings.Repeat("#!/bin/tool\n", 300))
	if err := os.WriteFile("copy", []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	cp("-n IMAGE:/etc/hosts copy").want(t, 0, "")
	checkFile(t, "copy", "mine")
	cp("IMAGE:/etc/hosts copy").want(t, 0, "")
	checkFile(t, "copy", hosts)
	if os.Getuid() == 0 {
		cp("-a IMAGE:/etc/hosts kept").want(t, 0, "")
		if info, err := os.Stat("kept"); err != nil || info.Mode() != 0o640 || info.ModTime().Year() != 2023 {
			t.Errorf("kept as %v, %v", info, err)
		}
	}
	for args, text := range map[string]string{
		"IMAGE:/etc/hosts IMAGE:/bin/tool copy": "no directory that several files could go into",
		"copy copy IMAGE:/etc/hosts":            "no directory that several files could go into",
		"IMAGE:/etc/hosts":                      "requires at least 2 arg",
	} {
		cp(args).want(t, exitUsage, text)
	}
	cp("IMAGE:/etc/hosts none/").want(t, exitFailed, "none/")
	cp("IMAGE:/etc/hosts none/x").want(t, exitFailed, "none: ")
	cp("IMAGE:/none IMAGE:/etc/hosts dir").want(t, exitFailed, ":/none: no such file")
	cp("-r IMAGE:/etc/hosts IMAGE:/.hidden/../etc/hosts dir").want(t, exitFailed, "not copied over the copy of")
}
