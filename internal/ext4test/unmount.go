package ext4test

import (
	"os/exec"
	"testing"
	"time"

	"extant/sched"
)

// Unmount unmounts what the kernel has mounted at a directory. It tries again for a while: a process that is just being
// started holds files of the mount open until it executes its program.
func Unmount(t testing.TB, dir string) {
	t.Helper()
	for tries := 1; ; tries++ {
		out, err := exec.Command("umount", dir).CombinedOutput()
		if err == nil {
			return
		}
		if tries == 100 {
			t.Fatalf("umount: %v\n%s", err, out)
		}
		sched.Sleep(20 * time.Millisecond)
	}
}
