package ext4

import (
	"bytes"
	"cmp"
	"slices"

	"extant/internal/casefold"
	"extant/internal/ondisk"
)

// A directory that has an index, or gets one when it grows, moves its entries when a block is split. While it may change it is therefore read in the
// order of the hashes of its names, a leaf of the index at a time, and a cookie says a hash.
//
// Such a cookie has orderedCookie set; bits 31 to 61 are those of the hash that are above bit 0, and the others are from its minor half. Names that agree in all
// of these follow each other, so that each still has a place of its own.
const (
	orderedCookie Cookie = 1 << 62
	minorBits            = 31
	minorMax             = 1<<minorBits - 1<<24 // room for names that follow each other
	hashesEnd            = 1 << 32              // above every hash
	sameHashMax          = 1024                 // leaves that names of one hash may fill
)

// orderedAt is the place of a name with this hash.
func orderedAt(h ondisk.NameHash) Cookie {
	return orderedCookie | Cookie(h.Major>>1)<<minorBits | min(Cookie(h.Minor>>1), minorMax)
}

// hash is the hash that a place in the order of hashes is at.
func (c Cookie) hash() uint64 { return uint64(uint32(c>>minorBits) << 1) }

// orderedDirent is an entry that is read in the order of hashes.
type orderedDirent struct {
	ondisk.Dirent
	area []byte // that it lies in
	at   Cookie
}

// ordered reports whether a directory is read in the order of hashes from a place on.
func (n *Inode) ordered(from Cookie) bool {
	switch {
	case from != 0:
		return from&orderedCookie != 0
	case n.fs.rw.Load() == nil:
		return false // nothing changes, and the order on disk needs no sound index
	}
	n.mu.RLock()
	defer n.mu.RUnlock()
	_, err := n.nameHash()
	return err == nil
}

// readOrdered yields the entries from a place on in the order of hashes. False says that nothing could be read.
func (n *Inode) readOrdered(from Cookie, show nameShower, yield func(DirEntry, error) bool) bool {
	for first, pieces := from.hash(), uint64(0); first < hashesEnd; pieces++ {
		list, next, err := n.copyOrdered(first, pieces)
		switch {
		case err != nil && !yield(DirEntry{}, n.fs.judge(err)):
			return true
		case err != nil && from == 0 && next == hashesEnd && len(list) == 0:
			return false
		}
		placeDirents(list)
		for _, d := range list {
			if d.at >= from && !yield(n.dirEntry(d.Dirent, d.area, d.at+1, show)) {
				return true
			}
		}
		first = next
	}
	return true
}

// placeDirents sorts entries, and gives each a place after the one before it.
func placeDirents(list []orderedDirent) {
	slices.SortFunc(list, func(a, b orderedDirent) int { return cmp.Or(cmp.Compare(a.at, b.at), bytes.Compare(a.Name, b.Name)) })
	for i := 1; i < len(list); i++ {
		list[i].at = max(list[i].at, list[i-1].at+1)
	}
}

// copyOrdered copies the entries with hashes from first to before next. The lock is held meanwhile and no longer.
func (n *Inode) copyOrdered(first, pieces uint64) (list []orderedDirent, next uint64, err error) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	if n.removed() {
		return nil, hashesEnd, nil
	}
	if err := n.checkPieces(pieces, 0); err != nil {
		return nil, hashesEnd, err
	}
	hash, err := n.nameHash()
	switch {
	case err != nil:
		return nil, hashesEnd, err
	case n.indexed():
		return n.copyLeaf(first, hash)
	}
	areas, _, _, err := n.copyAreas(0)
	for _, a := range areas {
		if list, err = appendOrdered(list, a.data, hash, hashRange{first: first, end: hashesEnd}); err != nil {
			return list, hashesEnd, ondisk.Locate(err, n.ino, 0)
		}
	}
	return list, hashesEnd, err
}

// copyLeaf copies what the index has for hashes from first on, to the end of a leaf. Names of a hash that goes on in leaves after come all.
func (n *Inode) copyLeaf(first uint64, hash dirHash) (list []orderedDirent, next uint64, err error) {
	root, node, err := n.indexRoot()
	if err != nil {
		return nil, hashesEnd, err
	}
	p, err := n.probe(root, node, uint32(first))
	r := hashRange{first, p.start(), p.end()}
	if err != nil {
		return nil, r.next(), err
	}
	if first == 0 {
		list = n.rootDots(&root)
	}
	list, err = n.appendLeaf(list, p.leaf(), hash, r)
	if r.end&1 == 0 || err != nil {
		return list, r.next(), err
	}
	list, err = n.appendContinued(list, &p, hash, r.last())
	return list, r.next(), err
}

// appendContinued adds the entries with a hash that goes on in the leaves after the one that p leads to.
func (n *Inode) appendContinued(list []orderedDirent, p *dxPath, hash dirHash, same uint64) ([]orderedDirent, error) {
	p.hash = uint32(same)
	for range sameHashMax {
		more, err := p.next()
		if !more || err != nil {
			return list, err
		}
		leaf, err := n.appendLeaf(nil, p.leaf(), hash, hashRange{end: hashesEnd})
		for _, d := range leaf {
			if d.at.hash() == same {
				list = append(list, d)
			}
		}
		if err != nil {
			return list, err
		}
	}
	return list, n.corrupt("directory index", "hash %#x goes on through more than %d leaves", same, sameHashMax)
}

// hashRange is what is wanted of a leaf: hashes from first on. The index has those from start to before end in it; bit 0 set, there and here,
// says that the hash below is in the leaf before as well.
type hashRange struct{ first, start, end uint64 }

// last is the highest hash in the leaf, and next the one to go on with.
func (r hashRange) last() uint64 { return (r.end - 1) &^ 1 }
func (r hashRange) next() uint64 { return (r.end + 1) &^ 1 }

// clamp gives an entry that lies where the index does not have it the hash at the nearer end, so that it is seen, and once.
func (r hashRange) clamp(hash uint64) uint64 {
	if hash < r.start&^1 {
		hash = (r.start + 1) &^ 1
	}
	return min(hash, r.last())
}

// rootDots is the entries that lie in the root of the index.
func (n *Inode) rootDots(root *ondisk.DxRoot) []orderedDirent {
	return []orderedDirent{
		{Dirent: ondisk.Dirent{Ino: n.ino, Name: []byte("."), Type: root.Dot.FileType}, at: orderedCookie},
		{Dirent: ondisk.Dirent{Ino: ondisk.Ino(root.DotDot.Inode), Name: []byte(".."), Type: root.DotDot.FileType}, at: orderedCookie + 1},
	}
}

// appendLeaf adds the entries in block fb of the directory that are wanted.
func (n *Inode) appendLeaf(list []orderedDirent, fb uint64, hash dirHash, r hashRange) ([]orderedDirent, error) {
	data, err := n.dirBlock(fb)
	if err == nil {
		list, err = appendOrdered(list, slices.Clone(data), hash, r)
	}
	return list, ondisk.Locate(err, n.ino, 0)
}

// appendOrdered adds the entries of an area that are wanted.
func appendOrdered(list []orderedDirent, area []byte, hash dirHash, r hashRange) ([]orderedDirent, error) {
	for d, err := range ondisk.Dirents(area) {
		if err != nil {
			return list, err
		}
		if d.Ino == 0 {
			continue
		}
		h, err := hash(d, area)
		if err != nil {
			return list, err
		}
		if major := r.clamp(uint64(h.Major)); major >= r.first {
			h.Major = uint32(major)
			list = append(list, orderedDirent{d, area, orderedAt(h)})
		}
	}
	return list, nil
}

// dirHash hashes the name of an entry that lies in an area.
type dirHash func(d ondisk.Dirent, area []byte) (ondisk.NameHash, error)

// nameHash returns how the names of a directory are hashed that is read in the order of hashes; an error for one that is not.
func (n *Inode) nameHash() (dirHash, error) {
	v, ok := n.readHashVersion()
	if !ok {
		return nil, n.corrupt("directory index", "none to read the directory by")
	}
	switch c := n.core(); {
	case c.disk.Has(ondisk.InodeCasefold) && n.encrypted():
		return undotted(func(d ondisk.Dirent, area []byte) (ondisk.NameHash, error) { return storedHash(d, area), nil }), nil
	case v != ondisk.HashLegacy && v != ondisk.HashLegacyUnsigned:
		return undotted(n.entryHash(v)), nil
	}
	legacy := n.entryHash(v)
	return undotted(func(d ondisk.Dirent, area []byte) (ondisk.NameHash, error) {
		h, err := legacy(d, area)
		h.Minor = ondisk.CRC32C(0, d.Name) // this hash has no minor half
		return h, err
	}), nil
}

// undotted puts "." and ".." before what h hashes.
func undotted(h dirHash) dirHash {
	return func(d ondisk.Dirent, area []byte) (ondisk.NameHash, error) {
		if isDot(d.Name) {
			return ondisk.NameHash{Minor: uint32(len(d.Name)-1) << 1}, nil
		}
		return h(d, area)
	}
}

// entryHash returns how names in the leaves are hashed.
func (n *Inode) entryHash(v ondisk.HashVersion) dirHash {
	folded := n.core().disk.Has(ondisk.InodeCasefold)
	return func(d ondisk.Dirent, _ []byte) (ondisk.NameHash, error) {
		name := d.Name
		if folded {
			name = casefold.Key(name)
		}
		return ondisk.HashName(v, n.fs.sb.HashSeed, name)
	}
}
