package ext4_test

import (
	"testing"
	"time"

	"extant/explore"
	"extant/ext4"
	"extant/internal/ext4test"
)

func fallocate(mode ext4.FallocMode, off, length int64) raceTask {
	return raceTask{"fallocate", func(n *ext4.Inode) error { return n.Fallocate(mode, off, length) }}
}

// TestMapRaces has a block of a hole get its place by writeback while the map around it changes.
func TestMapRaces(t *testing.T) {
	const block = 1024
	wet := func(i int64) []raceTask { // block i was a hole, and has been written to
		return []raceTask{fallocate(ext4.FallocPunch, i*block, block), write('v', block, i*block)}
	}
	for _, tc := range []struct {
		race
		begin []raceTask
	}{
		{race{"truncate", 8 * block, []raceTask{syncTask, truncate(block)}, []string{"1024v"}}, wet(0)},
		{race{"punch", 8 * block, []raceTask{syncTask, fallocate(ext4.FallocPunch, 0, 3*block)}, []string{"3072z1024v4096a"}}, wet(3)},
		{race{"insert", 8 * block, []raceTask{syncTask, fallocate(ext4.FallocInsert, 4*block, 4*block)}, []string{"3072a1024v4096z4096a"}}, wet(3)},
		{race{"collapse", 12 * block, []raceTask{syncTask, fallocate(ext4.FallocCollapse, 4*block, 4*block)}, []string{"3072a1024v4096a"}}, wet(3)},
		{race{"zero", 8 * block, []raceTask{syncTask, fallocate(ext4.FallocZero, 4*block, 4*block)}, []string{"3072a1024v4096z"}}, wet(3)},
	} {
		for _, args := range []string{"-t ext4 -b 1024", "-t ext4 -b 1024 -O bigalloc -C 4096"} {
			t.Run(tc.name+args, func(t *testing.T) {
				base := raceImage(t, args, tc.size)
				explore.Test(t, func() { tc.run(base, ext4.Options{}, tc.begin...) }, explore.Config{
					Strategy: explore.Portfolio(1, explore.Preemptions(2), explore.POS(1), explore.Random(1)), StepsMax: 40_000, Watch: watchLocks(t),
					Time: ext4test.RaceTime(t, 500*time.Millisecond, 150*time.Millisecond),
				})
			})
		}
	}
}
