package fsck_test

import (
	"encoding/binary"
	"strings"

	"extant/ext4"
	"extant/fsck"
	"extant/internal/ondisk"
)

// A damage is a way in which an image is damaged.
type damage struct {
	name  string
	image string
	code  fsck.Code
	do    func(v *victim)
	other string // what e2fsck calls it, where that is not what the code's table says
	blind string // why e2fsck says nothing
	slow  string // why e2fsck takes long to repair it, so that it is left to EXTANT_ALL
}

const (
	leaf  = "deep/a/b/c/d/leaf"
	large = "size300000"
)

func put32(b []byte, v uint32) { binary.LittleEndian.PutUint32(b, v) }
func put16(b []byte, v uint16) { binary.LittleEndian.PutUint16(b, v) }

// catalogue is described by names and field edits.
var catalogue = []damage{
	// The super block.
	{name: "super magic", image: "main", code: fsck.SuperLost, do: func(v *victim) { v.super(func(s *ondisk.Super) { s.Magic = 0 }) }, blind: "it takes the copy and says so outside its list"},
	{name: "super block size", image: "main", code: fsck.SuperLost, do: func(v *victim) { v.super(func(s *ondisk.Super) { s.LogBlockSize = 60 }) }, blind: "it takes the copy and says so outside its list"},
	{name: "super inodes", image: "main", code: fsck.SuperLost, do: func(v *victim) { v.super(func(s *ondisk.Super) { s.InodesCount++ }) }, blind: "it corrects the count in memory"},
	{name: "super checksum", image: "main", code: fsck.SuperLost, do: func(v *victim) { v.torn = true; v.super(func(s *ondisk.Super) { s.Checksum++ }) }, blind: "it takes the copy and says so outside its list"},
	{name: "super zeroed", image: "old", code: fsck.SuperLost, do: func(v *victim) { clear(v.b[ondisk.SuperOffset:][:ondisk.SuperSize]) }, blind: "it takes the copy and says so outside its list"},
	{name: "super too large", image: "plain", code: fsck.SuperSize, do: func(v *victim) { v.b = v.b[:len(v.b)-64<<10] }},
	{name: "super clusters", image: "main", code: fsck.SuperClusters, do: func(v *victim) { v.super(func(s *ondisk.Super) { s.LogClusterSize = 5 }) }},
	{name: "super first inode", image: "plain", code: fsck.SuperFirstIno, do: func(v *victim) { v.super(func(s *ondisk.Super) { s.FirstIno = 300 }) }, other: "PR_1_RESERVED_BAD_MODE"},
	{name: "super both sums", image: "main", code: fsck.SuperFeatures, do: func(v *victim) {
		v.super(func(s *ondisk.Super) { s.FeatureROCompat |= uint32(ondisk.ROCompatUninitBG) })
	}},
	{name: "super seed without sums", image: "plain", code: fsck.SuperFeatures, do: func(v *victim) {
		v.super(func(s *ondisk.Super) { s.FeatureIncompat |= uint32(ondisk.IncompatCsumSeed) })
	}, other: "PR_0_CSUM_SEED_WITHOUT_META_CSUM"},
	{name: "super uuid", image: "old", code: fsck.SuperUUID, do: func(v *victim) { v.super(func(s *ondisk.Super) { s.UUID = [16]byte{} }) }, blind: "without writing it does not ask"},
	{name: "super reserved", image: "main", code: fsck.SuperReserved, do: func(v *victim) { v.super(func(s *ondisk.Super) { s.SetBlocksReserved(s.Blocks()) }) }},
	{name: "super reserved gdt", image: "plain", code: fsck.SuperReservedGDT, do: func(v *victim) { v.super(func(s *ondisk.Super) { s.ReservedGDTBlocks = 3 }) }, other: "PR_0_CHECK_DESC_FAILED"},
	{name: "super extra isize", image: "main", code: fsck.SuperExtraIsize, do: func(v *victim) { v.super(func(s *ondisk.Super) { s.WantExtraIsize = s.InodeSize }) }},
	{name: "super resize and meta_bg", image: "main", code: fsck.SuperResizeMetaBG, do: func(v *victim) {
		v.super(func(s *ondisk.Super) { s.FeatureIncompat |= uint32(ondisk.IncompatMetaBG); s.FirstMetaBG = 1 })
	}},
	{name: "super hash hint", image: "main", code: fsck.SuperHashHint, do: func(v *victim) { v.super(func(s *ondisk.Super) { s.Flags = 0 }) }, blind: "without writing it does not ask"},
	{name: "super encoding", image: "main", code: fsck.SuperEncoding, do: func(v *victim) { v.super(func(s *ondisk.Super) { s.Encoding = 77 }) }, blind: "it does not look at s_encoding"},
	{name: "super large_file", image: "old", code: fsck.SuperLargeFile, do: func(v *victim) { v.file("islands", func(n *ondisk.Inode) { n.SetSize(3 << 30) }) }},
	{name: "super free blocks", image: "main", code: fsck.SuperFreeBlocks, do: func(v *victim) { v.super(func(s *ondisk.Super) { s.FreeBlocksLo += 5 }) }},
	{name: "super free inodes", image: "main", code: fsck.SuperFreeInodes, do: func(v *victim) { v.super(func(s *ondisk.Super) { s.FreeInodesCount += 5 }) }},
	{name: "backup lost", image: "main", code: fsck.BackupLost, do: func(v *victim) { clear(v.at(v.sb.GroupFirstBlock(1))) }, blind: "it does not look at copies where the primary is sound"},
	{name: "backup differs", image: "plain", code: fsck.BackupDiffers, do: func(v *victim) { v.at(v.sb.GroupFirstBlock(1))[0x68] ^= 1 }, blind: "it does not look at copies where the primary is sound"},
	{name: "mmp magic", image: "mmp", code: fsck.MMPDamage, do: func(v *victim) { put32(v.at(ondisk.Block(v.sb.MMPBlock)), 1) }},
	{name: "mmp checksum", image: "mmp", code: fsck.MMPChecksum, do: func(v *victim) { v.at(ondisk.Block(v.sb.MMPBlock))[100]++ }},
	{name: "mmp block", image: "mmp", code: fsck.SuperMMPBlock, do: func(v *victim) { v.super(func(s *ondisk.Super) { s.MMPBlock = 1 << 40 }) }},

	// The journal.
	{name: "journal mode", image: "main", code: fsck.JournalInode, do: func(v *victim) {
		v.inode(ondisk.JournalIno, func(n *ondisk.Inode) { n.Mode = ondisk.ModeDir | 0o700 })
	}},
	{name: "journal magic", image: "main", code: fsck.JournalSuper, do: func(v *victim) { v.journal(func(b []byte) { b[0] = 0 }) }},
	{name: "journal not in use", image: "plain", code: fsck.JournalUnexpected, do: func(v *victim) { v.super(func(s *ondisk.Super) { s.JournalInum = 8 }) }, other: "PR_0_JOURNAL_BAD_INODE"},
	{name: "journal missing", image: "plain", code: fsck.JournalRecoverSet, do: func(v *victim) {
		v.super(func(s *ondisk.Super) { s.FeatureIncompat |= uint32(ondisk.IncompatNeedsRecovery) })
	}},
	{name: "journal left over", image: "plain", code: fsck.JournalNotClear, do: func(v *victim) {
		v.inode(ondisk.JournalIno, func(n *ondisk.Inode) { n.Mode, n.LinksCount = ondisk.ModeRegular|0o600, 1 })
	}},
	{name: "journal dirty", image: "main", code: fsck.JournalDirty, do: func(v *victim) { v.journal(func(b []byte) { binary.BigEndian.PutUint32(b[0x1c:], 1) }) }},

	// Orphans.
	{name: "orphan head", image: "main", code: fsck.OrphanHead, do: func(v *victim) { v.super(func(s *ondisk.Super) { s.LastOrphan = 5 }) }, blind: "without writing it does not look at orphans"},
	{name: "orphan chain", image: "main", code: fsck.OrphanChain, do: func(v *victim) {
		v.super(func(s *ondisk.Super) { s.LastOrphan = uint32(v.ino(leaf)) })
		v.file(leaf, func(n *ondisk.Inode) { n.DTime = 1 << 20 })
	}, other: "PR_1_SET_DTIME"},
	{name: "orphan file magic", image: "orphan", code: fsck.OrphanBlock, do: func(v *victim) { v.orphans(func(b ondisk.OrphanBlock) { clear(b.TailBytes()) }) }},
	{name: "orphan file checksum", image: "orphan", code: fsck.OrphanChecksum, do: func(v *victim) { v.orphans(func(b ondisk.OrphanBlock) { b.TailBytes()[4]++ }) }, other: "PR_6_ORPHAN_FILE_CORRUPTED"},
	{name: "orphan not announced", image: "orphan", code: fsck.OrphanPresent, do: func(v *victim) { v.orphans(func(b ondisk.OrphanBlock) { b.SetSlot(3, v.ino(leaf)) }) }},

	// Groups.
	{name: "group checksum", image: "main", code: fsck.GroupChecksum, do: func(v *victim) { v.torn = true; v.desc(0, func(d *ondisk.GroupDesc) { d.Checksum++ }) }, other: "PR_0_GDT_CSUM_LATCH"},
	{name: "group crc16", image: "plain", code: fsck.GroupChecksum, do: func(v *victim) { v.torn = true; v.desc(1, func(d *ondisk.GroupDesc) { d.Checksum++ }) }, other: "PR_0_GDT_CSUM_LATCH"},
	{name: "group lost", image: "main", code: fsck.GroupLost, do: func(v *victim) { v.desc(1, func(d *ondisk.GroupDesc) { d.SetInodeTable(1 << 33) }) }, other: "PR_0_ITABLE_NOT_GROUP", blind: "it takes the copy and says so outside its list"},
	{name: "group outside itself", image: "plain", code: fsck.GroupLost, do: func(v *victim) { v.desc(1, func(d *ondisk.GroupDesc) { d.SetBlockBitmap(20) }) }, blind: "it takes the copy and says so outside its list"},
	{name: "group unused", image: "main", code: fsck.GroupUnused, do: func(v *victim) { v.desc(0, func(d *ondisk.GroupDesc) { d.SetItableUnused(60000) }) }},
	{name: "group flags", image: "old", code: fsck.GroupFlags, do: func(v *victim) { v.desc(1, func(d *ondisk.GroupDesc) { d.Flags = ondisk.GroupBlockUninit }) }, blind: "it asks only where checksums are on"},
	{name: "group last uninit", image: "main", code: fsck.GroupLastUninit, do: func(v *victim) { v.desc(1, func(d *ondisk.GroupDesc) { d.Flags |= ondisk.GroupBlockUninit }) }},
	{name: "block bitmap conflict", image: "main", code: fsck.BlockBitmapConflict, do: func(v *victim) {
		v.desc(1, func(d *ondisk.GroupDesc) { g := v.group(0); d.SetBlockBitmap(g.BlockBitmap()) })
	}, other: "PR_0_CHECK_DESC_FAILED"},
	{name: "inode bitmap conflict", image: "main", code: fsck.InodeBitmapConflict, do: func(v *victim) {
		v.desc(1, func(d *ondisk.GroupDesc) { g := v.group(0); d.SetInodeBitmap(g.InodeBitmap()) })
	}, other: "PR_0_CHECK_DESC_FAILED"},
	{name: "inode table conflict", image: "main", code: fsck.InodeTableConflict, do: func(v *victim) {
		v.desc(1, func(d *ondisk.GroupDesc) { g := v.group(0); d.SetInodeTable(g.InodeTable() + 1) })
	}, other: "PR_0_CHECK_DESC_FAILED"},

	// Inodes.
	{name: "inode checksum", image: "main", code: fsck.InodeChecksum, do: func(v *victim) { v.torn = true; v.file(leaf, func(n *ondisk.Inode) { n.ChecksumLo++ }) }},
	{name: "inode mode", image: "main", code: fsck.InodeMode, do: func(v *victim) { v.file(leaf, func(n *ondisk.Inode) { n.Mode = 0o7000 }) }},
	{name: "inode deleted time", image: "main", code: fsck.InodeDeletedTime, do: func(v *victim) { v.file(leaf, func(n *ondisk.Inode) { n.LinksCount = 0 }) }},
	{name: "inode deleted early", image: "main", code: fsck.InodeDeletedLow, do: func(v *victim) {
		v.file(leaf, func(n *ondisk.Inode) { n.LinksCount, n.DTime = 0, 30 })
	}},
	{name: "orphan of no name", image: "main", code: fsck.OrphanPending, do: func(v *victim) {
		v.super(func(s *ondisk.Super) { s.LastOrphan = uint32(v.ino(large)) })
		v.file(large, func(n *ondisk.Inode) { n.LinksCount, n.DTime = 0, uint32(v.ino("islands")) })
		v.file("islands", func(n *ondisk.Inode) { n.LinksCount, n.DTime = 0, uint32(v.ino(leaf)) })
		v.file(leaf, func(n *ondisk.Inode) { n.SetSize(0) })
		v.entry("/", large, func(h *ondisk.DirentHeader, _ []byte) { h.Inode = 0 })
		v.entry("/", "islands", func(h *ondisk.DirentHeader, _ []byte) { h.Inode = 0 })
	}, other: "PR_1_LOW_DTIME"},
	{name: "inode dtime", image: "main", code: fsck.InodeTimeSet, do: func(v *victim) { v.file(leaf, func(n *ondisk.Inode) { n.DTime = 1 << 30 }) }},
	{name: "inode extra isize", image: "main", code: fsck.InodeExtraIsize, do: func(v *victim) { v.file(leaf, func(n *ondisk.Inode) { n.ExtraIsize = 130 }) }},
	{name: "inode blocks", image: "main", code: fsck.InodeBlocks, do: func(v *victim) { v.file(leaf, func(n *ondisk.Inode) { n.BlocksLo += 2 }) }},
	{name: "inode blocks, clusters", image: "big", code: fsck.InodeBlocks, do: func(v *victim) { v.file(leaf, func(n *ondisk.Inode) { n.BlocksLo += 2 }) }},
	{name: "inode size", image: "main", code: fsck.InodeSize, do: func(v *victim) { v.file(large, func(n *ondisk.Inode) { n.SetSize(1000) }) }},
	{name: "inode size, block map", image: "old", code: fsck.InodeSize, do: func(v *victim) { v.file(large, func(n *ondisk.Inode) { n.SetSize(1000) }) }},
	{name: "inode too large", image: "old", code: fsck.InodeSize, do: func(v *victim) { v.file(leaf, func(n *ondisk.Inode) { n.SetSize(1 << 50) }) }},
	{name: "directory size", image: "main", code: fsck.InodeDirSize, do: func(v *victim) {
		v.file("many", func(n *ondisk.Inode) { n.SetSize(n.Size() + uint64(v.sb.BlockSize())) })
	}},
	{name: "directory empty", image: "old", code: fsck.InodeEmptyDir, do: func(v *victim) {
		v.file("deep/a/b/c/d", func(n *ondisk.Inode) { n.IBlock = [60]byte{}; n.SetSize(0); n.SetBlocks(0) })
	}},
	{name: "device size", image: "main", code: fsck.InodeSpecialSize, do: func(v *victim) { v.file("char", func(n *ondisk.Inode) { n.SetSize(7) }) }},
	{name: "device immutable", image: "main", code: fsck.InodeSpecialFlags, do: func(v *victim) { v.file("char", func(n *ondisk.Inode) { n.Flags |= ondisk.InodeImmutable }) }},
	{name: "device extents", image: "main", code: fsck.InodeSpecialMap, do: func(v *victim) { v.file("pipe", func(n *ondisk.Inode) { n.Flags |= ondisk.InodeExtents }) }, other: "PR_2_BAD_FIFO"},
	{name: "device number", image: "main", code: fsck.InodeDevice, do: func(v *victim) { v.file("char", func(n *ondisk.Inode) { n.IBlock[50] = 1 }) }, blind: "it does not look past the numbers"},
	{name: "extents feature", image: "old", code: fsck.InodeExtentFlag, do: func(v *victim) { v.file(leaf, func(n *ondisk.Inode) { n.Flags |= ondisk.InodeExtents }) }, other: "PR_1_EXTENTS_SET"},
	{name: "extents flag missing", image: "main", code: fsck.InodeExtentMissing, do: func(v *victim) { v.file(large, func(n *ondisk.Inode) { n.Flags &^= ondisk.InodeExtents }) }},
	{name: "inline feature", image: "main", code: fsck.InodeInlineFlag, do: func(v *victim) { v.file(leaf, func(n *ondisk.Inode) { n.Flags |= ondisk.InodeInlineData }) }, other: "PR_1_CLEAR_INLINE_DATA_FOR_EXTENT"},
	{name: "index on file", image: "main", code: fsck.InodeIndexNonDir, do: func(v *victim) { v.file(leaf, func(n *ondisk.Inode) { n.Flags |= ondisk.InodeIndex }) }},
	{name: "index feature", image: "old", code: fsck.InodeIndexFlag, do: func(v *victim) { v.file("many", func(n *ondisk.Inode) { n.Flags |= ondisk.InodeIndex }) }},
	{name: "casefold on file", image: "main", code: fsck.InodeCasefoldDir, do: func(v *victim) { v.file(leaf, func(n *ondisk.Inode) { n.Flags |= ondisk.InodeCasefold }) }},
	{name: "casefold feature", image: "plain", code: fsck.InodeCasefold, do: func(v *victim) { v.file("many", func(n *ondisk.Inode) { n.Flags |= ondisk.InodeCasefold }) }},
	{name: "encrypt feature", image: "plain", code: fsck.InodeEncrypt, do: func(v *victim) { v.file(leaf, func(n *ondisk.Inode) { n.Flags |= ondisk.InodeEncrypt }) }, blind: "it takes the flag for granted"},
	{name: "verity feature", image: "plain", code: fsck.InodeVerity, do: func(v *victim) { v.file(leaf, func(n *ondisk.Inode) { n.Flags |= ondisk.InodeVerity }) }, blind: "it takes the flag for granted"},
	{name: "verity descriptor", image: "main", code: fsck.InodeVerity, do: func(v *victim) { v.file(leaf, func(n *ondisk.Inode) { n.Flags |= ondisk.InodeVerity }) }, blind: "it does not look at descriptors"},
	{name: "imagic", image: "main", code: fsck.InodeImagic, do: func(v *victim) { v.file(leaf, func(n *ondisk.Inode) { n.Flags |= 0x2000 }) }},
	{name: "fragment", image: "main", code: fsck.InodeFragment, do: func(v *victim) { v.file(leaf, func(n *ondisk.Inode) { n.ObsoFaddr = 9 }) }},
	{name: "file acl", image: "main", code: fsck.InodeFileACL, do: func(v *victim) { v.file(leaf, func(n *ondisk.Inode) { n.SetFileACL(1 << 30) }) }},
	{name: "file acl high", image: "plain", code: fsck.InodeFileACLHigh, do: func(v *victim) { v.file(leaf, func(n *ondisk.Inode) { n.FileACLHi = 1 }) }},
	{name: "nanoseconds", image: "main", code: fsck.InodeNanoseconds, do: func(v *victim) { v.file(leaf, func(n *ondisk.Inode) { n.MTimeExtra = 0xFFFFFFFC }) }, blind: "it does not look at nanoseconds"},

	// Inodes of the file system's own.
	{name: "root a file", image: "main", code: fsck.RootNotDir, do: func(v *victim) {
		v.inode(ondisk.RootIno, func(n *ondisk.Inode) { n.Mode = ondisk.ModeRegular | 0o755 })
	}},
	{name: "root of no type", image: "main", code: fsck.InodeMode, do: func(v *victim) {
		v.inode(ondisk.RootIno, func(n *ondisk.Inode) { n.Mode = 0o755 })
	}, other: "PR_1_ROOT_NO_DIR"},
	{name: "root gone", image: "plain", code: fsck.RootMissing, do: func(v *victim) {
		v.slotOf(ondisk.RootIno, func(_ *ondisk.Inode, slot []byte) { clear(slot) })
	}},
	{name: "resize inode", image: "main", code: fsck.ResizeInode, do: func(v *victim) { v.inode(ondisk.ResizeIno, func(n *ondisk.Inode) { n.Mode = ondisk.ModeDir }) }},
	{name: "resize inode's list", image: "main", code: fsck.ResizeInode, do: func(v *victim) {
		v.inode(ondisk.ResizeIno, func(n *ondisk.Inode) { put32(v.at(ondisk.BlockMap(n.IBlock[:]).At(ondisk.DoubleSlot))[8:], 5000) })
	}},
	{name: "resize inode left over", image: "plain", code: fsck.ResizeNotClear, do: func(v *victim) {
		v.inode(ondisk.ResizeIno, func(n *ondisk.Inode) { n.Mode, n.LinksCount, n.BlocksLo = ondisk.ModeRegular|0o600, 1, 2 })
	}, other: "PR_1_BAD_I_BLOCKS"},
	{name: "bad blocks inode", image: "main", code: fsck.BadBlocksInode, do: func(v *victim) { v.inode(ondisk.BadBlocksIno, func(n *ondisk.Inode) { n.Mode = ondisk.ModeRegular }) }},
	{name: "quota left over", image: "main", code: fsck.QuotaNotClear, do: func(v *victim) {
		v.inode(ondisk.UserQuotaIno, func(n *ondisk.Inode) { n.Mode, n.LinksCount = ondisk.ModeRegular|0o600, 1; put32(n.IBlock[:], 5000) })
	}},
	{name: "quota mode", image: "quota", code: fsck.QuotaMode, do: func(v *victim) { v.inode(ondisk.UserQuotaIno, func(n *ondisk.Inode) { n.Mode = ondisk.ModeDir }) }},
	{name: "quota usage", image: "quota", code: fsck.QuotaUsage, do: func(v *victim) { v.file(leaf, func(n *ondisk.Inode) { n.SetOwner(77, 88) }) }},
	{name: "quota file", image: "quota", code: fsck.QuotaFile, do: func(v *victim) { v.quotaBlock()[0] ^= 0xFF }, blind: "it says so outside its list"},

	// Maps.
	{name: "extent header", image: "main", code: fsck.ExtentHeader, do: func(v *victim) { v.root(large, func(n ondisk.ExtentNode) { n[0] = 0 }) }, other: "PR_1_MISSING_EXTENT_HEADER"},
	{name: "extent count", image: "main", code: fsck.ExtentHeader, do: func(v *victim) { v.root(large, func(n ondisk.ExtentNode) { n[2] = 99 }) }, other: "PR_1_MISSING_EXTENT_HEADER"},
	{name: "extent node header", image: "main", code: fsck.ExtentHeader, do: func(v *victim) { v.extents("islands", 0, func(n ondisk.ExtentNode) { n[6] = 4 }) }, blind: "it takes the depth from the level"},
	{name: "extent checksum", image: "main", code: fsck.ExtentChecksum, do: func(v *victim) {
		v.torn = true
		v.extents("islands", 0, func(n ondisk.ExtentNode) {
			tail := n[ondisk.ExtentHeaderSize+n.Max()*ondisk.ExtentEntrySize:]
			tail[0]++
			tail[3]++
		})
	}},
	{name: "extent length", image: "main", code: fsck.ExtentLength, do: func(v *victim) {
		v.root(leaf, func(n ondisk.ExtentNode) { e := n.At(0); e.Len = 0; n.Set(0, e) })
	}},
	{name: "extent range", image: "main", code: fsck.ExtentRange, do: func(v *victim) {
		v.root(leaf, func(n ondisk.ExtentNode) {
			e := n.At(0)
			e.SetStart(ondisk.Block(v.sb.Blocks() - 1))
			e.Len = 10
			n.Set(0, e)
		})
	}},
	{name: "extent order", image: "main", code: fsck.ExtentOrder, do: func(v *victim) {
		v.extents("islands", 0, func(n ondisk.ExtentNode) { a, b := n.At(1), n.At(2); n.Set(1, b); n.Set(2, a) })
	}},
	{name: "extent overlap", image: "main", code: fsck.ExtentOrder, do: func(v *victim) {
		v.extents("islands", 0, func(n ondisk.ExtentNode) { e := n.At(1); e.Block = n.At(0).Block; n.Set(1, e) })
	}, other: "PR_1_EXTENT_COLLISION"},
	{name: "extent bounds", image: "main", code: fsck.ExtentBounds, do: func(v *victim) {
		v.extents("islands", 0, func(n ondisk.ExtentNode) { k := n.Len() - 1; e := n.At(k); e.Block += 1 << 20; n.Set(k, e) })
	}, other: "PR_1_EXTENT_END_OUT_OF_BOUNDS"},
	{name: "extent index start", image: "main", code: fsck.ExtentIndexStart, do: func(v *victim) {
		v.extents("islands", 1, func(n ondisk.ExtentNode) { e := n.At(0); e.Block++; n.Set(0, e) })
	}},
	{name: "extent index range", image: "main", code: fsck.ExtentIndexRange, do: func(v *victim) {
		v.root("islands", func(n ondisk.ExtentNode) { x := n.IndexAt(1); x.SetLeaf(1 << 40); n.SetIndex(1, x) })
	}},
	{name: "extent misaligned", image: "big", code: fsck.ExtentMisaligned, do: func(v *victim) {
		v.root(leaf, func(n ondisk.ExtentNode) { e := n.At(0); e.Block += 3; n.Set(0, e) })
	}},
	{name: "map range", image: "old", code: fsck.MapRange, do: func(v *victim) { v.file(leaf, func(n *ondisk.Inode) { put32(n.IBlock[:], 1<<30) }) }},
	{name: "map indirect range", image: "old", code: fsck.MapRange, do: func(v *victim) { v.file(large, func(n *ondisk.Inode) { put32(n.IBlock[48:], 1<<30) }) }},
	{name: "map in indirect block", image: "old", code: fsck.MapRange, do: func(v *victim) { put32(v.at(v.meta(v.ino(large), ext4.IndirectBlock, 0))[40:], 1<<31) }},
	{name: "map with clusters", image: "big", code: fsck.MapBigalloc, do: func(v *victim) {
		v.file(leaf, func(n *ondisk.Inode) {
			n.Flags &^= ondisk.InodeExtents
			b := v.dataBlock(leaf, 0)
			n.IBlock = [60]byte{}
			put32(n.IBlock[:], uint32(b))
		})
	}},
	{name: "data in metadata", image: "main", code: fsck.MapInMetadata, do: func(v *victim) {
		v.root(leaf, func(n ondisk.ExtentNode) { e := n.At(0); g := v.group(0); e.SetStart(g.InodeTable() + 7); n.Set(0, e) })
	}},
	{name: "node in metadata", image: "main", code: fsck.MapInMetadata, do: func(v *victim) {
		v.root("islands", func(n ondisk.ExtentNode) {
			x := n.IndexAt(0)
			g := v.group(0)
			x.SetLeaf(g.InodeTable() + 7)
			n.SetIndex(0, x)
		})
	}, other: "PR_1_CRITICAL_METADATA_COLLISION"},
	{name: "node of two maps", image: "old", code: fsck.MapNodeShared, do: func(v *victim) {
		b := v.meta(v.ino(large), ext4.IndirectBlock, 0)
		v.file("size5000", func(n *ondisk.Inode) { put32(n.IBlock[48:], uint32(b)); n.SetSize(200 << 10) })
	}, other: "PR_1B_DUP_RANGE"},
	{name: "tree bites its tail", image: "plain", code: fsck.MapNodeShared, do: func(v *victim) {
		b := v.meta(v.ino("islands"), ext4.ExtentNode, 0)
		v.root("islands", func(n ondisk.ExtentNode) { x := n.IndexAt(1); x.SetLeaf(b); n.SetIndex(1, x) })
	}, other: "PR_1_EXTENT_INDEX_START_INVALID"},
	{name: "block twice", image: "main", code: fsck.BlockClaimedTwice, do: func(v *victim) {
		v.root(leaf, func(n ondisk.ExtentNode) { e := n.At(0); e.SetStart(v.dataBlock(large, 5000)); n.Set(0, e) })
	}},
	{name: "block twice, block map", image: "old", code: fsck.BlockClaimedTwice, do: func(v *victim) {
		v.file(leaf, func(n *ondisk.Inode) { put32(n.IBlock[:], uint32(v.dataBlock(large, 5000))) })
	}},
	{name: "block twice in one file", image: "old", code: fsck.BlockClaimedTwice, do: func(v *victim) {
		v.file("size5000", func(n *ondisk.Inode) { copy(n.IBlock[4:8], n.IBlock[:4]) })
	}},
	{name: "block twice, clusters", image: "big", code: fsck.BlockClaimedTwice, do: func(v *victim) {
		v.root(leaf, func(n ondisk.ExtentNode) { e := n.At(0); e.SetStart(v.dataBlock(large, 0)); n.Set(0, e) })
	}},
	{name: "xattr block is data", image: "main", code: fsck.XattrBlockClaimed, do: func(v *victim) {
		b := v.meta(v.ino("size400"), ext4.XattrBlock, 0)
		v.root(leaf, func(n ondisk.ExtentNode) { e := n.At(0); e.SetStart(b); n.Set(0, e) })
	}},

	// Inline data.
	{name: "inline xattr gone", image: "inline", code: fsck.InlineNoXattr, do: func(v *victim) {
		v.slotOf(v.ino("size100"), func(n *ondisk.Inode, slot []byte) { clear(slot[n.XattrStart(len(slot)):]) })
	}},
	{name: "inline and extents", image: "inline", code: fsck.InlineExtents, do: func(v *victim) { v.file("size100", func(n *ondisk.Inode) { n.Flags |= ondisk.InodeExtents }) }},
	{name: "inline too long", image: "inline", code: fsck.InlineSize, do: func(v *victim) { v.file("size100", func(n *ondisk.Inode) { n.SetSize(5000) }) }, blind: "it takes any size of a file with inline data"},
	{name: "inline tail", image: "inline", code: fsck.InlineTail, do: func(v *victim) { v.file("size100", func(n *ondisk.Inode) { n.SetSize(50) }) }, blind: "it does not look past the end"},
	{name: "inline directory size", image: "inline", code: fsck.InlineDirSize, do: func(v *victim) { v.file("deep", func(n *ondisk.Inode) { n.SetSize(64) }) }},
	{name: "inline directory entry", image: "inline", code: fsck.InlineLastRec, do: func(v *victim) { v.file("deep", func(n *ondisk.Inode) { n.IBlock[8] = 3 }) }},
	{name: "inline directory parent", image: "inline", code: fsck.DotDotWrong, do: func(v *victim) { v.file("deep/a", func(n *ondisk.Inode) { put32(n.IBlock[:], 2) }) }},
	{name: "inline directory of no parent", image: "inline", code: fsck.DotDotWrong, do: func(v *victim) { v.file("deep/a", func(n *ondisk.Inode) { put32(n.IBlock[:], 0) }) }},
	{name: "inline directory index", image: "inline", code: fsck.InlineIndex, do: func(v *victim) { v.file("deep", func(n *ondisk.Inode) { n.Flags |= ondisk.InodeIndex }) }},
	{name: "journal folds names", image: "main", code: fsck.InodeCasefoldDir, do: func(v *victim) { v.inode(ondisk.JournalIno, func(n *ondisk.Inode) { n.Flags |= ondisk.InodeCasefold }) }},
	{name: "inline xattr without flag", image: "inline", code: fsck.InlineStray, do: func(v *victim) {
		v.file("size100", func(n *ondisk.Inode) { n.Flags &^= ondisk.InodeInlineData; n.IBlock = [60]byte{}; n.SetSize(0) })
	}, blind: "it lets any name be"},

	// Symlinks.
	{name: "symlink size", image: "main", code: fsck.SymlinkTarget, do: func(v *victim) { v.file("link5", func(n *ondisk.Inode) { n.SetSize(9) }) }},
	{name: "symlink empty", image: "main", code: fsck.SymlinkTarget, do: func(v *victim) { v.file("link5", func(n *ondisk.Inode) { n.SetSize(0) }) }},
	{name: "symlink long", image: "main", code: fsck.SymlinkTarget, do: func(v *victim) { v.at(v.dataBlock("link200", 0))[30] = 0 }},
	{name: "symlink extents", image: "main", code: fsck.SymlinkExtent, do: func(v *victim) { v.file("link5", func(n *ondisk.Inode) { n.Flags |= ondisk.InodeExtents }) }},

	// Xattrs.
	{name: "xattr in inode", image: "main", code: fsck.XattrBody, do: func(v *victim) { v.bodyEntry("size10", func(e *ondisk.XattrEntry) { e.ValueOffs = 60000 }) }},
	{name: "xattr name in inode", image: "main", code: fsck.XattrBody, do: func(v *victim) { v.bodyEntry("size10", func(e *ondisk.XattrEntry) { e.NameLen = 250 }) }},
	{name: "xattr hash in inode", image: "main", code: fsck.XattrBodyHash, do: func(v *victim) { v.bodyEntry("size10", func(e *ondisk.XattrEntry) { e.Hash = 99 }) }},
	{name: "acl in inode", image: "main", code: fsck.XattrACL, do: func(v *victim) {
		v.bodyEntry("size10", func(e *ondisk.XattrEntry) { e.NameIndex = ondisk.XattrACLAccess })
	}, blind: "it does not look at access control lists"},
	{name: "xattr magic", image: "main", code: fsck.XattrBlock, do: func(v *victim) { v.xattrs("size400", func(b []byte) { b[3] = 0 }) }},
	{name: "xattr blocks", image: "main", code: fsck.XattrBlock, do: func(v *victim) { v.xattrs("size400", func(b []byte) { b[8] = 2 }) }, other: "PR_1_EA_MULTI_BLOCK"},
	{name: "xattr value", image: "main", code: fsck.XattrBlock, do: func(v *victim) { v.xattrs("size400", func(b []byte) { put16(b[34:], uint16(len(b)-4)) }) }, other: "PR_1_EA_BAD_VALUE"},
	{name: "xattr checksum", image: "main", code: fsck.XattrChecksum, do: func(v *victim) { v.torn = true; v.xattrs("size400", func(b []byte) { b[16]++ }) }},
	{name: "xattr refcount", image: "main", code: fsck.XattrRefcount, do: func(v *victim) { v.xattrs("size400", func(b []byte) { put32(b[4:], 9) }) }},
	{name: "xattr hash", image: "main", code: fsck.XattrHash, do: func(v *victim) { v.xattrs("size400", func(b []byte) { put32(b[44:], 9) }) }},
	{name: "encryption context missing", image: "main", code: fsck.XattrCryptAbsent, do: func(v *victim) { v.file(leaf, func(n *ondisk.Inode) { n.Flags |= ondisk.InodeEncrypt }) }},
	{name: "value's inode", image: "main", code: fsck.ValueInode, do: func(v *victim) {
		v.bodyEntry("size60", func(e *ondisk.XattrEntry) { e.ValueInum = 5 })
	}},
	{name: "value's inode no such", image: "main", code: fsck.ValueInodeFlag, do: func(v *victim) {
		v.bodyEntry("size60", func(e *ondisk.XattrEntry) { e.ValueInum = uint32(v.ino(leaf)) })
	}},
	{name: "value's references", image: "main", code: fsck.ValueInodeRefs, do: func(v *victim) {
		v.inode(v.valueIno("size60"), func(n *ondisk.Inode) { n.SetEARefcount(7) })
	}},
	{name: "value's hash", image: "main", code: fsck.ValueInodeHash, do: func(v *victim) {
		v.inode(v.valueIno("size60"), func(n *ondisk.Inode) { n.SetEAHash(7) })
	}},

	// Directories.
	{name: "directory hole", image: "old", code: fsck.DirHole, do: func(v *victim) {
		v.file("many", func(n *ondisk.Inode) {
			n.IBlock[8], n.IBlock[9] = n.IBlock[0], n.IBlock[1]
			clear(n.IBlock[4:8])
			n.SetSize(3 * uint64(v.sb.BlockSize()))
		})
	}},
	{name: "directory hole, extents", image: "plain", code: fsck.DirHole, do: func(v *victim) {
		v.root("lost+found", func(n ondisk.ExtentNode) { e := n.At(0); e.Block++; n.Set(0, e) })
	}},
	{name: "directory unwritten", image: "plain", code: fsck.DirUnwritten, do: func(v *victim) {
		v.root("lost+found", func(n ondisk.ExtentNode) { e := n.At(0); e.SetLength(e.Length(), true); n.Set(0, e) })
	}},
	{name: "directory record", image: "main", code: fsck.DirCorrupt, do: func(v *victim) { v.entry("deep/a", "b", func(h *ondisk.DirentHeader, _ []byte) { h.RecLen = 5 }) }},
	{name: "directory name length", image: "main", code: fsck.DirCorrupt, do: func(v *victim) { v.entry("many", "7", func(h *ondisk.DirentHeader, _ []byte) { h.NameLen = 200 }) }, other: "PR_2_DIR_CORRUPTED"},
	{name: "directory checksum", image: "main", code: fsck.DirChecksum, do: func(v *victim) { v.torn = true; v.dir("deep/a", ext4.DirBlock, 0, func(b []byte) { b[len(b)-1]++ }) }},
	{name: "directory tail", image: "main", code: fsck.DirNoTail, do: func(v *victim) { v.dir("deep/a", ext4.DirBlock, 0, func(b []byte) { b[len(b)-5] = 0 }) }},
	{name: "dot missing", image: "main", code: fsck.DotMissing, do: func(v *victim) { v.entry("deep/a", ".", func(_ *ondisk.DirentHeader, name []byte) { name[0] = 'x' }) }, other: "PR_2_1ST_NOT_DOT"},
	{name: "dot of another", image: "main", code: fsck.DotIno, do: func(v *victim) {
		v.entry("deep/a", ".", func(h *ondisk.DirentHeader, _ []byte) { h.Inode = uint32(v.ino("many")) })
	}},
	{name: "dot not in use", image: "old", code: fsck.DotMissing, do: func(v *victim) { v.entry("deep/a", ".", func(h *ondisk.DirentHeader, _ []byte) { h.Inode = 0 }) }},
	{name: "dot not terminated", image: "old", code: fsck.DotPadding, do: func(v *victim) { v.dir("deep/a", ext4.DirBlock, 0, func(b []byte) { b[9] = 1 }) }},
	{name: "dotdot missing", image: "main", code: fsck.DotDotMissing, do: func(v *victim) { v.entry("deep/a", "..", func(_ *ondisk.DirentHeader, name []byte) { name[0] = 'x' }) }, other: "PR_2_2ND_NOT_DOT_DOT"},
	{name: "dotdot of another", image: "main", code: fsck.DotDotWrong, do: func(v *victim) {
		v.entry("deep/a", "..", func(h *ondisk.DirentHeader, _ []byte) { h.Inode = uint32(v.ino("many")) })
	}},
	{name: "entry out of range", image: "main", code: fsck.EntryBadIno, do: func(v *victim) { v.entry("many", "7", func(h *ondisk.DirentHeader, _ []byte) { h.Inode = 1 << 30 }) }},
	{name: "entry reserved", image: "main", code: fsck.EntryBadIno, do: func(v *victim) { v.entry("many", "7", func(h *ondisk.DirentHeader, _ []byte) { h.Inode = 8 }) }},
	{name: "entry unused", image: "plain", code: fsck.EntryUnused, do: func(v *victim) {
		v.slotOf(v.ino(leaf), func(_ *ondisk.Inode, slot []byte) { clear(slot) })
	}},
	{name: "entry never used", image: "main", code: fsck.EntryUninit, do: func(v *victim) {
		v.entry("many", "7", func(h *ondisk.DirentHeader, _ []byte) { h.Inode = v.sb.InodesCount })
	}, other: "PR_2_INOREF_BG_INO_UNINIT"},
	{name: "entry of a value", image: "main", code: fsck.EntryValue, do: func(v *victim) {
		v.entry("many", "7", func(h *ondisk.DirentHeader, _ []byte) { h.Inode = uint32(v.valueIno("size60")) })
	}, other: "PR_4_UNATTACHED_INODE"},
	{name: "entry of itself", image: "main", code: fsck.EntrySelf, do: func(v *victim) {
		v.entry("many", "7", func(h *ondisk.DirentHeader, _ []byte) { h.Inode = uint32(v.ino("many")) })
	}},
	{name: "entry of the root", image: "main", code: fsck.EntryRoot, do: func(v *victim) { v.entry("many", "7", func(h *ondisk.DirentHeader, _ []byte) { h.Inode = 2 }) }},
	{name: "entry named dot", image: "main", code: fsck.EntryDot, do: func(v *victim) { v.entry("many", "7", func(_ *ondisk.DirentHeader, name []byte) { name[0] = '.' }) }},
	{name: "entry with a slash", image: "main", code: fsck.EntryName, do: func(v *victim) { v.entry("many", "7", func(_ *ondisk.DirentHeader, name []byte) { name[0] = '/' }) }},
	{name: "entry with a zero", image: "main", code: fsck.EntryName, do: func(v *victim) { v.entry("many", "17", func(_ *ondisk.DirentHeader, name []byte) { name[1] = 0 }) }},
	{name: "entry without a name", image: "main", code: fsck.EntryNoName, do: func(v *victim) { v.entry("many", "7", func(h *ondisk.DirentHeader, _ []byte) { h.NameLen = 0 }) }},
	{name: "entry's type", image: "main", code: fsck.EntryType, do: func(v *victim) {
		v.entry("many", "7", func(h *ondisk.DirentHeader, _ []byte) { h.FileType = ondisk.FileDir })
	}},
	{name: "entry's type missing", image: "main", code: fsck.EntryTypeSet, do: func(v *victim) { v.entry("many", "7", func(h *ondisk.DirentHeader, _ []byte) { h.FileType = 0 }) }},
	{name: "entry twice", image: "main", code: fsck.EntryDuplicate, do: func(v *victim) { v.entry("many", "17", func(_ *ondisk.DirentHeader, name []byte) { name[1] = '6' }) }},
	{name: "entry not encrypted", image: "main", code: fsck.EntryShort, do: func(v *victim) { v.file("many", func(n *ondisk.Inode) { n.Flags |= ondisk.InodeEncrypt }) }, other: "PR_1_MISSING_ENCRYPTION_XATTR"},
	{name: "directory linked twice", image: "main", code: fsck.EntryHardLink, do: func(v *victim) {
		v.entry("many", "7", func(h *ondisk.DirentHeader, _ []byte) { h.Inode, h.FileType = uint32(v.ino("deep/a")), ondisk.FileDir })
	}},

	// Indexes.
	{name: "index root", image: "main", code: fsck.IndexRoot, do: func(v *victim) { v.dir("htree", ext4.IndexBlock, 0, func(b []byte) { b[0x1d] = 9 }) }, other: "PR_2_HTREE_CLEAR"},
	{name: "index hash version", image: "main", code: fsck.IndexHash, do: func(v *victim) { v.dir("htree", ext4.IndexBlock, 0, func(b []byte) { b[0x1c] = 77 }) }},
	{name: "index depth", image: "main", code: fsck.IndexRoot, do: func(v *victim) { v.dir("htree", ext4.IndexBlock, 0, func(b []byte) { b[0x1e] = 7 }) }, other: "PR_1_HTREE_DEPTH"},
	{name: "index limit", image: "plain", code: fsck.IndexLimit, do: func(v *victim) { v.dir("htree", ext4.IndexBlock, 0, func(b []byte) { b[0x20]++ }) }},
	{name: "index count", image: "plain", code: fsck.IndexCount, do: func(v *victim) { v.dir("htree", ext4.IndexBlock, 0, func(b []byte) { put16(b[0x22:], 0) }) }, other: "PR_2_HTREE_NOTREF"},
	{name: "index order", image: "main", code: fsck.IndexOrder, do: func(v *victim) { v.dir("htree", ext4.IndexBlock, 0, func(b []byte) { put32(b[0x30:], 2) }) }},
	{name: "index block", image: "main", code: fsck.IndexBlock, do: func(v *victim) { v.dir("htree", ext4.IndexBlock, 0, func(b []byte) { put32(b[0x34:], 9999) }) }},
	{name: "index checksum", image: "main", code: fsck.IndexChecksum, do: func(v *victim) { v.torn = true; v.dir("htree", ext4.IndexBlock, 0, func(b []byte) { b[len(b)-1]++ }) }, other: "PR_2_HTREE_ROOT_CSUM_INVALID"},
	{name: "index block twice", image: "main", code: fsck.IndexTwice, do: func(v *victim) {
		v.dir("htree", ext4.IndexBlock, 0, func(b []byte) { copy(b[0x34:0x38], b[0x2c:0x30]) })
	}},
	{name: "index block not there", image: "main", code: fsck.IndexUnreferenced, do: func(v *victim) {
		v.dir("htree", ext4.IndexBlock, 0, func(b []byte) { n := ondisk.DxRootNode(b); n.Truncate(n.Count() - 1) })
	}},
	{name: "index hash low", image: "main", code: fsck.IndexMinHash, do: func(v *victim) {
		v.dir("htree", ext4.IndexBlock, 0, func(b []byte) { put32(b[0x28:], binary.LittleEndian.Uint32(b[0x30:])&^1-2) })
	}},
	{name: "index hash high", image: "main", code: fsck.IndexMaxHash, do: func(v *victim) { v.dir("htree", ext4.IndexBlock, 0, func(b []byte) { put32(b[0x28:], 4) }) }},

	// Connections and links.
	{name: "directory unconnected", image: "main", code: fsck.DirUnconnected, do: func(v *victim) { v.entry("deep/a", "b", func(h *ondisk.DirentHeader, _ []byte) { h.Inode = 0 }) }},
	{name: "directories in a ring", image: "main", code: fsck.DirUnconnected, do: func(v *victim) {
		v.entry("deep/a", "b", func(h *ondisk.DirentHeader, _ []byte) { h.Inode = 0 })
		v.entry("deep/a/b/c/d", "leaf", func(h *ondisk.DirentHeader, _ []byte) {
			h.Inode, h.FileType = uint32(v.ino("deep/a/b")), ondisk.FileDir
		})
	}, other: "PR_3_BAD_DOT_DOT"},
	{name: "file unattached", image: "main", code: fsck.InodeUnattached, do: func(v *victim) { v.entry("many", "7", func(h *ondisk.DirentHeader, _ []byte) { h.Inode = 0 }) }},
	{name: "links of a file", image: "main", code: fsck.LinkCount, do: func(v *victim) { v.file(leaf, func(n *ondisk.Inode) { n.LinksCount = 5 }) }},
	{name: "many links of a file", image: "main", code: fsck.LinkCount, do: func(v *victim) { v.file(leaf, func(n *ondisk.Inode) { n.LinksCount = 500 }) }},
	{name: "links of a directory", image: "main", code: fsck.LinkCount, do: func(v *victim) { v.file("deep", func(n *ondisk.Inode) { n.LinksCount = 5 }) }},
	{name: "links of a directory, one", image: "main", code: fsck.LinkCount, do: func(v *victim) { v.file("deep", func(n *ondisk.Inode) { n.LinksCount = 1 }) }},
	{name: "lost+found gone", image: "main", code: fsck.LostFoundAbsent, do: func(v *victim) {
		v.entry("", "lost+found", func(_ *ondisk.DirentHeader, name []byte) { copy(name, strings.ToUpper("lost+found")) })
	}, blind: "it makes one when it needs it"},

	// Bitmaps and counts.
	{name: "block marked", image: "main", code: fsck.BlockMarked, do: func(v *victim) {
		v.bitmaps(1, func(b, _ ondisk.Bitmap) { n := int(v.sb.BlocksPerGroup); b.SetRange(n-192, n-172) })
	}, other: "PR_5_BLOCK_RANGE_UNUSED"},
	{name: "block not marked", image: "main", code: fsck.BlockUnmarked, do: func(v *victim) { v.bitmaps(0, func(b, _ ondisk.Bitmap) { b.Clear(5) }) }},
	{name: "cluster marked", image: "big", code: fsck.BlockMarked, do: func(v *victim) {
		v.bitmaps(0, func(b, _ ondisk.Bitmap) { b.Set(int(v.sb.Blocks())/int(v.sb.ClusterRatio()) - 96) })
	}},
	{name: "block bitmap padding", image: "old", code: fsck.BlockPadding, do: func(v *victim) { v.bitmaps(1, func(b, _ ondisk.Bitmap) { b.Clear(b.Len() - 1) }) }},
	{name: "block bitmap checksum", image: "main", code: fsck.BlockBitmapChecksum, do: func(v *victim) { v.desc(0, func(d *ondisk.GroupDesc) { d.BlockBitmapCsumLo++ }) }},
	{name: "inode marked", image: "main", code: fsck.InodeMarked, do: func(v *victim) {
		v.bitmaps(v.freeInode(), func(_, i ondisk.Bitmap) { i.Set(int(v.sb.InodesPerGroup) - 1) })
	}},
	{name: "inode not marked", image: "main", code: fsck.InodeUnmarked, do: func(v *victim) { v.bitmaps(0, func(_, i ondisk.Bitmap) { i.Clear(20) }) }},
	{name: "inode bitmap padding", image: "main", code: fsck.InodePadding, do: func(v *victim) { v.bitmaps(0, func(_, i ondisk.Bitmap) { i.Clear(i.Len() - 1) }) }},
	{name: "inode bitmap checksum", image: "main", code: fsck.InodeBitmapChecksum, do: func(v *victim) { v.desc(0, func(d *ondisk.GroupDesc) { d.InodeBitmapCsumLo++ }) }},
	{name: "group free blocks", image: "main", code: fsck.GroupFreeBlocks, do: func(v *victim) { v.desc(0, func(d *ondisk.GroupDesc) { d.FreeBlocksLo++ }) }},
	{name: "group free inodes", image: "main", code: fsck.GroupFreeInodes, do: func(v *victim) { v.desc(0, func(d *ondisk.GroupDesc) { d.FreeInodesLo++ }) }},
	{name: "group directories", image: "main", code: fsck.GroupDirs, do: func(v *victim) { v.desc(0, func(d *ondisk.GroupDesc) { d.UsedDirsLo++ }) }},

	// What is left of the table.
	{name: "super checksum everywhere", image: "main", code: fsck.SuperChecksum, do: func(v *victim) {
		v.torn = true
		v.super(func(s *ondisk.Super) { s.Checksum++ })
		clear(v.at(v.sb.GroupFirstBlock(1)))
	}, blind: "it gives up"},
	{name: "super hash version", image: "main", code: fsck.SuperHashVersion, do: func(v *victim) { v.super(func(s *ondisk.Super) { s.DefHashVersion = 55 }) }, blind: "it does not look at it"},
	{name: "super flex size", image: "main", code: fsck.SuperFlexSize, do: func(v *victim) { v.super(func(s *ondisk.Super) { s.LogGroupsPerFlex = 40 }) }, other: "PR_0_OPEN_FAILED"},
	{name: "super errors", image: "main", code: fsck.SuperErrors, do: func(v *victim) { v.super(func(s *ondisk.Super) { s.State |= ondisk.StateError }) }, blind: "it is what made it look"},
	{name: "super unclean", image: "old", code: fsck.SuperUnclean, do: func(v *victim) { v.super(func(s *ondisk.Super) { s.State = 0 }) }, blind: "it is what made it look"},
	{name: "mmp in use", image: "mmp", code: fsck.MMPInUse, do: func(v *victim) {
		b := v.at(ondisk.Block(v.sb.MMPBlock))
		put32(b[4:], 5)
		put32(b[ondisk.MMPSize-4:], ondisk.MMPCsum(v.sb.CsumSeed(), b))
	}, blind: "it waits, and then goes on", slow: "it waits"},
	{name: "journal feature", image: "main", code: fsck.JournalUnsupported, do: func(v *victim) { v.journal(func(b []byte) { put32(b[0x28:], 0x1000) }) }},
	{name: "journal nowhere", image: "main", code: fsck.JournalInode, do: func(v *victim) { v.super(func(s *ondisk.Super) { s.JournalInum, s.JournalDev = 0, 5 }) }, other: "PR_0_JOURNAL_BAD_INODE"},
	{name: "journal a directory", image: "main", code: fsck.JournalInode, do: func(v *victim) { v.super(func(s *ondisk.Super) { s.JournalInum = 11 }) }, other: "PR_0_JOURNAL_BAD_INODE"},
	{name: "journal elsewhere", image: "main", code: fsck.JournalExternal, do: func(v *victim) {
		v.super(func(s *ondisk.Super) { s.JournalInum, s.JournalDev, s.JournalUUID = 0, 5, [16]byte{1} })
	}, blind: "it says so outside its list, and looks no further"},
	{name: "journal aborted", image: "main", code: fsck.JournalAborted, do: func(v *victim) { v.journal(func(b []byte) { put32(b[0x20:], 0xFBFFFFFF) }) }, blind: "it clears the number when it writes"},
	{name: "journal copy", image: "main", code: fsck.JournalCopy, do: func(v *victim) { v.super(func(s *ondisk.Super) { s.JnlBackupType = 0 }) }, blind: "without writing it does not look"},
	{name: "journal no regular file", image: "main", code: fsck.JournalMode, do: func(v *victim) {
		v.inode(ondisk.JournalIno, func(n *ondisk.Inode) { n.Mode = ondisk.ModeDir | 0o700 })
	}, other: "PR_0_JOURNAL_BAD_INODE"},
	{name: "orphan pending", image: "main", code: fsck.OrphanPending, do: func(v *victim) { v.super(func(s *ondisk.Super) { s.LastOrphan = uint32(v.ino(leaf)) }) }, blind: "without writing it does not look"},
	{name: "orphan file mode", image: "orphan", code: fsck.OrphanFile, do: func(v *victim) {
		v.inode(ondisk.Ino(v.sb.OrphanFileInum), func(n *ondisk.Inode) { n.Mode = ondisk.ModeDir | 0o700 })
	}},
	{name: "orphan slot", image: "orphan", code: fsck.OrphanSlot, do: func(v *victim) {
		v.super(func(s *ondisk.Super) { s.FeatureROCompat |= uint32(ondisk.ROCompatOrphanPresent) })
		v.orphans(func(b ondisk.OrphanBlock) { b.SetSlot(3, 5) })
	}, blind: "without writing it does not look"},
	{name: "orphans announced", image: "orphan", code: fsck.OrphanAbsent, do: func(v *victim) {
		v.super(func(s *ondisk.Super) { s.FeatureROCompat |= uint32(ondisk.ROCompatOrphanPresent) })
	}},
	{name: "group block bitmap", image: "plain", code: fsck.GroupBlockBitmap, do: func(v *victim) { v.descs(1, func(d *ondisk.GroupDesc) { d.SetBlockBitmap(1 << 31) }) }},
	{name: "group inode bitmap", image: "plain", code: fsck.GroupInodeBitmap, do: func(v *victim) { v.descs(1, func(d *ondisk.GroupDesc) { d.SetInodeBitmap(7) }) }},
	{name: "group inode table", image: "plain", code: fsck.GroupInodeTable, do: func(v *victim) { v.descs(1, func(d *ondisk.GroupDesc) { d.SetInodeTable(1 << 31) }) }},
	{name: "inode blocks high", image: "old", code: fsck.InodeBlocksHigh, do: func(v *victim) { v.file(leaf, func(n *ondisk.Inode) { n.BlocksHi = 1 }) }},
	{name: "ea inode feature", image: "plain", code: fsck.InodeEAFlag, do: func(v *victim) { v.file(leaf, func(n *ondisk.Inode) { n.Flags |= ondisk.InodeEA }) }, blind: "it takes the flag for granted"},
	{name: "huge file feature", image: "old", code: fsck.InodeHugeFlag, do: func(v *victim) { v.file(leaf, func(n *ondisk.Inode) { n.Flags |= ondisk.InodeHugeFile }) }, blind: "it takes the flag for granted"},
	{name: "time after 2310", image: "main", code: fsck.InodeTimeRange, do: func(v *victim) { v.file(leaf, func(n *ondisk.Inode) { n.MTime, n.MTimeExtra = 0xF0000000, 3 }) }},
	{name: "reserved mode", image: "main", code: fsck.ReservedMode, do: func(v *victim) { v.inode(ondisk.BootIno, func(n *ondisk.Inode) { n.Mode = ondisk.ModeDir }) }},
	{name: "inline fifo", image: "inline", code: fsck.InlineTypeless, do: func(v *victim) { v.file("pipe", func(n *ondisk.Inode) { n.Flags |= ondisk.InodeInlineData }) }},
	{name: "inline without room", image: "inline", code: fsck.InlineExtra, do: func(v *victim) { v.file("size100", func(n *ondisk.Inode) { n.ExtraIsize = 0 }) }, other: "PR_1_INLINE_DATA_NO_ATTR"},
	{name: "xattr twice in inode", image: "main", code: fsck.XattrBodyClash, do: func(v *victim) { v.body("size10", user("a", "x"), user("a", "y")) }, blind: "it looks for values that overlap only"},
	{name: "xattr of no bytes", image: "inline", code: fsck.XattrBodyClash, do: func(v *victim) {
		v.bodyEntry("size24", func(e *ondisk.XattrEntry) { e.ValueOffs = 60000 })
	}, other: "PR_1_INLINE_DATA_NO_ATTR"},
	{name: "xattr twice in block", image: "main", code: fsck.XattrBlockClash, do: func(v *victim) {
		v.xattrs("size400", func(b []byte) { ondisk.PutBlockXattrs(b, []ondisk.Xattr{user("a", "x"), user("a", "y")}) })
	}, blind: "it looks for values that overlap only"},
	{name: "xattr block hash", image: "main", code: fsck.XattrBlockHash, do: func(v *victim) { v.xattrs("size400", func(b []byte) { put32(b[12:], 99) }) }, blind: "it does not look at the hash of the block"},
	{name: "xattr index", image: "main", code: fsck.XattrIndex, do: func(v *victim) { v.bodyEntry("size10", func(e *ondisk.XattrEntry) { e.NameIndex = 0 }) }, blind: "it lets the index be"},
	{name: "encryption context", image: "main", code: fsck.XattrCrypt, do: func(v *victim) {
		v.body("size10", ondisk.Xattr{Index: ondisk.XattrEncryption, Name: []byte("c"), Value: []byte("nonsense"), Size: 8})
		v.file("size10", func(n *ondisk.Inode) { n.Flags |= ondisk.InodeEncrypt })
	}, blind: "it looks only at what encrypted directories have"},
	{name: "value's size", image: "main", code: fsck.ValueInodeSize, do: func(v *victim) { v.bodyEntry("size60", func(e *ondisk.XattrEntry) { e.ValueSize = 5 }) }, blind: "it does not compare the sizes"},
	{name: "value of nobody", image: "main", code: fsck.ValueInodeLost, do: func(v *victim) { v.body("size60"); v.body("size61") }},
	{name: "dot with room", image: "main", code: fsck.DotLong, do: func(v *victim) { v.entry("deep/a", ".", func(h *ondisk.DirentHeader, _ []byte) { h.RecLen = 24 }) }, other: "PR_2_2ND_NOT_DOT_DOT"},
	{name: "entry in the clear", image: "main", code: fsck.EntryPlain, do: func(v *victim) { v.file("htree", func(n *ondisk.Inode) { n.Flags |= ondisk.InodeEncrypt }) }, other: "PR_1_MISSING_ENCRYPTION_XATTR"},
	{name: "index too deep by one", image: "main", code: fsck.IndexNodeShape, do: func(v *victim) { v.dir("htree", ext4.IndexBlock, 0, func(b []byte) { b[0x1e] = 1 }) }, other: "PR_2_HTREE_CLEAR"},
	{name: "block bitmap not initialised", image: "main", code: fsck.BlockUninit, do: func(v *victim) { v.desc(0, func(d *ondisk.GroupDesc) { d.Flags |= ondisk.GroupBlockUninit }) }},
	{name: "quota inode", image: "quota", code: fsck.QuotaInode, do: func(v *victim) { v.super(func(s *ondisk.Super) { s.UsrQuotaInum = 77 }) }, other: "PR_1_QUOTA_INODE_NOT_CLEAR"},
}
