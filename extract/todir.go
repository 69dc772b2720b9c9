package extract

import (
	"context"
	"fmt"
	"io/fs"
	"runtime"

	"extant"
	"extant/ext4"
	"extant/sched"
)

// ToDir takes sources out of a volume to the directory dir of the host, which is made where it is not there. An error that is
// a *PartialError says that some failed; another, that the extraction ended early. What was made until then stays.
func ToDir(ctx context.Context, vol *extant.Volume, sources []Source, dir string, o Options) (Stats, error) {
	r := newReporter(&o)
	if r.allMissing(vol, sources) {
		return r.end(nil)
	}
	d, made, err := openTarget(dir)
	if err != nil {
		return Stats{}, err
	}
	out := &dirSink{
		o: &o, meta: newMetaReader(&o, d.isRoot()),
		budget:   &budget{limits: o.Limits.of(vol.Ext4())},
		reporter: r,
		dirs:     newOpenDirs(),
	}
	out.pipeline = newPipeline(out.reporter.tell)
	root := newRoot(vol, sources)
	if !made && !o.replacesDirs() {
		root.inode = nil
	}
	out.dirs.add(root, d)
	tasks := out.startWorkers(ctx, vol.Ext4())
	walk := newWalk(ctx, vol, policyFor(runtime.GOOS, d.folds()), out.budget, out)
	if err := walk.run(root, sources); err != nil {
		out.pipeline.stop(err)
	}
	out.flush()
	out.pipeline.close()
	out.own.run()
	for _, t := range tasks {
		t.Wait()
	}
	walk.releaseLinks()
	return out.reporter.end(out.pipeline.stopped())
}

// newRoot is the node of the target. Where one directory becomes the target, the target gets its metadata.
func newRoot(vol *extant.Volume, sources []Source) *node {
	root := &node{path: "/"}
	root.pending.Store(1)
	if len(sources) == 1 && sources[0].As == "" {
		n, err := vol.Inode(sources[0].Path, sources[0].Follow)
		if err == nil && n.IsDir() {
			root.path, root.inode = cleanPath(sources[0].Path), n
		}
	}
	return root
}

// dirSink makes what it is handed in a directory of the host.
type dirSink struct {
	o        *Options
	meta     metaReader
	budget   *budget
	reporter *reporter
	pipeline *pipeline
	dirs     *openDirs

	batch *batch  // being filled by the walk
	own   *worker // the walk's, when it has nothing else to do
}

// Bounds of a batch.
const (
	batchFiles = 64
	batchBytes = 4 << 20
)

func (s *dirSink) order(a, b ext4.DirEntry) int { return byInode(a, b) }
func (s *dirSink) stopped() error               { return s.pipeline.stopped() }

// current is the batch to add to.
func (s *dirSink) current() *batch {
	if s.batch == nil {
		s.batch = &batch{}
	}
	return s.batch
}

// flush sends the batch that has been filled to the workers.
func (s *dirSink) flush() {
	if s.batch != nil {
		s.pipeline.put(s.batch, s.own.do)
		s.batch = nil
	}
}

func (s *dirSink) failed(path string, err error) {
	s.flush() // so that failures come in the order of the walk
	s.current().fail(path, err)
	s.flush()
}

func (s *dirSink) file(e entry) {
	b := s.current()
	if b.dir != nil && b.dir != e.dir {
		s.flush()
		b = s.current()
	}
	if b.dir = e.dir; b.files == nil {
		b.files = s.pipeline.fresh()
	}
	e.dir.pending.Add(1)
	b.files = append(b.files, e)
	b.waits = b.waits || e.waits()
	if b.bytes += min(e.attr.Size, batchBytes); len(b.files) >= batchFiles || b.bytes >= batchBytes {
		s.flush()
	}
}

// directory makes a directory, or enters one that is there.
func (s *dirSink) directory(e entry) (*node, error) {
	above, err := s.dirs.use(e.dir)
	if err != nil {
		return nil, err
	}
	defer s.dirs.leave(e.dir)
	d, made, err := s.makeDir(above, e.name)
	if err != nil {
		return nil, err
	}
	n := e.dir.child(e)
	if !made && !s.o.replacesDirs() {
		n.inode = nil
	}
	s.dirs.add(n, d)
	s.dirs.leave(n)
	s.current().stats.Dirs++
	return n, nil
}

func (s *dirSink) makeDir(above hostDir, name string) (d hostDir, made bool, err error) {
	err = s.replacing(above, name, func() error {
		d, made, err = above.mkdir(name)
		return err
	})
	return d, made, err
}

// replacing makes something that must not be there yet. If it is, and may be replaced, it is removed.
func (s *dirSink) replacing(d hostDir, name string, make func() error) error {
	err := make()
	if !isExist(err) {
		return err
	}
	if !s.o.Overwrite {
		return fmt.Errorf("not extracted: %w in the target", fs.ErrExist)
	}
	if err := d.remove(name); err != nil {
		return fmt.Errorf("in the way in the target: %w", err)
	}
	return make()
}

// release finishes a directory when nothing is pending in it, and then the one above.
func (s *dirSink) release(n *node) {
	for n != nil && n.pending.Add(-1) == 0 {
		s.finish(n)
		n = n.parent
	}
}

// finish gives a directory its metadata.
func (s *dirSink) finish(n *node) {
	fail := func(err error) { s.reporter.failLate(n.path, err) }
	d, err := s.dirs.use(n)
	if err != nil {
		fail(err)
		return
	}
	defer s.dirs.drop(n)
	if n.inode == nil {
		return
	}
	var left Stats
	attr := n.inode.Attr()
	m := s.meta.read(n.inode, &attr, &left, fail)
	if err := s.budget.takeBytes(m.size()); err != nil {
		s.pipeline.stop(err)
		m.xattrs = nil
	}
	d.finish(&m, fail)
	s.reporter.leftOut(&left)
}

// startWorkers starts the tasks that write files. The walk is one of those that do.
func (s *dirSink) startWorkers(ctx context.Context, fs *ext4.FS) []*sched.Task {
	n := s.o.Workers
	if n <= 0 {
		n = min(max(runtime.GOMAXPROCS(0), 2), 8)
	}
	s.own = &worker{sink: s, ctx: ctx, data: newDataReader(fs, s.budget, s.o)}
	var tasks []*sched.Task
	for range n - 1 {
		w := &worker{sink: s, ctx: ctx, data: newDataReader(fs, s.budget, s.o)}
		tasks = append(tasks, sched.Go("extract-worker", w.run))
	}
	return tasks
}
