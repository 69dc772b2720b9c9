package extract

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"syscall"

	"extant"
	"extant/ext4"
	"extant/internal/ondisk"
)

// A Source is what to take out of a volume.
type Source struct {
	Path string // in the volume

	// As is the name that it gets. "" stands, for a directory, for the target itself: what is in it goes there; for anything
	// else for the last name of Path.
	As string

	// Follow takes what a symbolic link at the end of Path leads to, rather than the link.
	Follow bool
}

// A sink is where a walk hands entries to. It is told of them one at a time.
type sink interface {
	// directory makes a directory. Its node counts as pending in the one above until it is finished.
	directory(e entry) (*node, error)
	// file takes an entry that is no directory. Failures are the sink's to report.
	file(e entry)
	// release says that one thing less is pending in d.
	release(d *node)
	// failed reports an error of the image at a path in the volume.
	failed(path string, err error)
	// order is how the entries of a directory are sorted.
	order(a, b ext4.DirEntry) int
	// stopped is why to stop, if there is a reason.
	stopped() error
}

// byInode is the order in which inodes, and most often their data, lie on the device.
func byInode(a, b ext4.DirEntry) int {
	if c := cmp.Compare(a.Ino, b.Ino); c != 0 {
		return c
	}
	return cmp.Compare(a.Name, b.Name)
}

func byName(a, b ext4.DirEntry) int { return cmp.Compare(a.Name, b.Name) }

// windowMax is how many entries of a directory are sorted together: those of a larger one come in several runs.
const windowMax = 16 << 10

// A walk goes through the tree below some sources, depth first, the files of a directory before the directories in it.
type walk struct {
	ctx    context.Context
	vol    *extant.Volume
	fs     *ext4.FS
	names  namePolicy
	budget *budget
	out    sink

	dirs  map[ondisk.Ino]struct{}   // met: a directory has one name
	links map[ondisk.Ino]*linkGroup // files with several names
	todo  []entry                   // directories met and not entered yet, the next one last

	base   string // what the target itself stands for, a path in the volume
	window []ext4.DirEntry
	seen   map[uint64]struct{} // keys of the names met in the directory that is being listed
	err    error               // why the walk has ended early
}

func newWalk(ctx context.Context, vol *extant.Volume, names namePolicy, b *budget, out sink) *walk {
	return &walk{
		ctx: ctx, vol: vol, fs: vol.Ext4(), names: names, budget: b, out: out,
		dirs: map[ondisk.Ino]struct{}{}, links: map[ondisk.Ino]*linkGroup{},
	}
}

// run walks the sources into root. It returns why it ended early, if it did.
func (w *walk) run(root *node, sources []Source) error {
	tops := map[uint64]struct{}{}
	for _, s := range sources {
		w.seen = tops
		if err := w.source(root, s); err != nil {
			w.out.failed(s.Path, err)
		}
		w.descend()
	}
	w.out.release(root)
	return w.err
}

// releaseLinks lets go of the directories that were held for files in them that others might be linked to. By then nobody
// may be about to make such a link.
func (w *walk) releaseLinks() {
	for _, g := range w.links {
		w.out.release(g.dir)
	}
}

// source begins with one source.
func (w *walk) source(root *node, s Source) error {
	n, err := w.vol.Inode(s.Path, s.Follow)
	if err != nil {
		return err
	}
	if n.IsDir() && s.As == "" {
		w.dirs[n.Ino()] = struct{}{}
		w.base = cleanPath(s.Path)
		w.list(root, n)
		return nil
	}
	name := s.As
	if name == "" {
		name = lastName(s.Path)
	}
	if err := w.checkName(name); err != nil {
		return err
	}
	if w.count() {
		w.take(entry{dir: root, name: name, path: cleanPath(s.Path), inode: n})
	}
	return nil
}

// count counts one more name, whatever becomes of it, and reports whether that is within the limits.
func (w *walk) count() bool {
	if err := w.budget.takeFile(); err != nil {
		w.err = err
	}
	return w.err == nil
}

// descend enters directories until none is left.
func (w *walk) descend() {
	for len(w.todo) > 0 {
		e := w.todo[len(w.todo)-1]
		w.todo = w.todo[:len(w.todo)-1]
		if w.stopping() {
			w.out.release(e.dir)
			continue
		}
		d, err := w.out.directory(e)
		if err != nil {
			w.out.failed(e.at(), err)
			w.out.release(e.dir)
			continue
		}
		w.seen = map[uint64]struct{}{}
		w.list(d, e.inode)
		w.out.release(d)
	}
}

// stopping reports whether the walk is to end.
func (w *walk) stopping() bool {
	if w.err == nil {
		w.err = w.ctx.Err()
	}
	if w.err == nil {
		w.err = w.out.stopped()
	}
	return w.err != nil
}

// list takes the entries of a directory.
func (w *walk) list(d *node, n *ext4.Inode) {
	first := len(w.todo)
	w.window = w.window[:0]
	for e, err := range n.ReadDir(0) {
		switch {
		case err != nil && d.parent == nil:
			w.out.failed(w.base, err)
			w.count()
		case err != nil:
			w.out.failed(d.path, err)
			w.count()
		case e.Name != "." && e.Name != "..":
			w.window = append(w.window, e)
		}
		if len(w.window) == windowMax {
			w.takeWindow(d)
		}
		if w.err != nil {
			return
		}
	}
	w.takeWindow(d)
	slices.Reverse(w.todo[first:])
}

// takeWindow takes the entries that have been gathered.
func (w *walk) takeWindow(d *node) {
	slices.SortFunc(w.window, w.out.order)
	for _, e := range w.window {
		if w.stopping() {
			break
		}
		out := entry{dir: d, name: e.Name}
		if d.parent == nil {
			out.path = joinPath(w.base, e.Name)
		}
		if err := w.takeEntry(out, e.Ino); err != nil {
			w.out.failed(out.at(), err)
		}
	}
	w.window = w.window[:0]
}

// takeEntry takes one name in a directory, which leads to an inode.
func (w *walk) takeEntry(e entry, ino ondisk.Ino) error {
	if !w.count() {
		return nil
	}
	err := w.checkName(e.name)
	if err != nil {
		return err
	}
	e.inode, err = w.fs.Inode(ino)
	switch {
	case err == syscall.ESTALE:
		return ondisk.Corrupt("directory entry", "names inode %d, which is not in use", ino)
	case err != nil:
		return err
	case e.path == lostFound && isEmpty(e.inode):
		return nil
	}
	w.take(e)
	return nil
}

// lostFound is the directory that belongs to the file system rather than to its user. It comes out only where fsck has put something into it.
const lostFound = "/lost+found"

func isEmpty(n *ext4.Inode) bool {
	for e, err := range n.ReadDir(0) {
		if err != nil || e.Name != "." && e.Name != ".." {
			return false
		}
	}
	return n.IsDir()
}

// checkName refuses names that the host cannot have and those that it would take for one met before in the same directory.
func (w *walk) checkName(name string) error {
	if why := w.names.fault(name); why != "" {
		return fmt.Errorf("refused: no file here can have the name %q: %s", name, why)
	}
	key := w.names.key(name)
	if _, ok := w.seen[key]; ok {
		if w.names.folds {
			return fmt.Errorf("refused: the host takes the name %q for one that another file in the directory has", name)
		}
		return ondisk.Corrupt("directory", "has the name %q twice", name)
	}
	w.seen[key] = struct{}{}
	return nil
}

// take hands an entry over, a directory when its turn comes.
func (w *walk) take(e entry) {
	e.attr = e.inode.Attr()
	if !e.inode.IsDir() {
		w.group(&e)
		w.out.file(e)
		return
	}
	ino := e.inode.Ino()
	if _, met := w.dirs[ino]; met {
		w.out.failed(e.at(), ondisk.Corrupt("directory", "has more than one name").At(ino, 0))
		return
	}
	w.dirs[ino] = struct{}{}
	if e.dir.depth >= w.budget.limits.Depth {
		w.out.failed(e.at(), fmt.Errorf("refused: %d directories deep, which is the limit", w.budget.limits.Depth))
		return
	}
	e.dir.pending.Add(1)
	w.todo = append(w.todo, e)
}

// group finds the other names of a file that says it has several.
func (w *walk) group(e *entry) {
	if e.attr.Links < 2 {
		return
	}
	ino := e.inode.Ino()
	g := w.links[ino]
	if g == nil {
		g = &linkGroup{ino: ino, dir: e.dir, name: e.name, path: e.at()}
		g.done.Init(linkClass)
		e.dir.pending.Add(1)
		w.links[ino] = g
	}
	e.group = g
}
