package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

var update = flag.Bool("update", false, "write what the command says to testdata")

// childVar marks the processes that a test's command starts.
const childVar = "EXTANT_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVar) != "" {
		main()
	}
	os.Setenv(childVar, "1")
	time.Local = time.UTC
	os.Exit(m.Run())
}

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

// oracle runs a program of e2fsprogs at a fixed time and without the system's configuration.
func oracle(t testing.TB, stdin, name string, args ...string) {
	t.Helper()
	cmd := toolCommand(t, name, args...)
	cmd.Stdin = strings.NewReader(stdin)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

func toolCommand(t testing.TB, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(tool(t, name), args...)
	cmd.Env = append(os.Environ(), "E2FSPROGS_FAKE_TIME=1700000000", "MKE2FS_CONFIG="+os.DevNull, "LC_ALL=C")
	return cmd
}

const imageFeatures = "none,has_journal,ext_attr,dir_index,filetype,extent,64bit,flex_bg,sparse_super,large_file,huge_file,dir_nlink,extra_isize,metadata_csum"

// imageScript fills the image of the tests, for debugfs. FILES are four files of the host.
const imageScript = `
mkdir etc
write FILES/hosts etc/hosts
set_inode_field etc/hosts mode 0100640
set_inode_field etc/hosts uid 1000
set_inode_field etc/hosts links_count 2
set_inode_field etc/hosts gid 70000
set_inode_field etc/hosts mtime 20230102030405
set_inode_field etc/hosts mtime_extra 493827156
ea_set etc/hosts user.mime_type text/plain
ea_set etc/hosts user.raw "\\x00\\xff"
ea_set -f FILES/acl etc/hosts system.posix_acl_access
ln etc/hosts etc/hosts2
mkdir bin
write FILES/tool bin/tool
set_inode_field bin/tool mode 0104755
cd bin
mknod null c 1 3
mknod disk b 8 300
mknod pipe p
cd /
symlink link etc/hosts
symlink etc/abs /etc/hosts
symlink bin/loop loop
mkdir empty
mkdir .hidden
write FILES/hosts .hidden/file
write FILES/holes holes
mkdir a
mkdir a/b
mkdir a/b/c
write FILES/tool a/b/c/deep.conf
set_inode_field bin/tool mtime 20200101000000
set_inode_field a/b/c/deep.conf flags 0x80030
`

// hosts is the content of /etc/hosts in the image of the tests.
const hosts = "127.0.0.1 localhost\n"

// makeImage makes disk.img, the same bytes every time, in a directory that becomes the current one.
func makeImage(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"hosts": hosts,
		"tool":  strings.Repeat("#!/bin/tool\n", 300),
		"holes": strings.Repeat("\x00", 100<<10) + "end",
		"acl":   "\x02\x00\x00\x00\x01\x00\x06\x00\xff\xff\xff\xff\x02\x00\x07\x00\xd2\x04\x00\x00\x04\x00\x04\x00\xff\xff\xff\xff\x10\x00\x07\x00\xff\xff\xff\xff\x20\x00\x00\x00\xff\xff\xff\xff",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	image := filepath.Join(dir, "disk.img")
	oracle(t, "", "mke2fs", "-q", "-F", "-t", "ext4", "-b", "1024", "-I", "256", "-N", "128", "-L", "gold", "-O", imageFeatures,
		"-U", "0a1b2c3d-4e5f-4061-8273-8495a6b7c8d9", "-E", "hash_seed=6c7d1f0a-8f4e-4e1e-9d0a-2b1c3d4e5f60,root_owner=0:0", image, "8M")
	oracle(t, strings.ReplaceAll(imageScript, "FILES", dir), "debugfs", "-w", "-f", "-", image)
	return image
}

// oddName is a name that is not UTF-8, clears the screen of a terminal and turns its writing round.
const oddName = "\xff\x1b[2J\u202e"

// makeOddImage is makeImage with a file of that name in /a.
func makeOddImage(t testing.TB) string {
	t.Helper()
	image := makeImage(t)
	oracle(t, "write "+filepath.Join(filepath.Dir(image), "hosts")+" a/"+oddName+"\n", "debugfs", "-w", "-f", "-", image)
	return image
}

// result is one run of the command.
type result struct {
	code        int
	out, errors string
}

func extantRun(args ...string) result {
	var out, errs bytes.Buffer
	code := run(context.Background(), args, strings.NewReader(""), &out, &errs)
	return result{code, out.String(), errs.String()}
}

// String is the form in golden files: the exit code unless it is 0, standard output, standard error behind exclamation marks.
func (r result) String() string {
	var b strings.Builder
	if r.code != 0 {
		fmt.Fprintf(&b, "[exit %d]\n", r.code)
	}
	b.WriteString(r.out)
	if r.out != "" && !strings.HasSuffix(r.out, "\n") {
		b.WriteString("[no newline]\n")
	}
	for line := range strings.Lines(r.errors) {
		b.WriteString("! " + line)
	}
	return b.String()
}

// TestGolden runs the commands in testdata, each on a line that begins with "$ extant", and compares what they say with what follows.
func TestGolden(t *testing.T) {
	scripts, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(scripts) == 0 {
		t.Fatal("no scripts: ", err)
	}
	image := makeImage(t)
	home, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(filepath.Dir(image))
	for _, script := range scripts {
		script = filepath.Join(home, script)
		t.Run(strings.TrimSuffix(filepath.Base(script), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(script)
			if err != nil {
				t.Fatal(err)
			}
			got := replay(t, string(want))
			if *update {
				if err := os.WriteFile(script, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != string(want) {
				t.Errorf("%s: other than expected; -update writes it\n%s", script, firstDifference(string(want), got))
			}
		})
	}
}

// replay runs the commands of a script and returns the script with what they say.
func replay(t *testing.T, script string) string {
	var b strings.Builder
	comments := true
	for line := range strings.Lines(script) {
		command, ok := strings.CutPrefix(strings.TrimSpace(line), "$ extant ")
		if !ok {
			if comments && (strings.HasPrefix(line, "#") || line == "\n") {
				b.WriteString(line)
			}
			comments = line == "\n"
			continue
		}
		r := extantRun(splitWords(command)...)
		if !utf8.ValidString(r.errors) {
			t.Errorf("%s: standard error is not UTF-8: %q", command, r.errors)
		}
		b.WriteString(line + strings.ToValidUTF8(r.String(), "[not UTF-8]") + "\n")
		comments = false
	}
	return b.String()
}

// splitWords splits a command line at blanks, but for those within single quotes.
func splitWords(s string) []string {
	var words []string
	for i, piece := range strings.Split(s, "'") {
		if i%2 == 1 {
			words = append(words, piece)
		} else {
			words = append(words, strings.Fields(piece)...)
		}
	}
	return words
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			return fmt.Sprintf("line %d:\n want %q\n  got %q", i+1, w[i], g[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(g), len(w))
}

// jsonVerbs are all verbs with --json, on the image of the tests.
var jsonVerbs = [][]string{
	{"ls", "disk.img"}, {"ls", "-R", "disk.img"}, {"ls", "-d", "disk.img:/etc/hosts"}, {"stat", "--extents", "disk.img:/etc/hosts", "disk.img:/bin/null"},
	{"tree", "disk.img"}, {"find", "disk.img"}, {"find", "disk.img", "-name", "nothing"}, {"getfattr", "disk.img:/etc/hosts"}, {"du", "-a", "disk.img"}, {"info", "-g", "disk.img"}, {"version"},
	{"partitions", "disk.img"}, {"dump", "disk.img"}, {"dump", "disk.img:/etc"}, {"dump", "disk.img", "dir", "/etc"}, {"dump", "disk.img", "extents", "/holes"},
	{"dump", "disk.img", "xattr", "/etc/hosts"}, {"dump", "disk.img", "group", "0"}, {"dump", "disk.img", "journal"}, {"dump", "disk.img", "orphan"}, {"dump", "disk.img", "block", "1"},
}

func TestJSON(t *testing.T) {
	t.Chdir(filepath.Dir(makeOddImage(t)))
	for _, args := range jsonVerbs {
		r := extantRun(append(args, "--json")...)
		if !json.Valid([]byte(r.out)) || !utf8.ValidString(r.out) {
			t.Errorf("%v: not JSON: %q", args, r.out)
		}
		if strings.ContainsAny(r.out, "\x1b\u202e\u009b") {
			t.Errorf("%v: unsafe characters", args)
		}
	}
	var list []entryJSON
	r := extantRun("find", "disk.img:/a", "-maxdepth", "1", "-type", "f", "--json")
	if err := json.Unmarshal([]byte(r.out), &list); err != nil || len(list) != 1 {
		t.Fatalf("%v: %s", err, r.out)
	}
	if string(list[0].NameBytes) != oddName || string(list[0].PathBytes) != "/a/"+oddName || list[0].Name != strings.ToValidUTF8(oddName, "\ufffd") {
		t.Errorf("%+v", list[0])
	}
}
