package fsck_test

import (
	"bytes"
	"context"
	"testing"

	"extant/disk"
	"extant/disk/disktest"
	"extant/fsck"
	"extant/internal/ondisk"
)

// TestRepairReplays wants the journal to be replayed, and then what is wrong to be repaired, wherever that is interrupted.
func TestRepairReplays(t *testing.T) {
	image, v := logged(t)
	for _, policy := range []fsck.Policy{fsck.Preen, fsck.Yes} {
		rec := disktest.NewRecorder(disk.NewMemFrom(bytes.Clone(image)))
		r, err := fsck.Repair(context.Background(), rec, fsck.RepairOptions{Policy: policy})
		if err != nil {
			t.Fatal(err)
		}
		if after := wantClean(t, bytesOf(t, rec)); !r.Clean() || after.Replay || after.Super.HasIncompat(ondisk.IncompatNeedsRecovery) || r.ExitCode() != 1 {
			t.Errorf("%v: exit code %d, left %v", policy, r.ExitCode(), after.Findings)
		}
		want := holdingsOf(v.b)
		for k, op := range rec.Trace() {
			if op.Kind == disktest.Write {
				interrupted(t, image, rec.Trace()[:k+1], want)
			}
		}
	}
}

// TestRepairTornJournal wants a transaction that cannot be read to be where Preen stops, before anything is written, and to be dropped otherwise.
func TestRepairTornJournal(t *testing.T) {
	image, v := logged(t)
	d := &victim{t: t, b: image, sb: v.sb}
	d.at(v.system(ondisk.JournalIno) + 1)[1000]++
	r, after := repaired(t, image, fsck.RepairOptions{Policy: fsck.Preen})
	if r.Stopped == nil || r.Stopped.Code != fsck.JournalDamage || r.Changed() || !bytes.Equal(image, after) {
		t.Errorf("stopped at %v, %d bytes written", r.Stopped, r.Written)
	}
	_, after = repaired(t, image, fsck.RepairOptions{Policy: fsck.Yes})
	if r := wantClean(t, after); r.Replay {
		t.Error("the journal was not emptied")
	}
}
