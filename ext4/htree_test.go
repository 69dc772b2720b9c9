package ext4_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"extant/ext4"
	"extant/internal/ondisk"
)

// names are those of a directory large enough for an index, with bytes above 127 among them, which hashes disagree on.
func names(n int) []string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf("%s%d%s", strings.Repeat("a", i%240), i, []string{"", "é", "\xff\x80", "ß-"}[i%4]))
	}
	return out
}

// bigDir is a source whose directory "dir" has the given names.
func bigDir(t *testing.T, names []string) string {
	t.Helper()
	src := t.TempDir()
	if err := os.Mkdir(filepath.Join(src, "dir"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(src, "dir", name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return src
}

// child walks down from the root.
func child(t testing.TB, fs *ext4.FS, names ...string) *ext4.Inode {
	t.Helper()
	n, err := fs.Root()
	for _, name := range names {
		if err == nil {
			n, err = n.Child(name)
		}
	}
	if err != nil {
		t.Fatalf("%s: %v", strings.Join(names, "/"), err)
	}
	return n
}

// checkIndex looks every name up by the index alone, and some that are not there.
func checkIndex(t *testing.T, dir *ext4.Inode, names []string) {
	t.Helper()
	for _, name := range names {
		want, err := dir.Lookup(name)
		if err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		got, err := dir.IndexLookup(name)
		if err != nil || got != want {
			t.Fatalf("%q: inode %d by the index, want %d: %v", name, got, want, err)
		}
		if got, err := dir.IndexLookup(name + "~"); err != nil || got != 0 {
			t.Fatalf("%q~: inode %d, %v; there is no such name", name, got, err)
		}
	}
	if _, err := dir.Lookup("not there"); !errors.Is(err, syscall.ENOENT) {
		t.Errorf("a name that is not there: %v", err)
	}
}

func TestHashes(t *testing.T) {
	list := names(1500)
	src := bigDir(t, list)
	for _, alg := range []string{"legacy", "half_md4", "tea"} {
		for flags, sign := range map[int]string{1: "signed", 2: "unsigned"} {
			t.Run(alg+" "+sign, func(t *testing.T) {
				t.Parallel()
				im := mke2fs(t, src, "16M", "-t ext4 -b 1024")
				run(t, tool(t, "tune2fs"), "-E", "hash_alg="+alg, im.path)
				im.debugfs(fmt.Sprintf("set_super_value flags %d", flags))
				im.e2fsck("-fyD")
				dir := child(t, im.mount(ext4.Options{}), "dir")
				checkIndex(t, dir, list)
				if levels, err := dir.IndexLevels(); err != nil || levels != 1 {
					t.Errorf("%d levels, %v; want 1, or the test is too small", levels, err)
				}
			})
		}
	}
}

// collisions are long names, two of each hash.
func collisions(t *testing.T, v ondisk.HashVersion, seed [4]uint32, count int) (list []string) {
	t.Helper()
	seen := map[uint32]string{}
	for i := 0; len(list) < count; i++ {
		name := fmt.Sprintf("%d%s", i, strings.Repeat("c", 245))
		h, err := ondisk.HashName(v, seed, []byte(name))
		if err != nil {
			t.Fatal(err)
		}
		if other, ok := seen[h.Major]; ok {
			list = append(list, other, name)
		}
		seen[h.Major] = name
	}
	return list
}

// TestCollisions looks up names of one hash that fill more than one leaf.
func TestCollisions(t *testing.T) {
	seed := [4]uint32{0x0a1f7d6c, 0x1e4e4e8f, 0x1c2b0a9d, 0x605f4e3d} // any: the image is told to use it
	list := collisions(t, ondisk.HashTEA, seed, 60)
	im := mke2fs(t, bigDir(t, list), "16M", "-t ext4 -b 1024")
	run(t, tool(t, "tune2fs"), "-E", "hash_alg=tea", im.path)
	im.debugfs("set_super_value flags 1", "set_super_value hash_seed 6c7d1f0a-8f4e-4e1e-9d0a-2b1c3d4e5f60")
	im.e2fsck("-fyD")
	fs := im.mount(ext4.Options{})
	sb := fs.Super()
	if sb.HashSeed != seed {
		t.Fatalf("hash seed %#x, want %#x", sb.HashSeed, seed)
	}
	dir := child(t, fs, "dir")
	checkIndex(t, dir, list)
	split := 0
	for i := 0; i < len(list); i += 2 {
		if leafOf(t, dir, list[i]) != leafOf(t, dir, list[i+1]) {
			split++
		}
	}
	if split == 0 {
		t.Error("no hash went on from one leaf to the next: the test shows nothing")
	}
}

// leafOf is the block of the directory that holds a name.
func leafOf(t *testing.T, dir *ext4.Inode, name string) ext4.Cookie {
	t.Helper()
	for e, err := range dir.ReadDir(0) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Name == name {
			return (e.Next - 1) / 1024
		}
	}
	t.Fatalf("%q is not in the directory", name)
	return 0
}

// TestDamagedIndex shows that an index that cannot be used is passed over, but that a name is not denied on its word.
func TestDamagedIndex(t *testing.T) {
	list := names(500)
	im := mke2fs(t, bigDir(t, list), "16M", "-t ext4 -b 1024 -O ^metadata_csum")
	im.e2fsck("-fyD")
	fs := im.mount(ext4.Options{})
	var root ondisk.Block
	for m, err := range child(t, fs, "dir").MetaBlocks() {
		if err == nil && m.Kind == ext4.IndexBlock && m.File == 0 {
			root = m.Block
		}
	}
	if root == 0 {
		t.Fatal("no index")
	}
	im.patch(int64(root)*1024+0x1c, 77) // hash_version
	dir := child(t, im.mount(ext4.Options{}), "dir")
	for _, name := range list {
		if _, err := dir.Lookup(name); err != nil {
			t.Fatalf("%q with an unknown hash: %v", name, err)
		}
	}
	if _, err := dir.Lookup("not there"); !errors.Is(err, syscall.ENOENT) {
		t.Errorf("a name that is not there, with an unknown hash: %v", err)
	}
	im.patch(int64(root)*1024+0x1c, 1)
	im.patch(int64(root)*1024+0x20, 0xff, 0xff) // limit
	dir = child(t, im.mount(ext4.Options{}), "dir")
	if _, err := dir.Lookup(list[7]); err != nil {
		t.Errorf("%q with a damaged index: %v", list[7], err)
	}
	var corrupt *ext4.CorruptError
	if _, err := dir.Lookup("not there"); !errors.As(err, &corrupt) {
		t.Errorf("a name that is not there, with a damaged index: %v", err)
	}
}
