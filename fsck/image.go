package fsck

import (
	"errors"
	"fmt"
	"io"

	"extant/disk"
	"extant/internal/ondisk"
)

// image is the file system as the phases after the first see it.
type image struct {
	dev  disk.Device // as after a replay of the journal
	sb   ondisk.Super
	bs   int // bytes in a block
	slot int // bytes in an inode

	first ondisk.Block // first block that a file may have
	end   ondisk.Block // the block after the last that both the file system and the device have
	ratio uint64       // blocks in a cluster
	seed  uint32       // of metadata checksums
	csum  bool         // metadata_csum
	gdt   bool         // descriptors have checksums and flags: metadata_csum or uninit_bg

	groups []group
}

// A group is what is known of a block group.
type group struct {
	desc   ondisk.GroupDesc
	unused uint32 // inodes at the end of the table that need not be looked at
	uninit bool   // the block bitmap is not there to be read: only fixed metadata is in use

	outside bool // but more is

	freeClusters, freeInodes uint32 // as counted

	noBlockBitmap, noInodeBitmap, noTable bool // the descriptor puts it where it cannot be
}

// setSuper takes the measures of a super block that has passed CheckGeometry.
func (im *image) setSuper(sb *ondisk.Super, size int64) {
	im.sb = *sb
	im.bs, im.slot = sb.BlockSize(), sb.InodeBytes()
	im.first = ondisk.Block(sb.FirstDataBlock) + 1
	im.end = ondisk.Block(min(sb.Blocks(), uint64(size)/uint64(im.bs)))
	im.ratio = uint64(sb.ClusterRatio())
	im.seed = sb.CsumSeed()
	im.csum = sb.HasROCompat(ondisk.ROCompatMetadataCsum)
	im.gdt = im.csum || sb.HasROCompat(ondisk.ROCompatUninitBG)
}

// holds reports whether the n blocks from b on are blocks that a file may have.
func (im *image) holds(b ondisk.Block, n uint64) bool {
	return b >= im.first && b < im.end && n <= uint64(im.end-b)
}

// read fills p from the start of a block on. What the device has no bytes for is an error.
func (im *image) read(b ondisk.Block, p []byte) error {
	return readAt(im.dev, p, int64(b)*int64(im.bs))
}

func readAt(dev disk.Device, p []byte, off int64) error {
	n, err := dev.ReadAt(p, off)
	switch {
	case n == len(p):
		return nil
	case err == nil || errors.Is(err, io.EOF):
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("reading %d bytes at %d: %w", len(p), off, err)
}

// inodeAt is where the slot of an inode is, in bytes; false for a number that there is no slot for.
func (im *image) inodeAt(ino ondisk.Ino) (int64, bool) {
	if ino == 0 || uint32(ino) > im.sb.InodesCount {
		return 0, false
	}
	g, i := im.sb.InodeGroup(ino)
	if int(g) >= len(im.groups) || im.groups[g].noTable {
		return 0, false
	}
	return int64(im.groups[g].desc.InodeTable())*int64(im.bs) + int64(i)*int64(im.slot), true
}

// readInode reads an inode into slot, of im.slot bytes.
func (im *image) readInode(ino ondisk.Ino, slot []byte, n *ondisk.Inode) error {
	at, ok := im.inodeAt(ino)
	if !ok {
		return ondisk.Corrupt("inode", "no inode %d", ino)
	}
	if err := readAt(im.dev, slot, at); err != nil {
		return err
	}
	return n.Decode(slot)
}

// inodeSeed is what the checksums of the blocks of an inode start from.
func (im *image) inodeSeed(ino ondisk.Ino, n *ondisk.Inode) uint32 {
	return ondisk.InodeSeed(im.seed, ino, n.Generation)
}

// cluster is the cluster of a block.
func (im *image) cluster(b ondisk.Block) uint64 {
	if im.ratio == 1 {
		return uint64(b)
	}
	return uint64(b) / im.ratio
}

// blocksOf is the number of blocks that n bytes take.
func (im *image) blocksOf(n uint64) uint64 {
	return n/uint64(im.bs) + min(n%uint64(im.bs), 1)
}
