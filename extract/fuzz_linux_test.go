package extract_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"extant"
	"extant/disk"
	"extant/extract"
)

// fuzzBases makes the images that the fuzzer damages. They have no checksums, so that damage is met where it is.
func fuzzBases(t testing.TB) [][]byte {
	p := plant{t, memDir(t)}
	p.dir("dir/sub/deeper")
	p.dir("many")
	for _, name := range []string{"a", "dir/b", "dir/sub/c", "many/d"} {
		p.file(name, noise(1, 3000))
		p.xattr(name, "user.x", noise(2, 100))
		p.xattr(name, "system.posix_acl_access", aclValue)
	}
	for i := range 60 {
		p.file("many/"+string(rune('A'+i))+"long enough to fill a block or two", []byte("tiny"))
	}
	p.do(os.Link(p.at("a"), p.at("dir/hard")))
	p.do(os.Link(p.at("a"), p.at("many/hard")))
	p.do(os.Symlink("../../outside/secret", p.at("dir/link")))
	p.do(os.Symlink("../outside", p.at("out")))
	p.sparse("hole", 100<<10, map[int64][]byte{50 << 10: noise(3, 2000)})
	var bases [][]byte
	for _, args := range []string{
		"-b 1024 -O ^metadata_csum,^has_journal", "-b 1024 -I 256 -O ^metadata_csum,^has_journal,inline_data",
		"-b 1024 -O ^metadata_csum,^has_journal,^extent,^64bit,^dir_index,^filetype", "-b 1024 -O ^metadata_csum,^has_journal,ea_inode",
	} {
		image := mke2fs(t, p.root, "1M", "-t ext4 -N 128 -E root_owner=0:0,nodiscard "+args)
		b, err := os.ReadFile(image)
		os.RemoveAll(filepath.Dir(image)) // the fuzzer kills its workers, which then remove nothing
		if err != nil {
			t.Fatal(err)
		}
		bases = append(bases, b)
	}
	os.RemoveAll(p.root)
	return bases
}

// usedBlocks lists the offsets of the blocks that hold anything: what the fuzzer changes is in one of them.
func usedBlocks(b []byte) []int {
	var used []int
	for off := 0; off < len(b); off += 1024 {
		if bytes.Count(b[off:off+1024], []byte{0}) < 1024 {
			used = append(used, off)
		}
	}
	return used
}

// damage changes an image: two bytes for a place, one for a length, and the bytes to put there, again and again.
func damage(b []byte, used []int, changes []byte) {
	for len(changes) > 3 {
		at := int(binary.LittleEndian.Uint16(changes))
		n := min(1+int(changes[2])%16, len(changes)-3)
		copy(b[used[at>>10%len(used)]+at&1023:], changes[3:3+n])
		changes = changes[3+n:]
	}
}

// FuzzExtract damages images and takes out what is left of them: it ends, within the limits, and what lies beside the
// target is as it was.
func FuzzExtract(f *testing.F) {
	bases := fuzzBases(f)
	var used [][]int
	for i, b := range bases {
		used = append(used, usedBlocks(b))
		f.Add(uint8(i), []byte{})
	}
	for place := range uint16(64) {
		f.Add(uint8(place), binary.LittleEndian.AppendUint16(nil, place<<10|place*37&1023))
		f.Add(uint8(place), append(binary.LittleEndian.AppendUint16(nil, place<<10), 15, 255, 255, 255, 255, 2, 0, 1, 1, '.', 0, 0, 0, 12, 0))
	}
	f.Fuzz(func(t *testing.T, base uint8, changes []byte) {
		i := int(base) % len(bases)
		image := slices.Clone(bases[i])
		damage(image, used[i], changes)
		vol, err := extant.OpenDevice(disk.NewMemFrom(image), extant.Options{})
		if err != nil {
			return
		}
		defer vol.Close()
		p := outside(t)
		defer os.RemoveAll(p.root)
		before := readTree(t, p.at("outside"))
		o := extract.Options{Limits: extract.Limits{Files: 5000, Bytes: 8 << 20, Depth: 50}, Owners: extract.OwnersNever}
		s, err := extract.ToDir(t.Context(), vol, wholeVolume, p.at("target"), o)
		checkEnd(t, s, err)
		if after := readTree(t, p.at("outside")); !maps.Equal(before, after) {
			t.Errorf("outside has changed: %v", after)
		}
		noPower(t, p.at("target"))
		s, err = extract.ToTar(t.Context(), vol, wholeVolume, discard{}, o)
		checkEnd(t, s, err)
	})
}

func checkEnd(t *testing.T, s extract.Stats, err error) {
	t.Helper()
	var partial *extract.PartialError
	var limit *extract.LimitError
	if err != nil && !errors.As(err, &partial) && !errors.As(err, &limit) {
		t.Errorf("ended with %v", err)
	}
	if s.Bytes > 8<<20 || s.Files+s.Dirs > 5000 {
		t.Errorf("went beyond the limits: %+v", s)
	}
}
