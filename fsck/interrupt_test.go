package fsck_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"testing"

	"extant/disk"
	"extant/disk/disktest"
	"extant/fsck"
	"extant/internal/ondisk"
)

// TestRepairInterrupted stops a repair after each of its writes and repairs what that leaves: it is clean, and holds what it would have held
// without the interruption.
func TestRepairInterrupted(t *testing.T) {
	states := 0
	for seed, d := range drawnDamage(shareOf, 1, 0) {
		t.Run(d.of(seed), func(t *testing.T) {
			v := victimOf(t, d.image, seed)
			d.do(v)
			rec := disktest.NewRecorder(disk.NewMemFrom(bytes.Clone(v.b)))
			if _, err := fsck.Repair(context.Background(), rec, fsck.RepairOptions{Policy: fsck.Yes}); err != nil {
				t.Fatal(err)
			}
			if unrepaired[d.name] != "" {
				return
			}
			want := holdingsOf(bytesOf(t, rec))
			trace := rec.Trace()
			for k, op := range trace {
				if op.Kind != disktest.Write || k == len(trace)-1 {
					continue
				}
				states++
				interrupted(t, v.b, trace[:k+1], want)
				if t.Failed() {
					return
				}
			}
		})
	}
	t.Logf("%d states", states)
	if states < 50 {
		t.Errorf("%d states only", states)
	}
}

// interrupted repairs what a part of a repair left.
func interrupted(t *testing.T, image []byte, done disktest.Trace, want holdings) {
	t.Helper()
	dev := disk.NewMemFrom(bytes.Clone(image))
	if err := done.Replay(dev); err != nil {
		t.Fatal(err)
	}
	r, err := fsck.Repair(context.Background(), dev, fsck.RepairOptions{Policy: fsck.Yes})
	if err != nil {
		t.Fatalf("after %d operations: %v", len(done), err)
	}
	after := bytesOf(t, dev)
	if !r.Clean() {
		t.Errorf("after %d operations: left %v", len(done), r.After.Findings)
	}
	if got := holdingsOf(after); !maps.Equal(got, want) {
		compareHoldings(t, len(done), got, want)
	}
	if t.Failed() {
		told(t, r)
	}
}

func compareHoldings(t *testing.T, ops int, got, want holdings) {
	t.Helper()
	shown := 0
	for p, d := range want {
		if got[p] != d && shown < 4 {
			shown++
			t.Errorf("after %d operations: %s is\n%s\nnot\n%s", ops, p, got[p], d)
		}
	}
	for p := range got {
		if want[p] == "" && shown < 4 {
			shown++
			t.Errorf("after %d operations: %s is there as well", ops, p)
		}
	}
}

// TestRepairWriteFails makes each write of a repair fail: the error comes back, and the next repair makes the file system sound.
func TestRepairWriteFails(t *testing.T) {
	v := newVictim(t, mke2fs(t, smallSource(t), "4M", mutantArgs[0]))
	v.entry("deep/a", "b", func(h *ondisk.DirentHeader, _ []byte) { h.Inode = 0 })
	for n := 1; ; n++ {
		dev := disk.NewMemFrom(bytes.Clone(v.b))
		faulty := disktest.NewFaulty(dev, disktest.On(disktest.Write|disktest.Flush, disktest.Nth(n, disktest.Fail(errBroken))))
		_, err := fsck.Repair(context.Background(), faulty, fsck.RepairOptions{Policy: fsck.Yes})
		if len(faulty.Faults()) == 0 {
			if n < 5 {
				t.Errorf("%d writes only", n-1)
			}
			return
		}
		if !errors.Is(err, errBroken) {
			t.Fatalf("write %d: %v", n, err)
		}
		if r, err := fsck.Repair(context.Background(), dev, fsck.RepairOptions{Policy: fsck.Yes}); err != nil || !r.Clean() {
			t.Fatalf("after write %d failed: %v", n, err)
		}
	}
}

var errBroken = errors.New("the device is broken")
