package alloc

import (
	"math/bits"
	"slices"

	"extant/internal/ondisk"
)

// Prealloc is what is kept in memory for one inode to grow into: clusters that nobody else is given, but that are free on disk. The zero value is
// ready for use. Only who holds the inode's lock of its map (alloc-map) may use it.
type Prealloc struct {
	pieces []*piece
}

// piecesMax is how many pieces an inode may hold; the oldest makes way.
const piecesMax = 4

// piece is a stretch of a group that is kept for the clusters of one file from logical on. Only who holds the Prealloc changes it, and does so
// under its group's lock, so either is enough to look at it. Others may take it away, under the group's lock.
type piece struct {
	g *group // immutable

	stretch
	logical uint64 // in clusters
	alive   bool   // guarded by g.mu
}

const (
	smallFile  = 64 << 10 // bytes; files up to this size share windows
	aheadMax   = 8 << 20  // bytes to keep for one file at most
	windowSize = 2 << 20  // bytes of a window
	spareShare = 64       // no more is kept at once than this part of what is spare
)

// clustersOf is a number of bytes in clusters, 1 at least.
func (a *Allocator) clustersOf(bytes uint64) uint64 {
	return max(bytes/(a.ratio*uint64(a.sb.BlockSize())), 1)
}

// kind says how a request is looked for.
type kind uint8

const (
	plain  kind = iota // takes what it asks for
	small              // from a window shared by small files
	stream             // takes more than it asks for
)

// kindOf judges a request.
func (a *Allocator) kindOf(r *Request) kind {
	bytes := max(r.Size, uint64(r.Logical)+uint64(r.Len)*a.ratio) * uint64(a.sb.BlockSize())
	switch {
	case r.Prealloc == nil || r.Size == 0 || r.Flags&Essential != 0:
		return plain
	case bytes <= smallFile:
		return small
	}
	return stream
}

// ahead is how many clusters to take for a request, those asked for among them: twice the file's size, within reason.
func (a *Allocator) ahead(r *Request, want uint32) uint32 {
	size := r.Size * 2 / a.ratio
	n := min(uint64(1)<<bits.Len64(max(size, 1)-1), a.clustersOf(aheadMax))
	a.space.mu.Lock()
	spare := uint64(max(a.space.spare, 0))
	a.space.mu.Unlock()
	return max(want, uint32(min(n, spare/spareShare)))
}

// find is the piece that is kept for a cluster of the file.
func (p *Prealloc) find(logical uint64) *piece {
	if p == nil {
		return nil
	}
	for _, x := range p.pieces {
		if logical >= x.logical && logical-x.logical < uint64(x.len()) {
			return x
		}
	}
	return nil
}

// keepLocked keeps a stretch, which the map shows as taken, for a file.
//
// +checklocks:g.mu
func (p *Prealloc) keepLocked(g *group, s stretch, logical uint64) {
	if s.len() == 0 {
		return
	}
	x := &piece{g: g, stretch: s, logical: logical, alive: true}
	g.pieces = append(g.pieces, x)
	p.pieces = append(p.pieces, x)
}

// forgetLocked ends a piece of which nothing is left.
//
// +checklocks:g.mu
func (p *Prealloc) forgetLocked(g *group, x *piece) {
	x.alive = false
	p.pieces = remove(p.pieces, x)
	g.pieces = remove(g.pieces, x)
}

func remove(list []*piece, x *piece) []*piece {
	if i := slices.Index(list, x); i >= 0 {
		return slices.Delete(list, i, i+1)
	}
	return list
}

// Discard gives up what is kept for an inode: at its last close, when it is cut or goes away.
func (a *Allocator) Discard(p *Prealloc) {
	for _, x := range p.pieces {
		a.drop(x)
	}
	p.pieces = nil
}

// prune lets the oldest pieces go. The caller holds no group's lock.
func (a *Allocator) prune(p *Prealloc) {
	for p != nil && len(p.pieces) > piecesMax {
		a.drop(p.pieces[0])
		p.pieces = slices.Delete(p.pieces, 0, 1)
	}
}

// drop gives up a piece.
func (a *Allocator) drop(x *piece) {
	g := x.g
	g.mu.Lock()
	defer a.leave(g)
	if x.alive {
		x.alive = false
		g.pieces = remove(g.pieces, x)
		a.freeAgainLocked(g, x.stretch)
	}
}

// freeAgainLocked makes a stretch that was set aside in memory available.
//
// +checklocks:g.mu
func (a *Allocator) freeAgainLocked(g *group, s stretch) {
	if g.blockErr != nil || s.len() == 0 {
		return
	}
	if g.free != nil {
		g.free.give(s.at, s.end)
	}
	a.noteLocked(g, 0)
}

// dropAll gives up whatever is kept for anybody, and reports whether there was any.
func (a *Allocator) dropAll() bool {
	found := false
	for _, g := range a.groupsInUse() {
		g.mu.Lock()
		for _, x := range g.pieces {
			found, x.alive = true, false
			a.freeAgainLocked(g, x.stretch)
		}
		found = found || g.window.len() > 0
		a.freeAgainLocked(g, g.window)
		g.pieces, g.window = nil, stretch{}
		a.leave(g)
	}
	return found
}

// groupsInUse lists the groups that anybody has looked at, ascending.
func (a *Allocator) groupsInUse() []*group {
	s := &a.space
	var all []*group
	for i := range s.spans {
		sp := s.spans[i].Load()
		if sp == nil {
			continue
		}
		for k := range sp.groups {
			if g := sp.groups[k].Load(); g != nil {
				all = append(all, g)
			}
		}
	}
	return all
}

// Goal is where a file without neighbours is best put: for a directory in its inode's group, for others in the group after the first of
// the flex group, which is full of tables and directories.
func (a *Allocator) Goal(ino ondisk.Ino, dir bool) ondisk.Block {
	g, _ := a.sb.InodeGroup(ino)
	if a.flex >= flexGoal {
		g &^= a.flex - 1
		if !dir && g+1 < a.groupCount {
			g++
		}
	}
	return a.sb.GroupFirstBlock(min(g, a.groupCount-1))
}

// flexGoal is how large flex groups must be for their first group to be left to tables and directories.
const flexGoal = 4
