package fsck

import (
	"errors"
	"fmt"
	"time"

	"extant/disk"
	"extant/internal/ondisk"
)

// Due says why a file system is to be looked at now: "was not unmounted", or whatever of it e2fsck minds without being told to check all the
// same. The empty string says that nothing speaks for a check, by what the super block says of itself, which is returned as well; it
// is nil where it makes no sense. The error is the device's.
func Due(dev disk.Device, now time.Time) (why string, s *ondisk.Super, err error) {
	c := &checker{raw: dev}
	found, err := c.superAt(ondisk.SuperOffset)
	var corrupt *ondisk.CorruptError
	var unsupported *ondisk.UnsupportedError
	switch {
	case errors.As(err, &corrupt), errors.As(err, &unsupported):
		return "has a super block that makes no sense", nil, nil
	case err != nil:
		return "", nil, err
	}
	s = &found.Super
	if s.Blocks() > uint64(dev.Size())/uint64(s.BlockSize()) {
		return "is larger than its device", s, nil
	}
	return due(s, now), s, nil
}

func due(s *ondisk.Super, now time.Time) string {
	const day = 24 * time.Hour
	checked := s.Checked()
	interval := time.Duration(s.CheckInterval) * time.Second
	switch most := int16(s.MountCountMax); {
	case s.State&ondisk.StateError != 0:
		return "contains a file system with errors"
	case s.State&ondisk.StateClean == 0:
		return "was not cleanly unmounted"
	case most > 0 && s.MountCount >= uint16(most):
		return fmt.Sprintf("has been mounted %d times without being checked", s.MountCount)
	case interval > 0 && checked.After(now.Add(day)):
		return "was checked last in the future"
	case interval > 0 && now.Sub(checked) >= interval:
		return fmt.Sprintf("has gone %d days without being checked", now.Sub(checked)/day)
	}
	return ""
}
