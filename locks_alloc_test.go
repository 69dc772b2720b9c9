package extant_test

import (
	"testing"

	"extant/disk"
	"extant/internal/alloc"
	"extant/internal/buffer"
	"extant/internal/journal"
	"extant/internal/ondisk"
	"extant/mkfs"
	"extant/sched"
)

// allocTogether gives out blocks and inodes in several tasks at once and takes them back.
func allocTogether(t *testing.T) {
	t.Helper()
	dev := disk.NewMem(200 << 20)
	g, err := mkfs.Format(dev, mkfs.Options{BlockSize: 1024, GroupsPerFlex: 64})
	if err != nil {
		t.Fatal(err)
	}
	cache := buffer.New(dev, 1024, 0)
	j, err := journal.New(journal.WriteConfig{Dev: dev, Cache: cache})
	if err != nil {
		t.Fatal(err)
	}
	a, err := alloc.New(alloc.Config{Super: &g.Super, Cache: cache, Journal: j, Exact: true, MapsMax: 1})
	if err != nil {
		t.Fatal(err)
	}
	var wg sched.WaitGroup
	for task := range 4 {
		wg.Go("allocator", func() {
			for range 30 {
				if err := allocOnce(j, a, ondisk.Block(1+task*16384)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if err := j.Flush(); err != nil {
		t.Error(err)
	}
	j.Close()
}

// allocOnce takes some blocks and an inode and gives them back.
func allocOnce(j *journal.Journal, a *alloc.Allocator, goal ondisk.Block) error {
	h, err := j.Start(alloc.BlocksCredits + alloc.InodeCredits)
	if err != nil {
		return err
	}
	var p alloc.Prealloc
	start, n, err := a.Blocks(h, alloc.Request{Goal: goal, Len: 5, Inode: 12, Size: 200, Prealloc: &p})
	if err != nil {
		return err
	}
	ino, err := a.Inode(h, alloc.InodeRequest{Parent: ondisk.RootIno})
	if err == nil {
		err = a.FreeInode(h, ino, false)
	}
	if err == nil {
		err = a.FreeBlocks(h, start, uint64(n))
	}
	if err != nil {
		return err
	}
	a.Discard(&p)
	if err := h.Stop(); err != nil {
		return err
	}
	_, err = a.Retry()
	return err
}
