package main

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"

	"extant/disk"
	"extant/fsck"
)

// clean fails the test unless an image is as a clean unmount leaves it.
func clean(t *testing.T, image string) {
	t.Helper()
	dev, err := disk.Open(image, disk.ReadOnly)
	if err != nil {
		t.Fatal(err)
	}
	defer dev.Close()
	r, err := fsck.Check(context.Background(), dev, fsck.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Replay || !r.Clean() {
		t.Errorf("%s is not clean: replay %v, %v", image, r.Replay, r.Findings)
	}
	if out, err := toolCommand(t, "e2fsck", "-fn", image).CombinedOutput(); err != nil {
		t.Errorf("e2fsck: %v\n%s", err, out)
	}
}

// newImage makes an empty image, disk.img, in a directory that becomes the current one.
func newImage(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("SOURCE_DATE_EPOCH", "1700000000")
	if r := extantRun("mkfs", "-q", "disk.img", "16M"); r.code != 0 {
		t.Fatal(r.errors)
	}
}

// TestChange runs verbs one after the other on one image, which is clean after each.
func TestChange(t *testing.T) {
	newImage(t)
	if err := os.MkdirAll("tree/sub", 0o750); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"hosts": hosts, "tree/one": "1\n", "tree/sub/two": strings.Repeat("two", 9999)} {
		if err := os.WriteFile(name, []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("one", "tree/link"); err != nil {
		t.Fatal(err)
	}
	t.Setenv("VISUAL", "sed -i s/localhost/home/")
	for _, c := range []struct {
		args string
		out  string // what is to be in the output
	}{
		{"mkdir disk.img:/etc", ""},
		{"mkdir -p -m 2770 disk.img:/srv/a/b", ""},
		{"stat disk.img:/srv/a/b", "drwxrws---"},
		{"put hosts disk.img:/etc", ""},
		{"cat disk.img:/etc/hosts", hosts},
		{"put -r tree disk.img:/srv", ""},
		{"cat disk.img:/srv/tree/link", "1\n"},
		{"put -r tree/. disk.img:/srv/a", ""},
		{"ls -R disk.img:/srv/a", "two\n"},
		{"cp -a disk.img:/srv/tree disk.img:/copy", ""},
		{"ls -l disk.img:/copy", "link -> one"},
		{"chmod u=rwxs,g-w,o+r disk.img:/etc/hosts", ""},
		{"stat disk.img:/etc/hosts", "-rwsr--r--"},
		{"chmod -R 600 disk.img:/copy/link", ""},
		{"stat disk.img:/copy/one", "-rw-------"},
		{"chown -R 5:5 disk.img:/copy/link", ""},
		{"ls -l disk.img:/copy/one", " 5 5 "},
		{"chown -R 7:8 disk.img:/copy", ""},
		{"ls -l disk.img:/copy/sub", " 7 8 "},
		{"ln disk.img:/etc/hosts disk.img:/etc/hosts2", ""},
		{"ln -s /etc/hosts disk.img:/link", ""},
		{"edit disk.img:/link", ""},
		{"cat disk.img:/etc/hosts2", "127.0.0.1 home\n"},
		{"touch -d @86400 disk.img:/etc/hosts disk.img:/new", ""},
		{"ls -l --time-style=epoch disk.img:/etc/hosts", " 86400."},
		{"truncate -s 10M disk.img:/new", ""},
		{"truncate -s -1M disk.img:/new", ""},
		{"ls -l disk.img:/new", " 9437184 "},
		{"setfattr -n user.a -v 0x6869 disk.img:/new", ""},
		{"getfattr -d disk.img:/new", "user.a=\"hi\"\n"},
		{"getfattr --json disk.img:/new", `"value":"hi"`},
		{"setfattr -x user.a disk.img:/new", ""},
		{"mv disk.img:/new disk.img:/link disk.img:/srv", ""},
		{"mv --exchange disk.img:/copy disk.img:/srv", ""},
		{"ls -F disk.img:/copy", "a/\nlink@\nnew\ntree/\n"},
		{"rm -d disk.img:/copy/a/b", ""},
		{"rm -rf disk.img:/copy disk.img:/nothing", ""},
		{"sync disk.img", ""},
		{"ls disk.img", "etc\nlost+found\nsrv\n"},
	} {
		r := extantRun(strings.Fields(c.args)...)
		if r.code != 0 || r.errors != "" || !strings.Contains(r.out, c.out) {
			t.Errorf("extant %s: exit code %d\n%s%s", c.args, r.code, r.out, r.errors)
		}
		if c.out == "" {
			clean(t, "disk.img")
		}
	}
}

// TestChangeExit has a line for every kind of end that a verb that writes can come to.
func TestChangeExit(t *testing.T) {
	newImage(t)
	if err := os.Mkdir("dir", 0o755); err != nil {
		t.Fatal(err)
	}
	if r := extantRun("mkdir", "disk.img:/dir"); r.code != 0 {
		t.Fatal(r.errors)
	}
	for _, c := range []struct {
		args string
		code int
		says string // on standard error
	}{
		{"mkdir disk.img:/dir", 1, "extant mkdir: disk.img:/dir: file exists\n"},
		{"mkdir disk.img:/dir disk.img:/dir2", 1, "file exists"},
		{"rm disk.img:/dir2", 1, "extant rm: disk.img:/dir2: is a directory\n"},
		{"rm disk.img:/nothing", 1, "extant rm: disk.img:/nothing: no such file or directory\n"},
		{"rm -f disk.img:/nothing", 0, ""},
		{"mv disk.img:/nothing disk.img:/dir", 1, "no such file"},
		{"mv disk.img:/dir disk.img:/dir/sub", 1, "invalid argument"},
		{"truncate -s 1000T disk.img:/long", 1, "extant truncate: disk.img:/long: file too large\n"},
		{"put nothing disk.img:/", 1, "nothing: no such file"},
		{"put dir disk.img:/", 1, "extant put: dir: a directory, left out: -r copies directories\n"},
		{"chmod 600 disk.img:/nothing", 1, "no such file"},
		{"setfattr -x user.a disk.img:/dir", 1, "no data available"},
		{"verity enable disk.img:/dir", 1, "not supported"},
		{"verity measure disk.img:/dir", 1, "no data available"},
		{"verity enable --salt x disk.img:/dir", 2, "is no salt"},
		{"verity enable --hash-alg md5 disk.img:/dir", 2, "is no algorithm"},
		{"verity check disk.img:/dir", 2, "neither enable nor measure"},
		{"mkdir nothing.img:/dir", 1, "extant mkdir: nothing.img: no such file or directory\n"},

		{"mkdir disk.img", 2, "extant mkdir: disk.img: the address of a file is IMAGE:/PATH\n"},
		{"mkdir --noload disk.img:/x", 2, "are for reading"},
		{"chmod nonsense disk.img:/dir", 2, "is no mode"},
		{"chown nonsense disk.img:/dir", 2, "is no owner"},
		{"touch -d nonsense disk.img:/dir", 2, "is no time"},
		{"truncate disk.img:/dir", 2, "-s says the size\n"},
		{"truncate -s nonsense disk.img:/dir", 2, "is no size"},
		{"mv disk.img:/dir other.img:/dir", 2, "are not in one image"},
		{"ln disk.img:/dir other.img:/dir", 2, "is not in the same image"},
		{"setfattr disk.img:/dir", 2, "either -n or -x"},
		{"setfattr -n user.a -v 0xzz disk.img:/dir", 2, "is no value"},
		{"put dir dir disk.img:/none", 2, "is no directory that several files could go into"},
	} {
		r := extantRun(strings.Fields(c.args)...)
		if r.code != c.code || !strings.Contains(r.errors, c.says) {
			t.Errorf("extant %s: exit code %d, want %d\n%s", c.args, r.code, c.code, r.errors)
		}
	}
	dev, err := disk.Open("disk.img", disk.ReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	if r := extantRun("mkdir", "disk.img:/x"); r.code != 1 || !strings.Contains(r.errors, "in use") || strings.Contains(r.errors, "hint") {
		t.Errorf("an image in use: exit code %d\n%s", r.code, r.errors)
	}
	dev.Close()
	clean(t, "disk.img")
}

// TestChangeItself puts files where they are already, or links to them there: nothing is lost, and there is an end.
func TestChangeItself(t *testing.T) {
	newImage(t)
	write(t, "hosts", []byte(hosts))
	for _, args := range []string{"put hosts disk.img:/", "mkdir disk.img:/d", "put hosts disk.img:/d", "ln disk.img:/hosts disk.img:/other", "ln -s hosts disk.img:/link"} {
		if r := extantRun(strings.Fields(args)...); r.code != 0 {
			t.Fatalf("%s: %s", args, r.errors)
		}
	}
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"put disk.img:/hosts disk.img:/", 1, "extant put: disk.img:/hosts: not copied onto itself\n"},
		{"cp disk.img:/hosts disk.img:/other", 1, "onto itself"},
		{"put disk.img:/hosts disk.img:/link", 1, "onto itself"},
		{"put -r disk.img:/link disk.img:/", 1, "onto itself"},
		{"put -r disk.img:/d disk.img:/", 1, "onto itself"},
		{"put -r disk.img:/d disk.img:/d", 1, "extant put: disk.img:/d/d: not copied into itself\n"},
		{"put -r disk.img:/. disk.img:/d/e", 1, "into itself"},
		{"cp --privileged disk.img:/hosts disk.img:/d", 2, "--privileged is for copies out"},
		{"ln -f disk.img:/hosts disk.img:/hosts", 0, ""},
		{"ln -f disk.img:/hosts disk.img:/other", 0, ""},
		{"ln -f disk.img:/d disk.img:/other", 1, "not permitted"},
		{"ln -f disk.img:/hosts disk.img:/d/hosts", 0, ""},
		{"ln -sf hosts disk.img:/link", 0, ""},
	} {
		r := extantRun(strings.Fields(c.args)...)
		if r.code != c.code || !strings.Contains(r.errors, c.says) {
			t.Errorf("extant %s: exit code %d, want %d\n%s", c.args, r.code, c.code, r.errors)
		}
		for _, name := range []string{"hosts", "other", "link", "d/hosts"} {
			if r := extantRun("cat", "disk.img:/"+name); r.out != hosts {
				t.Fatalf("extant %s: %s is %q %s", c.args, name, r.out, r.errors)
			}
		}
	}
	if r := extantRun("ls", "-A", "disk.img"); r.out != "d\nhosts\nlink\nlost+found\nother\n" {
		t.Errorf("left: %q", r.out)
	}
	clean(t, "disk.img")
}

// interrupter ends a context when something is read from it for the n-th time.
type interrupter struct {
	left   int
	cancel context.CancelFunc
}

func (i *interrupter) Write(p []byte) (int, error) {
	if i.left--; i.left == 0 {
		i.cancel()
	}
	return len(p), nil
}

// TestChangeInterrupted interrupts a verb between two of its files, and finds a clean image with what was done before.
func TestChangeInterrupted(t *testing.T) {
	newImage(t)
	ctx, cancel := context.WithCancel(context.Background())
	var out bytes.Buffer
	a := newApp(ctx, strings.NewReader(""), &out, &interrupter{3, cancel})
	args := []string{"mkdir"}
	for _, name := range []string{"a", "a", "a", "b", "c", "c", "d", "e"} { // each "a" after the first is reported
		args = append(args, "disk.img:/"+name)
	}
	if code := a.run(args); code != exitInterrupted {
		t.Errorf("exit code %d", code)
	}
	clean(t, "disk.img")
	if r := extantRun("ls", "disk.img"); r.out != "a\nb\nc\nlost+found\n" {
		t.Errorf("left: %q", r.out)
	}
}

// TestChangeReplays makes an image whose journal wants to be replayed, and lets a verb that writes find it.
func TestChangeReplays(t *testing.T) {
	newImage(t)
	oracle(t, "jo -c\njw -b 5000 /dev/zero\njc\n", "debugfs", "-w", "-f", "-", "disk.img")
	if r := extantRun("sync", "disk.img"); r.code != 0 {
		t.Error(r.errors)
	}
	clean(t, "disk.img")
}

func TestModeChange(t *testing.T) {
	for _, c := range []struct {
		change   string
		from, to uint16
	}{
		{"755", 0o100600, 0o755},
		{"4755", 0o100600, 0o4755},
		{"u+x", 0o100644, 0o744},
		{"go-rwx", 0o100777, 0o700},
		{"a=r", 0o100777, 0o444},
		{"=", 0o100777, 0},
		{"+X", 0o100644, 0o644},
		{"+X", 0o040644, 0o755},
		{"a+X", 0o100744, 0o755},
		{"g=u", 0o100640, 0o660},
		{"u+s,g+s,+t", 0o100755, 0o7755},
		{"o=g,g=", 0o100650, 0o605},
		{"u+r-w+x", 0o100200, 0o500},
		{"755", 0o042755, 0o2755},
		{"u=rwx,go=rx", 0o042700, 0o2755},
		{"g-s", 0o042755, 0o755},
	} {
		change, err := parseModeChange(c.change)
		if err != nil {
			t.Error(err)
			continue
		}
		if got := change.apply(ioMode(c.from)); got != octalMode(uint64(c.to)) {
			t.Errorf("%s of %o: %v, want %v", c.change, c.from, got, octalMode(uint64(c.to)))
		}
	}
	for _, bad := range []string{"x", "u", "u+q", "888", "u+ug", "u+x,", ","} {
		if _, err := parseModeChange(bad); err == nil {
			t.Errorf("%q was taken for a mode", bad)
		}
	}
}

// ioMode is a mode of package io/fs for i_mode.
func ioMode(m uint16) os.FileMode {
	out := octalMode(uint64(m & 0o7777))
	if m&0o170000 == 0o040000 {
		out |= os.ModeDir
	}
	return out
}

// TestVerity protects a file; fsck is content with it, and nobody writes to it any more.
func TestVerity(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("hello", []byte("hello\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	const digest = "sha256:284f4ff3a790e678a53304da69889a3f4de51657bed35492ff24f27672efa527 disk.img:/hello\n"
	for _, c := range []struct {
		args string
		code int
		out  string
	}{
		{"mkfs -q -O verity disk.img 16M", 0, ""},
		{"put hello disk.img:/", 0, ""},
		{"verity enable --block-size 1024 --salt 5a17 disk.img:/hello", 0, ""},
		{"verity measure disk.img:/hello", 0, digest},
		{"cat disk.img:/hello", 0, "hello\n"},
		{"put hello disk.img:/", 1, "operation not permitted"},
		{"truncate -s 0 disk.img:/hello", 1, "operation not permitted"},
		{"verity enable disk.img:/hello", 1, "file exists"},
		{"fsck -f -n disk.img", 0, ""},
	} {
		r := extantRun(strings.Fields(c.args)...)
		if r.code != c.code || !strings.Contains(r.out+r.errors, c.out) {
			t.Errorf("extant %s: exit code %d\n%s%s", c.args, r.code, r.out, r.errors)
		}
	}
	clean(t, "disk.img")
}
