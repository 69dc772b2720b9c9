package main

import (
	"cmp"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"extant/ext4"
	"extant/fsck"
	"extant/internal/ondisk"
)

// fsckFlags are the flags of fsck, with e2fsck's letters.
type fsckFlags struct {
	no, preen, preenToo, yes bool
	force, optimise          bool
	backup                   uint64
	blockSize                int
	extended                 []string
	badBlocks, onlyBadBlocks string
	scan, keep               bool
	undo, report             string
	progress                 int
	verbose, json            bool
	jobs                     int

	set *pflag.FlagSet
}

func (f *fsckFlags) register(p *pflag.FlagSet) {
	f.set = p
	p.BoolVarP(&f.no, "no", "n", false, "repair nothing: the image is opened for reading only")
	p.BoolVarP(&f.preen, "preen", "p", false, "repair what loses nothing and needs no answer; stop at the first finding of another kind")
	p.BoolVarP(&f.preenToo, "auto", "a", false, "the same as -p")
	p.BoolVarP(&f.yes, "yes", "y", false, "repair everything")
	p.BoolVarP(&f.force, "force", "f", false, "check even what says that it is clean")
	p.Uint64VarP(&f.backup, "backup", "b", 0, "use the copy of the super block in block `N`")
	p.IntVarP(&f.blockSize, "block-size", "B", 0, "look for it in blocks of `BYTES`")
	p.BoolVarP(&f.optimise, "optimise", "D", false, "rebuild directories: sorted, indexed, without gaps")
	p.StringVarP(&f.badBlocks, "bad-blocks", "l", "", "add the blocks that `FILE` lists to the list of bad blocks; with -y")
	p.StringVarP(&f.onlyBadBlocks, "only-bad-blocks", "L", "", "let the list of bad blocks be what `FILE` lists; with -y")
	p.BoolVarP(&f.scan, "scan", "c", false, "read all blocks, and let the list of bad blocks be those that cannot be read; with -y")
	p.BoolVarP(&f.keep, "keep", "k", false, "with -c, keep what is in the list")
	p.StringArrayVarP(&f.extended, "extended", "E", nil, "set extended `OPTIONS`: shared=clone or shared=delete")
	p.StringVarP(&f.undo, "undo", "z", "", "save what is overwritten in `FILE`, for extant undo")
	p.StringVar(&f.report, "report", "", "write the findings and a map of the device to `FILE`, a page of HTML")
	p.BoolVar(&f.json, "json", false, "write a JSON object")
	p.IntVarP(&f.progress, "progress", "C", 0, "write \"pass done of image\" lines to descriptor `FD`; 0 draws the bar, as at any terminal")
	p.BoolVarP(&f.verbose, "verbose", "v", false, "show the bytes behind each finding, and what there is in the file system")
	p.IntVar(&f.jobs, "jobs", 0, "check with `N` tasks (one per processor, two at least)")
}

// policy is what -n, -p, -a and -y come to.
func (f *fsckFlags) policy() fsck.Policy {
	switch {
	case f.no:
		return fsck.No
	case f.preen, f.preenToo:
		return fsck.Preen
	case f.yes:
		return fsck.Yes
	}
	return fsck.Ask
}

// mayPass reports whether a file system that says that it is clean may be believed.
func (f *fsckFlags) mayPass() bool {
	return !f.force && !f.optimise && f.backup == 0 && f.report == "" && !f.listsBad()
}

// listsBad reports whether the list of bad blocks is to be changed.
func (f *fsckFlags) listsBad() bool { return f.scan || f.badBlocks != "" || f.onlyBadBlocks != "" }

// ask returns what the flags ask for. super is the block that --superblock, the flag of all verbs, names.
func (f *fsckFlags) ask(super uint64) (o fsck.RepairOptions, err error) {
	if f.backup == 0 {
		f.backup = super
	}
	chosen := 0
	for _, on := range []bool{f.no, f.preen || f.preenToo, f.yes} {
		if on {
			chosen++
		}
	}
	o.Policy = f.policy()
	switch {
	case chosen > 1:
		return o, usagef("give one of -n, -p and -y")
	case f.no && f.optimise:
		return o, usagef("-D: not with -n, which changes nothing")
	case f.no && f.undo != "":
		return o, usagef("--undo: not with -n, which changes nothing")
	case f.listsBad() && o.Policy != fsck.Yes:
		return o, usagef("-c, -l and -L: give -y, as files may have to move")
	case f.scan && (f.badBlocks != "" || f.onlyBadBlocks != "") || f.badBlocks != "" && f.onlyBadBlocks != "":
		return o, usagef("give one of -c, -l and -L")
	case f.keep && !f.scan:
		return o, usagef("-k: only with -c")
	case f.json && chosen == 0:
		return o, usagef("--json: give -n, -p or -y")
	case f.blockSize != 0 && (f.blockSize < ondisk.SuperOffset || f.blockSize > 64<<10 || f.blockSize&(f.blockSize-1) != 0):
		return o, usagef("-B: %d is no size of blocks", f.blockSize)
	case f.progress < 0:
		return o, usagef("-C: %d is no descriptor", f.progress)
	}
	o.Workers = f.jobs
	if o.Workers <= 0 {
		o.Workers = max(2, runtime.NumCPU())
	}
	o.BlockSize, o.Backup, o.Now, o.Optimise = f.blockSize, ondisk.Block(f.backup), time.Now(), f.optimise
	o.Layout = f.report != ""
	o.FastCommits = ext4.ApplyFastCommits
	if path := cmp.Or(f.badBlocks, f.onlyBadBlocks); path != "" {
		if o.BadBlocks, err = readBlockList(path); err != nil {
			return o, err
		}
	}
	o.BadBlocksOnly = f.onlyBadBlocks != "" || f.scan && !f.keep
	return o, f.extend(&o)
}

// extend reads -E. What only tunes e2fsck is taken, and changes nothing.
func (f *fsckFlags) extend(o *fsck.RepairOptions) error {
	for _, word := range strings.Split(strings.Join(f.extended, ","), ",") {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "", "nodiscard", "no_optimize_extents", "inode_count_fullmap", "no_inode_count_fullmap", "fixes_only":
		case "readahead_kb":
			if _, err := strconv.ParseUint(value, 10, 32); err != nil {
				return usagef("-E readahead_kb: %q is no number", value)
			}
		case "shared":
			switch value {
			case "clone":
				o.Shared = fsck.Clone
			case "delete":
				o.Shared = fsck.Delete
			default:
				return usagef("-E shared: %q is neither clone nor delete", value)
			}
		default:
			return usagef("-E: %q is not known", word)
		}
	}
	return nil
}
