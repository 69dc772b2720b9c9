package fuse

import (
	"github.com/hanwen/go-fuse/v2/fuse"

	"extant/ext4"
	"extant/internal/ondisk"
)

// files answers the requests of one mount. Requests that are not here the kernel does without: it asks once.
type files struct {
	fuse.RawFileSystem

	fs         *ext4.FS
	noOpen     bool // files need not be opened
	writeBack  bool // the kernel may have what is not written yet
	groupOfDir bool
	blockSize  uint32

	nodes nodes

	notify *fuse.Server // set before the first request
}

var _ fuse.RawFileSystem = (*files)(nil)

func newFiles(fs *ext4.FS, o Options) *files {
	f := &files{
		RawFileSystem: fuse.NewDefaultRawFileSystem(),
		fs:            fs,
		noOpen:        o.ReadOnly,
		writeBack:     !o.WriteThrough && !o.ReadOnly,
		groupOfDir:    o.GroupOfDir,
		blockSize:     uint32(fs.BlockSize()),
	}
	f.nodes.init(fs)
	return f
}

func (f *files) String() string { return "extant" }

// Init gets the way to tell the kernel something without being asked.
func (f *files) Init(s *fuse.Server) { f.notify = s }

func (f *files) StatFs(_ <-chan struct{}, _ *fuse.InHeader, out *fuse.StatfsOut) fuse.Status {
	st, err := f.fs.StatFS()
	if err != nil {
		return status(err)
	}
	*out = fuse.StatfsOut{
		Blocks: st.Blocks, Bfree: st.BlocksFree, Bavail: st.BlocksAvail, Files: st.Files, Ffree: st.FilesFree,
		Bsize: uint32(st.BlockSize), Frsize: uint32(st.BlockSize), NameLen: uint32(st.NameMax),
	}
	return fuse.OK
}

// modeTypes are the types of entries as the kernel has them in modes. One that the directory does not tell is 0.
var modeTypes = [...]uint32{
	ondisk.FileRegular: ondisk.ModeRegular,
	ondisk.FileDir:     ondisk.ModeDir,
	ondisk.FileChar:    ondisk.ModeChar,
	ondisk.FileBlk:     ondisk.ModeBlock,
	ondisk.FileFIFO:    ondisk.ModeFIFO,
	ondisk.FileSocket:  ondisk.ModeSocket,
	ondisk.FileSymlink: ondisk.ModeSymlink,
}

func modeOf(kind uint8) uint32 {
	if int(kind) >= len(modeTypes) {
		return 0
	}
	return modeTypes[kind]
}
