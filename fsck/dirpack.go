package fsck

import (
	"bytes"

	"extant/internal/ondisk"
)

// A name is an entry of a directory, on memory of its own.
type name struct {
	ino   ondisk.Ino
	kind  uint8
	text  []byte
	crypt *ondisk.DirentHash // that follows the text where names are encrypted and folded
}

// size is the room that the entry takes.
func (n *name) size() int {
	if n.crypt != nil {
		return ondisk.DirentSize(len(n.text)) + cryptHashSize
	}
	return ondisk.DirentSize(len(n.text))
}

const cryptHashSize = 8

// A dirPack lays entries one after another into a block, whose last record always reaches the end.
type dirPack struct {
	area []byte // without the tail
	last int
	end  int
}

// newDirPack starts a block whose last bytes are left for a checksum where there is to be one.
func (m *mender) newDirPack(b []byte) *dirPack {
	clear(b)
	area := b
	if m.c.csum {
		area = b[:len(b)-ondisk.DirTailSize]
	}
	p := &dirPack{area: area}
	p.record(0, len(area))
	return p
}

// record sets the length of a record; one of 64 KiB is stored as all ones.
func (p *dirPack) record(off, n int) { putLE16(p.area[off+4:], uint16(min(n, 1<<16-1))) }

// add appends an entry; false says that it does not fit.
func (p *dirPack) add(n *name) bool {
	if len(p.area)-p.end < n.size() {
		return false
	}
	if p.end > 0 {
		p.record(p.last, p.end-p.last)
	}
	h := ondisk.DirentHeader{Inode: uint32(n.ino), NameLen: uint8(len(n.text)), FileType: n.kind}
	h.Encode(p.area[p.end:])
	copy(p.area[p.end+ondisk.DirentHeaderSize:], n.text)
	if n.crypt != nil {
		n.crypt.Encode(p.area[p.end+ondisk.DirentSize(len(n.text)):])
	}
	p.record(p.end, len(p.area)-p.end)
	p.last, p.end = p.end, p.end+n.size()
	return true
}

// dots are the first two entries of a directory.
func (m *mender) dots(ino, parent ondisk.Ino) [2]name {
	t := m.entryType(ondisk.FileDir)
	return [2]name{{ino: ino, kind: t, text: []byte(".")}, {ino: parent, kind: t, text: []byte("..")}}
}

// entryType is a file type as entries of the file system have it.
func (m *mender) entryType(t uint8) uint8 {
	if !m.c.sb.HasIncompat(ondisk.IncompatFileType) {
		return ondisk.FileUnknown
	}
	return t
}

// leafOf makes a block of entries, as many as fit, and returns the others.
func (m *mender) leafOf(seed uint32, names []name) ([]byte, []name) {
	b := make([]byte, m.c.bs)
	p := m.newDirPack(b)
	for len(names) > 0 && p.add(&names[0]) {
		names = names[1:]
	}
	if m.c.csum {
		ondisk.SetDirTail(seed, b)
	}
	return b, names
}

// gather collects the entries of an area that make sense. Where a record does not, the search goes on at the next place at which
// one does.
func (m *mender) gather(d *dir, area []byte) []name {
	var out []name
	damaged := false
	for off := 0; off+ondisk.DirentHeaderSize <= len(area); {
		e, err := ondisk.DirentAt(area, off)
		if err != nil {
			damaged = true
			if e, err = m.shortest(area, off); err != nil {
				off += 4
				continue
			}
		}
		good := e.Ino != 0 && m.plausible(d, &e, damaged)
		if good {
			out = append(out, m.nameOf(d, area, &e))
		}
		if damaged && !good {
			off += 4
			continue
		}
		off += e.Len
	}
	return out
}

// shortest reads the entry at off as if its record were as long as its name needs.
func (m *mender) shortest(area []byte, off int) (ondisk.Dirent, error) {
	var h ondisk.DirentHeader
	if err := h.Decode(area[off:]); err != nil {
		return ondisk.Dirent{}, err
	}
	n := ondisk.DirentSize(int(h.NameLen))
	if h.NameLen == 0 || off+n > len(area) {
		return ondisk.Dirent{}, errNoRoom
	}
	from := off + ondisk.DirentHeaderSize
	return ondisk.Dirent{Off: off, Len: n, Ino: ondisk.Ino(h.Inode), Type: h.FileType, Name: area[from : from+int(h.NameLen)]}, nil
}

// plausible reports whether an entry names an inode that it could name. One that was found in the midst of damage has to say the right type.
func (m *mender) plausible(d *dir, e *ondisk.Dirent, damaged bool) bool {
	c := m.c
	k := c.kindOf(e.Ino)
	switch {
	case k&kindType == kindUnused || k&(kindHidden|kindEA|kindOrphan) != 0 || e.Ino == d.ino || e.Ino == ondisk.RootIno:
		return false
	case len(e.Name) == 0 || isDots(e.Name):
		return false
	case !damaged:
		return true
	case !d.secret() && (bytes.IndexByte(e.Name, 0) >= 0 || bytes.IndexByte(e.Name, '/') >= 0):
		return false
	}
	return !c.sb.HasIncompat(ondisk.IncompatFileType) || e.Type == uint8(k&kindType)
}

// nameOf copies an entry.
func (m *mender) nameOf(d *dir, area []byte, e *ondisk.Dirent) name {
	n := name{ino: e.Ino, kind: m.entryType(uint8(m.c.kindOf(e.Ino) & kindType)), text: bytes.Clone(e.Name)}
	if n.kind == uint8(kindNone) {
		n.kind = ondisk.FileUnknown
	}
	if d.folds() && d.secret() {
		if h, ok := e.StoredHash(area); ok {
			n.crypt = &h
		}
	}
	return n
}
