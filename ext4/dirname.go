package ext4

import (
	"extant/internal/ondisk"
)

// nameShower gives an entry's name as it is shown. area is where the entry lies; nil where it lies in none.
type nameShower func(d ondisk.Dirent, area []byte) (string, error)

// shower returns how the directory's names are shown.
func (n *Inode) shower() nameShower {
	if !n.encrypted() {
		return n.plainName
	}
	n.mu.RLock()
	hash := n.noKeyHash()
	n.mu.RUnlock()
	return func(d ondisk.Dirent, area []byte) (string, error) {
		if isDot(d.Name) {
			return string(d.Name), nil
		}
		h := hash(d, area)
		shown, ok := ondisk.MakeNoKeyName(d.Name, h.Major, h.Minor)
		if !ok {
			return "", n.corrupt("directory entry", "encrypted name of %d bytes, less than %d", len(d.Name), ondisk.CryptNameMin)
		}
		return shown.String(), nil
	}
}

// plainName refuses names that no file can have: they would lead a caller that joins paths astray.
func (n *Inode) plainName(d ondisk.Dirent, _ []byte) (string, error) {
	if why := ondisk.CheckName(d.Name); why != "" {
		return "", n.corrupt("directory entry", "%s: %q for inode %d", why, d.Name, d.Ino)
	}
	return string(d.Name), nil
}

func isDot(name []byte) bool {
	return len(name) == 1 && name[0] == '.' || len(name) == 2 && name[0] == '.' && name[1] == '.'
}

// noKeyHash returns how the hash in the no-key names of an encrypted directory is found: stored with the entry, computed from the
// encrypted name where the kernel would read the directory by its index, or left 0.
func (n *Inode) noKeyHash() func(ondisk.Dirent, []byte) ondisk.NameHash {
	if n.core().disk.Has(ondisk.InodeCasefold) {
		return storedHash
	}
	v, ok := n.readHashVersion()
	return func(d ondisk.Dirent, _ []byte) ondisk.NameHash {
		h, err := ondisk.HashName(v, n.fs.sb.HashSeed, d.Name)
		if err != nil || !ok {
			return ondisk.NameHash{}
		}
		return h
	}
}

func storedHash(d ondisk.Dirent, area []byte) ondisk.NameHash {
	h, ok := d.StoredHash(area)
	if !ok {
		return ondisk.NameHash{}
	}
	return ondisk.NameHash{Major: h.Hash, Minor: h.Minor}
}

// readHashVersion is the hash by which the kernel would order the directory when it reads it; false for none, or for an index that
// cannot be used.
func (n *Inode) readHashVersion() (ondisk.HashVersion, bool) {
	switch {
	case !n.fs.sb.HasCompat(ondisk.CompatDirIndex):
		return 0, false
	case n.indexed():
		root, _, err := n.indexRoot()
		return n.fs.sb.HashVersion(root.HashVersion), err == nil
	case n.inline() || n.length()>>n.fs.blockBits == 1:
		return n.fs.sb.HashVersion(n.fs.sb.DefHashVersion), true
	}
	return 0, false
}
