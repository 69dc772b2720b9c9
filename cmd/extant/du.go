package main

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

type duFlags struct {
	summarize, all, human, total, apparent, json bool
	depth                                        int
}

func newDu(a *app) *cobra.Command {
	f := &duFlags{}
	cmd := &cobra.Command{
		Use:     "du [-s] [-a] [-h] IMAGE[:/PATH]...",
		Short:   "Show how much space files and directories take",
		GroupID: groupFiles,
		Long: `du adds up the space that files and directories take, in KiB, directories with all that is below them. Holes take none, data inside an
inode is counted as its sectors are, and a file with several hard links is counted where it is met first.`,
		Example: `  extant du -sh disk.img:/usr disk.img:/var
  extant du -a --json disk.img | jq 'max_by(.bytes)'`,
		Args: cobra.MinimumNArgs(1),
	}
	p := cmd.Flags()
	p.SortFlags = false
	p.BoolVarP(&f.summarize, "summarize", "s", false, "show only what was named")
	p.BoolVarP(&f.all, "all", "a", false, "show files too")
	p.IntVarP(&f.depth, "max-depth", "d", math.MaxInt, "show directories down to `N` levels below what was named")
	p.Lookup("max-depth").DefValue = "0" // which help does not show
	p.BoolVarP(&f.human, "human-readable", "h", false, "show sizes as 1.5K, 12M")
	p.BoolVarP(&f.total, "total", "c", false, "show the sum of all as well")
	p.BoolVar(&f.apparent, "apparent-size", false, "add up sizes, not the space taken")
	p.BoolVar(&f.json, "json", false, "write a JSON array")
	return a.verbCommand(cmd, func(args []string) error {
		if f.depth < 0 {
			return usagef("--max-depth is a number of levels, not %d", f.depth)
		}
		if f.summarize {
			f.depth, f.all = 0, false
		}
		d := &duRun{app: a, duFlags: f, list: &jsonList{w: a.out}, seen: map[inodeOf]bool{}}
		return d.run(args)
	})
}

// duRun is one run of du.
type duRun struct {
	*app
	*duFlags
	list  *jsonList
	seen  map[inodeOf]bool // files with several links that are counted
	stack []duDir
	total duSum
}

// inodeOf names an inode among several images.
type inodeOf struct {
	image string
	ino   uint32
}

// duSum is what files take.
type duSum struct {
	bytes, apparent uint64
	files           uint64
}

// duDir is a directory whose content is being added up.
type duDir struct {
	at  place
	sum duSum
}

// duJSON is the shape of an element of du --json.
type duJSON struct {
	Image     string `json:"image"`
	Path      string `json:"path"`
	PathBytes []byte `json:"path_bytes,omitempty"`
	Bytes     uint64 `json:"bytes"`
	Apparent  uint64 `json:"apparent_bytes"`
	Files     uint64 `json:"files"`
}

func (d *duRun) run(args []string) error {
	err := d.each(args, d.operand)
	switch {
	case d.json:
		return errors.Join(err, d.list.end())
	case d.duFlags.total && err == nil:
		return d.line(d.total, "total")
	}
	return err
}

// operand adds up one operand. A directory is shown once all below it has been met.
func (d *duRun) operand(p place) error {
	d.stack = d.stack[:0]
	err := p.vol.WalkDir(p.Path, func(name string, e fs.DirEntry, err error) error {
		at := p.at(name)
		switch {
		case d.ctx.Err() != nil:
			return d.ctx.Err()
		case err != nil:
			d.fail(at.wrap(err))
			return skipDir(e)
		}
		return d.visit(at, e)
	})
	for err == nil && len(d.stack) > 0 {
		err = d.pop()
	}
	return err
}

// visit meets a file or directory.
func (d *duRun) visit(at place, e fs.DirEntry) error {
	for len(d.stack) > 0 && !isIn(d.stack[len(d.stack)-1].at.Path, at.Path) {
		if err := d.pop(); err != nil {
			return err
		}
	}
	ent, err := entryAs(at, at.Path, e)
	if err != nil {
		d.fail(err)
	}
	if ent == nil {
		return nil
	}
	sum := d.sumOf(ent)
	if e.IsDir() {
		d.stack = append(d.stack, duDir{at, sum})
		return nil
	}
	return d.put(at, sum, d.all || len(d.stack) == 0)
}

// isIn reports whether a path is that of a name in dir.
func isIn(dir, path string) bool {
	return path[:strings.LastIndexByte(path, '/')] == strings.TrimSuffix(dir, "/")
}

// sumOf is what one file takes: nothing when it has been counted.
func (d *duRun) sumOf(e *entry) duSum {
	if !e.isDir() && e.stat.Links > 1 {
		id := inodeOf{e.at.Image, e.stat.Ino}
		if d.seen[id] {
			return duSum{}
		}
		d.seen[id] = true
	}
	sum := duSum{bytes: e.stat.Blocks * 512, files: 1}
	if !e.isDevice() {
		sum.apparent = uint64(e.stat.Size)
	}
	return sum
}

// pop ends the innermost directory.
func (d *duRun) pop() error {
	top := d.stack[len(d.stack)-1]
	d.stack = d.stack[:len(d.stack)-1]
	return d.put(top.at, top.sum, true)
}

// put adds a sum to the directory around it, and shows it if that is wanted and it is not too deep.
func (d *duRun) put(at place, sum duSum, shown bool) error {
	into := &d.total
	if len(d.stack) > 0 {
		into = &d.stack[len(d.stack)-1].sum
	}
	into.bytes += sum.bytes
	into.apparent += sum.apparent
	into.files += sum.files
	if !shown || len(d.stack) > d.depth {
		return nil
	}
	if d.json {
		return d.list.put(duJSON{at.Image, at.Path, rawBytes(at.Path), sum.bytes, sum.apparent, sum.files})
	}
	return d.line(sum, d.shownName(at.String()))
}

func (d *duRun) line(sum duSum, name string) error {
	n := sum.bytes
	if d.apparent {
		n = sum.apparent
	}
	text := strconv.FormatUint((n+1023)/1024, 10)
	if d.human {
		text = humanSize(n)
	}
	_, err := fmt.Fprintf(d.out, "%s\t%s\n", text, name)
	return err
}
