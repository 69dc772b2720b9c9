package main

import (
	"fmt"
	"strings"

	"extant/internal/ondisk"
)

// addSuper adds what the super block says.
func addSuper(r *facts, sb *ondisk.Super) {
	r.addText("Label", "label", sb.Label(), "none")
	r.add("UUID", "uuid", ondisk.UUID(sb.UUID).String())
	r.addText("Last mounted on", "last_mounted_on", cText(sb.LastMounted[:]), "not known")
	r.add("Revision", "revision", sb.RevLevel)
	r.add("Features", "features", superFeatures(sb))
	r.add("Flags", "flags", bitWords(sb.Flags, superFlags))
	r.add("Default mount options", "default_mount_options", mountOptions(sb.DefaultMountOpts))
	r.add("State", "state", stateWords(sb))
	r.add("Errors behaviour", "errors_behaviour", numberWord(errorsWords, uint64(sb.Errors)))
	r.add("Made by", "creator_os", numberWord(creatorWords, uint64(sb.CreatorOS)))
	addSizes(r, sb)
	addTimes(r, sb)
	addInodes(r, sb)
	addChecksums(r, sb)
	addErrors(r, sb)
}

func addSizes(r *facts, sb *ondisk.Super) {
	size := uint64(sb.BlockSize())
	r.addAs("Size", "bytes", sb.Blocks()*size, "%s (%d bytes)", humanSize(sb.Blocks()*size), sb.Blocks()*size)
	r.add("Block size", "block_size", size)
	if sb.HasROCompat(ondisk.ROCompatBigAlloc) {
		r.add("Cluster size", "cluster_size", size*uint64(sb.ClusterRatio()))
	}
	r.add("Blocks", "blocks", sb.Blocks())
	r.add("Blocks reserved", "blocks_reserved", sb.BlocksReserved())
	r.add("First block", "first_block", sb.FirstDataBlock)
	r.add("Groups", "group_count", sb.Groups())
	r.add("Blocks per group", "blocks_per_group", sb.BlocksPerGroup)
	if sb.HasIncompat(ondisk.IncompatFlexBG) && sb.LogGroupsPerFlex < 32 {
		r.add("Groups per flex group", "groups_per_flex", uint64(1)<<sb.LogGroupsPerFlex)
	}
	r.add("Descriptor size", "descriptor_size", sb.DescriptorSize())
	r.add("Descriptor blocks reserved", "reserved_gdt_blocks", sb.ReservedGDTBlocks)
	if sb.RAIDStride != 0 || sb.RAIDStripeWidth != 0 {
		r.add("RAID stride", "raid_stride", sb.RAIDStride)
		r.add("RAID stripe width", "raid_stripe_width", sb.RAIDStripeWidth)
	}
}

func addTimes(r *facts, sb *ondisk.Super) {
	r.addTime("Created", "created", sb.Made())
	r.addTime("Last mounted", "mounted", sb.Mounted())
	r.addTime("Last written", "written", sb.Written())
	r.addTime("Last checked", "checked", sb.Checked())
	r.add("Mounts since check", "mount_count", sb.MountCount)
	most := int16(sb.MountCountMax)
	r.addAs("Mounts before check", "mount_count_max", most, "%s", orWord(most > 0, most, "any number"))
	r.addAs("Check interval", "check_interval", sb.CheckInterval, "%s", orWord(sb.CheckInterval > 0, fmt.Sprintf("%d s", sb.CheckInterval), "none"))
	r.addAs("Written in its life", "kbytes_written", sb.KBytesWritten, "%s", humanSize(sb.KBytesWritten<<10))
}

func addInodes(r *facts, sb *ondisk.Super) {
	r.add("Inodes", "inodes", sb.InodesCount)
	r.add("Inodes per group", "inodes_per_group", sb.InodesPerGroup)
	r.add("Inode size", "inode_size", sb.InodeBytes())
	r.add("First inode", "first_inode", sb.FirstFreeIno())
	r.add("Reserved blocks' user", "reserved_uid", uint32(sb.DefResUID)|uint32(sb.DefResUIDHi)<<16)
	r.add("Reserved blocks' group", "reserved_gid", uint32(sb.DefResGID)|uint32(sb.DefResGIDHi)<<16)
	for _, f := range []struct {
		label, key string
		ino        uint32
	}{
		{"Journal inode", "journal_inode", sb.JournalInum},
		{"User quota inode", "user_quota_inode", sb.UsrQuotaInum},
		{"Group quota inode", "group_quota_inode", sb.GrpQuotaInum},
		{"Project quota inode", "project_quota_inode", sb.PrjQuotaInum},
		{"Orphan file inode", "orphan_file_inode", sb.OrphanFileInum},
		{"First orphan", "first_orphan", sb.LastOrphan},
	} {
		if f.ino != 0 {
			r.add(f.label, f.key, f.ino)
		}
	}
	if sb.HasIncompat(ondisk.IncompatMMP) {
		r.add("MMP block", "mmp_block", sb.MMPBlock)
		r.addAs("MMP interval", "mmp_interval", sb.MMPUpdateInterval, "%d s", sb.MMPUpdateInterval)
	}
}

func addChecksums(r *facts, sb *ondisk.Super) {
	r.add("Directory hash", "directory_hash", sb.HashVersion(sb.DefHashVersion).String())
	r.add("Directory hash seed", "directory_hash_seed", hashSeed(sb))
	if sb.HasIncompat(ondisk.IncompatCasefold) {
		r.addAs("Encoding", "encoding", sb.Encoding, "%s", numberWord(encodingWords, uint64(sb.Encoding)))
	}
	if !sb.HasROCompat(ondisk.ROCompatMetadataCsum) {
		return
	}
	r.addAs("Checksum seed", "checksum_seed", sb.CsumSeed(), "%#08x", sb.CsumSeed())
	r.addAs("Checksum", "checksum", sb.Checksum, "%#08x", sb.Checksum)
}

func addErrors(r *facts, sb *ondisk.Super) {
	if sb.ErrorCount == 0 {
		return
	}
	r.add("Errors seen", "error_count", sb.ErrorCount)
	r.addTime("First error", "first_error_time", sb.FirstErrorSeen())
	r.addText("First error in", "first_error_function", cText(sb.FirstErrorFunc[:]), "not known")
	r.add("First error at line", "first_error_line", sb.FirstErrorLine)
	r.add("First error of inode", "first_error_inode", sb.FirstErrorIno)
	r.add("First error in block", "first_error_block", sb.FirstErrorBlock)
	r.addTime("Last error", "last_error_time", sb.LastErrorSeen())
	r.addText("Last error in", "last_error_function", cText(sb.LastErrorFunc[:]), "not known")
	r.add("Last error at line", "last_error_line", sb.LastErrorLine)
	r.add("Last error of inode", "last_error_inode", sb.LastErrorIno)
	r.add("Last error in block", "last_error_block", sb.LastErrorBlock)
}

// superFeatures are the names of all features, as dumpe2fs orders them.
func superFeatures(sb *ondisk.Super) []string {
	names := append([]string{}, ondisk.Compat(sb.FeatureCompat).Names()...)
	names = append(names, ondisk.Incompat(sb.FeatureIncompat).Names()...)
	return append(names, ondisk.ROCompat(sb.FeatureROCompat).Names()...)
}

// hashSeed is s_hash_seed as a UUID, which it is to mke2fs.
func hashSeed(sb *ondisk.Super) string {
	var u ondisk.UUID
	for i, word := range sb.HashSeed {
		for j := range 4 {
			u[4*i+j] = byte(word >> (8 * j))
		}
	}
	return u.String()
}

// cText is the text in b up to its first NUL.
func cText(b []byte) string {
	s, _, _ := strings.Cut(string(b), "\x00")
	return s
}

func orWord(ok bool, v any, word string) string {
	if ok {
		return fmt.Sprint(v)
	}
	return word
}
