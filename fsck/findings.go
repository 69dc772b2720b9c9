package fsck

import (
	"fmt"
	"maps"
	"slices"
)

// findings collects the findings of one task. Of more than max it keeps the ones that come first in the report, so that
// which those are does not depend on the order in which they were met.
type findings struct {
	max    int
	list   []Finding
	counts map[Code]int // all that were met
}

// add notes a finding. What it returns holds until the next call.
func (f *findings) add(c Code, at Place, format string, args ...any) *Finding {
	p, r, ok := lookup(c)
	if !ok {
		panic("fsck: no problem of code " + string(c))
	}
	if f.counts == nil {
		f.counts = make(map[Code]int)
	}
	f.counts[c]++
	if len(f.list) >= 2*f.max {
		f.trim()
	}
	f.list = append(f.list, Finding{
		Code: c, Severity: p.Severity, Place: at, Detail: fmt.Sprintf(format, args...), Repair: Proposal{Action: p.Action}, rank: r,
	})
	return &f.list[len(f.list)-1]
}

// trim drops the findings after the first max.
func (f *findings) trim() {
	slices.SortFunc(f.list, compareFindings)
	if len(f.list) > f.max {
		clear(f.list[f.max:])
		f.list = f.list[:f.max]
	}
}

// take adds the findings of another task, which is left empty.
func (f *findings) take(g *findings) {
	if len(g.counts) == 0 {
		return
	}
	if f.counts == nil {
		f.counts = make(map[Code]int)
	}
	for c, n := range g.counts {
		f.counts[c] += n
	}
	f.list = append(f.list, g.list...)
	if len(f.list) > 2*f.max {
		f.trim()
	}
	g.drop()
}

// drop forgets everything.
func (f *findings) drop() { f.list, f.counts = nil, nil }

// total is the number of findings that were met.
func (f *findings) total() int {
	n := 0
	for c := range maps.Values(f.counts) {
		n += c
	}
	return n
}
