package fsck

import "iter"

// Code names a kind of finding, for good: programs may depend on it.
type Code string

// A Problem is what is known of a code.
type Problem struct {
	Code     Code
	Severity Severity
	Action   Action // of a repair
	E2fsck   string // what e2fsck calls it; empty where it does not look for it
	Meaning  string
}

// An area is the problems of one part of the format.
type area struct {
	name     string
	problems []Problem
}

// areas are in the order in which findings are reported.
var areas = [...]area{
	{"super block", superProblems},
	{"journal", journalProblems},
	{"orphans", orphanProblems},
	{"groups", groupProblems},
	{"inodes", inodeProblems},
	{"files of the file system", specialProblems},
	{"block maps", mapProblems},
	{"blocks claimed twice", claimProblems},
	{"inline data", inlineProblems},
	{"symlinks", symlinkProblems},
	{"xattrs", xattrProblems},
	{"directories", dirProblems},
	{"directory indexes", indexProblems},
	{"connections", linkProblems},
	{"bitmaps and counts", bitmapProblems},
	{"quota", quotaProblems},
}

// Problems yields all problems with the names of their areas, in the order in which findings are reported.
func Problems() iter.Seq2[string, Problem] {
	return func(yield func(string, Problem) bool) {
		for _, a := range areas {
			for _, p := range a.problems {
				if !yield(a.name, p) {
					return
				}
			}
		}
	}
}

// Lookup finds what is known of a code.
func Lookup(c Code) (Problem, bool) {
	p, _, ok := lookup(c)
	return p, ok
}

// lookup also gives the rank of the code's area and of the code among all.
func lookup(c Code) (p Problem, r rank, ok bool) {
	n := uint16(0)
	for i, a := range areas {
		for _, p := range a.problems {
			if p.Code == c {
				return p, rank{uint16(i), n}, true
			}
			n++
		}
	}
	return Problem{}, rank{}, false
}

// rank is the order of findings before their places are looked at.
type rank struct{ area, code uint16 }
