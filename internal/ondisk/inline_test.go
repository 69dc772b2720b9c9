package ondisk_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"extant/internal/ondisk"
)

func TestInlineMax(t *testing.T) {
	user20 := []ondisk.Xattr{{Index: ondisk.XattrUser, Name: []byte("x"), Value: make([]byte, 20)}}
	for _, c := range []struct {
		slot, extra int
		others      []ondisk.Xattr
		want        int
	}{
		{256, 32, nil, 128}, {512, 32, nil, 384}, {1024, 32, nil, 896}, {256, 28, nil, 132}, {128, 0, nil, 0},
		{256, 32, user20, 88}, {256, 100, nil, 60}, {256, 104, nil, 0},
	} {
		if got := ondisk.InlineMax(c.slot-128-c.extra, c.others); got != c.want {
			t.Errorf("slot %d, extra %d, %d others: %d, want %d", c.slot, c.extra, len(c.others), got, c.want)
		}
	}
}

// inlineInode makes an inode of 256 bytes that holds data, and reads it back from its bytes.
func inlineInode(t *testing.T, data []byte) (*ondisk.Inode, ondisk.InlineData) {
	t.Helper()
	n := &ondisk.Inode{Flags: ondisk.InodeInlineData, ExtraIsize: 32}
	slot := make([]byte, 256)
	if !ondisk.PutBodyXattrs(slot[160:], []ondisk.Xattr{ondisk.SplitInline(data, &n.IBlock)}) {
		t.Fatalf("%d bytes do not fit", len(data))
	}
	body, err := ondisk.BodyXattrs(slot[n.XattrStart(256):])
	if err != nil {
		t.Fatal(err)
	}
	d, err := n.InlineData(body)
	if err != nil {
		t.Fatal(err)
	}
	return n, d
}

func TestInlineData(t *testing.T) {
	for _, size := range []int{0, 1, 59, 60, 61, 64, 100, 127, 128} {
		data := bytes.Repeat([]byte{'d'}, size)
		n, d := inlineInode(t, data)
		if !n.Inline() || d.Len() != max(size, 60) {
			t.Errorf("%d bytes: inline %v, %d there", size, n.Inline(), d.Len())
		}
		for off := range 140 {
			got := bytes.Repeat([]byte{'g'}, 20)
			d.CopyTo(got, int64(off))
			want := make([]byte, 20)
			if off < size {
				copy(want, data[off:])
			}
			if !bytes.Equal(got, want) {
				t.Fatalf("%d bytes, from %d: %q, want %q", size, off, got, want)
			}
		}
		other := []byte("something else")
		if !d.Store(other) || !bytes.Equal(d.Head[:14], other) || bytes.ContainsRune(d.Head[14:], 'd') || bytes.ContainsRune(d.Tail, 'd') {
			t.Errorf("stored: %q %q", d.Head, d.Tail)
		}
		if d.Store(make([]byte, d.Len()+1)) {
			t.Error("stored more than there is room for")
		}
	}
}

func TestInlineDataFaults(t *testing.T) {
	n := &ondisk.Inode{Flags: ondisk.InodeInlineData, ExtraIsize: 32}
	b := make([]byte, 96)
	read := func() error {
		body, err := ondisk.BodyXattrs(b)
		if err != nil {
			return err
		}
		_, err = n.InlineData(body)
		return err
	}
	wantCorrupt(t, read(), "no xattr system.data")
	ondisk.PutBodyXattrs(b, []ondisk.Xattr{{Index: ondisk.XattrSystem, Name: []byte("data"), ValueIno: 12, Size: 5}})
	wantCorrupt(t, read(), "is in inode 12")
	n.Flags |= ondisk.InodeExtents
	wantCorrupt(t, read(), "extent tree")
	n.ExtraIsize = 0
	if n.Inline() {
		t.Error("inline without a place for xattrs")
	}
}

func TestInlineDir(t *testing.T) {
	_, d := inlineInode(t, make([]byte, 100))
	d.SetParent(2)
	var want []string
	for i, area := range d.Areas() {
		w := ondisk.NewDirWriter(area, 0)
		for j := 0; ; j++ {
			name := fmt.Sprintf("area%d-%d", i, j)
			if !w.Add(20, []byte(name), ondisk.FileRegular) {
				break
			}
			want = append(want, name)
		}
	}
	var got []string
	for _, area := range d.Areas() {
		got = append(got, names(t, area)...)
	}
	if !slices.Equal(got, want) || len(want) != 3+2 || d.Parent() != 2 {
		t.Errorf("%q in %d, want %q", got, d.Parent(), want)
	}
	if err := d.CheckDir(100); err != nil {
		t.Error(err)
	}
	if d.AreaOffset(0) != 4 || d.AreaOffset(1) != 60 {
		t.Error("areas are not where they are")
	}
	wantCorrupt(t, d.CheckDir(99), "size 99, but there are 100 bytes")
	d.Tail[4] = 0
	wantCorrupt(t, d.CheckDir(100), "at byte 0 of 40 has a record of 0 bytes")
}
