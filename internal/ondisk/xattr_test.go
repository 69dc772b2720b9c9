package ondisk_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"extant/internal/ondisk"
)

func TestXattrNames(t *testing.T) {
	for _, c := range []struct {
		full  string
		index uint8
		name  string
	}{
		{"user.x", 1, "x"}, {"user.mime.type", 1, "mime.type"}, {"system.posix_acl_access", 2, ""}, {"system.posix_acl_default", 3, ""},
		{"trusted.overlay.opaque", 4, "overlay.opaque"}, {"lustre.lov", 5, "lov"}, {"security.selinux", 6, "selinux"},
		{"system.posix_acl_access2", 7, "posix_acl_access2"}, {"system.richacl", 8, ""}, {"gnu.translator", 10, "translator"},
	} {
		index, name, ok := ondisk.SplitXattrName(c.full)
		if !ok || index != c.index || name != c.name {
			t.Errorf("SplitXattrName(%q) = %d %q %v, want %d %q", c.full, index, name, ok, c.index, c.name)
		}
		if full, ok := ondisk.JoinXattrName(c.index, []byte(c.name)); !ok || full != c.full {
			t.Errorf("JoinXattrName(%d, %q) = %q %v, want %q", c.index, c.name, full, ok, c.full)
		}
	}
	for _, full := range []string{"", "user", "user.", "nonsense.x", "btrfs.compression", "trusted."} {
		if index, name, ok := ondisk.SplitXattrName(full); ok {
			t.Errorf("SplitXattrName(%q) = %d %q", full, index, name)
		}
	}
	for index, name := range map[uint8]string{0: "x", 1: "", 2: "x", 7: "data", 9: "c", 11: "x", 255: "x"} {
		if full, ok := ondisk.JoinXattrName(index, []byte(name)); ok {
			t.Errorf("JoinXattrName(%d, %q) = %q", index, name, full)
		}
	}
}

// someXattrs are three that need 4 + 3 entries + 3 values = 4 + (16+4 + 16+8 + 16+4) + (4 + 8 + 0) bytes.
func someXattrs() []ondisk.Xattr {
	return []ondisk.Xattr{
		{Index: ondisk.XattrUser, Name: []byte("a"), Value: []byte("xyz")},
		{Index: ondisk.XattrUser, Name: []byte("longer"), Value: []byte("8 bytes.")},
		{Index: ondisk.XattrSystem, Name: []byte("data"), Value: []byte{}},
	}
}

// wantXattrs compares names and values with what an area holds.
func wantXattrs(t *testing.T, a ondisk.XattrArea, want []ondisk.Xattr) {
	t.Helper()
	i := 0
	for x, err := range a.All() {
		if err != nil {
			t.Fatal(err)
		}
		if i >= len(want) || x.Index != want[i].Index || !bytes.Equal(x.Name, want[i].Name) || !bytes.Equal(x.Value, want[i].Value) ||
			x.ValueIno != want[i].ValueIno {
			t.Fatalf("xattr %d is %+v", i, x)
		}
		i++
	}
	if i != len(want) {
		t.Errorf("%d xattrs, want %d", i, len(want))
	}
	if err := a.Check(); err != nil {
		t.Error(err)
	}
}

func TestBodyXattrs(t *testing.T) {
	list := someXattrs()
	if n := ondisk.XattrsSize(list); n != 80 {
		t.Fatalf("size %d, want 80", n)
	}
	for size := range 100 {
		b := bytes.Repeat([]byte{0xA5}, size)
		ok := ondisk.PutBodyXattrs(b, list)
		if ok != (size >= 84) {
			t.Errorf("fits %d bytes: %v", size, ok)
		}
		if !ok {
			if bytes.Count(b, []byte{0xA5}) != size {
				t.Errorf("%d bytes changed though the list does not fit", size)
			}
			continue
		}
		a, err := ondisk.BodyXattrs(b)
		if err != nil {
			t.Fatal(err)
		}
		wantXattrs(t, a, list)
		if free := a.Free(); free != (size-84)&^3 {
			t.Errorf("%d bytes free of %d", free, size)
		}
		for x := range a.All() {
			if x.Hash != 0 {
				t.Errorf("entry of a slot has hash %#x", x.Hash)
			}
		}
	}
	b := bytes.Repeat([]byte{0xA5}, 96)
	ondisk.PutBodyXattrs(b, nil)
	if a, err := ondisk.BodyXattrs(b); err != nil || a.Free() != 0 || !bytes.Equal(b, make([]byte, 96)) {
		t.Errorf("empty list leaves %x: %v", b, err)
	}
}

func TestBlockXattrs(t *testing.T) {
	b := bytes.Repeat([]byte{0xA5}, 1024)
	list := []ondisk.Xattr{
		{Index: ondisk.XattrSecurity, Name: []byte("selinux"), Value: []byte("u:object_r:x")},
		{Index: ondisk.XattrUser, Name: []byte("bb"), Value: []byte("2")},
		{Index: ondisk.XattrUser, Name: []byte("big"), ValueIno: 77, Size: 100000, Hash: ondisk.XattrInodeHash([]byte("big"), 0x1234)},
		{Index: ondisk.XattrUser, Name: []byte("a"), Value: []byte("1")},
		{Index: ondisk.XattrUser, Name: []byte("ab"), Value: []byte("3")},
	}
	if !ondisk.PutBlockXattrs(b, list) {
		t.Fatal("does not fit")
	}
	if got := fmt.Sprintf("%s %s %s %s %s", list[0].Name, list[1].Name, list[2].Name, list[3].Name, list[4].Name); got != "a ab bb big selinux" {
		t.Errorf("order %s", got)
	}
	a, err := ondisk.BlockXattrs(b)
	if err != nil {
		t.Fatal(err)
	}
	wantXattrs(t, a, list)
	x, ok, err := a.Find(ondisk.XattrUser, "big")
	if err != nil || !ok || x.ValueIno != 77 || x.Size != 100000 || x.Hash == 0 {
		t.Errorf("%+v %v %v", x, ok, err)
	}
	if _, ok, err := a.Find(ondisk.XattrTrusted, "a"); ok || err != nil {
		t.Errorf("found what is not there: %v", err)
	}
	if h, err := a.BlockHash(); err != nil || h == 0 || h != binary.LittleEndian.Uint32(b[12:]) {
		t.Errorf("hash %#x, %v", h, err)
	}
	clear(b[32+20+12 : 32+20+16]) // the second entry's
	if h, err := a.BlockHash(); err != nil || h != 0 {
		t.Errorf("hash %#x, %v, though an entry has none", h, err)
	}
	ondisk.SetXattrBlockCsum(5, 1000, b)
	if err := ondisk.CheckXattrBlockCsum(5, 1000, b); err != nil {
		t.Error(err)
	}
	wantCorrupt(t, ondisk.CheckXattrBlockCsum(5, 1001, b), "checksum")
	wantCorrupt(t, ondisk.CheckXattrBlockCsum(5, 1000, b[:31]), "less than a header")
	if ondisk.PutBlockXattrs(make([]byte, 1024), []ondisk.Xattr{{Index: 1, Name: []byte("x"), Value: make([]byte, 969)}}) {
		t.Error("32 + 20 + 972 + 4 bytes fit 1024")
	}
	if !ondisk.PutBlockXattrs(make([]byte, 1024), []ondisk.Xattr{{Index: 1, Name: []byte("x"), Value: make([]byte, 968)}}) {
		t.Error("32 + 20 + 968 + 4 bytes do not fit 1024")
	}
}

func TestXattrsCorrupt(t *testing.T) {
	put16, put32 := binary.LittleEndian.PutUint16, binary.LittleEndian.PutUint32
	for _, c := range []struct {
		want   string
		damage func(b []byte) // entries at 32 and 52, their end at 76, values at 1020 and 1012
	}{
		{"magic", func(b []byte) { b[0] = 1 }},
		{"spans 2 blocks", func(b []byte) { b[8] = 2 }},
		{"name of 255 bytes passes the end", func(b []byte) {
			for off := 76; off < 1000; off += 16 {
				b[off+1] = 1
			}
			b[76+57*16] = 255
		}},
		{"zero byte in name", func(b []byte) { b[32+16] = 0 }},
		{"over 16777216", func(b []byte) { put32(b[32+8:], 1<<24+1) }},
		{"in inode 9 has no bytes", func(b []byte) { put32(b[32+4:], 9); put32(b[32+8:], 0) }},
		{"at bytes 1020 to 1025, outside 80 to 1024", func(b []byte) { put32(b[32+8:], 5) }},
		{"at bytes 79 to 82, outside 80 to 1024", func(b []byte) { put16(b[32+2:], 79) }},
		{"at bytes 65535 to 65538", func(b []byte) { put16(b[32+2:], 65535) }},
		{"two values share byte 1013", func(b []byte) { put16(b[32+2:], 1013) }},
		{"is there twice", func(b []byte) {
			b[52+1] = 1
			b[52] = 1
			copy(b[52+16:], "a\x00\x00\x00\x00\x00\x00\x00")
			clear(b[72:80])
		}},
	} {
		b := make([]byte, 1024)
		ondisk.PutBlockXattrs(b, someXattrs()[:2])
		c.damage(b)
		a, err := ondisk.BlockXattrs(b)
		if err == nil {
			err = a.Check()
		}
		wantCorrupt(t, err, c.want)
	}
	for n := range 32 {
		_, err := ondisk.BlockXattrs(make([]byte, n))
		wantCorrupt(t, err, "less than a header")
	}
	for n := range 4 {
		_, err := ondisk.BodyXattrs(append(binary.LittleEndian.AppendUint32(nil, ondisk.XattrMagic), make([]byte, n)...))
		wantCorrupt(t, err, "no end of entries")
	}
}

func TestXattrHash(t *testing.T) {
	// Worked by hand: "a" is 0x61; then each word after a rotation by 16.
	if h := ondisk.XattrHash([]byte("a"), []byte("xyz\x01pq")); h != 0x61^0x7170^rot16(0x017A7978) {
		t.Errorf("%#x", h)
	}
	if h := ondisk.XattrHash([]byte("ab"), nil); h != 0x61<<5^0x62 {
		t.Errorf("%#x", h)
	}
	if s, u := ondisk.XattrHashSigned([]byte("\xff"), nil), ondisk.XattrHash([]byte("\xff"), nil); s != 0xFFFFFFFF || u != 0xFF {
		t.Errorf("signed %#x, unsigned %#x", s, u)
	}
	if ondisk.XattrInodeHash([]byte("n"), 0x01020304) != ondisk.XattrHash([]byte("n"), []byte{4, 3, 2, 1}) {
		t.Error("the hash of a value in an inode counts as its bytes in disk order")
	}
	if ondisk.XattrInodeHashSigned([]byte("\x80"), 1) == ondisk.XattrInodeHash([]byte("\x80"), 1) {
		t.Error("signed and unsigned agree on a byte above 127")
	}
}

func rot16(n uint32) uint32 { return n<<16 | n>>16 }

func TestEAInode(t *testing.T) {
	var n ondisk.Inode
	n.SetEARefcount(0x0000000500000007)
	n.SetEAHash(99)
	if n.CTime != 5 || n.VersionLo != 7 || n.EARefcount() != 5<<32|7 || n.EAHash() != 99 || n.ATime != 99 {
		t.Errorf("%+v", n)
	}
}

func TestCompareXattrs(t *testing.T) {
	x := func(i uint8, n string) ondisk.Xattr { return ondisk.Xattr{Index: i, Name: []byte(n)} }
	sorted := []ondisk.Xattr{x(1, "z"), x(1, "aa"), x(1, "ab"), x(1, "aaa"), x(2, ""), x(6, "a")}
	if !slices.IsSortedFunc(sorted, ondisk.CompareXattrs) {
		t.Error("order is not index, length, bytes")
	}
	if strings.Compare("\x7f", "\xff") != ondisk.CompareXattrs(x(1, "\x7f"), x(1, "\xff")) {
		t.Error("bytes of names are not compared as unsigned")
	}
}
