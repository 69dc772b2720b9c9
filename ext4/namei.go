package ext4

import (
	"bytes"
	"errors"
	"syscall"

	"extant/internal/casefold"
	"extant/internal/ondisk"
)

// Lookup finds a name in a directory. It is in the form that ReadDir gives; in a casefolded directory, in any case. "." and ".." are
// found as they are stored. The errors are syscall.ENOENT, ENOTDIR and ENAMETOOLONG, a *CorruptError, or the device's.
func (n *Inode) Lookup(name string) (ondisk.Ino, error) {
	switch {
	case !n.IsDir():
		return 0, syscall.ENOTDIR
	case len(name) > ondisk.NameMax:
		return 0, syscall.ENAMETOOLONG
	case name == ".":
		return n.ino, nil
	}
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.lookupLocked(name)
}

// lookupLocked is Lookup, mu being held.
//
// +checklocksread:n.mu
func (n *Inode) lookupLocked(name string) (ondisk.Ino, error) {
	m, err := n.matcher(name)
	if err != nil {
		return 0, err
	}
	at, err := n.find(m)
	if err != nil {
		return 0, n.fs.judge(err)
	}
	if at.ino == 0 {
		return 0, syscall.ENOENT
	}
	if err := n.fs.checkNamed(at.ino); err != nil {
		return 0, n.fs.judge(ondisk.Locate(err, n.ino, 0))
	}
	return at.ino, nil
}

// Child is Lookup and then Inode of what was found. An entry that names an inode not in use is a *CorruptError.
func (n *Inode) Child(name string) (*Inode, error) {
	switch {
	case !n.IsDir():
		return nil, syscall.ENOTDIR
	case len(name) > ondisk.NameMax:
		return nil, syscall.ENAMETOOLONG
	case name == ".":
		return n, nil
	}
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.childLocked(name)
}

// childLocked is Child, mu being held: no name goes meanwhile, and so no inode that has only the one.
//
// +checklocksread:n.mu
func (n *Inode) childLocked(name string) (*Inode, error) {
	ino, err := n.lookupLocked(name)
	if err != nil {
		return nil, err
	}
	child, err := n.fs.Inode(ino)
	if errors.Is(err, syscall.ESTALE) {
		return nil, n.corrupt("directory entry", "%q names inode %d, which is not in use", name, ino)
	}
	return child, err
}

// entryPlace is where a directory entry lies.
type entryPlace struct {
	ino  ondisk.Ino // 0 for no entry
	kind uint8      // the type in the entry
	base Cookie     // of the area that holds it
	off  int        // in the area, bytes
}

// removed reports whether the directory has lost its name in a mount that writes: its content may be freed at any time.
func (n *Inode) removed() bool { return n.fs.rw.Load() != nil && n.core().disk.LinksCount == 0 }

// find returns the entry that m matches, with ino 0 for none. A directory that was removed has no names, whatever it still holds.
func (n *Inode) find(m *nameMatch) (entryPlace, error) {
	if n.removed() {
		return entryPlace{}, syscall.ENOENT
	}
	if ino, known := n.fs.fast.lookup(n.ino, m); known {
		return entryPlace{ino: ino}, nil
	}
	if n.fs.fast.creates(n.ino) || !n.indexed() || m.dots() {
		return n.scan(m)
	}
	at, err := n.indexFind(m)
	if err == nil || !brokenIndex(err) {
		return at, err
	}
	// The index only speeds up what the entries alone decide: it is passed over when it cannot be used. But that there is no
	// such name is not said on the word of a directory known to be damaged.
	at, scanErr := n.scan(m)
	var corrupt *CorruptError
	if at.ino == 0 && scanErr == nil && errors.As(err, &corrupt) {
		return entryPlace{}, err
	}
	return at, scanErr
}

// brokenIndex reports whether err is the index's fault rather than the device's.
func brokenIndex(err error) bool {
	var corrupt *CorruptError
	var unsupported *UnsupportedError
	return errors.As(err, &corrupt) || errors.As(err, &unsupported)
}

// scan looks through all of the directory. Where a part of it cannot be read, a name that is in no other is
// an error and not missing.
func (n *Inode) scan(m *nameMatch) (entryPlace, error) {
	var first error
	for area, err := range n.dirAreas(0) {
		if err == nil {
			var d ondisk.Dirent
			if d, err = m.find(area.data); d.Ino != 0 {
				return placeOf(d, area.base), nil
			}
		}
		if first == nil && err != nil {
			first = ondisk.Locate(err, n.ino, 0)
		}
	}
	return entryPlace{}, first
}

func placeOf(d ondisk.Dirent, base Cookie) entryPlace {
	return entryPlace{ino: d.Ino, kind: d.Type, base: base, off: d.Off}
}

// nameMatch is a name that is looked up, in the form in which it compares with entries.
type nameMatch struct {
	name   []byte
	short  [40]byte          // the memory of most names
	noKey  *ondisk.NoKeyName // of an encrypted directory
	folded *casefold.Name    // of a casefolded one
}

// matcher prepares a name for being looked up in the directory.
func (n *Inode) matcher(name string) (*nameMatch, error) {
	m := &nameMatch{}
	m.name = append(m.short[:0], name...)
	switch {
	case m.dots():
	case n.encrypted():
		shown, ok := ondisk.ParseNoKeyName(name)
		if !ok {
			return nil, syscall.ENOENT
		}
		m.noKey = &shown
	case n.core().disk.Has(ondisk.InodeCasefold):
		folded := casefold.NewName(m.name)
		m.folded = &folded
	}
	return m, nil
}

// plain reports whether names compare byte by byte.
func (m *nameMatch) plain() bool { return m.noKey == nil && m.folded == nil }

// dots reports whether the name is one of the two that are stored as they are in every directory, and in no index.
func (m *nameMatch) dots() bool { return isDot(m.name) }

// hash is what the directory's index has the name under.
func (m *nameMatch) hash(v ondisk.HashVersion, seed [4]uint32) (uint32, error) {
	switch {
	case m.noKey != nil:
		return m.noKey.Hash &^ 1, nil
	case m.folded != nil:
		h, err := ondisk.HashName(v, seed, m.folded.Key())
		return h.Major, err
	}
	h, err := ondisk.HashName(v, seed, m.name)
	return h.Major, err
}

// matches compares the name with an entry's.
func (m *nameMatch) matches(entry []byte) bool {
	switch {
	case m.noKey != nil:
		return m.noKey.Matches(entry)
	case m.folded != nil:
		return m.folded.Matches(entry)
	}
	return bytes.Equal(m.name, entry)
}

// find returns the entry in an area that the name matches, with Ino 0 for none.
func (m *nameMatch) find(area []byte) (ondisk.Dirent, error) {
	if m.plain() {
		d, _, err := ondisk.FindDirent(area, m.name)
		return d, err
	}
	for d, err := range ondisk.Dirents(area) {
		if err != nil {
			return ondisk.Dirent{}, err
		}
		if d.Ino != 0 && m.matches(d.Name) {
			return d, nil
		}
	}
	return ondisk.Dirent{}, nil
}
