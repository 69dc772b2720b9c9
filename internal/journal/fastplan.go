package journal

import (
	"errors"
	"iter"
	"slices"
	"strings"

	"extant/internal/ondisk"
)

// FastBase is what fast commits change: a file system as the full commits leave it.
type FastBase struct {
	Super *ondisk.Super // checked

	// Named refuses a number of an inode that no name may lead to.
	Named func(ondisk.Ino) error

	// Range refuses blocks that no file can have.
	Range func(start ondisk.Block, n uint64) error

	// Slot returns a copy of the slot of an inode; zeros for one that was never in use.
	Slot func(ondisk.Ino) ([]byte, error)
}

// FastPlan is what fast commits amount to, inode by inode: the last image of each, where its blocks are in the end, and the names that
// directories gain and lose.
type FastPlan struct {
	Inodes map[ondisk.Ino]*FastInode
	Dirs   map[ondisk.Ino]*FastDir
}

// FastInode is an inode as fast commits leave it.
type FastInode struct {
	// Slot is what the slot shall hold, its checksum included: but for the map of the blocks, which is that of the old inode, or empty
	// in a fresh one. Without a link the inode is gone, or an orphan.
	Slot []byte

	Fresh bool      // the slot holds another inode, or none, before
	Runs  []FastRun // that changed, of what is not a directory: sorted, without overlaps
}

// FastRun is a range of file blocks, and the blocks they have on the device. In a hole they have none, and Start is 0.
type FastRun struct {
	First, Count uint64
	Start        ondisk.Block
	Unwritten    bool
}

// End is the file block after the last.
func (r FastRun) End() uint64 { return r.First + r.Count }

// Hole reports whether the range has no blocks.
func (r FastRun) Hole() bool { return r.Start == 0 }

// Clip cuts r to the file blocks from first up to end, some of which it holds.
func (r FastRun) Clip(first, end uint64) FastRun {
	if first > r.First {
		if !r.Hole() {
			r.Start += ondisk.Block(first - r.First)
		}
		r.Count -= first - r.First
		r.First = first
	}
	r.Count = min(r.Count, end-r.First)
	return r
}

// FastDir is the names that a directory gains and loses.
type FastDir struct {
	Names map[string]ondisk.Ino // 0 for one taken away
	Order []string              // every name once, in the order of the records
	Up    ondisk.Ino            // the parent of a directory made since the last full commit; 0 for an older one
}

// fastBytesMax bounds the memory of a plan, for which each record counts with what is kept of it and of its inode. The kernel's own areas
// hold a few MiB.
const (
	fastBytesMax    = 64 << 20
	fastRecordBytes = 128
)

// fastPlanner gathers records.
type fastPlanner struct {
	base   FastBase
	plan   *FastPlan
	inodes map[ondisk.Ino]*fastGathered
	fresh  map[ondisk.Ino]bool // those with an image since the last tail
	drops  map[ondisk.Ino]int  // links lost, less those gained, since the last tail
	gone   map[ondisk.Ino]bool // directories that lost their name since the last tail
	bytes  int
}

// fastGathered is what the records so far say of an inode.
type fastGathered struct {
	image  []byte     // the last; nil for none
	ranges []FastRun  // in the order of their records; a later one goes over an earlier
	made   ondisk.Ino // in which directory it was made
	drop   int        // links lost since the image
	gone   bool       // a directory that has lost its name since the image
}

// PlanFast works out what records of fast commits amount to. They are in order; of FCHead and FCPad there are none. The error is a
// *ondisk.CorruptError for what cannot be, and an *ondisk.UnsupportedError for more than is kept track of.
func PlanFast(base FastBase, records iter.Seq2[ondisk.FastCommitRecord, error]) (*FastPlan, error) {
	f := &fastPlanner{
		base:   base,
		plan:   &FastPlan{Inodes: map[ondisk.Ino]*FastInode{}, Dirs: map[ondisk.Ino]*FastDir{}},
		inodes: map[ondisk.Ino]*fastGathered{}, fresh: map[ondisk.Ino]bool{}, drops: map[ondisk.Ino]int{}, gone: map[ondisk.Ino]bool{},
	}
	for r, err := range records {
		if err == nil {
			err = f.record(r)
		}
		if err != nil {
			return nil, ondisk.Locate(err, ondisk.JournalIno, 0)
		}
	}
	f.tail()
	return f.plan, f.finish()
}

func (f *fastPlanner) record(r ondisk.FastCommitRecord) error {
	f.bytes += len(r.Value) + fastRecordBytes
	if r.Tag == ondisk.FCInode {
		f.bytes += f.base.Super.InodeBytes()
	}
	if f.bytes > fastBytesMax {
		return &ondisk.UnsupportedError{Features: []string{"fast_commit"}, Detail: "fast commits that take more than 64 MiB"}
	}
	switch r.Tag {
	case ondisk.FCTail:
		f.tail()
		return nil
	case ondisk.FCAddRange:
		return f.addRange(r.Value)
	case ondisk.FCDelRange:
		return f.delRange(r.Value)
	case ondisk.FCInode:
		return f.inode(r.Value)
	}
	return f.name(r.Tag, r.Value)
}

func (f *fastPlanner) of(ino ondisk.Ino) *fastGathered {
	g := f.inodes[ino]
	if g == nil {
		g = &fastGathered{}
		f.inodes[ino] = g
	}
	return g
}

func (f *fastPlanner) addRange(value []byte) error {
	var rec ondisk.FastCommitAddRange
	var e ondisk.Extent
	if err := rec.Decode(value); err != nil {
		return err
	}
	if err := e.Decode(rec.Extent[:]); err != nil {
		return err
	}
	r := FastRun{First: uint64(e.First()), Count: uint64(e.Length()), Start: e.Start(), Unwritten: e.Unwritten()}
	if r.Count == 0 || r.End() > ondisk.FileBlocksMax {
		return ondisk.Corrupt("fast commit", "range of %d blocks from %d for inode %d", r.Count, r.First, rec.Ino)
	}
	if err := f.base.Range(r.Start, r.Count); err != nil {
		return err
	}
	return f.keepRange(rec.Ino, r)
}

func (f *fastPlanner) delRange(value []byte) error {
	var rec ondisk.FastCommitDelRange
	if err := rec.Decode(value); err != nil {
		return err
	}
	r := FastRun{First: uint64(rec.Block), Count: uint64(rec.Len)}
	if r.Count == 0 {
		return nil
	}
	return f.keepRange(rec.Ino, r)
}

func (f *fastPlanner) keepRange(ino uint32, r FastRun) error {
	if err := f.base.Named(ondisk.Ino(ino)); err != nil {
		return err
	}
	g := f.of(ondisk.Ino(ino))
	g.ranges = append(g.ranges, r)
	return nil
}

// inode keeps an image. That of another inode than the last with this number begins anew.
func (f *fastPlanner) inode(value []byte) error {
	var rec ondisk.FastCommitInode
	var now, old ondisk.Inode
	if err := rec.Decode(value); err != nil {
		return err
	}
	ino, image := ondisk.Ino(rec.Ino), slices.Clone(value[ondisk.FastCommitInodeSize:])
	if err := errors.Join(f.base.Named(ino), now.Decode(image)); err != nil {
		return err
	}
	g := f.of(ino)
	if g.image != nil {
		if err := old.Decode(g.image); err != nil {
			return err
		}
		if old.Generation != now.Generation {
			*g = fastGathered{}
			delete(f.plan.Dirs, ino)
		}
	}
	g.image, g.drop, g.gone = image, 0, false
	f.fresh[ino] = true
	return nil
}

func (f *fastPlanner) name(tag ondisk.FastCommitTag, value []byte) error {
	var rec ondisk.FastCommitDentry
	if err := rec.Decode(value); err != nil {
		return err
	}
	ino, parent := ondisk.Ino(rec.Ino), ondisk.Ino(rec.ParentIno)
	if err := errors.Join(f.base.Named(ino), f.base.Named(parent)); err != nil {
		return err
	}
	d, name := f.plan.dirAt(parent), string(value[ondisk.FastCommitDentrySize:])
	if name == "." || name == ".." || strings.ContainsAny(name, "/\x00") {
		return ondisk.Corrupt("fast commit", "name %q in directory %d", name, parent)
	}
	dir, err := f.isDir(ino)
	if err != nil {
		return err
	}
	known, is := d.Names[name]
	switch {
	case tag == ondisk.FCUnlink && is && known != ino:
		return nil // the name is another's by now
	case tag == ondisk.FCUnlink:
		d.put(name, 0)
		f.unlinked(parent, ino, dir, 1)
		return nil
	case !is || known != ino:
		f.unlinked(parent, ino, dir, -1)
	}
	if tag == ondisk.FCCreat {
		f.of(ino).made = parent
	}
	d.put(name, ino)
	return nil
}

// unlinked counts names that an inode has lost. One of a directory is a link of its parent; there are no images of directories but when they are made.
func (f *fastPlanner) unlinked(parent, ino ondisk.Ino, dir bool, n int) {
	if !dir {
		f.drops[ino] += n
		return
	}
	f.drops[parent] += n
	f.gone[ino] = n > 0
}

// isDir reports whether an inode is a directory, as far as the records go.
func (f *fastPlanner) isDir(ino ondisk.Ino) (bool, error) {
	var slot []byte
	if g := f.inodes[ino]; g != nil {
		slot = g.image
	}
	if slot == nil {
		var err error
		if slot, err = f.base.Slot(ino); err != nil {
			return false, err
		}
	}
	var d ondisk.Inode
	err := d.Decode(slot)
	return d.Type() == ondisk.ModeDir, err
}

func (d *FastDir) put(name string, ino ondisk.Ino) {
	if _, known := d.Names[name]; !known {
		d.Order = append(d.Order, name)
	}
	d.Names[name] = ino
}

// tail ends a fast commit. An image in it counts the links as they are at its end; an inode without one has lost links since it was counted.
func (f *fastPlanner) tail() {
	for ino, n := range f.drops {
		if !f.fresh[ino] {
			f.of(ino).drop += n
		}
	}
	for ino, gone := range f.gone {
		if !f.fresh[ino] {
			f.of(ino).gone = gone
		}
	}
	clear(f.drops)
	clear(f.gone)
	clear(f.fresh)
}

// dirAt is the record of a directory, made if need be.
func (p *FastPlan) dirAt(ino ondisk.Ino) *FastDir {
	d := p.Dirs[ino]
	if d == nil {
		d = &FastDir{Names: map[string]ondisk.Ino{}}
		p.Dirs[ino] = d
	}
	return d
}

// finish puts together what needs all records.
func (f *fastPlanner) finish() error {
	for ino, g := range f.inodes {
		n, err := f.settle(ino, g)
		if err != nil {
			return ondisk.Locate(err, ino, 0)
		}
		f.plan.Inodes[ino] = n
	}
	return nil
}

func (f *fastPlanner) settle(ino ondisk.Ino, g *fastGathered) (*FastInode, error) {
	slot, err := f.base.Slot(ino)
	if err != nil {
		return nil, err
	}
	n := &FastInode{Slot: slot}
	var d ondisk.Inode
	if err := d.Decode(slot); err != nil {
		return nil, err
	}
	if g.image != nil {
		if err := n.overlay(&d, g.image, f.base.Super); err != nil {
			return nil, err
		}
	}
	d.LinksCount = g.links(&d)
	if d.Type() != ondisk.ModeDir {
		n.Runs = flatten(g.ranges)
	} else if d.LinksCount > 0 {
		// The blocks that a directory gained hold nothing yet: the names that went there are records of their own.
		if g.made != 0 {
			f.plan.dirAt(ino).Up = g.made
		}
	}
	d.Encode(n.Slot)
	if f.base.Super.HasROCompat(ondisk.ROCompatMetadataCsum) {
		ondisk.SetInodeCsum(f.base.Super.CsumSeed(), ino, n.Slot)
	}
	return n, nil
}

// linksMax is the most links that are counted. A directory with more has one, for "many".
const linksMax = 65000

// links is i_links_count of an inode for which the image, or else the slot, says d.
func (g *fastGathered) links(d *ondisk.Inode) uint16 {
	n := int(d.LinksCount) - g.drop
	dir := d.Type() == ondisk.ModeDir
	switch {
	case d.Mode == 0, dir && g.gone, n < 0:
		return 0
	case dir && (d.LinksCount == 1 || n > linksMax):
		return 1
	}
	return uint16(min(n, 1<<16-1))
}

// overlay lays the image of an inode over its slot, which is d decoded. The image is as long as the fields and may stop before xattrs; what leads to
// the inode's blocks stays, as ranges are records of their own, and so do the size and blocks of an older directory and the list of orphans.
func (n *FastInode) overlay(d *ondisk.Inode, image []byte, sb *ondisk.Super) error {
	old := *d
	if err := d.Decode(image); err != nil {
		return err
	}
	n.Fresh = old.Mode == 0 || old.Generation != d.Generation || old.Type() != d.Type()
	if n.Fresh {
		clear(n.Slot)
		old = ondisk.Inode{}
	}
	copy(n.Slot, image)
	if err := d.Decode(n.Slot); err != nil {
		return err
	}
	if mapsBlocks(d) {
		d.IBlock = old.IBlock
		if d.Has(ondisk.InodeExtents) && !old.Has(ondisk.InodeExtents) {
			ondisk.ExtentNode(d.IBlock[:]).Init(0)
		}
	}
	d.DTime = old.DTime
	d.SetFileACL(old.FileACL())
	if !n.Fresh && d.Type() == ondisk.ModeDir {
		d.SizeLo, d.SizeHi = old.SizeLo, old.SizeHi
	}
	return nil
}

// mapsBlocks reports whether i_block of an inode leads to its blocks, and holds nothing else.
func mapsBlocks(d *ondisk.Inode) bool {
	switch d.Type() {
	case ondisk.ModeRegular, ondisk.ModeDir:
		return !d.Has(ondisk.InodeInlineData)
	case ondisk.ModeSymlink:
		return d.Has(ondisk.InodeExtents) || d.Size() >= ondisk.IBlockSize && !d.Has(ondisk.InodeInlineData)
	}
	return false
}
