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

// Options are how to mount. The zero value is right for most.
type Options struct {
	// NoLoad leaves the journal alone even if it needs recovery: what is read is what the last checkpoint
	// left, which may contradict itself. It is the remedy for a damaged journal, or one on a device of its own.
	NoLoad bool

	// CacheBytes bounds the memory for metadata; 0 means 64 MiB. Data of files is not cached.
	CacheBytes int64

	// SuperBlock is the number of the block whose copy of the super block, and of the descriptors after it, to use:
	// 32768 is usual with blocks of 4 KiB, 8193 with 1 KiB. 0 means the primary.
	SuperBlock ondisk.Block

	// Truncated accepts a device that is shorter than the file system: what lies beyond its end is unreadable,
	// the rest is read. Otherwise Mount refuses it, as the kernel does.
	Truncated bool
}

const cacheBytesDefault = 64 << 20

// Of the budget for metadata, inodes get their number of these; one takes less than 1 KiB but for inodes of more than 256 bytes.
const inodeBytes = 1 << 10

// FS is a mounted file system.
type FS struct {
	*layout // immutable

	view   io.ReaderAt                     // the device as recovery leaves it
	cache  *buffer.Cache                   // metadata by block
	inodes *clock.Cache[ondisk.Ino, Inode] // by number, the ones with a policy among them
	fast   *fastCommits                    // what the journal holds beyond blocks; nil for nothing
}

var inodeClasses = clock.Classes{
	Shard: &sched.Class{Name: "inode-cache", Doc: "the index and the clock of one shard of the inode cache", Wait: sched.Spinning},
	Load:  &sched.Class{Name: "inode-load", Doc: "waiting for another task's load of the same inode"},
}

// Mount opens the file system on dev. It reads the super block and, where recovery is needed, the journal; everything
// else is read when it is wanted. It writes nothing. dev stays the caller's: Close does not close it.
//
// A journal that cannot be recovered is an error that says so; with Options.NoLoad the file system opens without it.
func Mount(dev disk.Device, o Options) (*FS, error) {
	l, err := readLayout(dev, dev.Size(), o)
	if err != nil {
		return nil, err
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
	forInodes := budget / 8
	fs := &FS{layout: l, view: view}
	fs.cache = buffer.New(view, l.blockSize, budget-forInodes)
	fs.inodes = clock.New(int(forInodes/max(inodeBytes, int64(2*l.inodeSize))), inodeClasses, fs.loadInode)
	return fs
}

// Close ends the use of the file system and its inodes. There is nothing to write back. The device stays open.
func (fs *FS) Close() error { return nil }

// Super is the super block as recovery leaves it.
func (fs *FS) Super() ondisk.Super { return fs.sb }

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
// Blocks that no file can have are a *CorruptError.
func (fs *FS) ReadBlocks(b ondisk.Block, p []byte) error {
	n := len(p) >> fs.blockBits
	if err := fs.checkRange("mapping", b, uint64(n)); err != nil {
		return err
	}
	return fs.readDevice(p[:n<<fs.blockBits], int64(b)<<fs.blockBits)
}
