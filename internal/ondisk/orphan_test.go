package ondisk_test

import (
	"maps"
	"testing"

	"extant/internal/ondisk"
)

func TestOrphanBlock(t *testing.T) {
	b := make(ondisk.OrphanBlock, 1024)
	wantCorrupt(t, b.Check(), "magic 0x0")
	b.Init()
	if err := b.Check(); err != nil {
		t.Fatal(err)
	}
	if n := ondisk.OrphanSlots(len(b)); n != 254 {
		t.Fatalf("%d slots", n)
	}
	b.SetSlot(0, 12)
	b.SetSlot(253, 0xFFFFFFFF)
	want := map[int]ondisk.Ino{0: 12, 253: 0xFFFFFFFF}
	if got := maps.Collect(b.Orphans()); !maps.Equal(got, want) {
		t.Errorf("orphans %v, want %v", got, want)
	}
	if got := b.Free(); got != 1 {
		t.Errorf("free slot %d, want 1", got)
	}
	for i := range 254 {
		b.SetSlot(i, 5)
	}
	if got := b.Free(); got != -1 {
		t.Errorf("free slot %d of a full block", got)
	}
	if err := b.Check(); err != nil {
		t.Errorf("slots ran into the tail: %v", err)
	}
}

func TestOrphanBlockCsumCoversPlaceAndSlots(t *testing.T) {
	b := make(ondisk.OrphanBlock, 1024)
	b.Init()
	base := b.Csum(1, 77)
	if b.Csum(1, 78) == base || b.Csum(2, 77) == base {
		t.Error("checksum does not depend on the place or the seed")
	}
	b.TailBytes()[5]++
	if b.Csum(1, 77) != base {
		t.Error("checksum depends on itself")
	}
	b.SetSlot(253, 1)
	if b.Csum(1, 77) == base {
		t.Error("checksum does not cover the last slot")
	}
}

func TestOrphanBlockShort(t *testing.T) {
	for n := range ondisk.OrphanTailSize {
		if err := make(ondisk.OrphanBlock, n).Check(); err == nil {
			t.Errorf("block of %d bytes passes", n)
		}
	}
}
