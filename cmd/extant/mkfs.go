package main

import (
	"bytes"
	"cmp"
	"crypto/sha512"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"extant/disk"
	"extant/internal/ondisk"
	"extant/mkfs"
)

const mkfsLong = `mkfs makes an ext4, ext3 or ext2 file system, with mke2fs's options and defaults, in a new file, an existing one, a partition of an image
or a block device, and with -d fills it.

SIZE is a number with one of the letters s (sectors of 512 bytes), k, m, g, t; without a letter it counts KiB, or blocks where -b is given;
auto is the smallest that holds what -d names, which is also what a new file gets without SIZE. With SIZE a file is made anew, under another
name until it is complete; without, an existing file is formatted in place, as partitions and devices are. What already holds anything is
only overwritten with -F.

The same input, options and SOURCE_DATE_EPOCH give the same bytes.`

// mkfsRun is one run of mkfs.
type mkfsRun struct {
	*app
	format                              mkfsFlags
	content                             fillFlags
	line                                *progressLine // of filling
	auto                                bool          // the size is what the content takes
	force, dryRun, quiet, verbose, json bool
}

func newMkfs(a *app) *cobra.Command {
	m := &mkfsRun{app: a}
	cmd := &cobra.Command{
		Use:     "mkfs [flags] IMAGE [SIZE]",
		Short:   "Make a file system, empty or filled",
		GroupID: groupImage,
		Long:    mkfsLong,
		Example: `  extant mkfs disk.img 1G
  extant mkfs -d rootfs/ --owner 0:0 disk.img
  zcat rootfs.tar.gz | extant mkfs -d - --free 100M disk.img
  extant mkfs -t ext3 -L boot disk.img#1
  extant mkfs -n -O bigalloc -C 64k disk.img 2T`,
		Args: cobra.RangeArgs(1, 2),
	}
	p := cmd.Flags()
	p.SortFlags = false
	m.content.register(p)
	m.format.register(p)
	p.BoolVarP(&m.force, "force", "F", false, "overwrite what is there")
	p.BoolVarP(&m.dryRun, "dry-run", "n", false, "write nothing, show what would be made")
	p.BoolVarP(&m.quiet, "quiet", "q", false, "say nothing unless it fails")
	p.BoolVarP(&m.verbose, "verbose", "v", false, "show all of the super block")
	p.BoolVar(&m.json, "json", false, "write a JSON object")
	return a.verbCommand(cmd, m.run)
}

func (m *mkfsRun) run(args []string) error {
	o, err := m.format.ask()
	if err != nil {
		return err
	}
	want, err := m.size(args, o.BlockSize)
	if err != nil {
		return err
	}
	o.Size = want.bytes
	t, err := m.target(args[0], want, o.Extended.Offset)
	if err != nil {
		return err
	}
	epoch, err := sourceDateEpoch()
	if err != nil {
		return err
	}
	if m.content.source != "" {
		return m.makeFilled(t, o, epoch)
	}
	if m.content.free != "" {
		return usagef("--free: give -d SOURCE")
	}
	return m.makeEmpty(t, o, epoch)
}

// makeEmpty makes a file system with nothing in it.
func (m *mkfsRun) makeEmpty(t mkfsTarget, o mkfs.Options, epoch *time.Time) (err error) {
	if epoch != nil {
		o.Now = *epoch
		if o.Rand, err = fixedRandom(t.room, o); err != nil {
			return asUsage(err)
		}
	}
	if m.dryRun {
		return m.plan(t, o)
	}
	var made *mkfs.Geometry
	err = t.make(o, func(dev disk.Device) (err error) {
		made, err = mkfs.Format(dev, o)
		return err
	})
	if err != nil {
		return asUsage(err)
	}
	return m.report(t.image, made, nil)
}

// A wantedSize is what SIZE says.
type wantedSize struct {
	bytes int64 // 0: none is given
	auto  bool
}

func (m *mkfsRun) size(args []string, block int) (want wantedSize, err error) {
	if len(args) < 2 {
		return want, nil
	}
	if args[1] == "auto" {
		if m.content.source == "" {
			return want, usagef("size auto: give -d SOURCE, or a number")
		}
		return wantedSize{auto: true}, nil
	}
	want.bytes, err = mkfs.ParseSize(args[1], int64(max(block, 1024)))
	if err == nil && want.bytes == 0 {
		err = usagef("size: 0 is too small")
	}
	return want, asUsage(err)
}

// fixedRandom gives numbers that follow from the plan alone.
func fixedRandom(size int64, o mkfs.Options) (*bytes.Reader, error) {
	g, err := mkfs.Plan(size, o)
	if err != nil {
		return nil, err
	}
	super := make([]byte, ondisk.SuperSize)
	g.Super.Encode(super)
	sum := sha512.Sum512(append(super, o.Label...))
	return bytes.NewReader(sum[:]), nil
}

// plan shows what would be made.
func (m *mkfsRun) plan(t mkfsTarget, o mkfs.Options) error {
	g, err := mkfs.Plan(t.room, o)
	if err != nil {
		return asUsage(err)
	}
	return m.report(t.image, g, nil)
}

// report shows what was made, and what went into it.
func (m *mkfsRun) report(image string, g *mkfs.Geometry, c *mkfs.Report) error {
	for _, note := range g.Notes {
		if !m.quiet {
			m.note("%s", note)
		}
	}
	switch {
	case m.json:
		return m.putJSON(m.facts(image, g, c))
	case m.quiet:
		return nil
	case m.verbose:
		return m.facts(image, g, c).write(m.out)
	}
	fmt.Fprintf(m.out, "%s: %d blocks of %d bytes, %d inodes\n", escapeName(image), g.Blocks, g.BlockSize, g.Super.InodesCount)
	if !m.dryRun {
		fmt.Fprintf(m.out, "uuid %s\n", ondisk.UUID(g.Super.UUID))
	}
	if c != nil {
		m.tellContent(g, c)
	}
	if list := blockList(g.Backups()); list != "" {
		fmt.Fprintf(m.out, "backups of the super block in blocks %s\n", list)
	}
	return nil
}

// blockList is a list of blocks for people.
func blockList(list []ondisk.Block) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(list), " ", ", "), "[]")
}

// facts is the report in full.
func (m *mkfsRun) facts(image string, g *mkfs.Geometry, c *mkfs.Report) facts {
	var r facts
	r.add("Image", "image", image)
	addSuper(&r, &g.Super)
	r.add("Usage", "usage", g.Usage)
	r.add("Journal blocks", "journal_blocks", g.JournalBlocks)
	r.add("Fast-commit blocks", "fast_commit_blocks", g.FastCommitBlocks)
	r.add("Orphan file blocks", "orphan_file_blocks", g.OrphanBlocks)
	r.addAs("Super block backups", "backups", g.Backups(), "%s", cmp.Or(blockList(g.Backups()), "none"))
	r.add("Notes", "notes", g.Notes)
	r.add("Dry run", "dry_run", m.dryRun)
	if c != nil {
		addReport(&r, c)
	}
	return r
}
