package fsck

import "extant/internal/ondisk"

// Report is what a check found.
type Report struct {
	Findings []Finding    // in the order of areas, then by place; at most Options.FindingsMax
	Counts   map[Code]int // how many of each code were met
	Omitted  int          // findings that are counted and not in Findings

	Super  ondisk.Super  // by which the file system was judged
	Backup *ondisk.Group // whose copy of the super block that is; nil for the primary
	Replay bool          // the file system was judged as it would be after a replay of its journal

	Usage Usage

	Layout *Layout // what lies where, and where the findings are; nil unless Options.Layout asked for it
}

// Usage is what was seen to be in use.
type Usage struct {
	Inodes      uint64 // in use, reserved ones included
	Clusters    uint64 // in use
	Directories uint64
	Files       uint64 // regular
	Symlinks    uint64
	Special     uint64 // devices, FIFOs and sockets
	Fragmented  uint64 // regular files that are in more than one piece
}

// Clean reports whether nothing is wrong. Findings of severity Notice may be there.
func (r *Report) Clean() bool { return r.Worst() == Notice }

// Worst is the highest severity among the findings.
func (r *Report) Worst() Severity {
	worst := Notice
	for c := range r.Counts {
		if p, ok := Lookup(c); ok {
			worst = max(worst, p.Severity)
		}
	}
	return worst
}

// Has reports whether there are findings of a code.
func (r *Report) Has(c Code) bool { return r.Counts[c] > 0 }
