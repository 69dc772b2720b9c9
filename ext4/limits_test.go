package ext4_test

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"extant/disk"
	"extant/ext4"
	"extant/internal/ondisk"
)

// TestLinksMax gives one file as many names as it may have.
func TestLinksMax(t *testing.T) {
	if testing.Short() {
		t.Skip("makes 65,000 names")
	}
	s := newScratch(t, 64<<20, "-t ext4", ext4.Options{})
	file := s.file("file")
	for i := 1; i < 65_000; i++ {
		s.must("link", s.root().Link(fmt.Sprint(i), file))
	}
	if err := s.root().Link("more", file); err != syscall.EMLINK {
		t.Errorf("a name too many: %v", err)
	}
	s.must("unlink", s.root().Unlink("7", nil))
	s.must("link", s.root().Link("more", file))
	s.remount()
	if links := s.at("file").Attr().Links; links != 65_000 {
		t.Errorf("%d links", links)
	}
}

// TestDirLinksMax makes more directories in one than its count of links can say, where the file system allows that.
func TestDirLinksMax(t *testing.T) {
	if testing.Short() {
		t.Skip("makes 65,000 directories")
	}
	for _, c := range []struct {
		args string
		more error
	}{{"-t ext4 -O inline_data -N 66000", nil}, {"-t ext4 -O inline_data,^dir_nlink -N 66000", syscall.EMLINK}} {
		s := newScratch(t, 64<<20, c.args, ext4.Options{})
		root, err := s.root().Mkdir("dir", ext4.NewAttr{Mode: 0o755})
		s.must("mkdir", err)
		for i := 2; i < 65_000; i++ {
			_, err := root.Mkdir(fmt.Sprint(i), ext4.NewAttr{Mode: 0o700})
			s.must("mkdir", err)
		}
		if links := root.Attr().Links; links != 65_000 {
			t.Errorf("%d links", links)
		}
		if _, err := root.Mkdir("more", ext4.NewAttr{Mode: 0o700}); err != c.more {
			t.Errorf("%s: a directory more: %v, want %v", c.args, err, c.more)
		}
		if err := s.at("dir/5").Rename("nothing", root, "x", ext4.RenameOptions{}); err != syscall.ENOENT {
			t.Errorf("rename: %v", err)
		}
		_, err = s.root().Mkdir("other", ext4.NewAttr{Mode: 0o700})
		s.must("mkdir", err)
		if err := s.root().Rename("other", root, "other", ext4.RenameOptions{}); err != c.more {
			t.Errorf("%s: a directory of another: %v, want %v", c.args, err, c.more)
		}
		if c.more == nil {
			if links := root.Attr().Links; links != 1 {
				t.Errorf("%d links, want 1 for many", links)
			}
			s.must("back", root.Rename("other", s.root(), "other", ext4.RenameOptions{}))
		}
		s.must("rmdir", root.Rmdir("2", nil))
		want := map[bool]uint32{true: 1, false: 64_999}[c.more == nil]
		if links := root.Attr().Links; uint32(links) != want {
			t.Errorf("%d links, want %d", links, want)
		}
	}
}

// TestThreeLevels fills a directory until its index has as many levels as it may have, and on from there.
func TestThreeLevels(t *testing.T) {
	if testing.Short() {
		t.Skip("makes 40,000 names")
	}
	for _, large := range []bool{true, false} {
		args := "-t ext4 -b 1024"
		if large {
			args += " -O large_dir"
		}
		s := newScratch(t, 96<<20, args, ext4.Options{})
		file := s.file("file")
		dir, err := s.root().Mkdir("dir", ext4.NewAttr{Mode: 0o755})
		s.must("mkdir", err)
		name := func(i int) string { return fmt.Sprint(i, strings.Repeat("l", 245)) }
		count := 0
		for ; count < 40_000; count++ {
			if err = dir.Link(name(count), file); err != nil {
				break
			}
		}
		levels, lerr := dir.IndexLevels()
		s.must("levels", lerr)
		switch {
		case large && (err != nil || levels != 2):
			t.Errorf("%d names: %v; %d levels", count, err, levels)
		case !large && (err != syscall.ENOSPC || levels != 1):
			t.Errorf("full at %d names: %v; %d levels", count, err, levels)
		}
		s.remount()
		dir = s.at("dir")
		seen := 0
		for _, err := range dir.ReadDir(0) {
			s.must("read", err)
			seen++
		}
		if seen != count+2 {
			t.Errorf("%d entries, want %d", seen, count+2)
		}
		for i := 0; i < count; i += 3 {
			if ino, err := dir.IndexLookup(name(i)); err != nil || ino != file.Ino() {
				t.Fatalf("%d: inode %d, %v", i, ino, err)
			}
			s.must("unlink", dir.Unlink(name(i), nil))
		}
		t.Log(count, "names")
	}
}

// TestNoKey changes what needs a key that nobody has.
func TestNoKey(t *testing.T) {
	im := mke2fs(t, sourceOf(t, map[string][]byte{"dir/file with a name": []byte("secret"), "file": []byte("x")}), "16M", "-t ext4 -O encrypt")
	im.debugfs("set_inode_field /dir flags 0x80800", "set_inode_field \"/dir/file with a name\" flags 0x80800")
	fs, err := ext4.Mount(disk.NewMemFrom(im.bytes()), raceOptions(ext4.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	root, err := fs.Root()
	if err != nil {
		t.Fatal(err)
	}
	dir, file := child(t, fs, "dir"), child(t, fs, "file")
	var secret *ext4.Inode
	for e, err := range dir.ReadDir(0) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Name != "." && e.Name != ".." {
			secret, err = dir.Child(e.Name)
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	a := ext4.NewAttr{Mode: 0o600}
	result := func(_ any, err error) error { return err }
	for what, err := range map[string]error{
		"create":      result(dir.Create("new", a)),
		"mkdir":       result(dir.Mkdir("new", a)),
		"symlink":     result(dir.Symlink("new", "x", a)),
		"mknod":       result(dir.Mknod("new", ext4.NewAttr{Mode: ondisk.ModeFIFO | 0o600}, ondisk.Device{})),
		"tmpfile":     result(dir.Tmpfile(a)),
		"link":        dir.Link("new", file),
		"rename to":   root.Rename("file", dir, "new", ext4.RenameOptions{}),
		"rename from": dir.Rename("x", root, "new", ext4.RenameOptions{}),
		"read":        result(secret.ReadAt(make([]byte, 1), 0)),
		"write":       result(secret.WriteAt([]byte("x"), 0)),
		"truncate":    secret.Truncate(1),
		"map":         result(secret.Map(0, 4096, ext4.MapWrite)),
		"map to read": result(secret.Map(0, 4096, 0)),
	} {
		if !errors.Is(err, ext4.ErrNoKey) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := fs.Close(); err != nil {
		t.Error(err)
	}
}

// BenchmarkMillionNames puts a million names into a directory, and prints what one costs along the way: the last ones what the first did.
func BenchmarkMillionNames(b *testing.B) {
	for b.Loop() {
		s := newScratch(b, 1<<30, "-t ext4 -N 1000", ext4.Options{})
		s.damaged = true // so that checking is not measured
		dir, err := s.root().Mkdir("dir", ext4.NewAttr{Mode: 0o755})
		s.must("mkdir", err)
		var files []*ext4.Inode
		for i := range 20 {
			files = append(files, s.file(fmt.Sprint(i)))
		}
		const million, step = 1_000_000, 100_000
		for at := 0; at < million; at += step {
			start := time.Now()
			for i := at; i < at+step; i++ {
				s.must("link", dir.Link(fmt.Sprintf("name-%07d", i), files[i/60_000]))
			}
			b.ReportMetric(float64(time.Since(start).Nanoseconds())/step, fmt.Sprintf("ns/link-to-%d", at+step))
		}
		n, start := 0, time.Now()
		for _, err := range dir.ReadDir(0) {
			s.must("read", err)
			n++
		}
		b.ReportMetric(float64(time.Since(start).Nanoseconds())/million, "ns/read")
		if n != million+2 {
			b.Fatalf("%d entries", n)
		}
		s.unmount()
	}
}
