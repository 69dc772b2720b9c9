package extract

import (
	"io/fs"
	"slices"
	"strings"

	"extant"
	"extant/sched"
)

// A reporter passes on what happens, one event at a time, and adds up.
type reporter struct {
	o     *Options
	stats Stats
	first error

	mu sched.Mutex
	// +checklocks:mu
	late []event // failures that belong to no place in the order
	// +checklocks:mu
	lateStats Stats
}

var reportClass = &sched.Class{Name: "extract-report", Doc: "what is to be reported after all else", Wait: sched.Spinning}

func newReporter(o *Options) *reporter {
	r := &reporter{o: o}
	r.mu.Init(reportClass)
	return r
}

// tell passes on what there is to say of a batch.
func (r *reporter) tell(b *batch) {
	r.stats.add(&b.stats)
	for _, e := range b.events {
		r.event(e)
	}
	if r.o.Progress != nil {
		r.o.Progress(r.stats)
	}
}

// allMissing reports whether none of the sources is there, and then tells of each.
func (r *reporter) allMissing(vol *extant.Volume, sources []Source) bool {
	b := &batch{}
	for _, s := range sources {
		if _, err := vol.Inode(s.Path, s.Follow); err != nil {
			b.fail(s.Path, err)
		}
	}
	if len(b.events) < len(sources) {
		return false
	}
	r.tell(b)
	return true
}

func (r *reporter) event(e event) {
	if e.err == nil {
		if r.o.Note != nil {
			r.o.Note(e.path, e.note)
		}
		return
	}
	err := &fs.PathError{Op: "extract", Path: e.path, Err: e.err}
	if r.stats.Failed++; r.first == nil {
		r.first = err
	}
	if r.o.Report != nil {
		r.o.Report(err)
	}
}

// failLate keeps a failure for the end.
func (r *reporter) failLate(path string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.late = append(r.late, event{path: path, err: err})
}

// end passes on what was kept, and returns what the extraction comes to; err is why it ended early.
func (r *reporter) end(err error) (Stats, error) {
	r.mu.Lock()
	late := r.late
	r.stats.add(&r.lateStats)
	r.mu.Unlock()
	slices.SortStableFunc(late, func(a, b event) int { return strings.Compare(a.path, b.path) })
	for _, e := range late {
		r.event(e)
	}
	if r.o.Progress != nil {
		r.o.Progress(r.stats)
	}
	if err == nil && r.stats.Failed > 0 {
		err = &PartialError{Failed: r.stats.Failed, First: r.first}
	}
	return r.stats, err
}

func (s *Stats) add(d *Stats) {
	s.Files += d.Files
	s.Dirs += d.Dirs
	s.Bytes += d.Bytes
	s.Devices += d.Devices
	s.Sockets += d.Sockets
	s.SetID += d.SetID
	s.Xattrs += d.Xattrs
}

// leftOut counts what was left out by intent, apart from the order of the walk.
func (r *reporter) leftOut(s *Stats) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lateStats.add(s)
}
