package extant

import (
	"errors"
	"io"
	"io/fs"
	"time"

	"extant/disk"
	"extant/ext4"
	"extant/internal/ondisk"
	"extant/sched"
)

// CorruptError says that the image holds what no file system could: its fields name the structure, the block and the inode.
type CorruptError = ext4.CorruptError

// UnsupportedError says that the image needs a feature, or the caller asked for a thing, that is not there.
type UnsupportedError = ext4.UnsupportedError

// Options are how to open a volume. The zero value is right for most.
type Options struct {
	// NoLoad leaves the journal alone even if it needs recovery. What is read is what the last checkpoint left, which
	// may contradict itself: it is the remedy for a damaged journal.
	NoLoad bool

	// Truncated accepts an image that is shorter than its file system. What is missing is unreadable.
	Truncated bool

	// Shared reads an image even while a writer has it open, and so may see it change under way.
	Shared bool

	// CacheBytes bounds the memory for metadata; 0 means 64 MiB.
	CacheBytes int64

	// DataBytes bounds the memory for the data of files on a volume opened for writing; 0 means 256 MiB. What waits to be written takes a half of
	// it at most.
	DataBytes int64

	// ReadPast leaves data that is read from a volume opened for writing out of memory: for a caller that keeps it itself.
	ReadPast bool

	// WritePast, if it is not 0, writes whole blocks to the image at once: those that have a place there, and what has none if it is so many bytes in one
	// piece. It is for a caller that gathers what is written itself. With clusters what has no place takes the usual way.
	WritePast int64

	// ReadWrite opens for writing, which nobody else may do meanwhile: the journal is replayed, orphans are done away with, and everything that
	// changes is written. It does not go with NoLoad, Truncated and SuperBlock.
	ReadWrite bool

	Data        ext4.DataMode    // what a commit promises of the data of files
	NoDelalloc  bool             // space is allocated when data is written, not when it goes to the device
	Errors      ext4.ErrorPolicy // what damage that is met leads to
	ATime       ext4.ATimePolicy // when reading sets the time of access
	Discard     bool             // the device is told of space that was freed, once that is durable: a hole in an image file
	QuotaLimits bool             // limits of users, groups and projects are enforced, where the image records what they use
	LazyTime    bool             // times alone are kept in memory until the inode is written for another reason

	// Background commits every CommitEvery, and writes back what has waited for long, in tasks of its own. Without it both happen in Sync, in
	// Close, and when a limit is reached.
	Background  bool
	CommitEvery time.Duration // 0 means 5 seconds

	Now  func() time.Time // the clock; nil means that of the system
	Rand io.Reader        // where generations come from; nil means crypto/rand

	// As is who uses the volume; see Volume.As. With nil nothing is checked.
	As *Credential

	// SuperBlock is the number of the block whose copy of the super block to use; 0 means the primary.
	SuperBlock uint64
}

// A Volume is an ext4 file system of which this package gives the files by path.
type Volume struct {
	fs      *ext4.FS
	root    *ext4.Inode
	names   *nameCache  // nil on a volume that may change
	cred    *Credential // nil for whom nothing is checked
	now     func() time.Time
	writes  bool
	closers []io.Closer // what Close closes after fs, in order
}

// Open opens an image file or a block device for reading. IMAGE#NUMBER opens a partition of it; where a file of just that
// name exists, it is that file. Errors name the image; where it holds partitions and no file system of its own, the error lists
// them.
func Open(image string) (*Volume, error) { return OpenWith(image, Options{}) }

// OpenWith is Open with options.
func OpenWith(image string, o Options) (*Volume, error) {
	flags := disk.ReadOnly
	if o.ReadWrite {
		flags = disk.ReadWrite
	}
	if o.Shared {
		flags |= disk.Shared
	}
	dev, isPart, err := openImage(image, flags)
	if err != nil {
		return nil, err
	}
	v, err := OpenDevice(dev, o)
	if err != nil {
		if !isPart {
			err = hintPartitions(dev, err)
		}
		return nil, closing(dev, &fs.PathError{Op: "open", Path: image, Err: err})
	}
	v.closers = append(v.closers, dev)
	return v, nil
}

// OpenDevice opens the file system on dev. The device stays the caller's: Close does not close it.
func OpenDevice(dev disk.Device, o Options) (*Volume, error) {
	mounted, err := ext4.Mount(dev, ext4.Options{
		NoLoad:     o.NoLoad,
		CacheBytes: o.CacheBytes,
		DataBytes:  o.DataBytes,
		ReadPast:   o.ReadPast,
		WritePast:  o.WritePast,
		SuperBlock: ondisk.Block(o.SuperBlock),
		Truncated:  o.Truncated,

		ReadWrite:   o.ReadWrite,
		Data:        o.Data,
		NoDelalloc:  o.NoDelalloc,
		Errors:      o.Errors,
		ATime:       o.ATime,
		Discard:     o.Discard,
		LazyTime:    o.LazyTime,
		QuotaLimits: o.QuotaLimits,
		Background:  o.Background,
		CommitEvery: o.CommitEvery,
		Now:         o.Now,
		Rand:        o.Rand,
	})
	if err != nil {
		return nil, err
	}
	root, err := mounted.Root()
	if err != nil {
		return nil, closing(mounted, err)
	}
	v := &Volume{fs: mounted, root: root, cred: o.As, now: o.Now, writes: o.ReadWrite}
	if v.now == nil {
		v.now = sched.Now
	}
	if !o.ReadWrite {
		v.names = newNameCache()
	}
	return v, nil
}

// Inodes is the file system by inode, for what has no use for paths, as package fuse. It ends with the volume.
func (v *Volume) Inodes() *ext4.FS { return v.fs }

// Close ends the use of the volume and of all its Files.
func (v *Volume) Close() error {
	err := v.fs.Close()
	for _, c := range v.closers {
		err = errors.Join(err, c.Close())
	}
	return err
}

// Ext4 is the file system by inode, for tools that look below paths.
func (v *Volume) Ext4() *ext4.FS { return v.fs }
