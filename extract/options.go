package extract

import (
	"fmt"
	"math"

	"extant/ext4"
)

// Options are how to extract. The zero value restores times, modes, xattrs of users, ACLs and, for the super user, owners.
type Options struct {
	// Privileged takes out what gives power or needs it: set-user-ID, set-group-ID and sticky bits, the xattrs in security (file
	// capabilities among them) and trusted, and device nodes.
	Privileged bool

	// Owners says when owners are restored.
	Owners Owners

	// MapUID and MapGID translate owners and groups, those that ACLs name too; nil leaves them. They are called by several tasks
	// at once. The number that stands for nobody, the largest there is, fails.
	MapUID, MapGID func(uint32) uint32

	// Omit lists what is not restored.
	Omit Meta

	// Overwrite replaces files that exist in the target, and gives directories that exist the metadata of those in the image, unless
	// modes are omitted. A link is replaced, never written through. Without it a name that is taken is a failure that wraps
	// fs.ErrExist, and directories that exist are entered and keep their metadata.
	Overwrite bool

	// KeepPartial leaves a file whose data could not all be read with what could. Otherwise it is removed.
	KeepPartial bool

	// FillHoles writes holes as zeros.
	FillHoles bool

	// Limits bound what an image can make of the host.
	Limits Limits

	// Workers is how many files are written at the same time; 0 means the number of processors, 8 at most. An archive is written by one.
	Workers int

	// Report is told of each failure, a *fs.PathError with a path in the volume; Note of what was left out by intent. Progress is told
	// now and then how far it is. They are called one at a time, from any task. All may be nil.
	Report   func(error)
	Note     func(path, what string)
	Progress func(Stats)
}

// replacesDirs reports whether directories that exist get the metadata of those in the image.
func (o *Options) replacesDirs() bool { return o.Overwrite && o.Omit&MetaModes == 0 }

// Owners says when the owners of files are restored.
type Owners uint8

// When owners are restored.
const (
	OwnersIfRoot Owners = iota // where the process is the super user's
	OwnersAlways               // what the system refuses is a failure
	OwnersNever
)

// Meta is a set of metadata.
type Meta uint8

// Kinds of metadata.
const (
	MetaTimes  Meta = 1 << iota
	MetaXattrs      // ACLs among them
	MetaModes       // permissions are then restored as far as the umask allows
)

// Limits end an extraction that a sound image would not need. 0 means a limit in proportion to the file system: see each.
// Negative means none.
type Limits struct {
	// Bytes of data and of values of xattrs that are written. Holes count only where they are filled. 0 means four times the size of
	// the file system, and 64 MiB more.
	Bytes int64

	// Files, directories and all other names. 0 means 64 for each inode.
	Files int64

	// Depth of directories. 0 means 1000. One that is deeper is a failure; the rest follows.
	Depth int
}

const depthDefault = 1000

// of puts numbers where the limits are left to the file system.
func (l Limits) of(fs *ext4.FS) Limits {
	sb := fs.Super()
	size := min(sb.Blocks(), math.MaxInt64/8/uint64(fs.BlockSize())) * uint64(fs.BlockSize())
	return Limits{
		Bytes: limitOr(l.Bytes, int64(4*size+64<<20)),
		Files: limitOr(l.Files, 64*int64(sb.InodesCount)),
		Depth: int(limitOr(int64(l.Depth), depthDefault)),
	}
}

func limitOr(n, byDefault int64) int64 {
	switch {
	case n == 0:
		return byDefault
	case n < 0:
		return math.MaxInt64
	}
	return n
}

// LimitError says that an extraction ended because the image wanted more than Limits allow.
type LimitError struct {
	What  string // "bytes", "files"
	Limit int64
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("stopped at the limit of %d %s, more than a sound image of this size holds", e.Limit, e.What)
}

// Stats says what has been extracted.
type Stats struct {
	Files int64 // all that is no directory; each name of a file counts
	Dirs  int64
	Bytes int64 // of data, holes not counted

	Failed int64 // failures that were reported

	// What was left out by intent.
	Devices int64 // nodes
	Sockets int64
	SetID   int64 // files that had a set-ID or sticky bit
	Xattrs  int64 // in security and trusted
}

// PartialError says that some of what was asked for could not be extracted. Each failure has been reported.
type PartialError struct {
	Failed int64
	First  error
}

func (e *PartialError) Error() string {
	if e.Failed == 1 {
		return e.First.Error()
	}
	return fmt.Sprintf("%v, and %d more failures", e.First, e.Failed-1)
}

// Unwrap returns the first failure.
func (e *PartialError) Unwrap() error { return e.First }
