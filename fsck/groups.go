package fsck

import (
	"encoding/binary"
	"math"

	"extant/internal/ondisk"
)

// readGroups reads the descriptors and lays out the fixed metadata that they place.
func (c *checker) readGroups() error {
	s := &c.sb
	n := s.Groups()
	if need := n * uint64(s.DescriptorSize()); need > uint64(c.raw.Size()) || n > math.MaxInt32 {
		return ondisk.Corrupt("super block", "descriptors of %d groups need %d bytes, the device has %d", n, need, c.raw.Size())
	}
	c.groups = make([]group, n)
	c.inodes = make([]inodeGroup, n)
	c.base, c.used, c.dup = newBlockSet(s), newBlockSet(s), newBlockSet(s)
	per := s.DescriptorsPerBlock()
	b := make([]byte, c.bs)
	for nr := 0; nr*per < int(n); nr++ {
		first := ondisk.Group(nr * per)
		at, _ := s.DescriptorBlock(first)
		if err := c.read(at, b); err != nil {
			c.add(BlockUnreadable, Place{Group: first, Block: at}, "descriptors: %v", err)
			clear(b)
		}
		for i := range min(per, int(n)-nr*per) {
			c.readGroup(first+ondisk.Group(i), at, b[i*s.DescriptorSize():][:s.DescriptorSize()])
		}
	}
	c.layFixed()
	return nil
}

// readGroup judges the descriptor of a group, which lies in block at.
func (c *checker) readGroup(g ondisk.Group, at ondisk.Block, b []byte) {
	d := &c.groups[g].desc
	if err := d.Decode(b); err != nil {
		return
	}
	place := Place{Group: g, Block: at}
	sound := c.sealed(g, b, d.Checksum)
	if !sound {
		c.add(GroupChecksum, place, "bg_checksum is %#04x, not %#04x", d.Checksum, c.groupSum(g, b)).want(uint64(c.groupSum(g, b))).show(b)
	}
	if !c.placed(g, d) && c.copied(g, d) {
		c.add(GroupLost, place, "its bitmaps and its inode table are at %s", placesOf(b)).show(b)
		sound = false
	}
	c.placeGroup(g, place)
	c.judgeFlags(g, place, sound)
}

// groupSum is the checksum that belongs in a descriptor.
func (c *checker) groupSum(g ondisk.Group, b []byte) uint16 {
	if c.csum {
		return ondisk.GroupDescCsum(c.seed, g, b)
	}
	return ondisk.GroupDescCRC16(c.sb.UUID, g, b)
}

func (c *checker) sealed(g ondisk.Group, b []byte, got uint16) bool {
	return !c.gdt || got == c.groupSum(g, b)
}

// placed reports whether all that the descriptor places is where it can be.
func (c *checker) placed(g ondisk.Group, d *ondisk.GroupDesc) bool {
	return c.mayHold(g, d.BlockBitmap(), 1) && c.mayHold(g, d.InodeBitmap(), 1) && c.mayHold(g, d.InodeTable(), uint64(c.sb.ItableBlocks()))
}

// mayHold reports whether metadata of a group may be in the n blocks from b on.
func (c *checker) mayHold(g ondisk.Group, b ondisk.Block, n uint64) bool {
	if !c.holds(b, n) {
		return false
	}
	if c.sb.HasIncompat(ondisk.IncompatFlexBG) {
		return true
	}
	first := c.sb.GroupFirstBlock(g)
	return b >= first && uint64(b-first)+n <= uint64(c.sb.GroupBlocks(g))
}

// copied takes a group's descriptor from a copy that makes sense; false where there is none.
func (c *checker) copied(g ondisk.Group, d *ondisk.GroupDesc) bool {
	per := c.sb.DescriptorsPerBlock()
	b := make([]byte, c.sb.DescriptorSize())
	first := true
	for at := range c.sb.DescriptorCopies(int(g) / per) {
		if first || at >= c.end {
			first = false
			continue
		}
		var k ondisk.GroupDesc
		if readAt(c.dev, b, int64(at)*int64(c.bs)+int64(int(g)%per*len(b))) != nil || k.Decode(b) != nil {
			continue
		}
		if c.sealed(g, b, k.Checksum) && c.placed(g, &k) {
			*d = k
			return true
		}
	}
	return false
}

// placesOf is what a descriptor says, for people.
func placesOf(b []byte) string {
	var d ondisk.GroupDesc
	if d.Decode(b) != nil {
		return "nowhere"
	}
	return blockList(d.BlockBitmap(), d.InodeBitmap(), d.InodeTable())
}

// placeGroup notes what of the group's metadata has no place.
func (c *checker) placeGroup(g ondisk.Group, place Place) {
	gr := &c.groups[g]
	for _, m := range [...]struct {
		at   ondisk.Block
		n    uint64
		code Code
		lost *bool
	}{
		{gr.desc.BlockBitmap(), 1, GroupBlockBitmap, &gr.noBlockBitmap},
		{gr.desc.InodeBitmap(), 1, GroupInodeBitmap, &gr.noInodeBitmap},
		{gr.desc.InodeTable(), uint64(c.sb.ItableBlocks()), GroupInodeTable, &gr.noTable},
	} {
		if !c.mayHold(g, m.at, m.n) {
			*m.lost = !c.holds(m.at, m.n)
			c.add(m.code, place, "it is at block %d", m.at)
		}
	}
}

// judgeFlags takes from the descriptor what need not be looked at. One with a wrong checksum is not believed.
func (c *checker) judgeFlags(g ondisk.Group, place Place, sound bool) {
	gr := &c.groups[g]
	const uninit = ondisk.GroupBlockUninit | ondisk.GroupInodeUninit
	flags := gr.desc.Flags
	switch {
	case !c.gdt && flags&uninit != 0:
		c.add(GroupFlags, place, "bg_flags is %#x", flags).want(uint64(flags & uninit))
		return
	case !c.gdt || !sound:
		return
	}
	gr.uninit = flags&ondisk.GroupBlockUninit != 0
	if gr.uninit && uint64(g) == c.sb.Groups()-1 && g > 0 {
		c.add(GroupLastUninit, place, "bg_flags is %#x", flags).want(ondisk.GroupBlockUninit)
	}
	per := c.sb.InodesPerGroup
	switch n := gr.desc.ItableUnused(); {
	case flags&ondisk.GroupInodeUninit != 0:
		gr.unused = per
	case n > per:
		c.add(GroupUnused, place, "bg_itable_unused is %d of %d", n, per).want(0)
	default:
		gr.unused = n
	}
}

// Numbers as the disk has them.

func le16(b []byte) uint16 { return binary.LittleEndian.Uint16(b) }

func le32(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }

func putLE16(b []byte, v uint16) { binary.LittleEndian.PutUint16(b, v) }

func putLE32(b []byte, v uint32) { binary.LittleEndian.PutUint32(b, v) }
