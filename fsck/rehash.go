package fsck

import (
	"bytes"
	"cmp"
	"slices"

	"extant/internal/casefold"
	"extant/internal/ondisk"
)

// A rehash writes a directory anew: its entries in the order of their hashes, in blocks of their own, under an index where there are more
// blocks than one. The directory changes in one step, when its inode gets the new map.
type rehash struct {
	m      *mender
	d      *dir
	seed   uint32
	parent ondisk.Ino

	version ondisk.HashVersion
	names   []hashed
	leaves  []leaf
	blocks  [][]byte
}

type hashed struct {
	name
	hash ondisk.NameHash
}

// A leaf is a block of entries, and the hash that the index has for it.
type leaf struct {
	block []byte
	hash  uint32
}

// rehash writes a directory anew.
func (m *mender) rehash(ino ondisk.Ino) error {
	i := m.c.findDir(ino)
	if i < 0 || m.c.dirs[i].inline() || !m.once(task{action: RebuildIndex, ino: ino}) {
		return nil
	}
	r := &rehash{m: m, d: &m.c.dirs[i], seed: m.dirSeed(&m.c.dirs[i])}
	if err := r.read(); err != nil {
		return err
	}
	indexed := r.build()
	return r.write(indexed)
}

// read collects the entries.
func (r *rehash) read() error {
	m := r.m
	r.version = m.c.sb.HashVersion(m.c.sb.DefHashVersion)
	seen := make(map[string]bool)
	return m.eachArea(r.d, func(at Place, area []byte) {
		if at.File == 0 {
			r.parent = m.parentOf(r.d, area)
			r.takeVersion(area)
		}
		for _, n := range m.gather(r.d, m.entriesOf(area)) {
			if key := string(n.text); !seen[key] {
				seen[key] = true
				r.names = append(r.names, hashed{name: n})
			}
		}
	})
}

// takeVersion takes the hash of the index that there is, where its root says one that is known.
func (r *rehash) takeVersion(b []byte) {
	var root ondisk.DxRoot
	s := &r.m.c.sb
	if !r.d.indexed() || root.Decode(b) != nil || root.Check(len(b), true) != nil {
		return
	}
	if v := s.HashVersion(root.HashVersion); v <= ondisk.HashTEAUnsigned {
		r.version = v
	}
}

// build makes the blocks and reports whether they have an index.
func (r *rehash) build() bool {
	m := r.m
	dots := m.dots(r.d.ino, r.parent)
	all := dots[:]
	for i := range r.names {
		all = append(all, r.names[i].name)
	}
	if b, left := m.leafOf(r.seed, all); len(left) == 0 {
		r.blocks = [][]byte{b}
		return false
	}
	if m.c.sb.HasCompat(ondisk.CompatDirIndex) && r.sort() {
		r.fill()
		if r.index() {
			return true
		}
	}
	r.blocks = nil
	for left := all; len(left) > 0; {
		var b []byte
		b, left = m.leafOf(r.seed, left)
		r.blocks = append(r.blocks, b)
	}
	return false
}

// sort hashes the entries and sorts them; false where there is one that cannot be hashed.
func (r *rehash) sort() bool {
	folds, secret := r.d.folds(), r.d.secret()
	for i := range r.names {
		n := &r.names[i]
		if folds && secret {
			if n.crypt == nil {
				return false
			}
			n.hash = ondisk.NameHash{Major: n.crypt.Hash, Minor: n.crypt.Minor}
			r.version = ondisk.HashSip
			continue
		}
		key := n.text
		if folds {
			key = casefold.Key(key)
		}
		h, err := ondisk.HashName(r.version, r.m.c.sb.HashSeed, key)
		if err != nil {
			return false
		}
		n.hash = h
	}
	slices.SortFunc(r.names, func(a, b hashed) int {
		return cmp.Or(cmp.Compare(a.hash.Major, b.hash.Major), cmp.Compare(a.hash.Minor, b.hash.Minor), bytes.Compare(a.text, b.text))
	})
	return true
}

// fillShare is how much of a leaf is filled at least, in eighths, before the next is begun: what is left is for names to come.
const fillShare = 7

// fill lays the entries into leaves.
func (r *rehash) fill() {
	m := r.m
	for i := 0; i < len(r.names); {
		b := make([]byte, m.c.bs)
		p := m.newDirPack(b)
		most := len(p.area) * fillShare / 8
		l := leaf{block: b, hash: r.names[i].hash.Major}
		if i > 0 && r.names[i-1].hash.Major == l.hash {
			l.hash |= 1
		}
		for i < len(r.names) && p.end <= most && p.add(&r.names[i].name) {
			i++
		}
		if m.c.csum {
			ondisk.SetDirTail(r.seed, b)
		}
		r.leaves = append(r.leaves, l)
	}
}

// An indexPoint is an entry of a node.
type indexPoint struct {
	hash  uint32
	block ondisk.FileBlock
}

// index makes the root and the nodes over the leaves; false where the format has no room for so many.
func (r *rehash) index() bool {
	m := r.m
	root := make([]byte, m.c.bs)
	r.blocks = [][]byte{root}
	var level []indexPoint
	for _, l := range r.leaves {
		level = append(level, indexPoint{l.hash, ondisk.FileBlock(len(r.blocks))})
		r.blocks = append(r.blocks, l.block)
	}
	f := ondisk.DxFormat{Csum: m.c.csum, StoredHash: r.version == ondisk.HashSip}
	top := ondisk.DxRootNode(root)
	levels := 0
	for ; len(level) > top.Room(f); levels++ {
		level = r.nodes(level, f)
	}
	most := ondisk.DxLevelsMax
	if m.c.sb.HasIncompat(ondisk.IncompatLargeDir) {
		most = ondisk.DxLevelsMaxLarge
	}
	if levels > most {
		return false
	}
	fillNode(top, f, level)
	head := ondisk.MakeDxRoot(r.d.ino, r.parent, m.entryType(ondisk.FileDir), m.c.bs, r.version, levels)
	head.Encode(root)
	if m.c.csum {
		top.SetCsum(r.seed)
	}
	return true
}

// nodes makes nodes over a level and returns the level that they are.
func (r *rehash) nodes(level []indexPoint, f ondisk.DxFormat) []indexPoint {
	var up []indexPoint
	for len(level) > 0 {
		b := make([]byte, r.m.c.bs)
		n := ondisk.DxInnerNode(b)
		k := min(len(level), n.Room(f))
		fillNode(n, f, level[:k])
		if r.m.c.csum {
			n.SetCsum(r.seed)
		}
		up = append(up, indexPoint{level[0].hash, ondisk.FileBlock(len(r.blocks))})
		r.blocks = append(r.blocks, b)
		level = level[k:]
	}
	return up
}

func fillNode(n ondisk.DxNode, f ondisk.DxFormat, points []indexPoint) {
	n.Init(f, points[0].block)
	for _, p := range points[1:] {
		n.Append(p.hash, p.block)
	}
}

// write puts the blocks where nobody is and gives the directory its new map. Where there is no such place, it takes the blocks that
// the directory has.
func (r *rehash) write(indexed bool) error {
	m, bs := r.m, uint64(r.m.c.bs)
	old, err := m.fileRuns(r.d.ino)
	if err != nil {
		return err
	}
	runs, err := m.newRuns(uint64(len(r.blocks)))
	if err != nil {
		if runs = firstBlocks(old, uint64(len(r.blocks))); runs == nil {
			return err
		}
	}
	for _, run := range runs {
		for i := range run.count {
			if err := m.put(run.start+ondisk.Block(i), r.blocks[run.file+i]); err != nil {
				return err
			}
		}
	}
	if err := m.plant(r.d.ino, runs, nil); err != nil {
		return err
	}
	return m.inode(r.d.ino, func(n *ondisk.Inode, _ []byte) {
		n.SetSize(uint64(len(r.blocks)) * bs)
		n.Flags &^= ondisk.InodeIndex
		if indexed {
			n.Flags |= ondisk.InodeIndex
		}
	})
}

// firstBlocks is the first n blocks of a map; nil where there are not as many.
func firstBlocks(runs []mapRun, n uint64) []mapRun {
	var out []mapRun
	at := uint64(0)
	for _, r := range runs {
		k := min(r.count, n-at)
		if k > 0 {
			out = append(out, mapRun{at, r.start, k, false})
		}
		at += k
	}
	if at < n {
		return nil
	}
	return out
}

// sealIndex sets the checksum of a node.
func (m *mender) sealIndex(f *Finding) error {
	i := m.c.findDir(f.Place.Ino)
	if i < 0 {
		return ondisk.Corrupt("directory", "inode %d is none", f.Place.Ino)
	}
	return m.block(f.Place.Block, func(b []byte) {
		n := ondisk.DxInnerNode(b)
		if f.Place.File == 0 {
			n = ondisk.DxRootNode(b)
		}
		n.SetCsum(m.dirSeed(&m.c.dirs[i]))
	})
}

// optimise writes all directories anew that have more than a block.
func (m *mender) optimise() {
	for i := range m.c.dirs {
		d := &m.c.dirs[i]
		if d.inline() {
			continue
		}
		blocks := uint64(0)
		for _, r := range m.c.runsOf(d) {
			blocks += r.count
		}
		if blocks < 2 {
			continue
		}
		if err := m.rehash(d.ino); err != nil {
			return // no room: the others are as they were
		}
	}
}
