package fuse

import (
	"errors"
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

// Remount changes the flags of the mount in a directory to those of o, which takes root. What the server was told stays: one that only reads is not made to
// write, which is syscall.EROFS, nor is NoAtime begun, which is syscall.EINVAL, or ended.
func Remount(dir string, o Options) error {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return err
	}
	noAtime := st.Flags&unix.ST_NOATIME != 0
	if o.NoAtime && !noAtime {
		return fmt.Errorf("what reading does to times was said when it was mounted: %w", unix.EINVAL)
	}
	o.NoAtime = noAtime
	flags, _ := mountFlags(o)
	flags |= unix.MS_REMOUNT
	if err := unix.Mount("none", dir, "", flags, ""); err != nil || o.ReadOnly {
		return err
	}
	fd, err := unix.Open(dir, unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err == nil {
		return unix.Close(fd)
	}
	if err == unix.EROFS {
		return errors.Join(err, unix.Mount("none", dir, "", flags|unix.MS_RDONLY, ""))
	}
	return nil // that there is no space, or the like, is no reason
}

// tune lets the kernel read as much ahead as a request holds, and gather more of what is written before it makes writers wait than the hundredth of its share that it
// grants to a server that may be anybody's; not much more, for it begins to write back at a half of that, and until then this process has nothing to do. That takes root;
// without, it stays as it is.
func tune(dir string) {
	var st unix.Stat_t
	if unix.Stat(dir, &st) != nil {
		return
	}
	bdi := fmt.Sprintf("/sys/class/bdi/%d:%d", unix.Major(st.Dev), unix.Minor(st.Dev))
	for name, value := range map[string]int{"read_ahead_kb": requestMax >> 10, "max_ratio": dirtyRatio} {
		_ = os.WriteFile(filepath.Join(bdi, name), []byte(strconv.Itoa(value)), 0)
	}
}

const dirtyRatio = 5 // per cent of what all file systems together may have unwritten in memory
