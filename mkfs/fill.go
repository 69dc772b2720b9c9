package mkfs

import (
	"context"

	"extant/internal/ondisk"
	"extant/sched"
)

// A job is a part of the work of filling that needs no other part: the directories, xattr blocks or inodes from lo up to
// hi, as the plan lists them, or with bytes, a part of one large file.
type job struct {
	kind   jobKind
	lo, hi int
	from   int64 // of a large file
	bytes  int64 // of file data
}

type jobKind uint8

const (
	dirJob jobKind = iota
	aclJob
	inodeJob
	partJob // lo is the index in the order of a file too large for one job
)

// How much a job is.
const (
	jobInodes = 1024
	jobBytes  = 32 << 20
	partBytes = 64 << 20 // of a file; larger ones are copied by several jobs
)

// A filler runs the jobs of a plan.
type filler struct {
	p    *plan
	jobs []job
	next sched.Int64 // job to take

	mu sched.Mutex // class: mkfs-fill
	// +checklocks:mu
	progress FillProgress
	// +checklocks:mu
	err error // of the job that comes first among those that failed
	// +checklocks:mu
	errJob int
}

var fillClass = sched.Class{Name: "mkfs-fill", Doc: "how far filling has come"}

// fill writes what the plan says. Which task does what makes no difference to the result.
func (p *plan) fill(ctx context.Context) error {
	f := &filler{p: p, jobs: p.jobs()}
	f.mu.Init(&fillClass)
	f.total()
	var wg sched.WaitGroup
	for range min(p.c.o.workers(), len(f.jobs)) {
		wg.Go("mkfs fill", func() { f.work(ctx) })
	}
	wg.Wait()
	if err := f.failure(); err != nil {
		return err
	}
	return p.finishInodes()
}

// failure is the error of the job that comes first among those that failed.
func (f *filler) failure() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

// total sets what there is to do, for progress.
func (f *filler) total() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, j := range f.jobs {
		f.progress.BytesTotal += j.bytes
	}
	f.progress.FilesTotal = int64(len(f.p.c.order))
}

// work does jobs until there are no more, or one went wrong.
func (f *filler) work(ctx context.Context) {
	w := newFillWorker(f.p)
	defer w.close()
	for {
		i := int(f.next.Add(1)) - 1
		if i >= len(f.jobs) {
			return
		}
		err := ctx.Err()
		if err == nil {
			err = w.do(ctx, f.jobs[i])
		}
		if !f.done(i, err) {
			return
		}
	}
}

// done takes note of a job and reports whether to go on.
func (f *filler) done(i int, err error) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil && (f.err == nil || i < f.errJob) {
		f.err, f.errJob = err, i
	}
	j := &f.jobs[i]
	f.progress.Bytes += j.bytes
	if j.kind == inodeJob {
		f.progress.Files += int64(j.hi - j.lo)
	}
	if report := f.p.c.o.Progress; report != nil && err == nil {
		report(f.progress)
	}
	return f.err == nil
}

// jobs cuts the work up. Large files come first, since they keep one task busy longest.
func (p *plan) jobs() []job {
	var parts []job
	jobs := p.cut(nil, job{kind: dirJob, hi: len(p.c.order)}, func(n *node) int64 {
		if n.isDir() && !n.inline {
			return n.size
		}
		return 0
	}, len(p.c.order))
	if len(p.acls) > 0 {
		jobs = append(jobs, job{kind: aclJob, hi: len(p.acls)})
	}
	jobs = p.cut(jobs, job{kind: inodeJob, hi: len(p.c.order)}, func(n *node) int64 {
		if n.isRegular() && !p.inParts(n) {
			return p.t.dataBytes(n)
		}
		return 0
	}, jobInodes)
	for i, id := range p.c.order {
		n := p.t.nodes.at(id)
		if !n.isRegular() || !p.inParts(n) {
			continue
		}
		for from := int64(0); from < n.size; from += partBytes {
			parts = append(parts, job{kind: partJob, lo: i, from: from, bytes: min(partBytes, n.size-from)})
		}
	}
	return append(parts, jobs...)
}

// inParts reports whether a file is copied by jobs of its own. One with holes may be of any size, with next to nothing in it.
func (p *plan) inParts(n *node) bool { return n.size > partBytes && !n.sparse }

// cut divides a job so that each part has at most a number of inodes, and of bytes where it has more than one.
func (p *plan) cut(jobs []job, whole job, size func(*node) int64, most int) []job {
	j := whole
	j.hi = j.lo
	for i := whole.lo; i < whole.hi; i++ {
		n := size(p.t.nodes.at(p.c.order[i]))
		if i > j.lo && (i-j.lo >= most || j.bytes+n > jobBytes) {
			j.hi = i
			jobs = append(jobs, j)
			j = job{kind: whole.kind, lo: i}
		}
		j.bytes += n
	}
	j.hi = whole.hi
	return append(jobs, j)
}

// finishInodes writes what is left: the root, lost+found, and large xattrs.
func (p *plan) finishInodes() error {
	w := newFillWorker(p)
	defer w.close()
	for _, id := range []nodeID{rootNode, p.c.lost} {
		if err := w.dir(id); err != nil {
			return err
		}
		if err := w.out.flush(); err != nil {
			return err
		}
		slot := make([]byte, p.im.slotSize())
		w.inode(id, slot)
		p.im.setOwn(p.t.nodes.at(id).ino, slot)
	}
	return p.writeLarge()
}

// setTimes sets the times of an inode, as its node has them or, where the source knew none, to now.
func (p *plan) setTimes(i *ondisk.Inode, n *node) {
	m, a := n.modified(p.im.now), n.accessed(p.im.now)
	c := p.im.now
	if p.c.o.Epoch != nil {
		a, c = m, m
	}
	i.SetModified(m)
	i.SetAccessed(a)
	i.SetChanged(c)
	i.SetCreated(c)
}
