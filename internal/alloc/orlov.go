package alloc

import (
	"iter"

	"extant/internal/ondisk"
)

// inodeGroups yields the groups to look for an inode in, the best first, and in the end every one that may have any.
func (a *Allocator) inodeGroups(r *InodeRequest) iter.Seq2[ondisk.Group, error] {
	return func(yield func(ondisk.Group, error) bool) {
		parent, _ := a.sb.InodeGroup(max(r.Parent, 1))
		parent = min(parent, a.groupCount-1)
		more := true
		switch {
		case r.Dir && r.TopDir:
			more = a.spread(r.Hash, parent, yield)
		case r.Dir:
			more = a.nearby(parent, yield)
		default:
			more = a.beside(parent, yield)
			if goal, _ := a.sb.InodeGroup(max(r.Goal, 1)); more && r.Goal != 0 && goal < a.groupCount {
				more = a.beside(goal, yield)
			}
			if more {
				more = a.nearby(parent, yield)
			}
		}
		if more && a.anyWithInodes(parent, a.groupCount, yield) {
			a.anyWithInodes(0, parent, yield)
		}
	}
}

// anyWithInodes yields all groups in a range that may have free inodes.
func (a *Allocator) anyWithInodes(g, end ondisk.Group, yield func(ondisk.Group, error) bool) bool {
	for ; ; g++ {
		s := &a.space
		s.mu.Lock()
		g = ondisk.Group(s.tables.next(int(g), int(end), 1))
		s.mu.Unlock()
		if g >= end {
			return true
		}
		if _, err := a.span(g); !yield(g, err) || err != nil {
			return false
		}
	}
}

// beside yields a group and those after it in its flex group, as far as they have inodes.
func (a *Allocator) beside(g ondisk.Group, yield func(ondisk.Group, error) bool) bool {
	first := g &^ (a.flex - 1)
	for n := g; n < a.groupCount && n-first < a.flex; n++ {
		free, err := a.inodesOf(n)
		if err != nil {
			yield(n, err)
			return false
		}
		if free > 0 && !yield(n, nil) {
			return false
		}
	}
	return true
}

// flexLooksMax is how many flex groups are compared for one directory, and how many groups of each.
const flexLooksMax = 32

// inFlex calls do for the groups of a flex group, in ascending order, with what they have.
func (a *Allocator) inFlex(flex ondisk.Group, do func(n ondisk.Group, c counts)) error {
	first := flex * a.flex
	end := min(uint64(a.groupCount), uint64(first)+uint64(min(a.flex, flexMost)))
	per := uint64(a.sb.DescriptorsPerBlock())
	for n := uint64(first); n < end; n = (n/per + 1) * per {
		sp, err := a.span(ondisk.Group(n))
		if err != nil {
			return err
		}
		a.space.mu.Lock()
		for i, c := range sp.counts[n%per : min(per, end-n/per*per)] {
			do(ondisk.Group(n)+ondisk.Group(i), c)
		}
		a.space.mu.Unlock()
	}
	return nil
}

// flexCounts adds up what is free in a flex group.
func (a *Allocator) flexCounts(flex ondisk.Group) (sum counts64, err error) {
	err = a.inFlex(flex, func(_ ondisk.Group, c counts) {
		sum.clusters += uint64(c.clusters)
		sum.inodes += uint64(c.inodes)
		sum.dirs += uint64(c.dirs)
		sum.groups++
	})
	return sum, err
}

// fewestDirs is the first of the groups of a flex group with the fewest directories among those that have as many free inodes as are wanted.
func (a *Allocator) fewestDirs(flex ondisk.Group, inodes uint64) (best ondisk.Group, err error) {
	best = flex * a.flex
	fewest := ^uint32(0)
	err = a.inFlex(flex, func(n ondisk.Group, c counts) {
		if uint64(c.inodes) >= inodes && c.dirs < fewest {
			best, fewest = n, c.dirs
		}
	})
	return best, err
}

type counts64 struct{ clusters, inodes, dirs, groups uint64 }

// average is what a group has free on average, and flexGroups the number of flex groups.
func (a *Allocator) average() (avg counts64, flexGroups ondisk.Group) {
	a.space.mu.Lock()
	defer a.space.mu.Unlock()
	n := uint64(a.groupCount)
	avg.clusters = uint64(max(a.space.spare, 0)) / n
	avg.inodes = uint64(max(a.space.inodes, 0)) / n
	return avg, ondisk.Group((n + uint64(a.flex) - 1) / uint64(a.flex))
}

// spread yields the groups of the flex group with the fewest directories among those that have more free than the average, and first the one of
// them with the fewest: directories at the top have nothing to do with each other, and who makes files in one need not wait for who does in another.
func (a *Allocator) spread(hash uint32, parent ondisk.Group, yield func(ondisk.Group, error) bool) bool {
	avg, count := a.average()
	best, found := ondisk.Group(0), false
	var fewest uint64
	for i := range min(count, flexLooksMax) {
		flex := ondisk.Group((uint64(hash) + uint64(i)) % uint64(count))
		c, err := a.flexCounts(flex)
		if err != nil {
			yield(0, err)
			return false
		}
		if c.inodes == 0 || c.inodes < avg.inodes*c.groups || c.clusters < avg.clusters*c.groups {
			continue
		}
		if !found || c.dirs < fewest {
			best, fewest, found = flex, c.dirs, true
		}
	}
	if !found {
		return a.nearby(parent, yield)
	}
	own, err := a.fewestDirs(best, max(avg.inodes, 1))
	if err != nil {
		yield(0, err)
		return false
	}
	return a.beside(own, yield) && a.beside(best*a.flex, yield)
}

// nearby yields the groups of the flex group nearest to the parent that is neither full of directories nor much fuller than the rest, the parent's
// own first.
func (a *Allocator) nearby(parent ondisk.Group, yield func(ondisk.Group, error) bool) bool {
	avg, count := a.average()
	home := parent / a.flex
	for i := range min(count, flexLooksMax) {
		flex := (home + i) % count
		c, err := a.flexCounts(flex)
		if err != nil {
			yield(0, err)
			return false
		}
		inodes, clusters := uint64(a.sb.InodesPerGroup)*c.groups, uint64(a.perGroup)*c.groups
		if c.inodes == 0 || c.dirs > inodes/16+c.groups || c.inodes+inodes/4 < avg.inodes*c.groups || c.clusters+clusters/4 < avg.clusters*c.groups {
			continue
		}
		if flex == home && !a.beside(parent, yield) {
			return false
		}
		if !a.beside(flex*a.flex, yield) {
			return false
		}
	}
	return true
}

// inodesOf is how many inodes are free in a group.
func (a *Allocator) inodesOf(n ondisk.Group) (int64, error) {
	sp, err := a.span(n)
	if err != nil {
		return 0, err
	}
	i := int(n) % a.sb.DescriptorsPerBlock()
	if g := sp.groups[i].Load(); g != nil {
		return g.inodes.Load(), nil
	}
	a.space.mu.Lock()
	defer a.space.mu.Unlock()
	return int64(sp.counts[i].inodes), nil
}
