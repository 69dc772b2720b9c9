package ext4_test

import (
	"testing"
	"time"

	"extant/explore"
	"extant/ext4"
	"extant/internal/ext4test"
)

// TestClusterRaces has a block written back that has its place by another one of its cluster, while that other one goes.
func TestClusterRaces(t *testing.T) {
	base := raceImage(t, "-t ext4 -b 1024 -O bigalloc -C 4096", 4096)
	punch := raceTask{"punch", func(n *ext4.Inode) error { return n.Fallocate(ext4.FallocPunch, 0, 1024) }}
	r := &race{"cut", 4096, []raceTask{together(punch, write('v', 1024, 0), syncTask), truncate(1024)}, []string{"1024v"}}
	explore.Test(t, func() { r.run(base, ext4.Options{}) }, explore.Config{
		Strategy: explore.Portfolio(1, explore.Preemptions(2), explore.POS(1), explore.Random(1)), StepsMax: 40_000, Watch: watchLocks(t),
		Time: ext4test.RaceTime(t, 3*time.Second, time.Second),
	})
}
