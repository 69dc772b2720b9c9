package fsck

import (
	"extant/internal/ondisk"
)

// checkFields judges the fields of an ordinary inode that need nothing else to be looked at.
func (w *worker) checkFields(orphan bool) {
	f, c := &w.file, w.c
	n, s := &f.inode, &c.sb
	if n.DTime != 0 && !orphan && !c.orphans[f.ino] {
		w.fault(InodeTimeSet, Place{}, "i_dtime is %d, with %d links", n.DTime, n.LinksCount).want(0)
	}
	if n.ObsoFaddr != 0 {
		w.fault(InodeFragment, Place{}, "i_faddr is %d", n.ObsoFaddr).want(0)
	}
	if n.BlocksHi != 0 && !s.HasROCompat(ondisk.ROCompatHugeFile) {
		w.fault(InodeBlocksHigh, Place{}, "l_i_blocks_high is %d", n.BlocksHi).want(0)
	}
	if n.FileACLHi != 0 && !s.HasIncompat(ondisk.Incompat64Bit) {
		w.fault(InodeFileACLHigh, Place{}, "l_i_file_acl_high is %d", n.FileACLHi).want(0)
	}
	w.checkFlags()
	w.checkExtra()
	w.checkFileACL()
}

// flagFeatures are flags that need no more than their feature, with the codes for where it is missing.
var flagFeatures = [...]struct {
	flag uint32
	code Code
	on   func(s *ondisk.Super) bool
}{
	{ondisk.InodeExtents, InodeExtentFlag, func(s *ondisk.Super) bool { return s.HasIncompat(ondisk.IncompatExtents) }},
	{ondisk.InodeInlineData, InodeInlineFlag, func(s *ondisk.Super) bool { return s.HasIncompat(ondisk.IncompatInlineData) }},
	{ondisk.InodeEncrypt, InodeEncrypt, func(s *ondisk.Super) bool { return s.HasIncompat(ondisk.IncompatEncrypt) }},
	{ondisk.InodeVerity, InodeVerity, func(s *ondisk.Super) bool { return s.HasROCompat(ondisk.ROCompatVerity) }},
	{ondisk.InodeEA, InodeEAFlag, func(s *ondisk.Super) bool { return s.HasIncompat(ondisk.IncompatEAInode) }},
	{ondisk.InodeHugeFile, InodeHugeFlag, func(s *ondisk.Super) bool { return s.HasROCompat(ondisk.ROCompatHugeFile) }},
	{inodeImagic, InodeImagic, func(s *ondisk.Super) bool { return s.HasCompat(ondisk.CompatImagicInodes) }},
}

// inodeImagic is EXT4_IMAGIC_FL, of an AFS server's inodes.
const inodeImagic = 0x00002000

func (w *worker) checkFlags() {
	n, s := &w.file.inode, &w.c.sb
	for i := range flagFeatures {
		if x := &flagFeatures[i]; n.Flags&x.flag != 0 && !x.on(s) {
			w.fault(x.code, Place{}, "i_flags is %#x", n.Flags).want(uint64(x.flag))
		}
	}
	w.checkDirFlags()
}

// checkDirFlags judges the flags that only directories have.
func (w *worker) checkDirFlags() {
	n, s := &w.file.inode, &w.c.sb
	dir := n.Type() == ondisk.ModeDir
	if n.Has(ondisk.InodeIndex) {
		switch {
		case !dir:
			w.fault(InodeIndexNonDir, Place{}, "i_flags is %#x", n.Flags).want(ondisk.InodeIndex)
		case !s.HasCompat(ondisk.CompatDirIndex):
			w.fault(InodeIndexFlag, Place{}, "i_flags is %#x", n.Flags).want(ondisk.InodeIndex)
		case n.Has(ondisk.InodeInlineData):
			w.fault(InlineIndex, Place{}, "i_flags is %#x", n.Flags).want(ondisk.InodeIndex)
		}
	}
	if n.Has(ondisk.InodeCasefold) {
		switch {
		case !dir:
			w.fault(InodeCasefoldDir, Place{}, "i_flags is %#x", n.Flags).want(ondisk.InodeCasefold)
		case !s.HasIncompat(ondisk.IncompatCasefold):
			w.fault(InodeCasefold, Place{}, "i_flags is %#x", n.Flags).want(ondisk.InodeCasefold)
		}
	}
}

// checkExtra judges i_extra_isize, and the times whose second words it covers.
func (w *worker) checkExtra() {
	f, c := &w.file, w.c
	if c.slot == ondisk.InodeSizeMin {
		return
	}
	n := &f.inode
	if e := int(n.ExtraIsize); e != 0 && (e < 4 || e > c.slot-ondisk.InodeSizeMin || e%4 != 0) {
		w.fault(InodeExtraIsize, Place{}, "i_extra_isize is %d of %d", e, c.slot-ondisk.InodeSizeMin).want(extraIsizeUsual)
		return
	}
	if n.CTimeExtra|n.MTimeExtra|n.ATimeExtra|n.CrTimeExtra != 0 && !n.Has(ondisk.InodeEA) {
		w.checkTimes()
	}
}

// Epoch 3 is the year 2310 and later. Some kernels wrote it for times before 1970.
const (
	epochMask = 3
	nanoEnd   = 1e9
)

func (w *worker) checkTimes() {
	n := &w.file.inode
	for _, t := range [...]struct {
		name       string
		sec, extra uint32
	}{
		{"i_ctime", n.CTime, n.CTimeExtra}, {"i_mtime", n.MTime, n.MTimeExtra},
		{"i_atime", n.ATime, n.ATimeExtra}, {"i_crtime", n.CrTime, n.CrTimeExtra},
	} {
		if t.extra>>2 >= nanoEnd {
			w.fault(InodeNanoseconds, Place{Name: t.name}, "%s_extra is %#x", t.name, t.extra)
		}
		if t.extra&epochMask == epochMask && int32(t.sec) < 0 {
			w.fault(InodeTimeRange, Place{Name: t.name}, "%s is %#x, its epoch 3", t.name, t.sec)
		}
	}
}

// checkFileACL judges the number of the block of xattrs, and counts it.
func (w *worker) checkFileACL() {
	f, c := &w.file, w.c
	b := f.inode.FileACL()
	switch {
	case b == 0:
		return
	case !c.holds(b, 1):
		w.fault(InodeFileACL, Place{Block: b}, "i_file_acl is %d", b).want(0)
		return
	}
	if k, ok := c.fixed.at(b, 1); ok {
		w.fault(InodeFileACL, Place{Block: b}, "i_file_acl is %d, which is in the file system's %s", b, k.kind).want(0)
		return
	}
	f.clusters++
	w.xrefs = append(w.xrefs, xattrRef{b, f.ino})
	if c.sb.HasIncompat(ondisk.IncompatEAInode) {
		w.countValues(b)
	}
}

// checkSize judges the size of a regular file against its blocks.
func (w *worker) checkSize() {
	f, c := &w.file, w.c
	n := &f.inode
	size := n.Size()
	switch {
	case size > c.fileMax(n):
		w.fault(InodeSize, Place{}, "i_size is %d, over %d", size, c.fileMax(n)).want(f.last * uint64(c.bs))
	case f.written > 0 && size < (f.written-1)*uint64(c.bs) && !n.Has(ondisk.InodeVerity) && f.faults == 0:
		w.fault(InodeSize, Place{}, "i_size is %d, but file block %d is written", size, f.written-1).want(f.written * uint64(c.bs))
	}
	w.checkLarge(n)
}

// checkLarge looks for the feature that a large file needs.
func (w *worker) checkLarge(n *ondisk.Inode) {
	if n.Size() >= largeFile && !w.c.sb.HasROCompat(ondisk.ROCompatLargeFile) && !n.Has(ondisk.InodeEA) {
		w.fault(SuperLargeFile, Place{}, "i_size is %d", n.Size()).want(uint64(ondisk.ROCompatLargeFile))
	}
}

// largeFile is the smallest size that needs the feature large_file.
const largeFile = 1 << 31

// fileMax is the largest size that a file with this map can have.
func (c *checker) fileMax(n *ondisk.Inode) uint64 {
	if n.Has(ondisk.InodeExtents) {
		return ondisk.FileBlocksMax * uint64(c.bs)
	}
	return ondisk.BlockMapMax(c.bs) * uint64(c.bs)
}

// checkDevice judges what is neither a file nor a directory nor a symlink.
func (w *worker) checkDevice() {
	n := &w.file.inode
	if n.Flags&(ondisk.InodeExtents|ondisk.InodeInlineData) != 0 {
		w.fault(InodeSpecialMap, Place{}, "i_flags is %#x", n.Flags).want(uint64(n.Flags & (ondisk.InodeExtents | ondisk.InodeInlineData)))
		return
	}
	if n.Flags&(ondisk.InodeImmutable|ondisk.InodeAppend) != 0 {
		w.fault(InodeSpecialFlags, Place{}, "i_flags is %#x", n.Flags).want(ondisk.InodeImmutable | ondisk.InodeAppend)
	}
	if n.Size() != 0 {
		w.fault(InodeSpecialSize, Place{}, "i_size is %d", n.Size()).want(0)
	}
	for i := 4; i < ondisk.DirectBlocks+3; i++ {
		if v := le32(n.IBlock[4*i:]); v != 0 {
			w.fault(InodeDevice, Place{}, "i_block[%d] is %#x", i, v).show(n.IBlock[:])
			return
		}
	}
}

// checkBlockCount compares i_blocks with what the inode has.
func (w *worker) checkBlockCount() {
	f, c := &w.file, w.c
	n := &f.inode
	unit := uint64(c.bs / 512)
	got := uint64(n.BlocksLo)
	if c.sb.HasROCompat(ondisk.ROCompatHugeFile) {
		got = n.Blocks()
		if n.Has(ondisk.InodeHugeFile) {
			unit = 1
		}
	}
	want := (f.clusters + f.values) * c.ratio * unit
	if got != want && f.faults == 0 {
		w.fault(InodeBlocks, Place{}, "i_blocks is %d, not %d", got, want).want(want)
	}
}
