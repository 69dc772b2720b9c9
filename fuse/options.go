package fuse

import "log"

// WritePast is a good value of ext4.Options.WritePast for what is mounted: the kernel gathers what is written, and a piece of that size it sends of a file
// that is being written in order.
const WritePast = 256 << 10

// Options say how to mount. The zero value is a mount for the user who makes it alone, without set-ID bits and devices.
type Options struct {
	Source   string // what mount(8) shows as the device
	ReadOnly bool   // the kernel refuses changes

	AllowOther bool // other users may enter
	Suid       bool // set-ID bits count; takes root
	Dev        bool // device nodes work; takes root
	NoExec     bool // programs do not run
	NoAtime    bool // only shown by mount(8): what reading does to i_atime is ext4.Options.ATime
	GroupOfDir bool // new inodes have the group of their directory, as if each directory had the set-group-ID bit (grpid)

	WriteThrough bool // every write is answered by the file system, and no error waits for close or fsync

	Log   *log.Logger // gets what goes wrong between the kernel and this process; nil means the standard logger
	Trace bool        // Log gets every request and answer as well
}
