package alloc_test

import (
	"errors"
	"strings"
	"syscall"
	"testing"

	"extant/internal/alloc"
	"extant/internal/ondisk"
)

// spoil changes the descriptor of a group on the device, and makes its checksum right.
func (im *image) spoil(g ondisk.Group, change func(d *ondisk.GroupDesc)) {
	im.t.Helper()
	b, off := im.sb.DescriptorBlock(g)
	p := make([]byte, im.sb.BlockSize())
	im.read(b, p)
	raw := p[off : off+im.sb.DescriptorSize()]
	var d ondisk.GroupDesc
	if err := d.Decode(raw); err != nil {
		im.t.Fatal(err)
	}
	change(&d)
	d.Encode(raw)
	if d.Checksum != 0xBAD {
		d.Checksum = ondisk.GroupDescCsum(im.sb.CsumSeed(), g, raw)
		d.Encode(raw)
	}
	im.write(b, p)
}

func (im *image) write(b ondisk.Block, p []byte) {
	im.t.Helper()
	if _, err := im.dev.WriteAt(p, int64(b)*int64(im.sb.BlockSize())); err != nil {
		im.t.Fatal(err)
	}
}

// flip changes bits of the block bitmap of a group on the device; sum makes its checksum right.
func (im *image) flip(g ondisk.Group, sum bool, bits ...int) {
	im.t.Helper()
	d := im.desc(g)
	m := make(ondisk.Bitmap, im.sb.BlockSize())
	im.read(d.BlockBitmap(), m)
	for _, i := range bits {
		m[i/8] ^= 1 << (i % 8)
	}
	im.write(d.BlockBitmap(), m)
	if sum {
		im.spoil(g, func(d *ondisk.GroupDesc) {
			d.SetBlockBitmapCsum(ondisk.BitmapCsum(im.sb.CsumSeed(), m, im.sb.ClustersPerGroup))
		})
	}
}

// TestDamagedGroupsAreShut damages group 0 in many ways: it is named, with its counts, and nothing of it is given out, but the rest is.
func TestDamagedGroupsAreShut(t *testing.T) {
	for _, c := range []struct {
		name   string
		damage func(im *image)
		want   []string
	}{
		{"count", func(im *image) { im.spoil(0, func(d *ondisk.GroupDesc) { d.SetFreeClusters(d.FreeClusters() - 3) }) }, []string{"group 0", "block bitmap", "free in the bitmap", "in the descriptor"}},
		{"bitmap", func(im *image) { im.flip(0, false, 7000) }, []string{"group 0", "block bitmap", "checksum"}},
		{"bits", func(im *image) { im.flip(0, true, 7000) }, []string{"group 0", "free in the bitmap", "in the descriptor"}},
		{"table", func(im *image) { im.flip(0, true, 300, 7000) }, []string{"group 0", "is free, but holds"}},
		{"descriptor", func(im *image) { im.spoil(0, func(d *ondisk.GroupDesc) { d.Checksum = 0xBAD }) }, []string{"group 0", "group descriptor", "checksum"}},
		{"place", func(im *image) { im.spoil(0, func(d *ondisk.GroupDesc) { d.SetInodeTable(1 << 40) }) }, []string{"group 0", "inode table", "outside"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			im := newImage(t, "", mkfsSmall)
			c.damage(im)
			im.mount(true)
			im.useAll(0)
			if len(im.bad) != 1 {
				t.Fatalf("findings: %v", im.bad)
			}
			var bad *ondisk.CorruptError
			if !errors.As(im.bad[0], &bad) {
				t.Errorf("not corruption: %v", im.bad[0])
			}
			for _, w := range c.want {
				if !strings.Contains(im.bad[0].Error(), w) {
					t.Errorf("%q does not say %q", im.bad[0], w)
				}
			}
			h := im.start()
			defer stop(t, h)
			if err := im.a.FreeBlocks(h, 5000, 1); err == nil {
				t.Error("a block of a group that is shut off is freed")
			}
		})
	}
}

// useAll takes whatever there is, with a goal in group 0, and wants none of it from group shut.
func (im *image) useAll(shut ondisk.Group) {
	im.t.Helper()
	h := im.start()
	defer stop(im.t, h)
	total := 0
	for {
		start, n, err := im.a.Blocks(h, alloc.Request{Goal: 4000, Len: 5000, Flags: alloc.Essential})
		if errors.Is(err, syscall.ENOSPC) {
			break
		}
		if err != nil {
			im.t.Fatal(err)
		}
		if g, _ := im.sb.BlockGroup(start); g == shut {
			im.t.Fatalf("blocks %d to %d given out", start, start+ondisk.Block(n)-1)
		}
		total += int(n)
	}
	if total < 4000 {
		im.t.Errorf("%d blocks to be had of the other group", total)
	}
	if free, _ := im.a.Free(); free != 0 {
		im.t.Errorf("%d clusters free in the end", free)
	}
}

// TestDamagedInodeBitmap wants the group's inodes shut off, and its blocks not.
func TestDamagedInodeBitmap(t *testing.T) {
	im := newImage(t, "", mkfsSmall)
	im.spoil(0, func(d *ondisk.GroupDesc) { d.SetFreeInodes(d.FreeInodes() + 1) })
	im.mount(true)
	h := im.start()
	defer stop(t, h)
	ino, err := im.a.Inode(h, alloc.InodeRequest{Parent: ondisk.RootIno})
	if g, _ := im.sb.InodeGroup(ino); err != nil || g == 0 {
		t.Errorf("inode %d of group %d, %v", ino, g, err)
	}
	if len(im.bad) != 1 || !strings.Contains(im.bad[0].Error(), "group 0: ") || !strings.Contains(im.bad[0].Error(), "inodes free in the bitmap") {
		t.Errorf("findings: %v", im.bad)
	}
	if start, _, err := im.a.Blocks(h, alloc.Request{Goal: 4000, Len: 1}); start != 4000 || err != nil {
		t.Errorf("block %d, %v", start, err)
	}
}

// TestWrongFrees frees what must not be freed.
func TestWrongFrees(t *testing.T) {
	im := newImage(t, "", mkfsSmall)
	h := im.start()
	defer stop(t, h)
	d := im.desc(1)
	for name, b := range map[string]ondisk.Block{"inode table": d.InodeTable() + 3, "bitmap": d.BlockBitmap(), "descriptors": 2, "outside": 1 << 30} {
		var bad *ondisk.CorruptError
		if err := im.a.FreeBlocks(h, b, 1); !errors.As(err, &bad) {
			t.Errorf("%s: block %d freed: %v", name, b, err)
		}
	}
	if len(im.bad) != 0 {
		t.Errorf("groups shut off: %v", im.bad)
	}
	if err := im.a.FreeInode(h, 5, false); err == nil {
		t.Error("a reserved inode is freed")
	}
	if err := im.a.FreeInode(h, 500, false); err == nil || len(im.bad) != 1 {
		t.Errorf("a free inode is freed: %v, %v", err, im.bad)
	}
	if err := im.a.FreeBlocks(h, 7000, 1); err == nil || len(im.bad) != 2 || !strings.Contains(im.bad[1].Error(), "group 0: block 7000") {
		t.Errorf("a free block is freed: %v, %v", err, im.bad)
	}
}

// TestPromises wants ENOSPC when space is promised, and never when it is taken.
func TestPromises(t *testing.T) {
	im := newImage(t, "", mkfsSmall)
	avail := im.a.Avail(false)
	if err := im.a.Reserve(avail+1, false); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("more than there is: %v", err)
	}
	if err := im.a.Reserve(avail, false); err != nil {
		t.Fatal(err)
	}
	if err := im.a.Reserve(1, false); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("one more: %v", err)
	}
	if err := im.a.Reserve(1, true); err != nil {
		t.Errorf("one for the super user: %v", err)
	}
	im.a.Unreserve(1)
	h := im.start()
	defer stop(t, h)
	if _, _, err := im.a.Blocks(h, alloc.Request{Len: 1}); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("without a promise: %v", err)
	}
	if _, n, err := im.a.Blocks(h, alloc.Request{Len: 1, Flags: alloc.Essential}); n != 1 || err != nil {
		t.Errorf("what must not fail: %v", err)
	}
	for left := avail; left > 0; {
		_, n, err := im.a.Blocks(h, alloc.Request{Len: uint32(min(left, 100)), Flags: alloc.FromReserve})
		if err != nil {
			t.Fatalf("%d of %d promised left: %v", left, avail, err)
		}
		left -= uint64(n)
	}
}

// TestWrongCounts wants counts of the super block that are wrong put right before anybody is refused.
func TestWrongCounts(t *testing.T) {
	for _, wrong := range []uint64{0, 1 << 20} {
		im := newImage(t, "", mkfsSmall)
		right, _ := im.a.Free()
		im.sb.SetBlocksFree(wrong)
		im.sb.SetCsum()
		raw := make([]byte, ondisk.SuperSize)
		im.sb.Encode(raw)
		if _, err := im.dev.WriteAt(raw, ondisk.SuperOffset); err != nil {
			t.Fatal(err)
		}
		im.mount(true)
		if err := im.a.Reserve(1<<21, false); err == nil {
			t.Error("too much is promised")
		}
		if free, _ := im.a.Free(); free != right {
			t.Errorf("%d clusters free, want %d", free, right)
		}
	}
}
