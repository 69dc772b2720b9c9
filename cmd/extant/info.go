package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"extant"
	"extant/disk"
	"extant/ext4"
	"extant/internal/ondisk"
)

type infoFlags struct{ groups, json bool }

func newInfo(a *app) *cobra.Command {
	f := &infoFlags{}
	cmd := &cobra.Command{
		Use:     "info [-g] IMAGE...",
		Short:   "Show what a file system is: sizes, features, state, times",
		GroupID: groupImage,
		Long: `info shows what the super block and the journal say of a file system, as dumpe2fs -h does; with -g also where each block
group has its tables and how much of it is free. Free space is counted from the groups, as the kernel keeps the count in the super
block only when it unmounts.

A super block that is sound is shown even if the file system behind it cannot be read.`,
		Example: `  extant info disk.img
  extant info --json disk.img | jq .features
  extant info -g disk.img#1`,
		Args: cobra.MinimumNArgs(1),
	}
	cmd.Flags().BoolVarP(&f.groups, "groups", "g", false, "show the block groups too")
	cmd.Flags().BoolVar(&f.json, "json", false, "write a JSON array of objects")
	return a.verbCommand(cmd, func(args []string) error {
		list := &jsonList{w: a.out}
		for i, arg := range args {
			if err := a.ctx.Err(); err != nil {
				return err
			}
			image := address(arg).Image
			r, err := a.info(image, f.groups)
			if err != nil {
				a.fail(err)
			}
			if r == nil {
				continue
			}
			if err := a.putInfo(r, list, f, i > 0); err != nil {
				return err
			}
		}
		if f.json {
			return list.end()
		}
		return nil
	})
}

// putInfo writes one report.
func (a *app) putInfo(r facts, list *jsonList, f *infoFlags, gap bool) error {
	if f.json {
		return list.put(r)
	}
	if gap {
		fmt.Fprintln(a.out)
	}
	if err := r.write(a.out); err != nil || !f.groups {
		return err
	}
	groups, _ := r[len(r)-1].value.([]facts)
	for _, g := range groups {
		fmt.Fprintln(a.out)
		if err := g.write(a.out); err != nil {
			return err
		}
	}
	return nil
}

// info is the report on an image. Where the file system cannot be opened but has a super block, there is a report and an error.
func (a *app) info(image string, groups bool) (facts, error) {
	var r facts
	r.add("Image", "image", image)
	vol, err := a.volume(image)
	if err != nil {
		sb, rawErr := a.rawSuper(image)
		if rawErr != nil {
			return nil, err
		}
		addSuper(&r, sb)
		return r, err
	}
	sb := vol.Ext4().Super()
	addSuper(&r, &sb)
	var errs []error
	errs = append(errs, addSpace(&r, vol.Ext4()), addJournal(&r, vol.Ext4()))
	if groups {
		list, err := groupFacts(a.ctx, vol.Ext4())
		errs = append(errs, err)
		r.add("", "groups", list)
	}
	if err := errors.Join(errs...); err != nil {
		return r, &addressError{image, err}
	}
	return r, nil
}

// rawSuper reads the super block of an image that cannot be opened.
func (a *app) rawSuper(image string) (*ondisk.Super, error) {
	flags := disk.ReadOnly
	if a.options.Shared {
		flags |= disk.Shared
	}
	dev, err := extant.OpenImage(image, flags)
	if err != nil {
		return nil, err
	}
	defer dev.Close()
	raw := make([]byte, ondisk.SuperSize)
	if _, err := dev.ReadAt(raw, ondisk.SuperOffset); err != nil {
		return nil, err
	}
	var sb ondisk.Super
	if err := sb.Decode(raw); err != nil {
		return nil, err
	}
	if sb.Magic != ondisk.SuperMagic {
		return nil, errors.New("no super block")
	}
	return &sb, nil
}

// addSpace adds what is free, from the groups.
func addSpace(r *facts, fs *ext4.FS) error {
	s, err := fs.StatFS()
	if err != nil {
		return err
	}
	r.add("Blocks free", "blocks_free", s.BlocksFree)
	r.add("Blocks available", "blocks_available", s.BlocksAvail)
	r.add("Inodes free", "inodes_free", s.FilesFree)
	return nil
}

// addJournal adds what the journal says of itself.
func addJournal(r *facts, fs *ext4.FS) error {
	sb := fs.Super()
	if !sb.HasCompat(ondisk.CompatHasJournal) || sb.JournalInum == 0 {
		return nil
	}
	js, err := readJournalSuper(fs)
	if err != nil {
		return err
	}
	var j facts
	names := append(append([]string{}, js.Compat().Names()...), js.Incompat().Names()...)
	j.add("Journal features", "features", names)
	j.add("Journal blocks", "blocks", js.MaxLen)
	j.add("Journal block size", "block_size", js.BlockSize)
	if js.Incompat().Has(ondisk.JournalIncompatFastCommit) {
		j.add("Journal fast-commit blocks", "fast_commit_blocks", js.FastCommitBlocks())
	}
	j.add("Journal sequence", "sequence", js.Sequence)
	j.add("Journal start", "start", js.Start)
	j.add("Journal errno", "errno", int32(js.Errno))
	*r = append(*r, fact{"", "journal", j, ""})
	for _, x := range j {
		*r = append(*r, fact{x.label, "", x.value, x.text})
	}
	return nil
}

// readJournalSuper reads the super block of the internal journal.
func readJournalSuper(fs *ext4.FS) (*ondisk.JournalSuper, error) {
	raw, _, err := journalBlock(fs, 0)
	if err != nil {
		return nil, err
	}
	js := &ondisk.JournalSuper{}
	if err := js.Decode(raw); err != nil {
		return nil, err
	}
	if js.Header.Magic != ondisk.JournalMagic {
		return nil, ondisk.Corrupt("journal super block", "magic %#08x", js.Header.Magic).At(ondisk.JournalIno, 0)
	}
	return js, nil
}

// journalBlock reads a block of the internal journal, and says where it lies.
func journalBlock(fs *ext4.FS, i uint32) ([]byte, ondisk.Block, error) {
	sb := fs.Super()
	n, err := fs.SystemInode(ondisk.Ino(sb.JournalInum))
	if err != nil {
		return nil, 0, err
	}
	size := int64(fs.BlockSize())
	for m, err := range n.Mappings(int64(i) * size) {
		if err != nil {
			return nil, 0, err
		}
		if m.Inline || m.Off > int64(i)*size {
			break
		}
		raw := make([]byte, size)
		b := ondisk.Block((m.Dev + int64(i)*size - m.Off) / size)
		return raw, b, fs.ReadBlock(b, raw)
	}
	return nil, 0, ondisk.Corrupt("journal", "no block %d", i).At(n.Ino(), 0)
}
