package disk

import (
	"io/fs"
	"os"
	"strings"
)

// backsMount reports whether a regular file is what a loop device is of that is mounted, or has a partition that is; with writable, only where
// the mount may change it. It cannot tell for mounts that this process does not see, nor where the file was moved since.
func backsMount(file fs.FileInfo, writable bool) bool {
	mounts, _ := os.ReadFile("/proc/self/mountinfo") // without it nothing is known
	for line := range strings.Lines(string(mounts)) {
		fields := strings.Fields(line)
		if len(fields) < 3 || strings.HasPrefix(fields[2], "0:") {
			continue // of no device
		}
		if options := strings.Split(fields[len(fields)-1], ","); writable && options[0] == "ro" {
			continue
		}
		for _, at := range []string{"/loop/", "/../loop/"} {
			name, err := os.ReadFile("/sys/dev/block/" + fields[2] + at + "backing_file")
			if err != nil {
				continue
			}
			if fi, err := os.Stat(strings.TrimSuffix(string(name), "\n")); err == nil && os.SameFile(fi, file) {
				return true
			}
		}
	}
	return false
}
