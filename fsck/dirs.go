package fsck

import (
	"extant/internal/ondisk"
)

// A dir is what is known of a directory.
type dir struct {
	ino        ondisk.Ino
	parent     ondisk.Ino // of the directory with its entry; 0 while none is known
	dotdot     ondisk.Ino // what its own ".." says; 0 for nothing
	generation uint32
	flags      uint32
	first      int32 // of its pieces, in the list of the inode's group; inline directories have none
	pieces     int32
	reach      reach
}

func (d *dir) inline() bool  { return d.flags&ondisk.InodeInlineData != 0 }
func (d *dir) indexed() bool { return d.flags&ondisk.InodeIndex != 0 }
func (d *dir) folds() bool   { return d.flags&ondisk.InodeCasefold != 0 }
func (d *dir) secret() bool  { return d.flags&ondisk.InodeEncrypt != 0 }

// runsOf are the pieces of a directory.
func (c *checker) runsOf(d *dir) []mapRun {
	g, _ := c.sb.InodeGroup(d.ino)
	return c.inodes[g].runs[d.first : d.first+d.pieces]
}

// noteDir keeps the directory at hand for the phase that reads directories.
func (w *worker) noteDir() {
	f := &w.file
	g := f.group
	g.dirs = append(g.dirs, dir{
		ino: f.ino, generation: f.inode.Generation, flags: f.inode.Flags &^ ondisk.InodeInlineData,
		first: int32(f.runs), pieces: int32(len(g.runs) - f.runs),
	})
}

// checkDirSize judges the size of a directory against its blocks.
func (w *worker) checkDirSize() {
	f := &w.file
	n := &f.inode
	want := f.last * uint64(w.c.bs)
	switch {
	case f.last == 0 && f.faults == 0:
		w.fault(InodeEmptyDir, Place{}, "i_size is %d", n.Size())
	case n.Size() != want && f.faults == 0:
		w.fault(InodeDirSize, Place{}, "i_size is %d, the blocks have %d bytes", n.Size(), want).want(want)
	}
}

// How much a unit of directories is, at least.
const (
	unitDirs   = 64
	unitBlocks = 256
)

// checkDirs reads all directories.
func (c *checker) checkDirs() error {
	var starts []int
	blocks := uint64(unitBlocks)
	for i := range c.dirs {
		if n := len(starts); n == 0 || blocks >= unitBlocks || i-starts[n-1] >= unitDirs {
			starts, blocks = append(starts, i), 0
		}
		if d := &c.dirs[i]; !d.inline() {
			for _, r := range c.runsOf(d) {
				blocks += r.count
			}
		}
	}
	workers := c.o.Workers
	if c.shared {
		c.o.Workers = 1 // the bound on reading shared blocks again is one task's
	}
	defer func() { c.o.Workers = workers }()
	return c.each("directories", len(starts), func(w *worker, unit int) {
		end := len(c.dirs)
		if unit+1 < len(starts) {
			end = starts[unit+1]
		}
		for i := starts[unit]; i < end && c.ctx.Err() == nil; i++ {
			w.checkDir(&c.dirs[i])
		}
	})
}

// dirBytes is how much of a directory is read at a time.
const dirBytes = 128 << 10

// eachBlock reads the blocks of a directory in order and tells do of each. Of blocks that other files claim, too, it reads no
// more in all than the file system has blocks.
func (w *worker) eachBlock(d *dir, do func(fb ondisk.FileBlock, at ondisk.Block, b []byte)) {
	c := w.c
	step := uint64(max(dirBytes/c.bs, 1))
	for _, r := range c.runsOf(d) {
		if r.unwritten {
			continue
		}
		for i := uint64(0); i < r.count; i += step {
			n := min(step, r.count-i)
			if !w.mayRead(r.start+ondisk.Block(i), n) {
				continue
			}
			b := buf(&w.block, int(n)*c.bs)
			w.block = b
			if err := c.read(r.start+ondisk.Block(i), b); err != nil {
				w.add(BlockUnreadable, Place{Ino: d.ino, Block: r.start + ondisk.Block(i)}, "%v", err)
				continue
			}
			for k := range n {
				do(ondisk.FileBlock(r.file+i+k), r.start+ondisk.Block(i+k), b[int(k)*c.bs:][:c.bs])
			}
		}
	}
}

// mayRead charges blocks that are claimed more than once against what may be read of such.
func (w *worker) mayRead(b ondisk.Block, n uint64) bool {
	c := w.c
	if !c.shared {
		return true
	}
	from := c.cluster(b)
	if !c.dup.any(from, c.cluster(b+ondisk.Block(n)-1)+1-from) {
		return true
	}
	w.sharedRead += n
	return w.sharedRead <= uint64(c.end)
}
