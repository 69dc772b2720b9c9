package mkfs

import (
	"context"
	"io/fs"
	"os"
	"runtime"
	"time"
)

// Source is where the content of an image comes from. [Dir], [Tar] and [FS] make them. A Source is read once for names and
// attributes, and once for the bytes of files, by several tasks at the same time.
type Source interface {
	// scan adds all that the source holds to b.
	scan(ctx context.Context, b *builder) error
	// contents returns a reader of files for one task.
	contents(t *tree) contents
	// close gives up what scan opened.
	close() error
}

// contents reads the bytes of one file after another.
type contents interface {
	// open makes a file the one that is read, in place of the one before.
	open(id nodeID) error
	// readAt reads as io.ReaderAt says, at what a segment of the file has as its place.
	readAt(p []byte, at int64) (int, error)
	// file is the file of the system in which the places lie; nil where there is none.
	file() *os.File
	// changed reports whether the file has changed since the scan, as far as the source can tell. It is asked after the last read.
	changed() bool
	// close gives up what the last open and those before it hold.
	close()
}

// FillOptions says how to take over a source.
type FillOptions struct {
	// MapUID and MapGID give the owner that a file of that owner gets, in ACLs as well; nil keeps it.
	MapUID, MapGID func(id uint32) uint32
	// LookupUser and LookupGroup find the number of a name in an archive's ACL that has names alone; nil knows none.
	LookupUser, LookupGroup func(name string) (id uint32, ok bool)
	// Epoch, where set, makes the result the same for the same source: no time is later, times of access and of change are
	// those of modification, and identities that Options leaves open follow from names and attributes (SOURCE_DATE_EPOCH).
	Epoch *time.Time
	// Skip lists files to leave out wherever they are met, the image itself to begin with.
	Skip []fs.FileInfo
	// Free is how much room [Content.Size] leaves, in bytes.
	Free int64
	// NoXattrs leaves extended attributes and ACLs behind.
	NoXattrs bool
	// Spool is the directory for a temporary copy of an archive that cannot be read twice; "" is the system's.
	Spool string
	// Workers is how many tasks read and write at a time; 0 is one per processor. The result does not depend on it.
	Workers int
	// Progress is told, from time to time, how much of the files is copied. It is called by one task at a time. It may be nil.
	Progress func(p FillProgress)
}

// FillProgress is how far filling has come.
type FillProgress struct {
	Files, FilesTotal int64 // inodes written
	Bytes, BytesTotal int64 // of file data
}

func (o *FillOptions) workers() int {
	if o.Workers > 0 {
		return o.Workers
	}
	return max(1, runtime.GOMAXPROCS(0))
}
