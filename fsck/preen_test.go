package fsck_test

import (
	"testing"

	"extant/fsck"
)

// preenDiffers is the damage about which -p does something else than e2fsck -p, with the reason.
var preenDiffers = map[string]string{
	"directory unwritten": "e2fsck takes the block, whatever is in it, for written and goes on",
	"journal nowhere":     "e2fsck drops the journal and makes another",
	"journal elsewhere":   "it wants the device with the journal",
	"inode deleted early": "it stops at what may be left of a list of orphans, although nobody has the inode",
	"index depth":         "it has a code of its own for the depth, at which it stops",
}

// TestPreen holds the policy Preen to e2fsck -p: both repair the same damage, or leave it.
func TestPreen(t *testing.T) {
	for seed, d := range drawnDamage(shareOf, 2, 2) {
		t.Run(d.of(seed), func(t *testing.T) {
			v := victimOf(t, d.image, seed)
			d.do(v)
			r, after := repaired(t, v.b, fsck.RepairOptions{Policy: fsck.Preen})
			want, _ := e2fsckRepairs(t, v.b, "-fp")
			got := r.ExitCode()
			blind := want == 0 && got != 0 // docs/fsck.md lists where
			if same := blind || (got == 4) == (want&^1 != 0); same == (preenDiffers[d.name] != "") {
				t.Errorf("exits with %d, e2fsck with %d; stopped at %v", got, want, r.Stopped)
			}
			if got == 4 {
				return
			}
			wantClean(t, after)
			if unjudged[d.name] != "" {
				return
			}
			if code, out, problems := e2fsck(t, after); code != 0 {
				t.Errorf("e2fsck -n exits with %d and has %s\n%s", code, named(problems), out)
			}
		})
	}
}
