package journal

import (
	"fmt"
	"slices"
	"sort"

	"extant/internal/ondisk"
)

// An Extent is a run of device blocks that hold consecutive blocks of the journal.
type Extent struct {
	Start ondisk.Block // first block on the device
	Count uint32       // blocks
}

// layout maps journal blocks to the device and back. It does not change.
type layout struct {
	runs   []run // by journal block
	byHome []run // by device block
}

type run struct {
	Extent
	first uint32 // journal block at Start
}

// newLayout refuses extents that leave a file system of blocks blocks or overlap one another. What the extents hold
// beyond 2^32-1 blocks no journal can use, and it is left out.
func newLayout(extents []Extent, blocks uint64) (*layout, error) {
	l := &layout{}
	var next uint64
	for _, e := range extents {
		if uint64(e.Start) >= blocks || uint64(e.Count) > blocks-uint64(e.Start) {
			return nil, corrupt(e.Start, "its %d blocks leave the %d of the file system", e.Count, blocks)
		}
		if next+uint64(e.Count) > 1<<32-1 {
			break
		}
		if e.Count > 0 {
			l.runs = append(l.runs, run{e, uint32(next)})
		}
		next += uint64(e.Count)
	}
	l.byHome = slices.Clone(l.runs)
	sort.Slice(l.byHome, func(i, j int) bool { return l.byHome[i].Start < l.byHome[j].Start })
	for i := 1; i < len(l.byHome); i++ {
		if p := l.byHome[i-1]; p.Start+ondisk.Block(p.Count) > l.byHome[i].Start {
			return nil, corrupt(l.byHome[i].Start, "journal blocks %d and %d share it", p.first, l.byHome[i].first)
		}
	}
	return l, nil
}

// len is the number of journal blocks that have a place.
func (l *layout) len() uint32 {
	if len(l.runs) == 0 {
		return 0
	}
	r := l.runs[len(l.runs)-1]
	return r.first + r.Count
}

// block is where journal block n lies. n is below len.
func (l *layout) block(n uint32) ondisk.Block {
	i := sort.Search(len(l.runs), func(i int) bool { return l.runs[i].first > n }) - 1
	r := l.runs[i]
	return r.Start + ondisk.Block(n-r.first)
}

// holds reports whether the journal lies on device block b.
func (l *layout) holds(b ondisk.Block) bool {
	i := sort.Search(len(l.byHome), func(i int) bool { return l.byHome[i].Start > b }) - 1
	return i >= 0 && b-l.byHome[i].Start < ondisk.Block(l.byHome[i].Count)
}

// corrupt is damage of the journal as a whole or of its super block, at device block b.
func corrupt(b ondisk.Block, format string, args ...any) *ondisk.CorruptError {
	return &ondisk.CorruptError{Structure: "journal", Block: b, Ino: ondisk.JournalIno, Detail: fmt.Sprintf(format, args...)}
}
