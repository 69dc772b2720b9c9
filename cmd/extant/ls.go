package main

import (
	"cmp"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"extant"
)

// lsFlags are how ls lists.
type lsFlags struct {
	all, almostAll, dirItself, recursive            bool
	long, inode, blocks, human, oneLine, columns    bool
	byTime, bySize, unsorted, reverse               bool
	classify, slash, escape, json, numeric, dirSize bool
	timeStyle, timeOf                               string
}

const lsLong = `ls lists what is in directories, or with -d, and where a file is named, the files themselves. Without -l a symbolic link that is named
and leads to a directory is followed.

Owners are shown as numbers: they are the image's, not this machine's. Times are local to this machine; TZ=UTC makes
listings comparable. Names are escaped as ls -b does when they go to a terminal, and else are written byte for byte.`

func newLs(a *app) *cobra.Command {
	f := &lsFlags{}
	cmd := &cobra.Command{
		Use:     "ls [-l] [-a] [-R] IMAGE[:/PATH]...",
		Short:   "List directories",
		GroupID: groupFiles,
		Long:    lsLong,
		Example: `  extant ls disk.img
  extant ls -la --time-style=full-iso disk.img:/etc
  extant ls -R --json disk.img:/home | jq -r '.[] | select(.type == "file") | .path'`,
		Args: cobra.MinimumNArgs(1),
	}
	f.define(cmd)
	return a.verbCommand(cmd, func(args []string) error {
		l, err := newLister(a, f)
		if err != nil {
			return err
		}
		return l.run(args)
	})
}

func (f *lsFlags) define(cmd *cobra.Command) {
	p := cmd.Flags()
	p.SortFlags = false
	p.BoolVarP(&f.all, "all", "a", false, "show names that begin with a dot")
	p.BoolVarP(&f.almostAll, "almost-all", "A", false, "show them but for . and ..")
	p.BoolVarP(&f.dirItself, "directory", "d", false, "list directories themselves, not what is in them")
	p.BoolVarP(&f.recursive, "recursive", "R", false, "list what is below as well")
	p.BoolVarP(&f.long, "long", "l", false, "show type, mode, links, owner, size and time")
	p.BoolVarP(&f.numeric, "numeric-uid-gid", "n", false, "as -l; owners always are numbers")
	p.BoolVarP(&f.inode, "inode", "i", false, "show inode numbers")
	p.BoolVarP(&f.blocks, "size", "s", false, "show the space taken, in KiB")
	p.BoolVarP(&f.human, "human-readable", "h", false, "show sizes as 1.5K, 12M")
	p.BoolVarP(&f.oneLine, "one", "1", false, "one name to a line")
	p.BoolVarP(&f.columns, "columns", "C", false, "names in columns, as to a terminal")
	p.BoolVarP(&f.byTime, "by-time", "t", false, "sort by time, newest first")
	p.BoolVarP(&f.bySize, "by-size", "S", false, "sort by size, largest first")
	p.BoolVarP(&f.unsorted, "unsorted", "U", false, "leave names as they lie in the directory")
	p.BoolVarP(&f.reverse, "reverse", "r", false, "reverse the order")
	p.BoolVarP(&f.classify, "classify", "F", false, "mark names with the type: one of */=@|")
	p.BoolVarP(&f.slash, "slash", "p", false, "mark directories with /")
	p.BoolVarP(&f.escape, "escape", "b", false, "escape names wherever they go")
	p.StringVar(&f.timeStyle, "time-style", "long-iso", "how to write times: `full-iso`, long-iso, iso, epoch or +FORMAT of Go")
	p.StringVar(&f.timeOf, "time", "mtime", "which time: `mtime`, atime, ctime or birth")
	p.BoolVar(&f.json, "json", false, "write a JSON array")
}

// A lister is one run of ls.
type lister struct {
	*app
	*lsFlags
	list      *jsonList                    // with --json
	timeOf    func(*extant.Stat) time.Time // the time shown and sorted by
	timeText  func(time.Time) string
	listed    int  // directories whose content was shown
	headings  bool // name each directory
	separated bool // something was shown above
}

func newLister(a *app, f *lsFlags) (*lister, error) {
	l := &lister{app: a, lsFlags: f, list: &jsonList{w: a.out}}
	l.long = f.long || f.numeric
	l.escape = f.escape || a.outTTY
	var err error
	if l.timeOf, err = timeSelector(f.timeOf); err != nil {
		return nil, err
	}
	l.timeText, err = timeFormatter(f.timeStyle)
	return l, err
}

func (l *lister) run(args []string) error {
	files, dirs := l.operands(args)
	l.headings = l.recursive || len(args) > 1
	l.sort(files)
	err := l.show(files, false)
	l.separated = len(files) > 0
	for _, d := range dirs {
		if err == nil {
			err = l.dir(d)
		}
	}
	if l.json {
		return cmp.Or(l.list.end(), err)
	}
	return err
}

// operands reads what was named, and tells what is shown itself from directories whose content is.
func (l *lister) operands(args []string) (files []*entry, dirs []place) {
	l.each(args, func(p place) error {
		e, err := entryOf(p, p.String(), false)
		if e == nil {
			return err
		}
		if !l.dirItself && !l.long && e.isLink() {
			if to, err := entryOf(p, p.String(), true); err == nil && to.isDir() {
				e = to
			}
		}
		if e.isDir() && !l.dirItself {
			dirs = append(dirs, p)
		} else {
			files = append(files, e)
		}
		return err
	})
	return files, dirs
}

// dir lists one operand, with -R and all below.
func (l *lister) dir(p place) error {
	if !l.recursive {
		l.content(p)
		return l.ctx.Err()
	}
	return p.vol.WalkDir(p.Path, func(path string, d fs.DirEntry, err error) error {
		at := p.at(path)
		switch {
		case l.ctx.Err() != nil:
			return l.ctx.Err()
		case err != nil:
			l.fail(at.wrap(err))
			return skipDir(d)
		case !d.IsDir():
			return nil
		case path != p.Path && !l.all && !l.almostAll && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		}
		l.content(at)
		return nil
	})
}

// skipDir is what a walk is told after an error about d.
func skipDir(d fs.DirEntry) error {
	if d != nil && d.IsDir() {
		return fs.SkipDir
	}
	return nil
}

// content lists what is in one directory.
func (l *lister) content(p place) {
	entries, err := l.read(p)
	if err != nil {
		l.fail(err)
	}
	if l.headings && !l.json {
		if l.separated {
			l.out.WriteByte('\n')
		}
		l.out.WriteString(l.name(p.String()) + ":\n")
	}
	l.separated = true
	if err := l.show(entries, true); err != nil {
		l.fail(err)
	}
}

// read reads the entries of a directory that are to be shown, sorted. What cannot be read is reported and left out.
func (l *lister) read(p place) ([]*entry, error) {
	f, err := p.vol.Open(p.Path)
	if err != nil {
		return nil, p.wrap(err)
	}
	defer f.Close()
	list, err := f.ReadDir(-1)
	var entries []*entry
	if l.all && !l.json {
		entries = l.dots(p)
	}
	for _, d := range list {
		if strings.HasPrefix(d.Name(), ".") && !l.all && !l.almostAll {
			continue
		}
		e, err := entryIn(p, d)
		if err != nil {
			l.fail(err)
		}
		if e != nil {
			entries = append(entries, e)
		}
	}
	l.sort(entries)
	return entries, p.wrap(err)
}

// dots are the entries . and .. of a directory.
func (l *lister) dots(p place) []*entry {
	var entries []*entry
	for _, name := range []string{".", ".."} {
		e, err := entryOf(p.at(joinPath(p.Path, name)), name, false)
		if err != nil {
			l.fail(err)
			continue
		}
		entries = append(entries, e)
	}
	return entries
}

// sort sorts entries of one directory; those that are equal stay in order of name.
func (l *lister) sort(entries []*entry) {
	if !l.unsorted {
		slices.SortFunc(entries, func(a, b *entry) int { return strings.Compare(a.name, b.name) })
	}
	switch {
	case l.bySize:
		slices.SortStableFunc(entries, func(a, b *entry) int { return cmp.Compare(b.stat.Size, a.stat.Size) })
	case l.byTime:
		slices.SortStableFunc(entries, func(a, b *entry) int { return l.timeOf(&b.stat).Compare(l.timeOf(&a.stat)) })
	}
	if l.reverse {
		slices.Reverse(entries)
	}
}

// name is a name as it is shown.
func (l *lister) name(s string) string {
	if l.escape {
		return escapeName(s)
	}
	return s
}
