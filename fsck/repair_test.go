package fsck_test

import (
	"bytes"
	"context"
	"os"
	"testing"

	"extant/disk"
	"extant/fsck"
)

// bytesOf is the content of a device.
func bytesOf(t testing.TB, dev disk.Device) []byte {
	t.Helper()
	b := make([]byte, dev.Size())
	if _, err := dev.ReadAt(b, 0); err != nil {
		t.Fatal(err)
	}
	return b
}

// repaired repairs an image in memory and returns what was done, and the image afterwards. The first is not changed.
func repaired(t testing.TB, image []byte, o fsck.RepairOptions) (*fsck.RepairReport, []byte) {
	t.Helper()
	dev := disk.NewMemFrom(bytes.Clone(image))
	r, err := fsck.Repair(context.Background(), dev, o)
	if err != nil {
		t.Fatal(err)
	}
	return r, bytesOf(t, dev)
}

const toldMax = 12

// told prints what a repair did.
func told(t testing.TB, r *fsck.RepairReport) {
	t.Helper()
	for i, d := range r.Did {
		if i < toldMax {
			t.Logf("round %d: %v: %v: %v (%v)", d.Round, d.Outcome, d.Finding.Repair.Action, d.Finding, d.Err)
		}
	}
}

// unrepaired is the damage of the catalogue that a repair leaves, with the reason.
var unrepaired = map[string]string{
	"super too large": "what is beyond the end of the device may come back with it: as e2fsck -y, a repair does nothing without it",
	"journal feature": "nobody who does not know what is in a journal may drop it",
}

// unjudged is the damage after whose repair e2fsck still refuses to look, with the reason.
var unjudged = map[string]string{
	"journal elsewhere": "it wants the device with the journal",
}

// everything reports whether EXTANT_ALL asks for all of the damage; otherwise each test takes a share of it.
func everything() bool { return os.Getenv("EXTANT_ALL") != "" }

// shareOf is one in so many that a test takes unless EXTANT_ALL is set.
const shareOf = 6

// TestRepairCatalogue repairs every damage of the catalogue: nothing is wrong afterwards, for us nor for e2fsck, and a second repair has nothing
// to do.
func TestRepairCatalogue(t *testing.T) {
	for seed, d := range drawnDamage(shareOf, 0, 6) {
		t.Run(d.of(seed), func(t *testing.T) {
			v := victimOf(t, d.image, seed)
			d.do(v)
			r, after := repaired(t, v.b, fsck.RepairOptions{Policy: fsck.Yes})
			if why := unrepaired[d.name]; why != "" {
				if r.Clean() || r.Changed() {
					t.Errorf("repaired, although %s", why)
				}
				return
			}
			if !r.Clean() {
				t.Errorf("left %v", r.After.Findings)
			}
			wantClean(t, after)
			if unjudged[d.name] != "" {
				return
			}
			wantKept(t, soundImage(t, d.image, seed), v.b, after)
			if code, out, problems := e2fsck(t, after); code != 0 {
				t.Errorf("e2fsck exits with %d and has %s\n%s", code, named(problems), out)
			}
			if t.Failed() {
				told(t, r)
			}
		})
	}
}
