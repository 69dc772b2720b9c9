package fsck_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"extant/disk"
	"extant/fsck"
)

// FuzzRepair changes metadata, makes the checksums right again or not, and repairs what that gives: there is an end, nothing is wrong
// afterwards, and for one in sixteen e2fsck agrees.
func FuzzRepair(f *testing.F) {
	var images []*mutant
	from := smallSource(f)
	for _, args := range mutantArgs {
		images = append(images, newMutant(f, mke2fs(f, from, "4M", args)))
	}
	for i := range images {
		f.Add(uint8(i), true, []byte("\x00\x00\x00\x01\x02\x03\x04"))
		f.Add(uint8(i+4), false, noise(uint64(i), 21))
	}
	f.Fuzz(func(t *testing.T, which uint8, seal bool, data []byte) {
		if len(data) > 70 {
			return
		}
		m := images[int(which)%len(images)].copy(t)
		m.mutate(data)
		if seal {
			m.seal()
		}
		mended(t, m.b, len(data) > 0 && data[0]%16 == 0)
	})
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
	first, cases := uint64(1), uint64(8)
	if n, err := strconv.ParseUint(os.Getenv("EXTANT_CASES"), 10, 32); err == nil {
		cases = n
	}
	if n, err := strconv.ParseUint(os.Getenv("EXTANT_SEED"), 10, 64); err == nil {
		first = n
	}
	from := smallSource(t)
	for kind, args := range mutantArgs {
		sound := newMutant(t, settled(t, mke2fs(t, from, "4M", args)))
		for seed := first; seed < first+cases; seed++ {
			m := sound.copy(t)
			m.mutate(noise(seed, 7*(1+rand.New(rand.NewPCG(seed, 2)).IntN(3))))
			m.seal()
			failed := t.Failed()
			mended(t, m.b, true)
			if t.Failed() && !failed {
				t.Errorf("image %d: EXTANT_SEED=%d EXTANT_CASES=1 go test -run RepairMutants ./fsck", kind, seed)
			}
		}
	}
}
