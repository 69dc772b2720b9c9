package fsck_test

import (
	"context"
	"testing"

	"extant/disk"
	"extant/fsck"
)

// TestAgreement changes metadata at random, makes the checksums right, and wants whatever e2fsck complains of to be found here as well.
// EXTANT_CASES says how many to draw for each kind of image, EXTANT_SEED which is the first.
func TestAgreement(t *testing.T) {
	drawMutants(t, 12, func(image []byte, again string) {
		r, err := fsck.Check(context.Background(), disk.NewMemFrom(image), fsck.Options{})
		if err != nil || !r.Clean() {
			return
		}
		if code, out, problems := e2fsck(t, image); code != 0 {
			t.Errorf("clean, but e2fsck exits with %d and has %s\n%s\n%s", code, named(problems), out, again)
		}
	})
}
