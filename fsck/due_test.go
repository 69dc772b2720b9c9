package fsck_test

import (
	"testing"
	"time"

	"extant/disk"
	"extant/fsck"
	"extant/internal/ondisk"
)

func TestDue(t *testing.T) {
	image := mke2fs(t, "", "4M", "-t ext4 -b 1024")
	now := time.Unix(1_800_000_000, 0)
	for _, c := range []struct {
		want string
		edit func(s *ondisk.Super)
	}{
		{"", func(*ondisk.Super) {}},
		{"was not cleanly unmounted", func(s *ondisk.Super) { s.State = 0 }},
		{"contains a file system with errors", func(s *ondisk.Super) { s.State |= ondisk.StateError }},
		{"", func(s *ondisk.Super) { s.MountCount, s.MountCountMax = 4, 5 }},
		{"has been mounted 5 times without being checked", func(s *ondisk.Super) { s.MountCount, s.MountCountMax = 5, 5 }},
		{"", func(s *ondisk.Super) { s.MountCount, s.MountCountMax = 5, 0xFFFF }},
		{"", func(s *ondisk.Super) { s.LastCheck, s.CheckInterval = 1_800_000_000-86_400, 86_401 }},
		{"has gone 2 days without being checked", func(s *ondisk.Super) { s.LastCheck, s.CheckInterval = 1_800_000_000-2*86_400, 86_400 }},
		{"was checked last in the future", func(s *ondisk.Super) { s.LastCheck, s.CheckInterval = 1_800_000_000+3*86_400, 86_400 }},
		{"has a super block that makes no sense", func(s *ondisk.Super) { s.LogBlockSize = 99 }},
		{"has a super block that makes no sense", func(s *ondisk.Super) { s.Magic = 0 }},
	} {
		v := newVictim(t, image)
		v.super(c.edit)
		why, s, err := fsck.Due(disk.NewMemFrom(v.b), now)
		if err != nil || why != c.want || (s == nil) != (c.want == "has a super block that makes no sense") {
			t.Errorf("%q, %v, want %q", why, err, c.want)
		}
	}
	if why, _, err := fsck.Due(disk.NewMem(100), now); err != nil || why != "has a super block that makes no sense" {
		t.Errorf("%q, %v", why, err)
	}
}
