package ext4

import (
	"iter"
	"slices"

	"extant/internal/journal"
	"extant/internal/ondisk"
)

// fastCommits is what the fast commits of the journal change, in terms of inodes: recovery would have to allocate blocks to bring it
// home, so where nothing may be written it is laid over what the blocks say. It does not change once read, and nil is nothing.
type fastCommits struct {
	slots map[ondisk.Ino][]byte
	runs  map[ondisk.Ino][]run // sorted, without overlaps
	dirs  map[ondisk.Ino]*journal.FastDir
}

// fastCookies are the cookies of names that only fast commits hold: this and upward.
const fastCookies Cookie = 1 << 61

// slot is the inode as the fast commits leave it; nil where they do not hold it.
func (f *fastCommits) slot(ino ondisk.Ino) []byte {
	if f == nil {
		return nil
	}
	return f.slots[ino]
}

// remap returns what holds fb, given the run that does so without the fast commits.
func (f *fastCommits) remap(ino ondisk.Ino, r run, fb uint64) run {
	if f == nil || len(f.runs[ino]) == 0 {
		return r
	}
	over := f.runs[ino]
	i, exact := slices.BinarySearchFunc(over, fb, func(o run, fb uint64) int {
		switch {
		case o.end() <= fb:
			return -1
		case o.first > fb:
			return 1
		}
		return 0
	})
	if exact {
		return over[i]
	}
	first, end := r.first, r.end()
	if i > 0 {
		first = max(first, over[i-1].end())
	}
	if i < len(over) {
		end = min(end, over[i].first)
	}
	return r.clip(first, end)
}

func (f *fastCommits) dir(ino ondisk.Ino) *journal.FastDir {
	if f == nil {
		return nil
	}
	return f.dirs[ino]
}

// lookup says what the fast commits know of a name: the inode, or 0 for one taken away.
func (f *fastCommits) lookup(dir ondisk.Ino, m *nameMatch) (ino ondisk.Ino, known bool) {
	d := f.dir(dir)
	switch {
	case d == nil:
		return 0, false
	case m.plain():
		ino, known = d.Names[string(m.name)]
		return ino, known
	}
	for _, name := range d.Order {
		if m.matches([]byte(name)) {
			known = true
			ino = max(ino, d.Names[name])
		}
	}
	return ino, known
}

// hides reports whether an entry on disk is no longer as it says.
func (f *fastCommits) hides(dir ondisk.Ino, name []byte) bool {
	d := f.dir(dir)
	if d == nil {
		return false
	}
	_, known := d.Names[string(name)]
	return known
}

// creates reports whether the directory was made since the last full commit: what lies in its blocks is not its own.
func (f *fastCommits) creates(dir ondisk.Ino) bool {
	d := f.dir(dir)
	return d != nil && d.Up != 0
}

// parent is the directory that one made since the last full commit was made in.
func (f *fastCommits) parent(dir ondisk.Ino) ondisk.Ino { return f.dir(dir).Up }

type addedName struct {
	name []byte
	ino  ondisk.Ino
}

// added yields the names added to a directory, each with the cookie after it.
func (f *fastCommits) added(dir ondisk.Ino, from Cookie) iter.Seq2[Cookie, addedName] {
	return func(yield func(Cookie, addedName) bool) {
		d := f.dir(dir)
		if d == nil {
			return
		}
		for i, name := range d.Order {
			at := fastCookies + Cookie(i)
			if ino := d.Names[name]; at >= from && ino != 0 && !yield(at+1, addedName{[]byte(name), ino}) {
				return
			}
		}
	}
}
