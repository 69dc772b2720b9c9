package fsck_test

import (
	"context"
	"testing"

	"extant/disk"
	"extant/fsck"
	"extant/internal/ondisk"
)

// TestLayout counts every block once, each for what it is used for.
func TestLayout(t *testing.T) {
	from := source(t)
	for i, m := range matrix {
		if i%6 != 1 && m.name != "bigalloc 1k" && m.name != "small groups" {
			continue
		}
		t.Run(m.name, func(t *testing.T) {
			r, err := fsck.Check(context.Background(), disk.NewMemFrom(mke2fs(t, from, m.size, m.args)), fsck.Options{Layout: true})
			if err != nil {
				t.Fatal(err)
			}
			var sum [fsck.Uses]uint64
			next := ondisk.Block(r.Super.FirstDataBlock)
			for _, row := range r.Layout.Rows {
				for _, cell := range row {
					if cell.First != next || len(cell.Findings) > 0 {
						t.Fatalf("%+v after block %d", cell, next)
					}
					next = cell.End
					total := uint64(0)
					for u, n := range cell.Blocks {
						sum[u] += n
						total += n
					}
					if n := uint64(cell.End - cell.First); total != n && r.Super.ClusterRatio() == 1 {
						t.Errorf("%+v has %d blocks", cell, total)
					}
				}
			}
			if uint64(next) != r.Super.Blocks() {
				t.Errorf("it ends at block %d of %d", next, r.Super.Blocks())
			}
			if free := sum[fsck.UseFree]; free != r.Super.BlocksFree() && r.Super.ClusterRatio() == 1 {
				t.Errorf("%d blocks are free, not %d", r.Super.BlocksFree(), free)
			}
			if sum[fsck.UseTable] != uint64(r.Super.ItableBlocks())*r.Super.Groups() || sum[fsck.UseDirectory] == 0 || sum[fsck.UseData] == 0 {
				t.Errorf("%v", sum)
			}
			if r.Super.HasCompat(ondisk.CompatHasJournal) != (sum[fsck.UseJournal] > 0) {
				t.Errorf("%d blocks of journal", sum[fsck.UseJournal])
			}
		})
	}
}

// TestLayoutFindings finds damage where it was done.
func TestLayoutFindings(t *testing.T) {
	v := victimOf(t, "main", 0)
	g := v.group(1)
	v.at(g.BlockBitmap())[50] ^= 1
	v.file(leaf, func(n *ondisk.Inode) { n.LinksCount = 7 })
	r, err := fsck.Check(context.Background(), disk.NewMemFrom(v.b), fsck.Options{Layout: true})
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[int]ondisk.Block)
	for _, row := range r.Layout.Rows {
		for _, cell := range row {
			for _, i := range cell.Findings {
				found[i] = cell.First
				if b := r.Findings[i].Place.Block; b != 0 && (b < cell.First || b >= cell.End) {
					t.Errorf("%v is at blocks %d to %d", r.Findings[i], cell.First, cell.End)
				}
			}
		}
	}
	if len(found) != len(r.Findings) || len(found) < 3 {
		t.Errorf("%d of %v are on the map", len(found), r.Findings)
	}
}
