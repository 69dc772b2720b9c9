package fsck

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"extant/internal/ondisk"
)

// claim notes that the inode at hand says that the n blocks from b on are its own. They are blocks that files may have.
func (w *worker) claim(b ondisk.Block, n uint64) {
	c := w.c
	from := c.cluster(b)
	count := c.cluster(b+ondisk.Block(n)-1) + 1 - from
	if c.base.any(from, count) {
		w.claimFixed(b, n)
	}
	if w.used.addNew(from, count, &w.dup) {
		w.shared = true
	}
	if c.owners.on {
		c.owners.note(w.file.ino, from, count, &c.dup)
	}
}

// claimFixed notes that blocks of the inode at hand are fixed metadata.
func (w *worker) claimFixed(b ondisk.Block, n uint64) {
	r, ok := w.c.fixed.at(b, n)
	if !ok && w.file.ino == ondisk.BadBlocksIno {
		return // blocks go bad one by one
	}
	if !ok { // in a cluster with some
		r, _ = w.c.fixed.at(b-b%ondisk.Block(w.c.ratio), n+2*w.c.ratio)
	}
	w.mapFault(MapInMetadata, Place{Block: max(b, r.start)}, "blocks %d to %d are, at %d, the file system's %s", b, uint64(b)+n-1, max(b, r.start), r.kind)
}

// node claims a block of the map of the inode at hand. A block is followed once only, so that no tree bites its tail and the
// work does not exceed the blocks there are.
func (w *worker) node(b ondisk.Block) bool {
	c := w.c
	w.claim(b, 1)
	w.file.clusters++
	if w.nodes.groups == nil {
		w.nodes = newBlockSet(&c.sb)
	}
	n := c.cluster(b)
	if c.base.has(n) {
		return false
	}
	if w.nodes.has(n) {
		w.shared = true
		w.mapFault(MapNodeShared, Place{Block: b}, "block %d was followed before", b)
		return false
	}
	w.nodes.add(n, 1)
	return true
}

// data claims blocks of the inode at hand.
func (w *worker) data(r mapRun) {
	f := &w.file
	w.claimData(r)
	if r.start != f.next {
		f.pieces++
	}
	f.next, f.last = r.start+ondisk.Block(r.count), r.end()
	if !r.unwritten {
		f.written = r.end()
	}
	if f.dir {
		g := f.group
		if k := len(g.runs); k > f.runs && !r.unwritten && g.runs[k-1].end() == r.file && g.runs[k-1].start+ondisk.Block(g.runs[k-1].count) == r.start {
			g.runs[k-1].count += r.count
		} else {
			g.runs = append(g.runs, r)
		}
	}
}

// claimData claims the clusters of a run. Runs of one file may share a cluster where they share it in the file as well.
func (w *worker) claimData(r mapRun) {
	f, ratio := &w.file, w.c.ratio
	if ratio == 1 {
		f.clusters += r.count
		w.claim(r.start, r.count)
		return
	}
	first, last := r.file/ratio+1, (r.end()-1)/ratio+1
	disk := w.c.cluster(r.start) + 1
	diskLast := w.c.cluster(r.start+ondisk.Block(r.count)-1) + 1
	if first == f.lastFile && disk != f.lastDisk && f.ino != ondisk.BadBlocksIno { // blocks go bad one by one
		w.mapFault(ExtentMisaligned, Place{File: ondisk.FileBlock(r.file), Block: r.start}, "file block %d is at block %d, but others of its cluster are in cluster %d", r.file, r.start, f.lastDisk-1)
	}
	if first == f.lastFile && disk == f.lastDisk {
		skip := min(ratio-uint64(r.start)%ratio, r.count)
		r.start, r.count = r.start+ondisk.Block(skip), r.count-skip
		disk++
	}
	f.lastFile, f.lastDisk = last, diskLast
	if r.count > 0 {
		f.clusters += diskLast + 1 - disk
		w.claim(r.start, r.count)
	}
}

// ownerMap says which inodes claim a cluster that is claimed more than once.
type ownerMap struct {
	on    bool
	of    map[uint64][]ondisk.Ino
	count int // inodes in of
	steps int // clusters looked at
}

// Bounds of an ownerMap. What is beyond them is claimed twice all the same; only by whom is not noted.
const (
	ownersMax      = 1 << 20
	ownersOfEach   = 16
	ownersStepsMax = 1 << 24
)

func newOwnerMap() ownerMap { return ownerMap{on: true, of: make(map[uint64][]ondisk.Ino)} }

// note keeps that an inode claims those of the n clusters from c on that are in dup.
func (o *ownerMap) note(ino ondisk.Ino, c, n uint64, dup *blockSet) {
	for n > 0 && o.steps < ownersStepsMax {
		g, i, end := dup.span(c, n)
		if m := dup.groups[g]; m != nil {
			for k := m.NextSet(i, end); k < end; k = m.NextSet(k+1, end) {
				o.put(c+uint64(k-i), ino)
			}
		}
		c, n = c+uint64(end-i), n-uint64(end-i)
	}
}

func (o *ownerMap) put(c uint64, ino ondisk.Ino) {
	o.steps++
	if o.count < ownersMax && len(o.of[c]) < ownersOfEach {
		o.of[c] = append(o.of[c], ino)
		o.count++
	}
}

// nameOwners reports, for every inode, which of its blocks others claim as well.
func (c *checker) nameOwners() {
	clusters := slices.Sorted(maps.Keys(c.owners.of))
	for i := 0; i < len(clusters); {
		owners := c.owners.of[clusters[i]]
		k := i + 1
		for k < len(clusters) && clusters[k] == clusters[k-1]+1 && slices.Equal(c.owners.of[clusters[k]], owners) {
			k++
		}
		if len(owners) > 1 {
			c.nameRange(clusters[i], uint64(k-i), owners)
		}
		i = k
	}
	c.owners.on = false
}

func (c *checker) nameRange(first, n uint64, owners []ondisk.Ino) {
	names := make([]string, 0, len(owners))
	for _, ino := range owners {
		names = append(names, fmt.Sprint(ino))
	}
	all := slices.Clone(owners)
	slices.SortFunc(all, func(a, b ondisk.Ino) int { return cmp.Compare(a, b) })
	for _, ino := range slices.Compact(all) {
		c.add(BlockClaimedTwice, Place{Ino: ino, Block: ondisk.Block(first * c.ratio)}, "%d blocks from %d on are claimed by inodes %s",
			n*c.ratio, first*c.ratio, strings.Join(names, ", "))
	}
}
