package main

import (
	"fmt"
	"strings"
	"time"

	"extant/internal/ondisk"
)

// super shows the super block, or the copy in a group.
func (d *dumper) super(arg string) error {
	b, offset := ondisk.Block(ondisk.SuperOffset/d.fs.BlockSize()), ondisk.SuperOffset%d.fs.BlockSize()
	if arg != "" && arg[0] != '/' {
		g, err := number(arg, "group", d.sb.Groups())
		if err != nil {
			return err
		}
		if g > 0 {
			b, offset = d.sb.GroupFirstBlock(ondisk.Group(g)), 0
		}
	}
	raw, err := d.readBlock(b)
	if err != nil {
		return err
	}
	return d.put(superSection(inBlock(b, offset), raw[offset:]))
}

// damagedSuper shows the super block of an image that cannot be opened.
func (d *dumper) damagedSuper(image string) error {
	sb, err := d.rawSuper(image)
	if err != nil {
		return nil // the error of opening the image says more
	}
	raw := make([]byte, ondisk.SuperSize)
	sb.Encode(raw)
	return d.put(superSection(spot{offset: ondisk.SuperOffset}, raw))
}

func superSection(at spot, raw []byte) (section, error) {
	var sb ondisk.Super
	return described("super block", at, raw, &sb, func() map[string]string { return superNotes(&sb, raw) })
}

func superNotes(sb *ondisk.Super, raw []byte) map[string]string {
	return map[string]string{
		"s_blocks_count_lo":      fmt.Sprintf("%d blocks", sb.Blocks()),
		"s_r_blocks_count_lo":    fmt.Sprintf("%d blocks", sb.BlocksReserved()),
		"s_free_blocks_count_lo": fmt.Sprintf("%d blocks", sb.BlocksFree()),
		"s_log_block_size":       fmt.Sprintf("blocks of %d bytes", sb.BlockSize()),
		"s_log_cluster_size":     fmt.Sprintf("clusters of %d blocks", sb.ClusterRatio()),
		"s_mtime":                timeNote(sb.Mounted()),
		"s_wtime":                timeNote(sb.Written()),
		"s_lastcheck":            timeNote(sb.Checked()),
		"s_mkfs_time":            timeNote(sb.Made()),
		"s_first_error_time":     timeNote(sb.FirstErrorSeen()),
		"s_last_error_time":      timeNote(sb.LastErrorSeen()),
		"s_state":                strings.Join(stateWords(sb), " "),
		"s_errors":               numberWord(errorsWords, uint64(sb.Errors)),
		"s_creator_os":           numberWord(creatorWords, uint64(sb.CreatorOS)),
		"s_feature_compat":       strings.Join(ondisk.Compat(sb.FeatureCompat).Names(), " "),
		"s_feature_incompat":     strings.Join(ondisk.Incompat(sb.FeatureIncompat).Names(), " "),
		"s_feature_ro_compat":    strings.Join(ondisk.ROCompat(sb.FeatureROCompat).Names(), " "),
		"s_uuid":                 ondisk.UUID(sb.UUID).String(),
		"s_journal_uuid":         ondisk.UUID(sb.JournalUUID).String(),
		"s_volume_name":          quoteNote(sb.VolumeName[:]),
		"s_last_mounted":         quoteNote(sb.LastMounted[:]),
		"s_mount_opts":           quoteNote(sb.MountOpts[:]),
		"s_first_error_func":     quoteNote(sb.FirstErrorFunc[:]),
		"s_last_error_func":      quoteNote(sb.LastErrorFunc[:]),
		"s_def_hash_version":     sb.HashVersion(sb.DefHashVersion).String(),
		"s_default_mount_opts":   strings.Join(mountOptions(sb.DefaultMountOpts), " "),
		"s_flags":                strings.Join(bitWords(sb.Flags, superFlags), " "),
		"s_encoding":             encodingWords[uint64(sb.Encoding)],
		"s_kbytes_written":       humanSize(sb.KBytesWritten << 10),
		"s_mmp_update_interval":  fmt.Sprintf("%d s", sb.MMPUpdateInterval),
		"s_checksum":             sumNote(sb.HasROCompat(ondisk.ROCompatMetadataCsum), uint64(sb.Checksum), uint64(ondisk.SuperCsum(raw))),
		"s_log_groups_per_flex":  fmt.Sprintf("%d groups", uint64(1)<<(sb.LogGroupsPerFlex&63)),
		"s_checksum_type":        map[uint8]string{1: "crc32c"}[sb.ChecksumType],
		"s_overhead_clusters":    fmt.Sprintf("%s", humanSize(uint64(sb.OverheadClusters)*uint64(sb.ClusterRatio())*uint64(sb.BlockSize()))),
		"s_magic":                goodNote(sb.Magic == ondisk.SuperMagic),
	}
}

// timeNote is a time, or nothing for the beginning of time, which means never.
func timeNote(t time.Time) string {
	if t.Unix() == 0 {
		return ""
	}
	return t.Local().Format("2006-01-02 15:04:05.999999999 -0700")
}

func quoteNote(b []byte) string {
	if s := cText(b); s != "" {
		return fmt.Sprintf("%q", s)
	}
	return ""
}

// sumNote judges a checksum, where there is one.
func sumNote(used bool, stored, want uint64) string {
	switch {
	case !used:
		return ""
	case stored == want:
		return "good"
	}
	return fmt.Sprintf("wrong, should be %#x", want)
}

func goodNote(good bool) string {
	if good {
		return "good"
	}
	return "wrong"
}

// group shows a group descriptor, and which blocks and inodes of the group are free.
func (d *dumper) group(arg string) error {
	n, err := number(arg, "group", d.sb.Groups())
	if err != nil {
		return err
	}
	g := ondisk.Group(n)
	desc, err := d.fs.Group(g)
	if err != nil {
		return err
	}
	raw := make([]byte, max(d.sb.DescriptorSize(), ondisk.GroupDescSize32))
	desc.Encode(raw)
	s, err := groupSection(spot{}, raw, d.sb.DescriptorSize())
	s.note = fmt.Sprintf("group %d, blocks %d-%d", g, d.sb.GroupFirstBlock(g), uint64(d.sb.GroupFirstBlock(g))+uint64(d.sb.GroupBlocks(g))-1)
	if err := d.put(s, err); err != nil {
		return err
	}
	clusters := (uint64(d.sb.GroupBlocks(g)) + uint64(d.sb.ClusterRatio()) - 1) / uint64(max(d.sb.ClusterRatio(), 1))
	if desc.Flags&ondisk.GroupBlockUninit == 0 {
		if err := d.bitmap("block bitmap", desc.BlockBitmap(), clusters); err != nil {
			return err
		}
	}
	if desc.Flags&ondisk.GroupInodeUninit == 0 {
		return d.bitmap("inode bitmap", desc.InodeBitmap(), uint64(d.sb.InodesPerGroup))
	}
	return nil
}

func groupSection(at spot, raw []byte, size int) (section, error) {
	var desc ondisk.GroupDesc
	s, err := described("group descriptor", at, raw[:min(size, len(raw))], &desc, func() map[string]string {
		return map[string]string{
			"bg_block_bitmap_lo":      fmt.Sprintf("block %d", desc.BlockBitmap()),
			"bg_inode_bitmap_lo":      fmt.Sprintf("block %d", desc.InodeBitmap()),
			"bg_inode_table_lo":       fmt.Sprintf("block %d", desc.InodeTable()),
			"bg_free_blocks_count_lo": fmt.Sprintf("%d clusters", desc.FreeClusters()),
			"bg_free_inodes_count_lo": fmt.Sprintf("%d inodes", desc.FreeInodes()),
			"bg_used_dirs_count_lo":   fmt.Sprintf("%d directories", desc.UsedDirs()),
			"bg_itable_unused_lo":     fmt.Sprintf("%d inodes", desc.ItableUnused()),
			"bg_flags":                strings.Join(bitWords(uint32(desc.Flags), groupFlags), " "),
		}
	})
	return s, err
}

// bitmap shows the ranges of clear bits among the first count.
func (d *dumper) bitmap(structure string, b ondisk.Block, count uint64) error {
	raw, err := d.readBlock(b)
	if err != nil {
		return err
	}
	return d.put(bitmapSection(structure, inBlock(b, 0), raw, count), nil)
}

func bitmapSection(structure string, at spot, raw []byte, count uint64) section {
	count = min(count, uint64(len(raw))*8)
	s := section{structure: structure, at: at, entries: []facts{}}
	free := uint64(0)
	for i := uint64(0); i < count; i++ {
		from := i
		for i < count && raw[i/8]>>(i%8)&1 == 0 {
			i++
		}
		if i == from {
			continue
		}
		free += i - from
		var e facts
		e.add("clear from", "from", from)
		e.add("to", "to", i-1)
		s.entries = append(s.entries, e)
	}
	s.note = fmt.Sprintf("%d of %d bits are clear", free, count)
	return s
}

// mmp shows the block of multiple-mount protection.
func (d *dumper) mmp(string) error {
	if !d.sb.HasIncompat(ondisk.IncompatMMP) {
		return errNone("multiple-mount protection")
	}
	b := ondisk.Block(d.sb.MMPBlock)
	raw, err := d.readBlock(b)
	if err != nil {
		return err
	}
	return d.put(d.mmpSection(inBlock(b, 0), raw))
}

func (d *dumper) mmpSection(at spot, raw []byte) (section, error) {
	var m ondisk.MMP
	return described("mmp block", at, raw, &m, func() map[string]string {
		seq := map[uint32]string{ondisk.MMPSeqClean: "clean", ondisk.MMPSeqFsck: "being checked"}[m.Seq]
		return map[string]string{
			"mmp_magic":    goodNote(m.Magic == ondisk.MMPMagic),
			"mmp_seq":      seq,
			"mmp_time":     timeNote(time.Unix(int64(m.Time&(1<<62-1)), 0)),
			"mmp_nodename": quoteNote(m.NodeName[:]),
			"mmp_bdevname": quoteNote(m.BdevName[:]),
			"mmp_checksum": sumNote(d.sums(), uint64(m.Checksum), uint64(ondisk.MMPCsum(d.sb.CsumSeed(), raw))),
		}
	})
}

// sums reports whether metadata has checksums.
func (d *dumper) sums() bool { return d.sb.HasROCompat(ondisk.ROCompatMetadataCsum) }

func errNone(what string) error { return fmt.Errorf("the file system has no %s", what) }
