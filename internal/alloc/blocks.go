package alloc

import (
	"cmp"
	"errors"
	"syscall"

	"extant/internal/journal"
	"extant/internal/ondisk"
)

// Flags say how a request is to be met.
type Flags uint8

// The flags of a Request.
const (
	FromReserve Flags = 1 << iota // the clusters are among those that Reserve promised
	Privileged                    // those kept for the super user may be had
	Essential                     // what must not fail, such as the tree of data that was promised: the last cluster may be had
	Follow                        // Goal is right behind what the file has: any run there is better than a longer one elsewhere
)

// Request is what is wanted of Blocks.
type Request struct {
	Goal     ondisk.Block     // where it would be best; 0 for what suits the inode
	Len      uint32           // clusters, at least 1
	Inode    ondisk.Ino       // whose they will be
	Logical  ondisk.FileBlock // the file's block that comes to lie in the first
	Size     uint64           // blocks that the file has once it is written; 0 for who will not grow
	Prealloc *Prealloc        // what the inode keeps; nil for nothing, as for metadata
	Flags    Flags
}

// Credits that a handle needs for calls, in blocks that may change.
const (
	BlocksCredits    = 2 // Blocks
	FreeCredits      = 2 // FreeBlocks, for each group that the run touches
	InodeCredits     = 3 // Inode; the caller's change of the table is not among them
	FreeInodeCredits = 2 // FreeInode
)

// Blocks gives clusters to an inode: n of them, at most r.Len and at least 1, in one run from block start on. Their content is anything. The error is
// syscall.ENOSPC if there are none, and Retry may help then; or the journal's or the device's.
func (a *Allocator) Blocks(h *journal.Handle, r Request) (start ondisk.Block, n uint32, err error) {
	if r.Len == 0 {
		return 0, 0, syscall.EINVAL
	}
	if r.Flags&FromReserve == 0 && a.refused() {
		return 0, 0, syscall.ENOSPC
	}
	got := a.claim(r.Len, r.Flags)
	if got == 0 {
		if err := a.recount(); err != nil {
			return 0, 0, err
		}
		if got = a.claim(r.Len, r.Flags); got == 0 {
			return 0, 0, syscall.ENOSPC
		}
	}
	t := attempt{a: a, h: h, r: &r, want: int(got)}
	err = t.run()
	if rest := got - uint32(t.n); rest > 0 {
		a.unclaim(rest, r.Flags)
	}
	a.prune(r.Prealloc)
	a.shed()
	return t.start, uint32(t.n), err
}

// attempt is one call of Blocks.
type attempt struct {
	a    *Allocator
	h    *journal.Handle
	r    *Request
	want int // clusters to give
	ask  int // clusters to take: what is over is kept for the file
	kind kind

	goal ondisk.Group
	at   int // the goal within its group

	start ondisk.Block
	n     int // clusters given; 0 for none yet

	unread error // why a group could not be looked at
}

// logical is the request's place in the file, in clusters.
func (t *attempt) logical() uint64 { return uint64(t.r.Logical) / t.a.ratio }

func (t *attempt) run() error {
	a := t.a
	if x := t.r.Prealloc.find(t.logical()); x != nil {
		if err := t.fromPiece(x); err != nil || t.n > 0 {
			return err
		}
	}
	t.kind, t.ask = a.kindOf(t.r), t.want
	if t.kind == stream {
		t.ask = int(a.ahead(t.r, uint32(t.want)))
	}
	t.aim()
	err := t.inGroup(t.goal, atGoal, 0)
	if t.kind == small && err == nil && t.n == 0 {
		err = t.inGroup(t.goal, inWindow, 0)
	}
	if err == nil && t.n == 0 {
		err = t.search()
	}
	if err == nil && t.n == 0 && a.dropAll() {
		err = t.search()
	}
	if err == nil && t.n == 0 {
		if err = a.recount(); err == nil {
			err = cmp.Or[error](t.unread, syscall.ENOSPC)
		}
	}
	return err
}

// aim finds the goal.
func (t *attempt) aim() {
	a, goal := t.a, t.r.Goal
	if uint64(goal) < uint64(a.sb.FirstDataBlock) || uint64(goal) >= a.sb.Blocks() || goal == 0 {
		goal = a.Goal(max(t.r.Inode, 1), false)
	}
	g, i := a.sb.BlockGroup(goal)
	t.goal, t.at = g, int(uint64(i)/a.ratio)
}

// how is a way of choosing among what a group has.
type how uint8

const (
	atGoal   how = iota // what is at the goal, if it is enough
	inWindow            // from the window of small files
	longest             // as long a run as is asked for, or the longest
)

// inGroup chooses in a group; of least clusters at least, where the longest run is wanted. One that is shut off, or turns out to have to be,
// gives nothing, and neither does one that cannot be read now.
func (t *attempt) inGroup(n ondisk.Group, how how, least int) error {
	g, err := t.a.group(n)
	if err != nil {
		return err
	}
	g.mu.Lock()
	defer t.a.leave(g)
	if err := t.a.openBlocksLocked(g); err != nil {
		if g.blockErr == nil {
			t.unread = err
		}
		return nil
	}
	switch how {
	case atGoal:
		return t.atGoalLocked(g)
	case inWindow:
		return t.inWindowLocked(g)
	}
	return t.longestLocked(g, least)
}

// +checklocks:g.mu
func (t *attempt) atGoalLocked(g *group) error {
	n := g.free.runAt(t.at, t.ask)
	if n == 0 || n < t.want && t.r.Flags&Follow == 0 {
		return nil
	}
	return t.takeLocked(g, stretch{t.at, t.at + n})
}

// +checklocks:g.mu
func (t *attempt) longestLocked(g *group, least int) error {
	n := min(t.ask, g.free.most())
	if n < least {
		return nil
	}
	from := 0
	if g.num == t.goal {
		from = t.at
	}
	at := g.free.findFrom(from, n)
	return t.takeLocked(g, stretch{at, at + n})
}

// inWindowLocked takes from the window that small files share, and opens another where it is used up.
//
// +checklocks:g.mu
func (t *attempt) inWindowLocked(g *group) error {
	a := t.a
	if g.window.len() < t.want {
		size := int(a.clustersOf(windowSize))
		if g.free.most() < size {
			return nil
		}
		a.freeAgainLocked(g, g.window)
		at := g.free.findFrom(t.at, size)
		g.window = stretch{at, at + size}
		g.free.take(at, at+size)
	}
	s := stretch{g.window.at, g.window.at + t.want}
	if err := t.giveLocked(g, s); err != nil {
		return err
	}
	g.window.at = s.end
	return nil
}

// looksMax is how many groups are looked at before a shorter run is good enough.
const looksMax = 8

// search goes through the groups from the goal on and round, for a run that is long enough first, and then for ever shorter ones.
func (t *attempt) search() error {
	for o := order(uint32(t.ask-1)) + 1; o >= 1 && t.n == 0; o-- {
		looks := looksMax
		if o == 1 {
			looks = int(t.a.groupCount) + 1
		}
		if err := t.searchOrder(o, looks); err != nil {
			return err
		}
	}
	return nil
}

// searchOrder tries groups whose longest run has at least order o.
func (t *attempt) searchOrder(o uint8, looks int) error {
	a := t.a
	least := min(1<<(o-1), t.ask)
	for _, part := range [2][2]ondisk.Group{{t.goal, a.groupCount}, {0, t.goal}} {
		for g := part[0]; looks > 0 && t.n == 0; g++ {
			var err error
			if g, err = a.nextWith(g, part[1], o); err != nil {
				return err
			}
			if g >= part[1] {
				break
			}
			looks--
			if err := t.inGroup(g, longest, least); err != nil {
				return err
			}
		}
	}
	return nil
}

// nextWith is the next group from g on, before end, that may have a run of the order.
func (a *Allocator) nextWith(g, end ondisk.Group, o uint8) (ondisk.Group, error) {
	for {
		n, known := a.nextLikely(g, end, o)
		if known {
			return n, nil
		}
		if _, err := a.span(n); err != nil {
			return 0, err
		}
		g = n
	}
}

// nextLikely does the same without reading; known says that it is not a guess.
func (a *Allocator) nextLikely(g, end ondisk.Group, o uint8) (n ondisk.Group, known bool) {
	s := &a.space
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.blocks.next(int(g), int(end), o)
	return ondisk.Group(i), i >= int(end) || s.spans[i/s.blocks.per].Load() != nil
}

// takeLocked takes a free stretch out of the map, gives its first clusters to the file and keeps the rest for it.
//
// +checklocks:g.mu
func (t *attempt) takeLocked(g *group, s stretch) error {
	n := min(s.len(), t.want)
	g.free.take(s.at, s.end)
	if err := t.giveLocked(g, stretch{s.at, s.at + n}); err != nil {
		g.free.give(s.at, s.end)
		return err
	}
	if s.len() > n {
		t.r.Prealloc.keepLocked(g, stretch{s.at + n, s.end}, t.logical()+uint64(n))
	}
	return nil
}

// fromPiece gives what is kept for the file.
func (t *attempt) fromPiece(x *piece) error {
	g := x.g
	g.mu.Lock()
	defer t.a.leave(g)
	if !x.alive {
		t.r.Prealloc.pieces = remove(t.r.Prealloc.pieces, x)
		return nil
	}
	skip := int(t.logical() - x.logical)
	s := stretch{x.at + skip, min(x.at+skip+t.want, x.end)}
	if err := t.giveLocked(g, s); err != nil {
		return err
	}
	p, end := t.r.Prealloc, x.end
	if skip > 0 {
		x.end = s.at
		p.keepLocked(g, stretch{s.end, end}, t.logical()+uint64(s.len()))
		return nil
	}
	x.at, x.logical = s.end, x.logical+uint64(s.len())
	if x.len() == 0 {
		p.forgetLocked(g, x)
	}
	return nil
}

// giveLocked marks a stretch, which the map shows as taken, as in use on disk.
//
// +checklocks:g.mu
func (t *attempt) giveLocked(g *group, s stretch) error {
	a := t.a
	e, err := a.editBlocksLocked(t.h, g)
	if err != nil {
		return err
	}
	if e.bitmap.NextSet(s.at, s.end) < s.end {
		return errors.New("alloc: gave out a cluster twice")
	}
	e.bitmap.SetRange(s.at, s.end)
	a.finishBlocksLocked(e, -s.len())
	t.start, t.n = a.block(g, s.at), s.len()
	a.noteLocked(g, s.len())
	return nil
}
