package ext4test

import (
	"io/fs"
	"os"
	"testing"
)

// Mounts wants a super user who can mount by FUSE and, if others is set, a system on which everybody can.
func Mounts(t testing.TB, others bool) {
	t.Helper()
	if os.Getuid() != 0 {
		Lacking(t, "only the super user mounts for all, and becomes somebody else")
	}
	Tool(t, "fusermount3")
	f, err := os.OpenFile("/dev/fuse", os.O_RDWR, 0)
	if err != nil {
		Lacking(t, err.Error())
	}
	defer f.Close()
	const rw fs.FileMode = 0o006
	if info, err := f.Stat(); err != nil || others && info.Mode()&rw != rw {
		Lacking(t, "only the super user can open /dev/fuse; scripts/test-deps.sh gives it to all, as udev does")
	}
}
