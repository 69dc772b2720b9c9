package alloc_test

import (
	"errors"
	"io"
	"syscall"
	"testing"

	"extant/disk"
	"extant/explore"
	"extant/internal/alloc"
	"extant/internal/buffer"
	"extant/internal/journal"
	"extant/internal/ondisk"
	"extant/mkfs"
	"extant/sched"
)

// exploredDevice is a device without locks, for one execution: what is written lies over a base that all share.
type exploredDevice struct {
	disk.Device // not used
	base        []byte
	over        map[int64][]byte // by block of 1 KiB
}

func (d *exploredDevice) Size() int64  { return int64(len(d.base)) }
func (d *exploredDevice) Flush() error { return nil }

func (d *exploredDevice) ReadAt(p []byte, off int64) (int, error) {
	if off >= d.Size() {
		return 0, io.EOF
	}
	n := copy(p, d.base[off:])
	for i := int64(0); i < int64(n); i += 1024 {
		if b, ok := d.over[(off+i)/1024]; ok {
			copy(p[i:], b)
		}
	}
	return n, nil
}

func (d *exploredDevice) WriteAt(p []byte, off int64) (int, error) {
	for i := 0; i < len(p); i += 1024 {
		d.over[(off+int64(i))/1024] = append([]byte(nil), p[i:i+1024]...)
	}
	return len(p), nil
}

// exploredImage is a small file system of which all but a few blocks are in use.
func exploredImage(t *testing.T, left int) ([]byte, ondisk.Super) {
	im := newImage(t, "^has_journal,^resize_inode", mkfs.Options{Size: mib, BlockSize: 1024, Inodes: 64})
	for {
		free, _ := im.a.Free()
		if free <= uint64(left) {
			break
		}
		h := im.start()
		if _, _, err := im.a.Blocks(h, alloc.Request{Len: uint32(free) - uint32(left), Inode: 12, Flags: alloc.Essential}); err != nil {
			t.Fatal(err)
		}
		stop(t, h)
	}
	im.flush()
	base := make([]byte, im.dev.Size())
	if _, err := im.dev.ReadAt(base, 0); err != nil {
		t.Fatal(err)
	}
	return base, im.sb
}

// TestSchedules lets two tasks allocate, free and wait for space where there is too little for both, under many schedules: nothing is given out twice,
// what was promised is there, and all comes back.
func TestSchedules(t *testing.T) {
	base, sb := exploredImage(t, 6)
	run := func() {
		dev := &exploredDevice{base: base, over: map[int64][]byte{}}
		cache := buffer.New(dev, 1024, 0)
		j, err := journal.New(journal.WriteConfig{Dev: dev, Cache: cache})
		explore.Assert(err == nil, "%v", err)
		a, err := alloc.New(alloc.Config{Super: &sb, Cache: cache, Journal: j, Exact: true})
		explore.Assert(err == nil, "%v", err)
		var owner [1024]int
		task := func(me int) {
			for try := 0; try < 3; try++ {
				if useSpace(j, a, &owner, me) {
					return
				}
				_, err := a.Retry()
				explore.Assert(err == nil, "%v", err)
			}
		}
		x := sched.Go("x", func() { task(1) })
		y := sched.Go("y", func() { task(2) })
		x.Wait()
		y.Wait()
		explore.Assert(j.Force() == nil, "commit failed")
		free, _ := a.Free()
		explore.Assert(free == 6, "%d blocks free in the end", free)
		h, err := j.Start(alloc.BlocksCredits)
		explore.Assert(err == nil, "%v", err)
		for left := uint32(6); left > 0; {
			_, n, err := a.Blocks(h, alloc.Request{Len: left, Inode: 12, Flags: alloc.Essential})
			explore.Assert(err == nil, "%d blocks are not to be had again: %v", left, err)
			left -= n
		}
		h.Stop()
	}
	explore.Test(t, run, explore.Config{Strategy: explore.Preemptions(2), Executions: 3000})
	explore.Test(t, run, explore.Config{Strategy: explore.POS(1), Executions: 1000})
}

// useSpace takes four blocks, if they are promised, and gives them back. It reports whether there was room.
func useSpace(j *journal.Journal, a *alloc.Allocator, owner *[1024]int, me int) bool {
	h, err := j.Start(alloc.BlocksCredits + alloc.FreeCredits)
	explore.Assert(err == nil, "%v", err)
	defer h.Stop()
	for left := uint32(4); left > 0; {
		start, n, err := a.Blocks(h, alloc.Request{Len: left, Inode: 12, Flags: alloc.Essential})
		if errors.Is(err, syscall.ENOSPC) {
			giveAll(h, a, owner, me)
			return false
		}
		explore.Assert(err == nil, "%v", err)
		for b := start; b < start+ondisk.Block(n); b++ {
			explore.Assert(owner[b] == 0, "block %d is of task %d and given to %d", b, owner[b], me)
			owner[b] = me
		}
		left -= n
	}
	giveAll(h, a, owner, me)
	return true
}

// giveAll frees what a task has.
func giveAll(h *journal.Handle, a *alloc.Allocator, owner *[1024]int, me int) {
	for b := range owner {
		if owner[b] == me {
			owner[b] = 0
			err := a.FreeBlocks(h, ondisk.Block(b), 1)
			explore.Assert(err == nil, "%v", err)
		}
	}
}
