package fuse

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// mountFlags are the flags of mount(2), for root, and the options that fusermount3 takes for others.
func mountFlags(o Options) (flags uintptr, options []string) {
	options = []string{"default_permissions"}
	for _, f := range []struct {
		set  bool
		flag uintptr
		name string
	}{
		{o.ReadOnly, unix.MS_RDONLY, "ro"},
		{!o.Suid, unix.MS_NOSUID, "nosuid"},
		{!o.Dev, unix.MS_NODEV, "nodev"},
		{o.NoExec, unix.MS_NOEXEC, "noexec"},
		{o.NoAtime, unix.MS_NOATIME, "noatime"},
	} {
		if !f.set {
			continue
		}
		flags |= f.flag
		if os.Geteuid() != 0 {
			options = append(options, f.name)
		}
	}
	if flags == 0 {
		flags = unix.MS_MGC_VAL // no flag at all
	}
	return flags, options
}

// raiseReadahead lets the kernel read as much ahead as a request holds. That takes root; without, it stays as it is.
func raiseReadahead(dir string) {
	var st unix.Stat_t
	if unix.Stat(dir, &st) != nil {
		return
	}
	bdi := fmt.Sprintf("/sys/class/bdi/%d:%d/read_ahead_kb", unix.Major(st.Dev), unix.Minor(st.Dev))
	_ = os.WriteFile(filepath.Clean(bdi), []byte(strconv.Itoa(requestMax>>10)), 0)
}
