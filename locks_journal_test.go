package extant_test

import (
	"testing"

	"extant/disk"
	"extant/internal/buffer"
	"extant/internal/journal"
	"extant/internal/ondisk"
	"extant/sched"
)

const (
	lockBlock   = 1024 // bytes
	lockBlocks  = 400  // of the device
	lockLogAt   = 100
	lockLogSize = 64
)

// emptyLog is a device with nothing but an empty log.
func emptyLog(t *testing.T) (disk.Device, *journal.Log) {
	t.Helper()
	dev, b := disk.NewMem(lockBlocks*lockBlock), make([]byte, lockBlock)
	s := ondisk.JournalSuper{
		Header:    ondisk.JournalHeader{Magic: ondisk.JournalMagic, BlockType: ondisk.JournalSuperV2},
		BlockSize: lockBlock, MaxLen: lockLogSize, First: 1, Sequence: 1,
	}
	s.Encode(b)
	if _, err := dev.WriteAt(b, lockLogAt*lockBlock); err != nil {
		t.Fatal(err)
	}
	l, err := journal.Open(dev, journal.Config{BlockSize: lockBlock, Blocks: lockBlocks,
		Extents: []journal.Extent{{Start: lockLogAt, Count: lockLogSize}}})
	if err != nil {
		t.Fatal(err)
	}
	return dev, l
}

// journalTogether changes blocks from several tasks at once, so that commits and checkpoints meet handles.
func journalTogether(t *testing.T) {
	t.Helper()
	dev, l := emptyLog(t)
	cache := buffer.New(dev, lockBlock, 0)
	j, err := journal.New(journal.WriteConfig{Dev: dev, Cache: cache, Log: l})
	if err != nil {
		t.Fatal(err)
	}
	var wg sched.WaitGroup
	for task := range 4 {
		wg.Go("writer", func() {
			for i := range 30 {
				if err := journalOnce(j, cache, ondisk.Block(task*20+i%20)); err != nil {
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

// journalOnce changes a block and frees another, and waits for it.
func journalOnce(j *journal.Journal, cache *buffer.Cache, b ondisk.Block) error {
	h, err := j.Start(2)
	if err != nil {
		return err
	}
	buf, err := cache.Read(b)
	if err != nil {
		return err
	}
	data, err := h.Access(buf)
	if err != nil {
		return err
	}
	data[0]++
	h.Dirty(buf)
	made := cache.New(b + 200)
	if _, err := h.Create(made); err != nil {
		return err
	}
	h.Dirty(made)
	if b%2 == 1 {
		if err := h.Forget(b + 199); err != nil {
			return err
		}
	}
	tid := h.TID()
	if err := h.Stop(); err != nil {
		return err
	}
	return j.Commit(tid)
}
