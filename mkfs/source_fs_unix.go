//go:build linux || darwin

package mkfs

import (
	"io/fs"
	"syscall"

	"extant/internal/ondisk"

	"golang.org/x/sys/unix"
)

// systemAttributes adds what the system says of a file beyond what io/fs knows.
func systemAttributes(fi fs.FileInfo, f *found) {
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return
	}
	f.uid, f.gid = st.Uid, st.Gid
	f.major, f.minor = unix.Major(uint64(st.Rdev)), unix.Minor(uint64(st.Rdev))
	if st.Nlink > 1 && f.mode&ondisk.ModeFmt != ondisk.ModeDir {
		f.key = fileKey{uint64(st.Dev), st.Ino}
	}
}
