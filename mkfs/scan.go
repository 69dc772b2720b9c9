package mkfs

import (
	"context"
	"errors"
	"math"
	"slices"

	"extant/internal/ondisk"
	"extant/sched"
)

// found is what a source says of one file it met.
type found struct {
	mode         uint16
	uid, gid     uint32
	size         int64  // of a regular file
	where        uint64 // of its bytes, as the source counts
	mtime, atime stamp
	major, minor uint32
	target       []byte         // of a symlink
	xattrs       []ondisk.Xattr // names and values may be reused once the file is added
	sparse       bool
	segments     []segment // of a sparse file
	key          fileKey   // the same for all names of one file; zero where it has one name only
}

// fileKey is the identity of a file in the file system that the source lies in.
type fileKey struct{ dev, ino uint64 }

// A builder makes a tree of what a source finds. Any number of tasks may add.
type builder struct {
	o    *FillOptions
	warn *warnings

	mu sched.Mutex // class: mkfs-tree
	// +checklocks:mu
	t *tree
	// +checklocks:mu
	known map[fileKey]nodeID
}

var treeClass = sched.Class{Name: "mkfs-tree", Doc: "the tree that a scan builds"}

// Limits of a tree. Arenas are counted in 32 bits.
const (
	nodesMax = math.MaxUint32 - 16
	arenaMax = math.MaxUint32 - 1<<20
)

var errTooLarge = errors.New("the source has more names or attributes than an image can number")

func newBuilder(o *FillOptions, w *warnings) *builder {
	b := &builder{o: o, warn: w, known: map[fileKey]nodeID{}}
	b.t = &tree{}
	b.t.nodes.add(node{mode: ondisk.ModeDir | 0o755, links: 1, timeless: true})
	b.mu.Init(&treeClass)
	return b
}

// scan reads a source into a tree.
func scan(ctx context.Context, src Source, o *FillOptions, w *warnings) (*tree, error) {
	b := newBuilder(o, w)
	if err := src.scan(ctx, b); err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.addLostFoundLocked()
	b.t.sortEntries()
	return b.t, nil
}

// addLostFoundLocked adds a lost+found where the source has none.
//
// +checklocks:b.mu
func (b *builder) addLostFoundLocked() {
	t := b.t
	for i := range t.entries {
		if e := &t.entries[i]; e.dir == rootNode && string(t.entryName(e)) == lostFoundName {
			return
		}
	}
	id := t.nodes.add(node{mode: ondisk.ModeDir | 0o700, timeless: true})
	b.linkLocked(rootNode, []byte(lostFoundName), id)
}

// setRoot gives the root its attributes.
func (b *builder) setRoot(f *found) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.setLocked(rootNode, f)
}

// A named is something found and its name in a directory.
type named struct {
	name []byte
	found
	id nodeID // set by add
}

// add enters a batch of files into a directory.
func (b *builder) add(dir nodeID, batch []named) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range batch {
		f := &batch[i]
		id, err := b.addLocked(dir, f.name, &f.found)
		if err != nil {
			return err
		}
		f.id = id
	}
	return nil
}

// addLocked enters one file, or one more name of a file that is known.
//
// +checklocks:b.mu
func (b *builder) addLocked(dir nodeID, name []byte, f *found) (nodeID, error) {
	if id, ok := b.known[f.key]; ok && f.key != (fileKey{}) {
		b.linkLocked(dir, name, id)
		return id, b.checkLocked()
	}
	id := b.t.nodes.add(node{})
	if f.key != (fileKey{}) {
		b.known[f.key] = id
	}
	b.linkLocked(dir, name, id)
	b.setLocked(id, f)
	return id, b.checkLocked()
}

// checkLocked makes sure that numbers have not run out.
//
// +checklocks:b.mu
func (b *builder) checkLocked() error {
	t := b.t
	if t.nodes.len() > nodesMax || len(t.entries) > nodesMax || len(t.segments) > nodesMax ||
		len(t.names) > arenaMax || len(t.xattrs.arena) > arenaMax {
		return errTooLarge
	}
	return nil
}

// linkLocked enters a name for a node and returns the index of the entry.
//
// +checklocks:b.mu
func (b *builder) linkLocked(dir nodeID, name []byte, id nodeID) int {
	t := b.t
	at := uint32(len(t.names))
	t.names = append(roomy(t.names, len(name)), name...)
	t.entries = append(roomy(t.entries, 1), entry{dir: dir, node: id, name: at, nameLen: uint8(len(name))})
	t.nodes.at(dir).hi++ // until entries are sorted, the number of entries made
	n := t.nodes.at(id)
	if n.links == 0 {
		n.parent, n.name, n.nameLen = dir, at, uint8(len(name))
	}
	n.links++
	return len(t.entries) - 1
}

// roomy is s with room for n more, and where it has to grow twice as large: append makes steps of a quarter, and leaves four times as much
// behind.
func roomy[E any](s []E, n int) []E {
	if len(s)+n > cap(s) {
		return slices.Grow(s, len(s)+n)
	}
	return s
}

// setLocked fills a node with what was found. Its names stay.
//
// +checklocks:b.mu
func (b *builder) setLocked(id nodeID, f *found) {
	t := b.t
	n := t.nodes.at(id)
	n.mode, n.size, n.where = f.mode, f.size, f.where
	n.uid, n.gid = b.mapOwner(f.uid, f.gid)
	b.setTimes(n, f)
	n.sparse = false
	switch n.kind() {
	case ondisk.ModeRegular:
		if n.sparse = f.sparse; n.sparse {
			n.lo = uint32(len(t.segments))
			t.segments = append(t.segments, f.segments...)
			n.hi = uint32(len(t.segments))
		}
	case ondisk.ModeSymlink:
		n.where, n.size = uint64(len(t.names)), int64(len(f.target))
		t.names = append(t.names, f.target...)
	case ondisk.ModeChar, ondisk.ModeBlock:
		n.lo, n.hi, n.size = f.major, f.minor, 0
	default:
		n.size = 0
	}
	n.xattrs = 0
	if !b.o.NoXattrs {
		n.xattrs = t.xattrs.add(f.xattrs)
	}
}

func (b *builder) mapOwner(uid, gid uint32) (uint32, uint32) {
	if b.o.MapUID != nil {
		uid = b.o.MapUID(uid)
	}
	if b.o.MapGID != nil {
		gid = b.o.MapGID(gid)
	}
	return uid, gid
}

// setTimes sets the times of a node as far as the epoch allows.
func (b *builder) setTimes(n *node, f *found) {
	m, a := f.mtime, f.atime
	if e := b.o.Epoch; e != nil {
		limit := stamp{e.Unix(), uint32(e.Nanosecond())}
		if n.clamped = m.sec > limit.sec || m.sec == limit.sec && m.nsec > limit.nsec; n.clamped {
			m = limit
		}
		a = m
	}
	n.timeless = false
	n.mtime, n.mtimeNsec = m.sec, m.nsec
	n.atime, n.atimeNsec = a.sec, a.nsec
}
