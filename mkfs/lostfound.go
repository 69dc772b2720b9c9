package mkfs

import (
	"extant/internal/ondisk"
)

// lostFoundSize is how much of lost+found is laid out in advance, in bytes, so that a checker can use it on a full
// file system.
const lostFoundSize = 16 << 10

// lostFoundBlocks is the size of lost+found in blocks: 16 KiB, two blocks at least, and no more than need no
// indirect block.
func (g *Geometry) lostFoundBlocks() uint64 {
	return min(max(lostFoundSize/uint64(g.BlockSize), 2), directBlocks)
}

func (im *image) layLostFound() error {
	g := im.geo
	if g.filled {
		return nil
	}
	n := im.newInode(ondisk.ModeDir | 0o700)
	n.LinksCount = 2
	n.SetOwner(g.opts.Extended.RootUID, g.opts.Extended.RootGID)
	runs, err := im.layFile(&n, lostFoundIno, g.lostFoundBlocks()*uint64(g.BlockSize))
	if err != nil {
		return err
	}
	im.keep(lostFoundIno, &n)
	im.account(&n)
	seed := ondisk.InodeSeed(im.seed, lostFoundIno, n.Generation)
	dir := make([]byte, 0, int(g.lostFoundBlocks())*g.BlockSize)
	for i := range g.lostFoundBlocks() {
		dir = dir[:int(i+1)*g.BlockSize]
		b := dir[int(i)*g.BlockSize:]
		if i == 0 {
			im.dirBlock(b, seed, subdir{".", lostFoundIno}, subdir{"..", ondisk.RootIno})
		} else {
			im.dirBlock(b, seed)
		}
	}
	return im.writeRuns(runs, dir)
}

// subdir is the entry of a directory in the one above it, or of itself.
type subdir struct {
	name string
	ino  ondisk.Ino
}

// dirBlock fills a directory block with entries of directories.
func (im *image) dirBlock(b []byte, seed uint32, entries ...subdir) {
	tail, kind := 0, uint8(ondisk.FileUnknown)
	if im.geo.has(metadataCsum) {
		tail = ondisk.DirTailSize
	}
	if im.geo.has(filetype) {
		kind = ondisk.FileDir
	}
	w := ondisk.NewDirWriter(b, tail)
	for _, e := range entries {
		w.Add(e.ino, []byte(e.name), kind)
	}
	if tail > 0 {
		ondisk.SetDirTail(seed, b)
	}
}

// emptyRoot makes the root directory of a file system with nothing in it.
func (im *image) emptyRoot() error {
	g, o := im.geo, &im.geo.opts.Extended
	mode := uint16(0o755)
	if o.RootMode != nil {
		mode = *o.RootMode & 0o7777
	}
	n := im.newInode(ondisk.ModeDir | mode)
	n.LinksCount = 3
	n.SetOwner(o.RootUID, o.RootGID)
	runs, err := im.layFile(&n, ondisk.RootIno, uint64(g.BlockSize))
	if err != nil {
		return err
	}
	im.keep(ondisk.RootIno, &n)
	im.account(&n)
	b := make([]byte, g.BlockSize)
	seed := ondisk.InodeSeed(im.seed, ondisk.RootIno, n.Generation)
	im.dirBlock(b, seed, subdir{".", ondisk.RootIno}, subdir{"..", ondisk.RootIno}, subdir{"lost+found", lostFoundIno})
	return im.write(runs[0].start, b)
}
