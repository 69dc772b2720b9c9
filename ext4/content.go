package ext4

import (
	"extant/internal/alloc"
	"extant/internal/journal"
	"extant/internal/ondisk"
	"extant/internal/page"
	"extant/sched"
)

// content is what a regular file of a file system mounted to write has in memory beside its inode: the data that is cached, and where the
// newest data is.
type content struct {
	w *writer // immutable

	pages page.File
	place sched.Int64 // a place: see setPlace

	invalidate sched.RWMutex // exclusive to take folios out of the cache together with their blocks; shared to bring some in
	writepages sched.Mutex   // one task at a time writes back

	prealloc alloc.Prealloc // guarded by maps
	delayed  delayed        // clusters promised, where clusters are not blocks

	// guarded by the file system's queue
	queued       bool   // waits to be written back
	queuedIn     int    // the flusher's round in which the wait began
	older, newer *Inode // that wait longer and not so long
}

var (
	classInvalidate = &sched.Class{Name: "invalidate", Doc: "folios and blocks of a file are not taken away (invalidate_lock)"}
	classWritepages = &sched.Class{Name: "writepages", Doc: "who writes a file's dirty folios back"}
)

// fileCache is what a file system mounted to write keeps of the data of files.
type fileCache struct {
	w    *writer    // immutable
	pool *page.Pool // immutable
	past bool       // immutable: what is read does not enter

	writePast int64 // immutable: Options.WritePast

	queue   dirtyQueue
	flusher flusher
}

const dataBytesDefault = 256 << 20

func newFileCache(w *writer, blockSize int, o Options) *fileCache {
	bytes := o.DataBytes
	if bytes <= 0 {
		bytes = dataBytesDefault
	}
	f := &fileCache{w: w, pool: page.NewPool(blockSize, bytes), past: o.ReadPast, writePast: o.WritePast}
	f.queue.mu.Init(classDirtyQueue)
	f.flusher.init(w)
	return f
}

// place says where the newest data of a file is. It goes forward, but for a truncation to nothing, which starts again.
type place int64

const (
	placeNew     place = iota + 1 // E: there is none, and the first may go into the inode
	placeInode                    // S0: in the inode. No folio is dirty, and folio 0 is not uptodate
	placeEvicted                  // S1: in folio 0, which is dirty and has a block reserved. The inode has what it was before, for a crash
	placeBlocks                   // S2: in folios and mapped blocks
)

func (p place) String() string {
	return [...]string{"", "nowhere", "in the inode", "on its way out of the inode", "in blocks"}[p]
}

// newContent is the content of an inode with this slot.
func (fs *FS) newContent(ino ondisk.Ino, c *core) *content {
	d := &content{w: fs.files.w}
	d.pages.Init(fs.files.pool)
	d.invalidate.Init(classInvalidate)
	d.writepages.Init(classWritepages)
	d.delayed.mu.Init(classDelayed)
	d.place.Store(int64(fs.firstPlace(ino, c)))
	return d
}

// firstPlace is where the data of an inode is that nobody has used yet.
func (fs *FS) firstPlace(ino ondisk.Ino, c *core) place {
	switch {
	case c.disk.Inline():
		return placeInode
	case ino < fs.sb.FirstFreeIno() || c.disk.Has(ondisk.InodeEA):
		return placeBlocks
	case c.size == 0 && c.disk.ExtraIsize != 0 && fs.sb.HasIncompat(ondisk.IncompatInlineData) && emptyRoot(&c.disk):
		return placeNew
	}
	return placeBlocks
}

// emptyRoot reports whether an inode's map has nothing in it.
func emptyRoot(d *ondisk.Inode) bool {
	if d.Has(ondisk.InodeExtents) {
		root := ondisk.ExtentNode(d.IBlock[:])
		return root.Depth() == 0 && root.Len() == 0
	}
	return d.IBlock == [ondisk.IBlockSize]byte{}
}

// where is the file's place. Without folio 0 locked it is a hint: it may be another by the time one looks at it.
func (n *Inode) where() place { return place(n.place.Load()) }

// mayBeInline reports whether the inode itself has the newest data, or may get it.
func (p place) mayBeInline() bool { return p == placeNew || p == placeInode }

// setPlace says that the newest data is elsewhere from now on. Folio 0 is locked, and the inode's xattrs exclusively: there is no other
// way for a place to change.
func (n *Inode) setPlace(zero *page.Folio, p place) {
	zero.AssertLocked()
	n.xattr.AssertHeld()
	n.place.Store(int64(p))
}

// space gives out the blocks of the inode's file system.
func (n *Inode) space() *alloc.Allocator { return n.fs.rw.Load().alloc }

// start begins a handle that may change that many blocks.
func (n *Inode) start(credits int) (*journal.Handle, error) { return n.fs.rw.Load().start(credits) }

// journalsData reports whether the data of the file goes through the journal: that of all files does, or this one is said to be so.
func (n *Inode) journalsData() bool {
	w := n.fs.rw.Load()
	return w != nil && (w.o.Data == DataJournal || n.core().disk.Has(ondisk.InodeJournalData))
}
