package ondisk_test

import (
	"testing"

	"extant/internal/ondisk"
)

func TestInodeHalves(t *testing.T) {
	var n ondisk.Inode
	n.SetSize(0x1122334455667788)
	n.SetOwner(0x00012345, 0xFFFFFFFE)
	n.SetBlocks(0x123456789ABC)
	n.SetFileACL(0xFEDCBA987654)
	if n.SizeLo != 0x55667788 || n.SizeHi != 0x11223344 || n.Size() != 0x1122334455667788 {
		t.Errorf("size %#x %#x", n.SizeHi, n.SizeLo)
	}
	if n.UIDHi != 1 || n.UIDLo != 0x2345 || n.UID() != 0x12345 || n.GID() != 0xFFFFFFFE {
		t.Errorf("owner %d:%d", n.UID(), n.GID())
	}
	if n.BlocksHi != 0x1234 || n.Blocks() != 0x123456789ABC {
		t.Errorf("blocks %#x", n.Blocks())
	}
	if n.FileACLHi != 0xFEDC || n.FileACL() != 0xFEDCBA987654 {
		t.Errorf("xattr block %#x", n.FileACL())
	}
}

func TestXattrStart(t *testing.T) {
	for _, c := range []struct {
		extra uint16
		slot  int
		want  int
	}{
		{0, 128, 128}, {32, 128, 128}, {0, 256, 256}, {32, 256, 160}, {124, 256, 252}, {125, 256, 256}, {65535, 256, 256}, {32, 4096, 160},
	} {
		n := ondisk.Inode{ExtraIsize: c.extra}
		if got := n.XattrStart(c.slot); got != c.want {
			t.Errorf("extra %d in %d bytes: %d, want %d", c.extra, c.slot, got, c.want)
		}
	}
}

func TestGroupDescHalves(t *testing.T) {
	var d ondisk.GroupDesc
	d.SetBlockBitmap(1<<40 + 1)
	d.SetInodeBitmap(1<<40 + 2)
	d.SetInodeTable(1<<40 + 3)
	d.SetFreeClusters(0x10004)
	d.SetFreeInodes(0x10005)
	d.SetUsedDirs(0x10006)
	d.SetItableUnused(0x10007)
	d.SetBlockBitmapCsum(0x12345678)
	d.SetInodeBitmapCsum(0x9ABCDEF0)
	wide, narrow := make([]byte, 64), make([]byte, 32)
	d.Encode(wide)
	d.Encode(narrow)
	var w, n ondisk.GroupDesc
	if w.Decode(wide) != nil || w != d {
		t.Errorf("%+v, want %+v", w, d)
	}
	if n.Decode(narrow) != nil || n.BlockBitmap() != 1 || n.InodeBitmap() != 2 || n.InodeTable() != 3 || n.FreeClusters() != 4 ||
		n.FreeInodes() != 5 || n.UsedDirs() != 6 || n.ItableUnused() != 7 || n.BlockBitmapCsum() != 0x5678 || n.InodeBitmapCsum() != 0xDEF0 {
		t.Errorf("without high halves: %+v", n)
	}
}

func BenchmarkInodeDecode(b *testing.B) {
	slot := make([]byte, 256)
	n := ondisk.Inode{ExtraIsize: 32}
	n.Encode(slot)
	b.ReportAllocs()
	for b.Loop() {
		if err := n.Decode(slot); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkInodeEncode(b *testing.B) {
	slot := make([]byte, 256)
	n := ondisk.Inode{ExtraIsize: 32}
	b.ReportAllocs()
	for b.Loop() {
		n.Encode(slot)
	}
}

func BenchmarkInodeCsum(b *testing.B) {
	slot := make([]byte, 256)
	b.SetBytes(256)
	b.ReportAllocs()
	for b.Loop() {
		ondisk.InodeCsum(1, 2, slot)
	}
}
