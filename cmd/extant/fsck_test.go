package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"extant/disk"
	"extant/disk/disktest"
)

// fsckImage makes a small file system, sound.img, in a directory that becomes the current one.
func fsckImage(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.MkdirAll("src/dir", 0o755); err != nil {
		t.Fatal(err)
	}
	for name, size := range map[string]int{"src/a": 10_000, "src/b": 5, "src/dir/c": 3000, "src/dir/d": 70_000} {
		if err := os.WriteFile(name, bytes.Repeat([]byte("content\n"), size/8+1), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	oracle(t, "", "mke2fs", "-q", "-F", "-t", "ext4", "-b", "1024", "-I", "256", "-N", "256", "-O", imageFeatures, "-E", "root_owner=0:0", "-d", "src", "sound.img", "16M")
}

// fsckDamages is what is done to sound.img: commands for debugfs, or an edit of the bytes. Where the exit codes may be other than
// e2fsck's, differs says for which flags, our code, e2fsck's, and why.
var fsckDamages = []struct {
	name, script string
	edit         func(b []byte)
	cut          int // bytes of the end that are missing
	differs      map[string]string
}{
	{name: "nothing"},
	{name: "links", script: "sif a links_count 9"},
	{name: "entry", script: "clri a"},
	{name: "size", script: "sif /dir/d size 5"},
	{name: "type", script: "sif /dir/d mode 07000"},
	{name: "root", script: "clri <2>", differs: map[string]string{"-fn": "4 12: it gives up"}},
	{name: "lost+found", script: "unlink lost+found"},
	{name: "blocks in use freed", script: "freeb 2000 50"},
	{name: "blocks marked", script: "setb 9000 50"},
	{name: "free blocks", script: "ssv free_blocks_count 5", differs: map[string]string{"-fn": "4 0: it does not count the counts"}},
	{name: "unclean", script: "ssv state 0"},
	{name: "errors", script: "ssv state 2"},
	{name: "mounts", script: "ssv max_mnt_count 3\nssv mnt_count 5"},
	{name: "interval", script: "ssv checkinterval 5\nssv lastcheck 20000101"},
	{name: "recovery", script: "feature needs_recovery"},
	{name: "orphan", script: "ssv last_orphan 5", differs: map[string]string{"-fn": "4 0: without writing it does not look at orphans"}},
	{name: "not ext4", edit: func(b []byte) { clear(b) }},
	{name: "feature", edit: func(b []byte) { binary.LittleEndian.PutUint32(b[1024+0x60:], 1<<30) }, differs: superCopy},
	{name: "super block", edit: func(b []byte) { clear(b[1024:2048]) }, differs: superCopy},
	{name: "end", cut: 64 << 10, differs: map[string]string{"-n": "4 0: it does not count that", "-fn": "4 0: it does not count that", "-y": "4 8: it gives up", "-fy": "4 8: it gives up"}},
	{name: "group checksum", edit: func(b []byte) { binary.LittleEndian.PutUint16(b[2048+0x1E:], 77) }, differs: map[string]string{
		"-fn": "4 0: it sets it without counting that", "-fp": "1 0: it sets it without counting that", "-fy": "1 0: it sets it without counting that",
	}},
}

var superCopy = map[string]string{"-p": "4 8: it gives up", "-fp": "4 8: it gives up"}

// TestFsckExitCodes drives fsck on damaged images and compares its exit codes with e2fsck's.
func TestFsckExitCodes(t *testing.T) {
	fsckImage(t)
	sound := read(t, "sound.img")
	for i, d := range fsckDamages {
		if testing.Short() && i%4 != 1 {
			continue
		}
		image := bytes.Clone(sound)
		if d.edit != nil {
			d.edit(image)
		}
		write(t, "damaged.img", image)
		if d.script != "" {
			oracle(t, d.script+"\n", "debugfs", "-w", "-f", "-", "damaged.img")
		}
		image = read(t, "damaged.img")
		image = image[:len(image)-d.cut]
		for _, flags := range []string{"-n", "-fn", "-p", "-fp", "-y", "-fy"} {
			write(t, "theirs.img", image)
			theirs := exitStatus(t, exec.Command(tool(t, "e2fsck"), flags, "theirs.img"))
			write(t, "ours.img", image)
			r := extantRun("fsck", flags, "ours.img")
			want, _, differs := strings.Cut(d.differs[flags], " ")
			if !differs {
				want = fmt.Sprint(theirs)
			}
			if fmt.Sprint(r.code) != want || differs && r.code == theirs {
				t.Errorf("%s: %s exits with %d, e2fsck with %d, want %s\n%s", d.name, flags, r.code, theirs, want, r)
			}
			if (strings.Contains(flags, "n") || d.cut > 0) && !bytes.Equal(read(t, "ours.img"), image) {
				t.Errorf("%s: %s changed the image", d.name, flags)
			}
			if flags == "-fy" && r.code < 4 {
				if code := exitStatus(t, exec.Command(tool(t, "e2fsck"), "-fn", "ours.img")); code != 0 {
					t.Errorf("%s: after the repair e2fsck -fn exits with %d", d.name, code)
				}
			}
		}
	}
}

func exitStatus(t *testing.T, cmd *exec.Cmd) int {
	t.Helper()
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode()
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t *testing.T, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(name, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestFsckMisuse has a line for every end that fsck comes to without looking at a file system.
func TestFsckMisuse(t *testing.T) {
	fsckImage(t)
	busy, err := disk.Open("sound.img", disk.ReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"sound.img", 8, "there is no terminal to ask at\nhint: give -n to repair nothing, -p"},
		{"-f --json sound.img", 16, "--json: give -n, -p or -y"},
		{"-n -y sound.img", 16, "give one of -n, -p and -y"},
		{"-p -y sound.img", 16, "give one of -n, -p and -y"},
		{"-n -D sound.img", 16, "-D: not with -n"},
		{"-n --undo x sound.img", 16, "--undo: not with -n"},
		{"-n --report sound.img sound.img", 16, "--report: sound.img is the image"},
		{"-n --report sound.img sound.img#1", 16, "--report: sound.img is the image"},
		{"-n sound.img:/a", 16, "a file of an image"},
		{"-n sound.img:", 0, ""},
		{"-n -B 1000 sound.img", 16, "-B: 1000"},
		{"-n -C -1 sound.img", 16, "-C: -1"},
		{"-fn -C 777 sound.img", 16, "-C: descriptor 777 is not open"},
		{"-fn -C 2 sound.img", 0, "1 0 100 sound.img\n"},
		{"-n -E nonsense sound.img", 16, "-E: \"nonsense\" is not known"},
		{"-n -E shared=maybe sound.img", 16, "-E shared"},
		{"-n -E readahead_kb=x sound.img", 16, "-E readahead_kb"},
		{"-p -l x sound.img", 16, "give -y"},
		{"-n -c sound.img", 16, "give -y"},
		{"-y -c -l x sound.img", 16, "give one of -c, -l and -L"},
		{"-y -k sound.img", 16, "-k: only with -c"},
		{"-y -l nope sound.img", 8, "no such file"},
		{"-n --nonsense sound.img", 16, "unknown flag"},
		{"-n", 16, "accepts 1 arg"},
		{"-n nope.img", 8, "no such file"},
		{"-n sound.img#1", 8, "no partition table"},
		{"-n .", 8, "is a directory"},
		{"-p sound.img", 8, "in use by another writer"},
		{"-y sound.img", 8, "in use by another writer"},
		{"-fn sound.img", 0, "may be of different moments"},
		{"-fn -b 77 sound.img", 8, "corrupt super block"},
	} {
		r := extantRun(append([]string{"fsck"}, strings.Fields(c.args)...)...)
		if r.code != c.code || !strings.Contains(r.errors, c.says) {
			t.Errorf("fsck %s: exit code %d, want %d\n%s", c.args, r.code, c.code, r)
		}
	}
	if err := busy.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestFsckReadsOnly checks an image that cannot be written.
func TestFsckReadsOnly(t *testing.T) {
	fsckImage(t)
	if err := os.Chmod("sound.img", 0o444); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat("sound.img")
	if err != nil {
		t.Fatal(err)
	}
	if r := extantRun("fsck", "-fn", "sound.img"); r.code != 0 || !strings.Contains(r.out, "sound.img: clean\n") {
		t.Errorf("%s", r)
	}
	if after, err := os.Stat("sound.img"); err != nil || after.ModTime() != before.ModTime() {
		t.Errorf("the image was touched: %v", err)
	}
}

// TestFsckCopyOfSuper checks by a copy of the super block.
func TestFsckCopyOfSuper(t *testing.T) {
	fsckImage(t)
	for _, args := range []string{"-fn -b 8193", "-fn -b 8193 -B 1024", "-fn --superblock 8193"} {
		if r := extantRun(append([]string{"fsck", "sound.img"}, strings.Fields(args)...)...); r.code&^4 != 0 {
			t.Errorf("%s: %s", args, r)
		}
	}
	image := read(t, "sound.img")
	clear(image[1024:2048])
	write(t, "lost.img", image)
	if r := extantRun("fsck", "-y", "-b", "8193", "lost.img"); r.code != 1 {
		t.Errorf("%s", r)
	}
	if code := exitStatus(t, exec.Command(tool(t, "e2fsck"), "-fn", "lost.img")); code != 0 {
		t.Errorf("e2fsck exits with %d", code)
	}
}

// damage makes damaged.img, with several things wrong.
func damage(t *testing.T) []byte {
	t.Helper()
	fsckImage(t)
	write(t, "damaged.img", read(t, "sound.img"))
	oracle(t, "sif a links_count 9\nclri b\nsif /dir/d size 5\nsetb 9000 50\n", "debugfs", "-w", "-f", "-", "damaged.img")
	return read(t, "damaged.img")
}

func TestFsckUndo(t *testing.T) {
	before := damage(t)
	if r := extantRun("fsck", "-y", "-f", "--undo", "undo", "damaged.img"); r.code != 1 {
		t.Fatalf("%s", r)
	}
	repaired := read(t, "damaged.img")
	if bytes.Equal(repaired, before) {
		t.Fatal("nothing was repaired")
	}
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"fsck -y -f --undo undo damaged.img", 8, "repair that is over"},
		{"undo undo sound.img", 1, "does not belong to it"},
		{"undo damaged.img undo", 1, "not an undo file"},
		{"undo nope damaged.img", 1, "no such file"},
		{"undo -n undo damaged.img", 0, ""},
		{"undo undo", 2, "accepts 2 arg"},
	} {
		if r := extantRun(strings.Fields(c.args)...); r.code != c.code || !strings.Contains(r.errors, c.says) {
			t.Errorf("%s: exit code %d, want %d\n%s", c.args, r.code, c.code, r)
		}
	}
	if !bytes.Equal(read(t, "damaged.img"), repaired) {
		t.Error("refusals changed the image")
	}
	changed := bytes.Clone(repaired)
	changed[1024+0x78] ^= 0x20 // the label
	write(t, "changed.img", changed)
	if r := extantRun("undo", "undo", "changed.img"); r.code != 1 || !strings.Contains(r.errors, "changed since") {
		t.Errorf("%s", r)
	}
	r := extantRun("undo", "--json", "undo", "damaged.img")
	if r.code != 0 || !json.Valid([]byte(r.out)) || !bytes.Equal(read(t, "damaged.img"), before) {
		t.Errorf("not as it was: %s", r)
	}
}

// TestFsckUndoUUID undoes a repair that gave the file system another UUID.
func TestFsckUndoUUID(t *testing.T) {
	fsckImage(t)
	oracle(t, "ssv uuid clear\n", "debugfs", "-w", "-f", "-", "sound.img")
	before := read(t, "sound.img")
	if r := extantRun("fsck", "-y", "-f", "--undo", "undo", "sound.img"); r.code != 1 || bytes.Equal(read(t, "sound.img")[1024+0x68:1024+0x78], make([]byte, 16)) {
		t.Fatalf("no UUID: %s", r)
	}
	if r := extantRun("undo", "undo", "sound.img"); r.code != 0 || !bytes.Equal(read(t, "sound.img"), before) {
		t.Errorf("not as it was: %s", r)
	}
}

func TestFsckReport(t *testing.T) {
	damage(t)
	if r := extantRun("fsck", "-fn", "--report", "page.html", "damaged.img"); r.code != 4 {
		t.Fatalf("%s", r)
	}
	page := string(read(t, "page.html"))
	for _, want := range []string{"<title>fsck: damaged.img</title>", "<code>link-count</code>", `class="hit"`, "things are wrong"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in the page", want)
		}
	}
	if r := extantRun("fsck", "-fn", "--report", "no/page.html", "damaged.img"); r.code != 12 {
		t.Errorf("a report that cannot be written: %s", r)
	}
	if r := extantRun("fsck", "-fy", "--report", "page.html", "damaged.img"); r.code != 1 || !strings.Contains(string(read(t, "page.html")), ">repaired<") {
		t.Errorf("%s", r)
	}
}

func TestFsckJSON(t *testing.T) {
	damage(t)
	for _, flags := range [][]string{{"-fn"}, {"-fy"}, {"-n"}} {
		r := extantRun(append([]string{"fsck", "--json", "damaged.img"}, flags...)...)
		var j fsckJSON
		if err := json.Unmarshal([]byte(r.out), &j); err != nil {
			t.Fatalf("%v: %v\n%s", flags, err, r)
		}
		switch flags[0] {
		case "-fn":
			if j.ExitCode != 4 || r.code != 4 || j.Clean || j.Changed || len(j.Findings) < 5 || j.Findings[0].Fate != "" || j.Before["link-count"] != 1 {
				t.Errorf("%s", r)
			}
		case "-fy":
			if j.ExitCode != 1 || r.code != 1 || !j.Clean || !j.Changed || len(j.Findings) < 5 || j.Findings[0].Fate != fateMended || len(j.After) != 0 {
				t.Errorf("%s", r)
			}
		case "-n":
			if !j.Skipped || !j.Clean || j.ExitCode != 0 {
				t.Errorf("%s", r)
			}
		}
	}
}

// atTerminal runs fsck with somebody at a terminal who types these lines.
func atTerminal(lines string, args ...string) result {
	var out, errs bytes.Buffer
	a := newApp(context.Background(), strings.NewReader(lines), &out, &errs)
	a.inTTY, a.outTTY = true, true
	code := a.run(append([]string{"fsck"}, args...))
	return result{code, out.String(), errs.String()}
}

func TestFsckAsks(t *testing.T) {
	image := damage(t)
	for _, c := range []struct {
		lines   string
		code    int
		says    string
		changed bool
	}{
		{"a\n", 1, "nothing is wrong any more", true},
		{strings.Repeat("\n", 50), 1, "nothing is wrong any more", true},
		{strings.Repeat("n\n", 50), 4, "things are wrong", false},
		{"maybe\ny\nall\n", 1, "? [Yes/no/all/quit]", true},
		{"y\nq\n", 32, "", false},
		{"y\n", 32, "", false}, // and the input ends
		{"", 32, "", false},
	} {
		write(t, "asked.img", image)
		r := atTerminal(c.lines, "-f", "asked.img")
		if r.code != c.code || !strings.Contains(r.out, c.says) || bytes.Equal(read(t, "asked.img"), image) == c.changed {
			t.Errorf("%q: %s", c.lines, r)
		}
		if c.code == 32 && !strings.Contains(r.errors, "nothing was written") {
			t.Errorf("%q: %s", c.lines, r.errors)
		}
	}
}

func TestPassText(t *testing.T) {
	if got := passText(passShares[2], .75, 3*time.Second); got != "pass 2 of 5, directories:  75%  [==================>     ]  0:01 left" {
		t.Errorf("%q", got)
	}
	if got := passText(passShares[0], 0, time.Second); got != "pass 1 of 5, inodes:   0%  [>                       ]  -:-- left" {
		t.Errorf("%q", got)
	}
}

func TestFsckInterrupted(t *testing.T) {
	damage(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var out, errs bytes.Buffer
	a := newApp(ctx, strings.NewReader(""), &out, &errs)
	if code := a.run([]string{"fsck", "-fy", "damaged.img"}); code != 32 || !strings.Contains(errs.String(), "nothing was written") {
		t.Errorf("exit code %d, %q", code, &errs)
	}
}

func TestFsckBadBlocks(t *testing.T) {
	fsckImage(t)
	write(t, "list", []byte("9000\n9001\n"))
	write(t, "metadata", []byte("1\n"))
	for _, c := range []struct {
		args string
		code int
		want string // by dumpe2fs -b
	}{
		{"-y -l list", 1, "9000 9001"}, {"-y -l metadata", 8, "9000 9001"}, {"-y -c -k", 0, "9000 9001"}, {"-y -c", 1, ""},
	} {
		r := extantRun(append(append([]string{"fsck"}, strings.Fields(c.args)...), "sound.img")...)
		out, err := toolCommand(t, "dumpe2fs", "-b", "sound.img").Output()
		if got := strings.Join(strings.Fields(string(out)), " "); err != nil || r.code != c.code || got != c.want {
			t.Errorf("%s: %v, %q in the list\n%s", c.args, err, got, r)
		}
		if code := exitStatus(t, exec.Command(tool(t, "e2fsck"), "-fn", "sound.img")); code != 0 {
			t.Errorf("%s: e2fsck exits with %d", c.args, code)
		}
	}
}

// TestBadIn finds the block that a device cannot read.
func TestBadIn(t *testing.T) {
	dev := disktest.NewFaulty(disk.NewMem(1<<20), disktest.Within(5000, 1, disktest.On(disktest.Read, disktest.Fail(syscall.EIO))))
	if readable(dev, make([]byte, 64<<10), 0) {
		t.Fatal("it can be read")
	}
	if got := badIn(dev, make([]byte, 64<<10), 0, 1024); len(got) != 1 || got[0] != 4 {
		t.Errorf("%v", got)
	}
}
