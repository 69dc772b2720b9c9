package extract

import (
	"context"
	"errors"
	"fmt"

	"extant/ext4"
	"extant/internal/ondisk"
)

// A worker makes the files of one batch after another.
type worker struct {
	sink *dirSink
	ctx  context.Context
	data *dataReader

	batch *batch
	dir   hostDir
}

// run makes batches until none is left.
func (w *worker) run() {
	var last *node
	for b := w.sink.pipeline.take(nil); b != nil; b = w.sink.pipeline.take(last) {
		last = b.dir
		w.do(b)
	}
}

// do makes one batch.
func (w *worker) do(b *batch) {
	w.batch = b
	w.makeBatch()
	w.sink.pipeline.finish(b)
}

// makeBatch makes the files of the batch.
func (w *worker) makeBatch() {
	b := w.batch
	d, err := w.sink.dirs.use(b.dir)
	w.dir = d
	for i := range b.files {
		w.make(&b.files[i], err)
	}
	if err == nil {
		w.sink.dirs.leave(b.dir)
	}
	for range b.files {
		w.sink.release(b.dir)
	}
	w.sink.pipeline.reuse(b.files)
	b.files = nil
}

// make makes one file and deals with what comes of it. err is why the directory cannot be used.
func (w *worker) make(e *entry, err error) {
	if g := e.group; g != nil && !e.waits() {
		defer g.done.Fire()
		g.done.Begin()
		if err == nil {
			err = w.makeFile(e)
		}
		g.err = err
	} else if err == nil {
		err = w.makeOther(e)
	}
	var limit *LimitError
	switch {
	case err == nil:
		w.batch.stats.Files++
	case errors.As(err, &limit), w.ctx.Err() != nil && errors.Is(err, w.ctx.Err()):
		w.sink.pipeline.stop(err)
	case !errors.Is(err, errLeftOut):
		w.batch.fail(e.at(), err)
	}
}

// errLeftOut says that a file was left out by intent.
var errLeftOut = errors.New("left out")

func (w *worker) stopped() error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	return w.sink.pipeline.stopped()
}

// makeOther makes a file with one name, or a link to one that is there under another name.
func (w *worker) makeOther(e *entry) error {
	g := e.group
	if g == nil {
		return w.makeFile(e)
	}
	// The first name is in a batch before this one, or before it in this one, so that somebody is at it.
	g.done.Wait()
	switch {
	case errors.Is(g.err, errLeftOut):
		return w.makeFile(e)
	case g.err != nil:
		return fmt.Errorf("not linked to %s, which failed", g.path)
	}
	return w.link(e, g)
}

// link makes another name for a file. Where the host has no links, the file is written again.
func (w *worker) link(e *entry, g *linkGroup) error {
	if err := w.stopped(); err != nil {
		return err
	}
	first, err := w.sink.dirs.use(g.dir)
	if err != nil {
		return err
	}
	defer w.sink.dirs.leave(g.dir)
	err = w.sink.replacing(w.dir, e.name, func() error { return w.dir.link(first, g.name, e.name) })
	if noLinks(err) {
		w.batch.note(e.at(), "written again: the host cannot link it to "+g.path)
		return w.makeFile(e)
	}
	return err
}

// makeFile makes what the entry's inode is.
func (w *worker) makeFile(e *entry) error {
	if err := w.stopped(); err != nil {
		return err
	}
	fail := func(err error) { w.batch.fail(e.at(), err) }
	if err := w.leaveOut(e); err != nil {
		return err
	}
	m := w.sink.meta.read(e.inode, &e.attr, &w.batch.stats, fail)
	if err := w.sink.budget.takeBytes(m.size()); err != nil {
		return err
	}
	switch e.attr.Type() {
	case ondisk.ModeRegular:
		return w.regular(e, &m, fail)
	case ondisk.ModeSymlink:
		target, err := e.inode.Readlink()
		if err != nil {
			return err
		}
		return w.node(e, &m, fail, func() error { return w.dir.symlink(target, e.name) })
	}
	return w.node(e, &m, fail, func() error { return w.dir.mknod(e.name, &e.attr, &m) })
}

// leaveOut is errLeftOut for what no extraction makes, and what this one is not to make.
func (w *worker) leaveOut(e *entry) error {
	switch e.attr.Type() {
	case ondisk.ModeSocket:
		w.batch.stats.Sockets++
		w.batch.note(e.at(), "left out: it is a socket")
		return errLeftOut
	case ondisk.ModeChar, ondisk.ModeBlock:
		if !w.sink.o.Privileged {
			w.batch.stats.Devices++
			return errLeftOut
		}
	}
	return nil
}

// node makes a file that has no data.
func (w *worker) node(e *entry, m *meta, fail failer, make func() error) error {
	if err := w.sink.replacing(w.dir, e.name, make); err != nil {
		return err
	}
	w.dir.finishNode(e.name, e.attr.Type() == ondisk.ModeSymlink, m, fail)
	return nil
}

// regular makes a regular file.
func (w *worker) regular(e *entry, m *meta, fail failer) error {
	var f hostFile
	err := w.sink.replacing(w.dir, e.name, func() (err error) {
		f, err = w.dir.create(e.name, m)
		return err
	})
	if err != nil {
		return err
	}
	if err := w.write(f, e.inode, &e.attr); err != nil {
		return w.broken(f, e, m, fail, err)
	}
	f.finish(m, fail)
	return f.close()
}

// broken deals with a file of which not all data could be had.
func (w *worker) broken(f hostFile, e *entry, m *meta, fail failer, err error) error {
	if w.sink.o.KeepPartial {
		f.finish(m, fail)
		f.close()
		return err
	}
	f.close()
	if rerr := w.dir.remove(e.name); rerr != nil {
		return fmt.Errorf("%w; and what was written of it is still there: %w", err, rerr)
	}
	return err
}

// write writes the data of a file.
func (w *worker) write(f hostFile, n *ext4.Inode, attr *ext4.Attr) error {
	if p := w.data.small(n, attr); p != nil {
		if err := w.sink.budget.takeBytes(attr.Size); err != nil {
			return err
		}
		w.batch.stats.Bytes += attr.Size
		return f.write(p, 0)
	}
	size := attr.Size
	last := int64(0) // end of what is written
	err := w.data.extents(n, size, func(off, end int64) error {
		if off > last {
			f.sparse()
		}
		last = end
		return w.data.read(n, off, end, func(p []byte, off int64) error {
			w.batch.stats.Bytes += int64(len(p))
			if err := f.write(p, off); err != nil {
				return err
			}
			return w.stopped()
		})
	})
	if err == nil && last < size {
		f.sparse()
		err = f.truncate(size)
	}
	return err
}
