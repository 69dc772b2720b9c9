package fuse_test

import (
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/hanwen/go-fuse/v2/posixtest"
)

// notPosix are cases that the kernel's ext4 does not pass either: in FcntlFlockLocksFile a process is to be refused a record lock because it has that
// lock itself, through another descriptor. The cases of package conform have the same, and that it is not refused.
var notPosix = []string{"FcntlFlockLocksFile"}

// TestPosix runs the conformance cases that go-fuse has, each in a directory of its own.
func TestPosix(t *testing.T) {
	for _, options := range []string{"", "writethrough"} {
		d := mount(t, format(t, 256<<20, "-b 4096 -I 256"), options)
		for _, name := range slices.Sorted(maps.Keys(posixtest.All)) {
			if slices.Contains(notPosix, name) {
				continue
			}
			t.Run(name+options, func(t *testing.T) {
				dir := d.path(name)
				if err := os.Mkdir(dir, 0o755); err != nil {
					t.Fatal(err)
				}
				posixtest.All[name](t, dir)
			})
		}
	}
}
