package ondisk_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"extant/internal/ondisk"
)

// names lists the entries in use of a directory area, and fails the test where the area is not sound.
func names(t *testing.T, area []byte) []string {
	t.Helper()
	var out []string
	end := 0
	for d, err := range ondisk.Dirents(area) {
		if err != nil {
			t.Fatal(err)
		}
		if d.Ino != 0 {
			out = append(out, string(d.Name))
		}
		end = d.Off + d.Len
	}
	if end != len(area) {
		t.Fatalf("entries end at %d of %d", end, len(area))
	}
	return out
}

func TestDirWriter(t *testing.T) {
	for _, size := range []int{56, 1024, 4096, 65536} {
		for _, tail := range []int{0, ondisk.DirTailSize} {
			t.Run(fmt.Sprintf("%d with a tail of %d", size, tail), func(t *testing.T) { checkDirWriter(t, size, tail) })
		}
	}
}

// checkDirWriter fills an area that held garbage to its last byte, wanting it sound after each step.
func checkDirWriter(t *testing.T, size, tail int) {
	area := make([]byte, size)
	for i := range area {
		area[i] = 0xA5
	}
	w := ondisk.NewDirWriter(area, tail)
	if got := names(t, area); got != nil {
		t.Errorf("an empty area lists %q", got)
	}
	var want []string
	used := 0
	for i := 0; ; i++ {
		name := strings.Repeat("x", 1+i%9) + fmt.Sprint(i)
		if !w.Add(ondisk.Ino(i+1), []byte(name), ondisk.FileRegular) {
			if left := size - tail - used; left >= ondisk.DirentSize(len(name)) || w.Left() != left {
				t.Errorf("%q refused with %d bytes left, said to be %d", name, left, w.Left())
			}
			break
		}
		want, used = append(want, name), used+ondisk.DirentSize(len(name))
		if i < 20 && !slices.Equal(names(t, area), want) {
			t.Fatalf("after %q: %q", name, names(t, area))
		}
	}
	if got := names(t, area); !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	for i, name := range want {
		d, ok, err := ondisk.FindDirent(area, []byte(name))
		if err != nil || !ok || d.Ino != ondisk.Ino(i+1) || d.Type != ondisk.FileRegular {
			t.Fatalf("finding %q: %+v %v %v", name, d, ok, err)
		}
	}
	if _, ok, err := ondisk.FindDirent(area, []byte("missing")); ok || err != nil {
		t.Errorf("finding what is not there: %v %v", ok, err)
	}
}

func TestRecLen(t *testing.T) {
	for _, c := range []struct {
		raw        uint16
		area, want int
	}{
		{12, 4096, 12}, {0, 4096, 0}, {65535, 4096, 65535}, {65535, 65536, 65536}, {0, 65536, 65536}, {65532, 65536, 65532},
	} {
		if got := ondisk.RecLen(c.raw, c.area); got != c.want {
			t.Errorf("RecLen(%d, %d) = %d, want %d", c.raw, c.area, got, c.want)
		}
	}
	area := make([]byte, 65536)
	ondisk.NewDirWriter(area, 0)
	if raw := binary.LittleEndian.Uint16(area[4:]); raw != 65535 {
		t.Errorf("a record of 64 KiB is stored as %d", raw)
	}
}

// threeNames is a block of 1024 bytes with entries at bytes 0, 12 and 24, and no tail.
func threeNames() []byte {
	b := make([]byte, 1024)
	w := ondisk.NewDirWriter(b, 0)
	for i, n := range []string{"a", "bb", "ccc"} {
		w.Add(ondisk.Ino(i+11), []byte(n), ondisk.FileRegular)
	}
	return b
}

func TestDirentsCorrupt(t *testing.T) {
	put := binary.LittleEndian.PutUint16
	for _, c := range []struct {
		want   string
		after  int // entries before the error
		damage func(b []byte)
	}{
		{"at byte 12 of 1024 has a record of 0 bytes", 1, func(b []byte) { put(b[12+4:], 0) }},
		{"has a record of 4 bytes", 1, func(b []byte) { put(b[12+4:], 4) }},
		{"has a record of 14 bytes", 1, func(b []byte) { put(b[12+4:], 14) }},
		{"has a record of 1016 bytes", 1, func(b []byte) { put(b[12+4:], 1016) }},
		{"for inode 12 has a name of 0 bytes in a record of 8", 1, func(b []byte) { put(b[12+4:], 8); b[12+6] = 0 }},
		{"for inode 12 has a name of 5 bytes in a record of 12", 1, func(b []byte) { b[12+6] = 5 }},
		{"at byte 1020 of 1024, less than a header from the end", 3, func(b []byte) { put(b[24+4:], 1020-24) }},
		{"has a record of 0 bytes", 1, func(b []byte) { clear(b[12:24]) }}, // not in use, and would loop
	} {
		b := threeNames()
		c.damage(b)
		seen := 0
		var got error
		for _, err := range ondisk.Dirents(b) {
			if got = err; err == nil {
				seen++
			}
		}
		wantCorrupt(t, got, c.want)
		if seen != c.after {
			t.Errorf("%s: %d entries before, want %d", c.want, seen, c.after)
		}
		if _, _, err := ondisk.FindDirent(b, []byte("zzz")); err == nil {
			t.Errorf("%s: FindDirent found no fault", c.want)
		}
		if _, err := ondisk.InsertDirent(b, 0, 1, []byte(strings.Repeat("z", 255)), 1); c.after < 3 && err == nil {
			t.Errorf("%s: InsertDirent found no fault", c.want)
		}
		if err := ondisk.RemoveDirent(b, 1024); err == nil {
			t.Errorf("%s: RemoveDirent found no fault", c.want)
		}
	}
}

// TestDirentsNotInUse wants entries not in use read whatever their names say.
func TestDirentsNotInUse(t *testing.T) {
	b := threeNames()
	binary.LittleEndian.PutUint32(b[12:], 0)
	b[12+6] = 200
	if got := names(t, b); !slices.Equal(got, []string{"a", "ccc"}) {
		t.Errorf("%q", got)
	}
	d, err := ondisk.DirentAt(b, 12)
	if err != nil || string(d.Name) != "bb\x00\x00" {
		t.Errorf("%+v, %v: want the name cut to its record", d, err)
	}
	if _, ok, err := ondisk.FindDirent(b, []byte("bb\x00\x00")); ok || err != nil {
		t.Errorf("found an entry not in use: %v", err)
	}
}

func TestInsertAndRemoveDirent(t *testing.T) {
	for _, tail := range []int{0, ondisk.DirTailSize} {
		b := make([]byte, 1024)
		ondisk.NewDirWriter(b, tail)
		var want []string
		for i := 0; ; i++ {
			name := fmt.Sprintf("name%d", i)
			ok, err := ondisk.InsertDirent(b, tail, ondisk.Ino(i+1), []byte(name), ondisk.FileDir)
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				break
			}
			want = append(want, name)
		}
		if n := (1024-tail)/16 - 1; len(want) < n {
			t.Fatalf("only %d names went in, want %d", len(want), n)
		}
		for _, name := range []string{"name3", "name0", "name4", "name1"} {
			d, _, err := ondisk.FindDirent(b, []byte(name))
			if err != nil {
				t.Fatal(err)
			}
			if err := ondisk.RemoveDirent(b, d.Off); err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(b, []byte(name+"\x00")) {
				t.Errorf("%s can still be read in the block", name)
			}
			want = slices.DeleteFunc(want, func(n string) bool { return n == name })
			if got := names(t, b); !slices.Equal(got, want) {
				t.Fatalf("after removing %s: %q", name, got)
			}
		}
		if ok, err := ondisk.InsertDirent(b, tail, 99, []byte(strings.Repeat("y", 24)), 1); !ok || err != nil {
			t.Errorf("the room of two neighbours was not joined: %v %v", ok, err)
		}
		wantCorrupt(t, ondisk.RemoveDirent(b, 4), "no entry starts at byte 4")
		if tail > 0 {
			if _, ok := ondisk.DirTailOf(b); !ok {
				t.Error("the tail is gone")
			}
		}
	}
}

func TestDirTail(t *testing.T) {
	b := threeNames()
	wantCorrupt(t, ondisk.CheckDirTail(1, b), "no checksum")
	w := ondisk.NewDirWriter(b, ondisk.DirTailSize)
	w.Add(5, []byte("x"), ondisk.FileFIFO)
	ondisk.SetDirTail(1, b)
	if err := ondisk.CheckDirTail(1, b); err != nil {
		t.Error(err)
	}
	wantCorrupt(t, ondisk.CheckDirTail(2, b), "checksum")
	b[100] ^= 1
	wantCorrupt(t, ondisk.CheckDirTail(1, b), "checksum")
	wantCorrupt(t, ondisk.CheckDirTail(1, b[:8]), "no checksum")
}

func TestFileTypes(t *testing.T) {
	for mode, ft := range map[uint16]uint8{
		ondisk.ModeRegular | 0644: 1, ondisk.ModeDir | 0755: 2, ondisk.ModeChar: 3, ondisk.ModeBlock: 4, ondisk.ModeFIFO: 5,
		ondisk.ModeSocket: 6, ondisk.ModeSymlink | 0777: 7,
	} {
		if got := ondisk.FileType(mode); got != ft {
			t.Errorf("FileType(%#x) = %d, want %d", mode, got, ft)
		}
		if got := ondisk.ModeOfFileType(ft); got != mode&ondisk.ModeFmt {
			t.Errorf("ModeOfFileType(%d) = %#x, want %#x", ft, got, mode)
		}
	}
	if ondisk.FileType(0x3000) != 0 || ondisk.FileType(0) != 0 || ondisk.ModeOfFileType(8) != 0 || ondisk.ModeOfFileType(0xDE) != 0 {
		t.Error("a type that does not exist was translated")
	}
}

func TestCheckName(t *testing.T) {
	for name, want := range map[string]string{
		"": "empty", "a/b": "slash", "a\x00": "zero byte", strings.Repeat("n", 256): "longer",
		strings.Repeat("n", 255): "", "..": "", "\xff\xfe": "", " ": "",
	} {
		if got := ondisk.CheckName([]byte(name)); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("CheckName(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestStoredHash(t *testing.T) {
	b := threeNames()
	d, err := ondisk.DirentAt(b, 24)
	if err != nil {
		t.Fatal(err)
	}
	binary.LittleEndian.PutUint32(b[24+12:], 0x1234)
	binary.LittleEndian.PutUint32(b[24+16:], 0x5678)
	if h, ok := d.StoredHash(b); !ok || h.Hash != 0x1234 || h.Minor != 0x5678 {
		t.Errorf("%+v %v", h, ok)
	}
	d, _ = ondisk.DirentAt(b, 0)
	if _, ok := d.StoredHash(b); ok {
		t.Error("found a hash in a record without room for it")
	}
}

func BenchmarkDirents(b *testing.B) {
	block := make([]byte, 4096)
	w := ondisk.NewDirWriter(block, ondisk.DirTailSize)
	n := 0
	for w.Add(12, fmt.Appendf(nil, "file-%06d.txt", n), ondisk.FileRegular) {
		n++
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, err := range ondisk.Dirents(block) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/entry")
}

// TestFindDirentAgainstWalk looks up short names of few letters in blocks that are full of such, and wants what looking at each entry finds.
func TestFindDirentAgainstWalk(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	draw := func() []byte {
		name := make([]byte, 1+r.IntN(12))
		for i := range name {
			name[i] = "ab"[r.IntN(2)]
		}
		return name
	}
	for range 200 {
		block := make([]byte, 1024)
		w := ondisk.NewDirWriter(block, 0)
		for w.Add(ondisk.Ino(1+r.IntN(1000)), draw(), ondisk.FileRegular) {
		}
		for range 20 {
			name := draw()
			want := ondisk.Dirent{}
			for off := 0; off < len(block); {
				d, err := ondisk.DirentAt(block, off)
				if err != nil {
					t.Fatal(err)
				}
				if want.Ino == 0 && d.Ino != 0 && string(d.Name) == string(name) {
					want = d
				}
				off += d.Len
			}
			got, there, err := ondisk.FindDirent(block, name)
			if err != nil || there != (want.Ino != 0) || got.Ino != want.Ino || got.Off != want.Off {
				t.Fatalf("%q: %+v, %v, %v, want %+v", name, got, there, err, want)
			}
		}
	}
}

func BenchmarkFindDirent(b *testing.B) {
	block := make([]byte, 4096)
	w := ondisk.NewDirWriter(block, ondisk.DirTailSize)
	for i := 0; w.Add(12, fmt.Appendf(nil, "file-%06d.txt", i), ondisk.FileRegular); i++ {
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, ok, err := ondisk.FindDirent(block, []byte("file-999999.txt")); ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}
