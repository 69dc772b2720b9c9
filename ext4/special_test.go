package ext4_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unicode/utf8"

	"extant/ext4"
	"extant/internal/ondisk"
)

// TestUnwritten reads a file of which parts are allocated but not written.
func TestUnwritten(t *testing.T) {
	content := noise(1, 10<<10)
	im := mke2fs(t, sourceOf(t, map[string][]byte{"file": content}), "8M", "-t ext4 -b 1024")
	im.debugfs("fallocate /file 20 40", "set_inode_field /file size 40960")
	n := child(t, im.mount(ext4.Options{}), "file")
	got, err := io.ReadAll(io.NewSectionReader(n, 0, 40960))
	if want := append(bytes.Clone(content), make([]byte, 30<<10)...); err != nil || !bytes.Equal(got, want) {
		t.Errorf("content differs: %v", err)
	}
	var ranges []string
	for m, err := range n.Mappings(0) {
		if err != nil {
			t.Fatal(err)
		}
		ranges = append(ranges, fmt.Sprintf("%d+%d %v", m.Off, m.Len, m.Unwritten))
	}
	if got, want := strings.Join(ranges, ", "), "0+10240 false, 20480+21504 true"; got != want {
		t.Errorf("mappings %s, want %s", got, want)
	}
	seeks(t, n, "data", n.SeekData, map[int64]int64{0: 0, 5: 5, 10239: 10239, 10240: -1, 30000: -1, 40960: -1})
	seeks(t, n, "hole", n.SeekHole, map[int64]int64{0: 10240, 10240: 10240, 30000: 30000, 40959: 40959, 40960: -1})
}

// seeks compares results with what is wanted; -1 is ENXIO.
func seeks(t *testing.T, n *ext4.Inode, what string, seek func(int64) (int64, error), want map[int64]int64) {
	t.Helper()
	for off, w := range want {
		got, err := seek(off)
		if errors.Is(err, syscall.ENXIO) {
			got, err = -1, nil
		}
		if err != nil || got != w {
			t.Errorf("inode %d: %s from %d: %d, %v; want %d", n.Ino(), what, off, got, err, w)
		}
	}
}

// TestReadAtEdges holds ReadAt to what io.ReaderAt says.
func TestReadAtEdges(t *testing.T) {
	content := noise(1, 5000)
	im := mke2fs(t, sourceOf(t, map[string][]byte{"blocks": content, "inline": content[:100], "dir/x": nil}), "8M", "-t ext4 -b 1024 -O inline_data")
	fs := im.mount(ext4.Options{})
	for name, want := range map[string][]byte{"blocks": content, "inline": content[:100]} {
		n := child(t, fs, name)
		for _, off := range []int{0, 1, 59, 60, 61, 99, 1023, 1024, 4999} {
			for _, size := range []int{0, 1, 60, 1000, 6000} {
				if off >= len(want) {
					continue
				}
				p := bytes.Repeat([]byte{0xee}, size)
				got, err := n.ReadAt(p, int64(off))
				end := min(off+size, len(want))
				if got != end-off || !bytes.Equal(p[:got], want[off:end]) || (err == io.EOF) != (off+size > len(want)) || err != nil && err != io.EOF {
					t.Errorf("%s: ReadAt(%d bytes, %d) = %d, %v", name, size, off, got, err)
				}
			}
		}
		if got, err := n.ReadAt(make([]byte, 1), int64(len(want))); got != 0 || err != io.EOF {
			t.Errorf("%s: at the end: %d, %v", name, got, err)
		}
		if _, err := n.ReadAt(make([]byte, 1), -1); !errors.Is(err, syscall.EINVAL) {
			t.Errorf("%s: before the start: %v", name, err)
		}
	}
	if _, err := child(t, fs, "dir").ReadAt(make([]byte, 1), 0); !errors.Is(err, syscall.EISDIR) {
		t.Errorf("directory: %v", err)
	}
}

func TestErrnos(t *testing.T) {
	fs := mke2fs(t, sourceOf(t, map[string][]byte{"file": nil}), "8M", "-t ext4").mount(ext4.Options{})
	root, file := child(t, fs), child(t, fs, "file")
	lookup := func(n *ext4.Inode, name string) error { _, err := n.Lookup(name); return err }
	xattr := func(name string) error { _, err := file.Xattr(name); return err }
	_, link := file.Readlink()
	for what, c := range map[string]struct{ got, want error }{
		"missing name":     {lookup(root, "missing"), syscall.ENOENT},
		"empty name":       {lookup(root, ""), syscall.ENOENT},
		"long name":        {lookup(root, strings.Repeat("x", 256)), syscall.ENAMETOOLONG},
		"lookup in a file": {lookup(file, "x"), syscall.ENOTDIR},
		"missing xattr":    {xattr("user.none"), syscall.ENODATA},
		"foreign xattr":    {xattr("elsewhere.none"), syscall.EOPNOTSUPP},
		"inline data":      {xattr("system.data"), syscall.EOPNOTSUPP},
		"link of a file":   {link, syscall.EINVAL},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v, want %v", what, c.got, c.want)
		}
	}
	for _, err := range file.ReadDir(0) {
		if !errors.Is(err, syscall.ENOTDIR) {
			t.Errorf("entries of a file: %v", err)
		}
	}
}

// TestCookies goes on reading a directory from every place in it.
func TestCookies(t *testing.T) {
	for _, args := range []string{"-t ext4 -b 1024", "-t ext4 -b 1024 -O inline_data", "-t ext4 -b 65536"} {
		for _, n := range []int{0, 3, 5, 300} {
			t.Run(fmt.Sprint(args, n), func(t *testing.T) {
				dir := child(t, mke2fs(t, bigDir(t, names(n)), "64M", args).mount(ext4.Options{}), "dir")
				var all []ext4.DirEntry
				for e, err := range dir.ReadDir(0) {
					if err != nil {
						t.Fatal(err)
					}
					all = append(all, e)
				}
				if len(all) != n+2 {
					t.Fatalf("%d entries, want %d", len(all), n+2)
				}
				for i, from := range all {
					rest := all[i+1:]
					for e, err := range dir.ReadDir(from.Next) {
						if err != nil || len(rest) == 0 || e != rest[0] {
							t.Fatalf("after %q: %v, %v", from.Name, e, err)
						}
						rest = rest[1:]
					}
					if len(rest) > 0 {
						t.Fatalf("after %q: %d entries are missing", from.Name, len(rest))
					}
				}
			})
		}
	}
}

func TestCasefold(t *testing.T) {
	list := slices.DeleteFunc(names(400), func(s string) bool { return !utf8.ValidString(s) }) // e2fsck does not sort the others
	list = append(list, "Straße", "ÉTÉ", "Plain")
	im := mke2fs(t, bigDir(t, list), "16M", "-t ext4 -b 1024 -O casefold")
	im.debugfs("set_inode_field /dir flags 0x40080000")
	for _, sorted := range []bool{false, true} {
		if sorted {
			im.e2fsck("-fyD")
		}
		dir := child(t, im.mount(ext4.Options{}), "dir")
		if _, err := dir.IndexLevels(); (err == nil) != sorted {
			t.Fatalf("indexed %v, want %v", err == nil, sorted)
		}
		for name, want := range map[string]string{"STRASSE": "Straße", "été": "ÉTÉ", "e\u0301te\u0301": "ÉTÉ", "pLAIN": "Plain"} {
			got, err := dir.Lookup(name)
			exact, err2 := dir.Lookup(want)
			if err != nil || err2 != nil || got != exact {
				t.Errorf("sorted %v: %q: inode %d, %v; want %d, %v", sorted, name, got, err, exact, err2)
			}
		}
		for _, name := range list {
			if _, err := dir.Lookup(name); err != nil {
				t.Errorf("sorted %v: %q: %v", sorted, name, err)
			}
		}
		if _, err := dir.Lookup("\xff\x81"); !errors.Is(err, syscall.ENOENT) {
			t.Errorf("a name that is not UTF-8: %v", err)
		}
	}
}

// TestEncryptedNames reads a directory that is marked as encrypted. Its names are not: without the key nobody can tell.
func TestEncryptedNames(t *testing.T) {
	var list []string
	for i := range 200 {
		list = append(list, fmt.Sprintf("%04d%s", i, strings.Repeat("e", 12+i)))
	}
	im := mke2fs(t, bigDir(t, list), "16M", "-t ext4 -b 1024 -O encrypt")
	im.debugfs("set_inode_field /dir flags 0x80800")
	for _, sorted := range []bool{false, true} {
		if sorted {
			im.debugfs("set_inode_field /dir flags 0x80000")
			im.e2fsck("-fyD")
			im.debugfs("set_inode_field /dir flags 0x81800")
		}
		fs := im.mount(ext4.Options{})
		dir := child(t, fs, "dir")
		seen := map[string]ondisk.Ino{}
		for e, err := range dir.ReadDir(0) {
			if err != nil {
				t.Fatal(err)
			}
			seen[e.Name] = e.Ino
		}
		if len(seen) != len(list)+2 {
			t.Fatalf("sorted %v: %d names, want %d", sorted, len(seen), len(list)+2)
		}
		for name, want := range seen {
			if got, err := dir.Lookup(name); err != nil || got != want {
				t.Errorf("sorted %v: %q: inode %d, %v; want %d", sorted, name, got, err, want)
			}
		}
		if _, err := dir.Lookup(list[0]); !errors.Is(err, syscall.ENOENT) {
			t.Errorf("the stored name: %v, want ENOENT", err)
		}
	}
}

func TestEncryptedContent(t *testing.T) {
	target := strings.Repeat("t", 40)
	im := mke2fs(t, sourceOf(t, map[string][]byte{"file": []byte("data")}), "8M", "-t ext4 -b 1024 -O encrypt")
	im.debugfs("symlink /link xx"+target, "set_inode_field /file flags 0x80800", "set_inode_field /link flags 0x800",
		fmt.Sprintf("set_inode_field /link block[0] %d", 0x74740000+len(target)))
	fs := im.mount(ext4.Options{})
	var unsupported *ext4.UnsupportedError
	if _, err := child(t, fs, "file").ReadAt(make([]byte, 1), 0); !errors.As(err, &unsupported) {
		t.Errorf("data: %v, want an *UnsupportedError", err)
	}
	shown, _ := ondisk.MakeNoKeyName([]byte(target), 0, 0)
	if got, err := child(t, fs, "link").Readlink(); err != nil || got != shown.String() {
		t.Errorf("link to %q, %v; want %q", got, err, shown)
	}
}

// TestXattrsInInodes reads values that have inodes of their own, and notices when they change.
func TestXattrsInInodes(t *testing.T) {
	large := noise(7, 1024)
	im := mke2fs(t, sourceOf(t, map[string][]byte{"file": nil}), "8M", "-t ext4 -b 1024 -O ea_inode")
	// debugfs takes values of up to a block, which is more than a block of xattrs has room for.
	value := sourceOf(t, map[string][]byte{"value": large})
	im.debugfs("ea_set -f "+value+"/value /file user.large", "ea_set /file user.small s")
	fs := im.mount(ext4.Options{})
	n := child(t, fs, "file")
	got, err := n.Xattr("user.large")
	if err != nil || !bytes.Equal(got, large) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	var ea *ext4.Inode
	for ino := ondisk.Ino(12); ea == nil; ino++ {
		if n, err := fs.SystemInode(ino); err == nil && n.Attr().Flags&ondisk.InodeEA != 0 {
			ea = n
		}
	}
	var corrupt *ext4.CorruptError
	if _, err := fs.Inode(ea.Ino()); !errors.As(err, &corrupt) {
		t.Errorf("the inode of a value by name: %v, want a *CorruptError", err)
	}
	for m := range ea.Mappings(0) {
		im.patch(m.Dev+5, 0)
		break
	}
	n = child(t, im.mount(ext4.Options{}), "file")
	if _, err := n.Xattr("user.large"); !errors.As(err, &corrupt) {
		t.Errorf("a changed value: %v, want a *CorruptError", err)
	}
	if v, err := n.Xattr("user.small"); err != nil || string(v) != "s" {
		t.Errorf("the value beside it: %q, %v", v, err)
	}
}

// TestHurd changes a file system of the Hurd, in the inodes of which a block has its number where Linux counts changes.
func TestHurd(t *testing.T) {
	s := newScratch(t, 8<<20, "-t ext2 -b 1024 -I 128", ext4.Options{})
	s.unmount()
	s.editSuper(func(sb *ondisk.Super) { sb.CreatorOS = ondisk.CreatorHurd })
	s.mount()
	for i := range 20 {
		name := fmt.Sprint("f", i)
		n := s.file(name)
		for k := range int64(i) {
			_, err := n.WriteAt(noise(uint64(i), 700), k*900)
			s.must("write", err)
		}
		s.must("link", s.root().Link(name+" as well", n))
		if i%3 == 0 {
			s.must("unlink", s.root().Unlink(name, nil))
		}
	}
}
