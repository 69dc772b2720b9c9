package mkfs

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"extant/sched"
)

// Report is what has gone into an image.
type Report struct {
	Files    int64 // regular files, each once however many names it has
	Dirs     int64 // the root included
	Symlinks int64
	Specials int64 // devices, fifos, sockets
	Links    int64 // names beyond the first of what has several
	Bytes    int64 // of regular files, holes included
	Data     int64 // of regular files, holes left out

	Warnings []Warning // in order of paths
	Omitted  int64     // warnings beyond those listed
	Failed   bool      // some of the source is not in the image, or not as it was
}

// Warning is something the caller should know about one file of the source.
type Warning struct {
	Path   string // within the source; "" is the source as a whole
	Detail string
	Failed bool // what is meant is not in the image, or not as it was
}

func (w Warning) String() string {
	if w.Path == "" {
		return w.Detail
	}
	path := w.Path
	if strings.ContainsFunc(path, func(r rune) bool { return !strconv.IsPrint(r) }) {
		path = strconv.Quote(path)
	}
	return path + ": " + w.Detail
}

// What is said of files that are left out on purpose.
const (
	leftOutSocket = "a socket, left out"
	leftOutByWish = "left out: the image itself, or asked to be left out"
)

// warningsMax is how many warnings are kept: a hostile archive could make any number.
const warningsMax = 10000

// warnings gathers warnings from several tasks. Which are kept does not depend on who comes first.
type warnings struct {
	mu sched.Mutex // class: mkfs-warnings
	// +checklocks:mu
	list []Warning
	// +checklocks:mu
	omitted int64
	// +checklocks:mu
	failed bool
}

var warningsClass = sched.Class{Name: "mkfs-warnings", Doc: "what filling an image has to say"}

func newWarnings() *warnings {
	w := new(warnings)
	w.mu.Init(&warningsClass)
	return w
}

// note tells of something that does no harm.
func (w *warnings) note(path, format string, args ...any) {
	w.add(Warning{path, fmt.Sprintf(format, args...), false})
}

// fail tells of something left out or changed.
func (w *warnings) fail(path, format string, args ...any) {
	w.add(Warning{path, fmt.Sprintf(format, args...), true})
}

func (w *warnings) add(x Warning) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failed = w.failed || x.Failed
	w.list = append(w.list, x)
	if len(w.list) >= 2*warningsMax {
		w.trimLocked()
	}
}

// trimLocked sorts the warnings and drops those beyond the limit.
//
// +checklocks:w.mu
func (w *warnings) trimLocked() {
	slices.SortFunc(w.list, func(a, b Warning) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Detail, b.Detail))
	})
	w.list = slices.Compact(w.list) // parts of one file have the same to say
	if extra := len(w.list) - warningsMax; extra > 0 {
		w.omitted += int64(extra)
		w.list = slices.Delete(w.list, warningsMax, len(w.list))
	}
}

// merge takes over what another has gathered.
func (w *warnings) merge(from *warnings) {
	from.mu.Lock()
	list, omitted := slices.Clone(from.list), from.omitted
	from.mu.Unlock()
	for _, x := range list {
		w.add(x)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.omitted += omitted
}

// report puts the warnings into r.
func (w *warnings) report(r *Report) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.trimLocked()
	r.Warnings, r.Omitted, r.Failed = slices.Clone(w.list), w.omitted, w.failed
}
