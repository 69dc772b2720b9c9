package fsck

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"extant/internal/ondisk"
)

// A fixedRun is a row of blocks with one kind of fixed metadata, of one group or of several in a row.
type fixedRun struct {
	start, end ondisk.Block
	kind       fixedKind
}

type fixedKind uint8

// What the super block and the descriptors place.
const (
	groupHead fixedKind = iota // copies of the super block and of descriptors
	blockBitmap
	inodeBitmap
	inodeTable
	mmpBlock
)

func (k fixedKind) String() string {
	return [...]string{"super block and descriptors", "block bitmap", "inode bitmap", "inode table", "MMP block"}[k]
}

// fixedMap is all fixed metadata in ascending order.
type fixedMap []fixedRun

// layFixed lays out the fixed metadata, and finds what of it lies on other such.
func (c *checker) layFixed() {
	var kinds [mmpBlock + 1]fixedMap
	put := func(k fixedKind, b ondisk.Block, n uint64) {
		runs, end := kinds[k], min(b+ondisk.Block(n), c.end)
		if last := len(runs) - 1; last >= 0 && runs[last].end == b {
			runs[last].end = end
		} else if end > b {
			kinds[k] = append(runs, fixedRun{b, end, k})
		}
	}
	for i := range c.groups {
		g, gr := ondisk.Group(i), &c.groups[i]
		put(groupHead, c.sb.GroupFirstBlock(g), c.sb.GroupHead(g))
		if !gr.noBlockBitmap {
			put(blockBitmap, gr.desc.BlockBitmap(), 1)
		}
		if !gr.noInodeBitmap {
			put(inodeBitmap, gr.desc.InodeBitmap(), 1)
		}
		if !gr.noTable {
			put(inodeTable, gr.desc.InodeTable(), uint64(c.sb.ItableBlocks()))
		}
	}
	if at := ondisk.Block(c.sb.MMPBlock); c.sb.HasIncompat(ondisk.IncompatMMP) && c.holds(at, 1) {
		put(mmpBlock, at, 1)
	}
	c.fixed = slices.Concat(kinds[:]...)
	slices.SortStableFunc(c.fixed, func(a, b fixedRun) int { return cmp.Compare(a.start, b.start) })
	for _, r := range c.fixed {
		from := c.cluster(r.start)
		c.base.add(from, c.cluster(r.end-1)+1-from)
	}
	c.findConflicts()
}

// findConflicts looks for fixed metadata that lies on other such. Only what overlaps costs more than one look at each run.
func (c *checker) findConflicts() {
	end := ondisk.Block(0)
	for _, r := range c.fixed {
		if r.start < end {
			c.nameConflicts()
			return
		}
		end = max(end, r.end)
	}
}

// nameConflicts says of each group whose metadata lies on what comes before it.
func (c *checker) nameConflicts() {
	taken := newBlockSet(&c.sb)
	ratio := c.ratio
	taken.first, taken.perGroup = taken.first*ratio, taken.perGroup*ratio
	for _, r := range c.fixed {
		if r.kind == groupHead || r.kind == mmpBlock {
			taken.add(uint64(r.start), uint64(r.end-r.start))
		}
	}
	for i := range c.groups {
		gr := &c.groups[i]
		for _, m := range [...]struct {
			at   ondisk.Block
			n    uint64
			code Code
			lost bool
		}{
			{gr.desc.BlockBitmap(), 1, BlockBitmapConflict, gr.noBlockBitmap},
			{gr.desc.InodeBitmap(), 1, InodeBitmapConflict, gr.noInodeBitmap},
			{gr.desc.InodeTable(), uint64(c.sb.ItableBlocks()), InodeTableConflict, gr.noTable},
		} {
			if m.lost {
				continue
			}
			if taken.any(uint64(m.at), m.n) {
				c.add(m.code, Place{Group: ondisk.Group(i), Block: m.at}, "it lies on other metadata")
			}
			taken.add(uint64(m.at), m.n)
		}
	}
}

// at is what fixed metadata lies in one of the n blocks from b on; false for none.
func (m fixedMap) at(b ondisk.Block, n uint64) (fixedRun, bool) {
	i, _ := slices.BinarySearchFunc(m, b, func(r fixedRun, b ondisk.Block) int {
		if r.end <= b {
			return -1
		}
		return 1
	})
	if i < len(m) && m[i].start < b+ondisk.Block(n) {
		return m[i], true
	}
	return fixedRun{}, false
}

// blockList is a list of block numbers for people.
func blockList(list ...ondisk.Block) string {
	words := make([]string, len(list))
	for i, b := range list {
		words[i] = fmt.Sprint(b)
	}
	return strings.Join(words, ", ")
}
