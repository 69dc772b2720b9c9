package main

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"strings"

	"github.com/spf13/cobra"

	"extant"
	"extant/internal/ondisk"
)

type treeFlags struct {
	all, dirs, human, size, inode, mode, full, json, ascii bool
	depth                                                  int
}

func newTree(a *app) *cobra.Command {
	f := &treeFlags{}
	cmd := &cobra.Command{
		Use:     "tree [-a] [-L N] IMAGE[:/PATH]...",
		Short:   "Draw directories as a tree",
		GroupID: groupFiles,
		Example: `  extant tree -L 2 disk.img
  extant tree -aph disk.img:/etc`,
		Args: cobra.MinimumNArgs(1),
	}
	cmd.Long = `tree draws what is below directories, sorted by name. Symbolic links are shown with their targets and not followed.`
	p := cmd.Flags()
	p.SortFlags = false
	p.BoolVarP(&f.all, "all", "a", false, "show names that begin with a dot")
	p.BoolVarP(&f.dirs, "dirs", "d", false, "show directories only")
	p.IntVarP(&f.depth, "level", "L", math.MaxInt, "go `N` levels down")
	p.Lookup("level").DefValue = "0" // which help does not show
	p.BoolVarP(&f.full, "full", "f", false, "show whole addresses")
	p.BoolVarP(&f.inode, "inodes", "i", false, "show inode numbers")
	p.BoolVarP(&f.mode, "modes", "p", false, "show types and modes")
	p.BoolVarP(&f.size, "sizes", "s", false, "show sizes")
	p.BoolVarP(&f.human, "human-readable", "h", false, "show sizes as 1.5K, 12M")
	p.BoolVar(&f.ascii, "ascii", false, "draw with ASCII characters")
	p.BoolVar(&f.json, "json", false, "write nested JSON objects")
	return a.verbCommand(cmd, func(args []string) error {
		if f.depth < 1 {
			return usagef("--level is a number of levels, not %d", f.depth)
		}
		t := &treeRun{app: a, treeFlags: f}
		if f.json {
			return t.runJSON(args)
		}
		return t.run(args)
	})
}

// treeRun is one run of tree.
type treeRun struct {
	*app
	*treeFlags
	seen        map[uint32]bool // directories of the image that are met
	dirs, files int
}

func (t *treeRun) run(args []string) error {
	err := t.each(args, func(p place) error {
		t.seen = map[uint32]bool{}
		e, err := entryOf(p, p.String(), true)
		if err != nil {
			return err
		}
		fmt.Fprintln(t.out, t.shownName(p.String()))
		return t.below(e, "", 1)
	})
	if err == nil {
		fmt.Fprintf(t.out, "\n%s, %s\n", count(t.dirs, "directory", "directories"), count(t.files, "file", "files"))
	}
	return err
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// below draws what is in e, if it is a directory, each line behind indent.
func (t *treeRun) below(e *entry, indent string, level int) error {
	children, err := t.children(e, level)
	if err != nil {
		t.fail(err)
	}
	branch, last, bar := "├── ", "└── ", "│   "
	if t.ascii {
		branch, last, bar = "|-- ", "`-- ", "|   "
	}
	for i, c := range children {
		mark, next := branch, indent+bar
		if i == len(children)-1 {
			mark, next = last, indent+"    "
		}
		if _, err := fmt.Fprintln(t.out, indent+mark+t.label(c)); err != nil {
			return err
		}
		if err := t.below(c, next, level+1); err != nil {
			return err
		}
	}
	return t.ctx.Err()
}

// children are the entries of a directory that are to be shown, in order of name. A file has none.
func (t *treeRun) children(e *entry, level int) ([]*entry, error) {
	if !e.isDir() || level > t.depth || t.ctx.Err() != nil {
		return nil, nil
	}
	switch {
	case t.seen[e.stat.Ino]:
		return nil, e.at.wrap(ondisk.Corrupt("directory", "has more than one name").At(ondisk.Ino(e.stat.Ino), 0))
	case len(e.at.Path) > extant.WalkPathMax:
		return nil, e.at.wrap(errTooDeep)
	}
	t.seen[e.stat.Ino] = true
	list, err := e.at.vol.ReadDir(e.at.Path)
	var children []*entry
	for _, d := range list {
		if c := t.child(e, d); c != nil {
			children = append(children, c)
		}
	}
	return children, e.at.wrap(err)
}

// child is one entry of a directory, or nil if it is not to be shown.
func (t *treeRun) child(dir *entry, d fs.DirEntry) *entry {
	if strings.HasPrefix(d.Name(), ".") && !t.all || t.treeFlags.dirs && !d.IsDir() {
		return nil
	}
	c, err := entryIn(dir.at, d)
	if err != nil {
		t.fail(err)
	}
	if c == nil {
		return nil
	}
	if c.isDir() {
		t.dirs++
	} else {
		t.files++
	}
	return c
}

var errTooDeep = errors.New("the path is too long to go further down")

// label is one file as it is drawn.
func (t *treeRun) label(e *entry) string {
	var cells []string
	if t.inode {
		cells = append(cells, fmt.Sprintf("%7d", e.stat.Ino))
	}
	if t.mode {
		cells = append(cells, modeText(e.stat.Mode))
	}
	switch {
	case t.human:
		cells = append(cells, fmt.Sprintf("%6s", humanSize(uint64(e.stat.Size))))
	case t.size:
		cells = append(cells, fmt.Sprintf("%11d", e.stat.Size))
	}
	name := e.name
	if t.full {
		name = e.at.String()
	}
	name = t.shownName(name)
	if e.isLink() {
		name += " -> " + t.shownName(e.target)
	}
	if len(cells) > 0 {
		name = "[" + strings.Join(cells, " ") + "]  " + name
	}
	return name
}

// treeJSON is the shape of tree --json.
type treeJSON struct {
	*entryJSON
	Contents []*treeJSON `json:"contents,omitempty"`
}

func (t *treeRun) runJSON(args []string) error {
	list := &jsonList{w: t.out}
	err := t.each(args, func(p place) error {
		t.seen = map[uint32]bool{}
		e, err := entryOf(p, p.String(), true)
		if err != nil {
			return err
		}
		return list.put(t.nested(e, 1))
	})
	return errors.Join(err, list.end())
}

// nested is a file with all that is below it.
func (t *treeRun) nested(e *entry, level int) *treeJSON {
	j := &treeJSON{entryJSON: e.json()}
	children, err := t.children(e, level)
	if err != nil {
		t.fail(err)
	}
	for _, c := range children {
		j.Contents = append(j.Contents, t.nested(c, level+1))
	}
	return j
}
