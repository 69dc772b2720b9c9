package ext4

import (
	"io"
	"syscall"

	"extant/disk"
	"extant/internal/buffer"
	"extant/internal/clock"
	"extant/internal/ondisk"
	"extant/sched"
)

const cacheBytesDefault = 64 << 20

// Of the budget for metadata, inodes get their number of these; one takes about that much but for inodes of more than 256 bytes.
const inodeBytes = 1280

// FS is a mounted file system.
type FS struct {
	*layout // immutable

	view   io.ReaderAt                     // the device as recovery leaves it
	cache  *buffer.Cache                   // metadata by block
	inodes *clock.Cache[ondisk.Ino, Inode] // by number, the ones with a policy among them
	fast   *fastCommits                    // what the journal holds beyond blocks; nil for nothing

	constant bool                      // immutable: it is mounted to read, and nothing in memory ever changes
	table    sched.Pointer[groupTable] // where it is constant: of the group asked for last

	edits sched.Pool[edit]

	rw    sched.Pointer[writer] // nil where it is mounted to read
	files *fileCache            // immutable: nil where it is mounted to read
}

var inodeClasses = clock.Classes{
	Shard: &sched.Class{Name: "inode-cache", Doc: "the index and the clock of one shard of the inode cache", Wait: sched.Spinning},
	Load:  &sched.Class{Name: "inode-load", Doc: "waiting for another task's load of the same inode"},
}

// Mount opens the file system on dev. It reads the super block and, where recovery is needed, the journal; everything
// else is read when it is wanted. It writes nothing, unless Options.ReadWrite says so. dev stays the caller's: Close does not close it.
//
// A journal that cannot be recovered is an error that says so; with Options.NoLoad the file system opens without it. A feature
// that stands in the way of writing is an *UnsupportedError that names it.
func Mount(dev disk.Device, o Options) (*FS, error) {
	l, err := readLayout(dev, dev.Size(), o)
	if err != nil {
		return nil, err
	}
	if o.ReadWrite {
		return mountToWrite(dev, l, o)
	}
	fs := newFS(l, dev, o)
	if o.NoLoad || !l.sb.HasCompat(ondisk.CompatHasJournal) {
		return fs, nil
	}
	return fs.recovered(dev, o)
}

func newFS(l *layout, view io.ReaderAt, o Options) *FS {
	budget := o.CacheBytes
	if budget <= 0 {
		budget = cacheBytesDefault
	}
	forInodes := budget / 4
	fs := &FS{layout: l, view: view}
	inodes := int(forInodes / max(inodeBytes, int64(2*l.inodeSize)))
	if o.ReadWrite {
		fs.cache = buffer.New(view, l.blockSize, budget-forInodes)
		fs.inodes = clock.New(inodes, inodeClasses, fs.loadInode)
		return fs
	}
	fs.constant = true
	fs.cache = buffer.NewConstant(view, l.blockSize, budget-forInodes)
	fs.inodes = clock.NewConstant(inodes, inodeClasses, fs.loadInode)
	return fs
}

// Super is the super block as recovery leaves it and, mounted to write, as it is now.
func (fs *FS) Super() ondisk.Super {
	if w := fs.rw.Load(); w != nil {
		sb := w.super.get()
		w.alloc.Super(&sb)
		return sb
	}
	return fs.sb
}

// BlockSize is the size of a block in bytes.
func (fs *FS) BlockSize() int { return fs.blockSize }

// ReadBlock fills p, one block long, with block b as recovery leaves it, whatever it holds. A block that the file system or the device does
// not have is syscall.ENXIO.
func (fs *FS) ReadBlock(b ondisk.Block, p []byte) error {
	if uint64(b) >= fs.blocksInDev {
		return syscall.ENXIO
	}
	return fs.readDevice(p[:fs.blockSize], int64(b)<<fs.blockBits)
}

// ReadBlocks fills p, whole blocks long, with the blocks from b on as recovery leaves them: data of files, say, that was found to lie there.
// Blocks that no file can have are a *CorruptError. Mounted to write it is syscall.EBUSY: what files have may be newer in memory.
func (fs *FS) ReadBlocks(b ondisk.Block, p []byte) error {
	if fs.rw.Load() != nil {
		return syscall.EBUSY
	}
	n := len(p) >> fs.blockBits
	if err := fs.checkRange("mapping", b, uint64(n)); err != nil {
		return err
	}
	return fs.readDevice(p[:n<<fs.blockBits], int64(b)<<fs.blockBits)
}
