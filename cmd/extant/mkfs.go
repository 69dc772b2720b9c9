package main

import (
	"bytes"
	"crypto/sha512"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"extant/disk"
	"extant/internal/ondisk"
	"extant/mkfs"
)

const mkfsLong = `mkfs makes an ext4, ext3 or ext2 file system, with mke2fs's options and defaults, in a new file, an existing one, a partition of an image
or a block device.

SIZE is a number with one of the letters s (sectors of 512 bytes), k, m, g, t; without a letter it counts KiB, or blocks where -b is given.
With SIZE a file is made anew, under another name until it is complete; without, an existing file is formatted in place, as partitions and
devices are. What already holds anything is only overwritten with -F.

The same options and SOURCE_DATE_EPOCH give the same bytes.`

// mkfsRun is one run of mkfs.
type mkfsRun struct {
	*app
	mkfsFlags
	force, dryRun, quiet, verbose, json bool
}

func newMkfs(a *app) *cobra.Command {
	m := &mkfsRun{app: a}
	cmd := &cobra.Command{
		Use:     "mkfs [flags] IMAGE [SIZE]",
		Short:   "Make a file system",
		GroupID: groupImage,
		Long:    mkfsLong,
		Example: `  extant mkfs disk.img 1G
  extant mkfs -t ext3 -L boot disk.img#1
  extant mkfs -n -O bigalloc -C 64k disk.img 2T`,
		Args: cobra.RangeArgs(1, 2),
	}
	p := cmd.Flags()
	p.SortFlags = false
	m.register(p)
	p.BoolVarP(&m.force, "force", "F", false, "overwrite what is there")
	p.BoolVarP(&m.dryRun, "dry-run", "n", false, "write nothing, show what would be made")
	p.BoolVarP(&m.quiet, "quiet", "q", false, "say nothing unless it fails")
	p.BoolVarP(&m.verbose, "verbose", "v", false, "show all of the super block")
	p.BoolVar(&m.json, "json", false, "write a JSON object")
	return a.verbCommand(cmd, m.run)
}

func (m *mkfsRun) run(args []string) error {
	o, err := m.ask()
	if err != nil {
		return err
	}
	size, err := m.size(args, o.BlockSize)
	if err != nil {
		return err
	}
	o.Size = size
	t, err := m.target(args[0], size, o.Extended.Offset)
	if err != nil {
		return err
	}
	epoch, err := sourceDateEpoch()
	if err != nil {
		return err
	}
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
	err = t.make(o, func(dev disk.Device, o mkfs.Options) (err error) {
		made, err = mkfs.Format(dev, o)
		return err
	})
	if err != nil {
		return asUsage(err)
	}
	return m.report(t.image, made)
}

// size reads SIZE; 0 where there is none.
func (m *mkfsRun) size(args []string, block int) (int64, error) {
	if len(args) < 2 {
		return 0, nil
	}
	n, err := mkfs.ParseSize(args[1], int64(max(block, 1024)))
	if err == nil && n == 0 {
		err = usagef("size: 0 is too small")
	}
	return n, asUsage(err)
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
	return m.report(t.image, g)
}

// report shows what was made.
func (m *mkfsRun) report(image string, g *mkfs.Geometry) error {
	for _, note := range g.Notes {
		if !m.quiet {
			m.note("%s", note)
		}
	}
	switch {
	case m.json:
		return m.putJSON(m.facts(image, g))
	case m.quiet:
		return nil
	case m.verbose:
		return m.facts(image, g).write(m.out)
	}
	fmt.Fprintf(m.out, "%s: %d blocks of %d bytes, %d inodes\n", escapeName(image), g.Blocks, g.BlockSize, g.Super.InodesCount)
	if !m.dryRun {
		fmt.Fprintf(m.out, "uuid %s\n", ondisk.UUID(g.Super.UUID))
	}
	if list := g.Backups(); len(list) > 0 {
		fmt.Fprintf(m.out, "backups of the super block in blocks %s\n", strings.Trim(strings.ReplaceAll(fmt.Sprint(list), " ", ", "), "[]"))
	}
	return nil
}

// facts is the report in full.
func (m *mkfsRun) facts(image string, g *mkfs.Geometry) facts {
	var r facts
	r.add("Image", "image", image)
	addSuper(&r, &g.Super)
	r.add("Usage", "usage", g.Usage)
	r.add("Journal blocks", "journal_blocks", g.JournalBlocks)
	r.add("Fast-commit blocks", "fast_commit_blocks", g.FastCommitBlocks)
	r.add("Orphan file blocks", "orphan_file_blocks", g.OrphanBlocks)
	r.add("Super block backups", "backups", g.Backups())
	r.add("Notes", "notes", g.Notes)
	r.add("Dry run", "dry_run", m.dryRun)
	return r
}
