package fsck_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"extant/disk"
	"extant/fsck"
)

// FuzzRepair changes metadata, makes the checksums right again or not, and repairs what that gives: there is an end, nothing is wrong
// afterwards, and for one in sixteen e2fsck agrees.
func FuzzRepair(f *testing.F) {
	fuzzMutants(f, func(t *testing.T, image, data []byte) { mended(t, image, len(data) > 0 && data[0]%16 == 0) })
}

// mended repairs an image, whatever is wrong with it, and wants it to be clean then.
func mended(t *testing.T, image []byte, ask bool) {
	t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	dev := disk.NewMemFrom(bytes.Clone(image))
	r, err := fsck.Repair(ctx, dev, fsck.RepairOptions{Policy: fsck.Yes})
	if ctx.Err() != nil {
		t.Fatal("no end within a minute")
	}
	if err != nil {
		return // a file system that nobody can look at
	}
	if !r.Clean() && !beyondRepair(r) {
		t.Errorf("left %v", r.After.Findings)
		told(t, r)
	}
	if !ask || !r.Clean() {
		return
	}
	if code, out, problems := e2fsck(t, bytesOf(t, dev)); code != 0 {
		t.Errorf("e2fsck exits with %d and has %s\n%s", code, named(problems), out)
		told(t, r)
	}
}

// beyondRepair reports whether what a repair left is what it always leaves, or what there was no room for.
func beyondRepair(r *fsck.RepairReport) bool {
	for _, c := range []fsck.Code{fsck.SuperSize, fsck.JournalUnsupported, fsck.JournalFastCommits, fsck.BlockUnreadable, fsck.GroupTableUnreadable} {
		if r.After.Has(c) {
			return true
		}
	}
	return slices.ContainsFunc(r.Did, func(d fsck.Treatment) bool { return errors.Is(d.Err, fsck.ErrNoSpace) })
}

// TestRepairMutants repairs images with metadata changed at random and checksums made right. EXTANT_CASES says how many to draw for each kind of
// image, EXTANT_SEED which is the first.
func TestRepairMutants(t *testing.T) {
	drawMutants(t, 8, func(image []byte, again string) {
		failed := t.Failed()
		mended(t, image, true)
		if t.Failed() && !failed {
			t.Error(again)
		}
	})
}
