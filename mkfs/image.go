package mkfs

import (
	"crypto/rand"
	"errors"
	"io"
	"syscall"
	"time"

	"extant/disk"
	"extant/internal/ondisk"
	"extant/sched"
)

// chunk is how much is written at a time, in bytes.
const chunk = 1 << 20

// An image is a file system being made. Its parts come in this order:
//
//	newImage     the old super block is gone, the files of the file system itself have their places
//	filling      numbers and blocks are taken with newIno and space.alloc, inodes and data written in any order
//	setOwn       the root directory, by whoever filled
//	finish       bitmaps, descriptors, backups; last of all the super block
//
// One goroutine at a time takes and accounts; any number may write to dev meanwhile.
type image struct {
	dev  disk.Device // the file system's part of the device
	geo  *Geometry
	now  time.Time
	seed uint32 // of metadata checksums

	super ondisk.Super
	space *space
	meta  metaWriter
	blank bool // all that was not written since reads as zeros

	inoNext ondisk.Ino // lowest inode number never taken
	dirs    []uint32   // directories by group, as far as there are any
	own     []byte     // inode slots of the file system's own inodes, from number 1
	usage   [3]map[uint32]*ondisk.QuotaEntry

	orphanIno  ondisk.Ino
	projectIno ondisk.Ino
	dind       run   // double indirect block of the resize inode
	journal    []run // of the journal
}

// lostFoundIno is the inode of lost+found, the first that is not reserved.
const lostFoundIno = firstIno

// newImage wipes what the device held and lays the files that the file system keeps for itself. The geometry was
// planned for the device.
func newImage(dev disk.Device, geo *Geometry) (*image, error) {
	part, err := disk.Window(dev, geo.opts.Extended.Offset, int64(geo.Blocks)*int64(geo.BlockSize))
	if err != nil {
		return nil, err
	}
	im := &image{dev: part, geo: geo, now: geo.opts.Now, super: geo.Super}
	im.meta.im = im
	if im.now.IsZero() {
		im.now = sched.Now()
	}
	if err := im.identify(); err != nil {
		return nil, err
	}
	if err := im.wipe(); err != nil {
		return nil, err
	}
	s := &im.super
	im.space = newSpace(ondisk.Block(s.FirstDataBlock), ondisk.Block(geo.Blocks), geo.Ratio, geo.meta)
	im.inoNext = firstIno
	if err := im.laySpecial(); err != nil {
		return nil, err
	}
	return im, nil
}

// identify gives the file system its names and its two random numbers.
func (im *image) identify() error {
	s, o := &im.super, &im.geo.opts
	source := o.Rand
	if source == nil {
		source = rand.Reader
	}
	var uuid, seed [16]byte
	for _, p := range [][]byte{uuid[:], seed[:]} {
		if _, err := io.ReadFull(source, p); err != nil {
			return err
		}
	}
	s.UUID = ondisk.UUIDv4(uuid)
	if o.UUID != nil {
		s.UUID = *o.UUID
	}
	seed = ondisk.UUIDv4(seed)
	if o.Extended.HashSeed != nil {
		seed = *o.Extended.HashSeed
	}
	im.setHashSeed(seed)
	im.seed = ondisk.CRC32C(^uint32(0), s.UUID[:])
	return im.describe()
}

// wipe makes sure, durably, that nothing takes the device for the file system it held, and where the device can,
// that all of it is a hole.
func (im *image) wipe() (err error) {
	if im.blank, err = im.isHole(); im.blank || err != nil {
		return err
	}
	if err := im.discard(); err != nil {
		return err
	}
	if im.blank, err = im.isHole(); err != nil {
		return err
	}
	if !im.blank {
		if _, err := im.dev.WriteAt(zeros[:wipeSize], 0); err != nil {
			return err
		}
	}
	im.blank = im.blank || im.geo.opts.Extended.Prezeroed
	return im.dev.Flush()
}

// isHole reports whether all of the device is known to read as zeros.
func (im *image) isHole() (bool, error) {
	_, _, err := disk.NextData(im.dev, 0)
	if err == io.EOF {
		return true, nil
	}
	return false, err
}

// wipeSize is how much of the start of the device is overwritten, in bytes: boot sector, super block, and what
// other file systems have there.
const wipeSize = 4096

// discard gives up the old content, unless the options say not to.
func (im *image) discard() error {
	if im.geo.opts.Extended.NoDiscard {
		return nil
	}
	err := im.dev.Discard(0, im.dev.Size())
	if errors.Is(err, syscall.EOPNOTSUPP) {
		return nil
	}
	return err
}

// offset is where a block starts on the device, in bytes.
func (im *image) offset(b ondisk.Block) int64 { return int64(b) * int64(im.geo.BlockSize) }

// write writes bytes from the start of a block on.
func (im *image) write(b ondisk.Block, p []byte) error {
	_, err := im.dev.WriteAt(p, im.offset(b))
	return err
}

// zero makes a run read as zeros.
func (im *image) zero(r run) error {
	if im.blank {
		return nil
	}
	off, end := im.offset(r.start), im.offset(r.end())
	for off < end {
		lo, hi, err := disk.NextData(im.dev, off)
		if err == io.EOF || err == nil && lo >= end {
			return nil
		}
		if err != nil {
			return err
		}
		hi = min(hi, end)
		for off = lo; off < hi; {
			n := min(hi-off, chunk)
			if _, err := im.dev.WriteAt(zeros[:n], off); err != nil {
				return err
			}
			off += n
		}
	}
	return nil
}

// zeros is never written to.
var zeros [chunk]byte

// newIno takes the next inode number. Numbers go up one by one, directories among the rest, so that the tables are
// written from their start, in large pieces, and read the same way.
func (im *image) newIno(dir bool) (ondisk.Ino, error) {
	n := im.inoNext
	if uint32(n) > im.super.InodesCount {
		return 0, &NoSpaceError{What: "inodes", Need: uint64(n), Have: uint64(im.super.InodesCount)}
	}
	im.inoNext++
	if dir {
		im.countDir(n)
	}
	return n, nil
}

// countDir counts a directory in the group of its inode.
func (im *image) countDir(n ondisk.Ino) {
	g := int(uint32(n-1) / im.super.InodesPerGroup)
	for len(im.dirs) <= g {
		im.dirs = append(im.dirs, 0)
	}
	im.dirs[g]++
}

// slotSize is the size of an inode in bytes.
func (im *image) slotSize() int { return int(im.super.InodeSize) }

// seal puts the checksum into an inode slot.
func (im *image) seal(ino ondisk.Ino, slot []byte) {
	if im.geo.has(metadataCsum) {
		ondisk.SetInodeCsum(im.seed, ino, slot)
	}
}

// writeInodes writes the sealed slots of consecutive inodes, the first of which is given.
func (im *image) writeInodes(first ondisk.Ino, slots []byte) error {
	size, perGroup := im.slotSize(), uint32(im.super.InodesPerGroup)
	for len(slots) > 0 {
		g, at := uint32(first-1)/perGroup, uint32(first-1)%perGroup
		n := min(len(slots)/size, int(perGroup-at))
		off := im.offset(im.geo.tables[g].inodeTable) + int64(at)*int64(size)
		if _, err := im.dev.WriteAt(slots[:n*size], off); err != nil {
			return err
		}
		first, slots = first+ondisk.Ino(n), slots[n*size:]
	}
	return nil
}

// setOwn keeps the slot of one of the file system's own inodes, the root among them, until finish writes them all.
func (im *image) setOwn(ino ondisk.Ino, slot []byte) {
	im.seal(ino, slot)
	copy(im.own[int(ino-1)*im.slotSize():], slot)
}
