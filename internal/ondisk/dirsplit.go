package ondisk

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// hashedDirent is an entry of a leaf and the hash of its name.
type hashedDirent struct {
	Dirent
	hash uint32
}

// hashDirents lists the entries in use of a leaf by ascending hash, equal ones in their order.
func hashDirents(leaf []byte, hash func(Dirent) (uint32, error)) ([]hashedDirent, error) {
	list := make([]hashedDirent, 0, len(leaf)/DirentSize(NameMax/4))
	for d, err := range Dirents(leaf) {
		if err != nil {
			return nil, err
		}
		if d.Ino == 0 {
			continue
		}
		h, err := hash(d)
		if err != nil {
			return nil, err
		}
		list = append(list, hashedDirent{d, h})
	}
	slices.SortStableFunc(list, func(a, b hashedDirent) int { return cmp.Compare(a.hash, b.hash) })
	return list, nil
}

// SplitDirLeaf moves the entries of a full leaf of an indexed directory with the higher hashes, about half of its bytes, to the block upper, and
// returns the hash for the index entry that is to point there. Both blocks end in a tail of tail bytes, whose checksum is left for
// SetDirTail. After an error, a *CorruptError or what hash returned, nothing has changed.
func SplitDirLeaf(leaf, upper []byte, tail int, hash func(Dirent) (uint32, error)) (uint32, error) {
	old := slices.Clone(leaf)
	list, err := hashDirents(old[:len(old)-tail], hash)
	if err != nil {
		return 0, err
	}
	if len(list) < 2 {
		return 0, Corrupt("directory block", "%d entries in a leaf that is full", len(list))
	}
	at := splitPoint(list, len(old))
	writeDirents(leaf, tail, list[:at])
	writeDirents(upper, tail, list[at:])
	first := list[at].hash
	if list[at-1].hash == first {
		first |= 1
	}
	return first, nil
}

// splitPoint is the first entry to move so that about half of a block of size bytes stays: neither the first nor past the last.
func splitPoint(list []hashedDirent, size int) int {
	moved, at := 0, len(list)
	for at > 1 {
		n := DirentSize(len(list[at-1].Name))
		if moved+n/2 > size/2 {
			break
		}
		moved += n
		at--
	}
	if at == len(list) {
		return len(list) / 2
	}
	return at
}

func writeDirents(block []byte, tail int, list []hashedDirent) {
	w := NewDirWriter(block, tail)
	for _, d := range list {
		w.Add(d.Ino, d.Name, d.Type)
	}
}

// DirentRoom is where in a directory area an entry with a name of n bytes can go: the byte at which the entry lies that has room to spare, or is
// not in use; -1 where none has. tail is what NewDirWriter was given. The error is a *CorruptError.
func DirentRoom(area []byte, tail, n int) (int, error) {
	need := DirentSize(n)
	for off := 0; off < len(area)-tail; {
		if n := soundDirent(area, off); n > 0 && binary.LittleEndian.Uint32(area[off:]) != 0 && n-max(DirentSizeMin, DirentSize(int(area[off+6]))) < need {
			off += n
			continue
		}
		d, err := DirentAt(area, off)
		if err != nil {
			return -1, err
		}
		if d.Len-direntUsed(d) >= need && off+d.Len <= len(area)-tail {
			return off, nil
		}
		off += d.Len
	}
	return -1, nil
}

// direntUsed is how many bytes of its record an entry needs.
func direntUsed(d Dirent) int {
	if d.Ino == 0 {
		return 0
	}
	return max(DirentSizeMin, DirentSize(len(d.Name))) // damage makes empty names
}

// PutDirent puts an entry where DirentRoom said that it can go.
func PutDirent(area []byte, off int, ino Ino, name []byte, fileType uint8) error {
	d, err := DirentAt(area, off)
	if err != nil {
		return err
	}
	used := direntUsed(d)
	if used > 0 {
		putRecLen(area[off:], used)
	}
	putDirent(area[off+used:], ino, name, fileType, d.Len-used)
	return nil
}

// RenameDirent makes the entry in use at byte off of a directory area name another inode. The error is a *CorruptError, and that there is no
// such entry.
func RenameDirent(area []byte, off int, ino Ino, fileType uint8) error {
	d, err := DirentAt(area, off)
	if err != nil {
		return err
	}
	if d.Ino == 0 {
		return Corrupt("directory block", "no entry in use starts at byte %d", off)
	}
	h := DirentHeader{Inode: uint32(ino), RecLen: rawRecLen(d.Len), NameLen: uint8(len(d.Name)), FileType: fileType}
	h.Encode(area[off:])
	return nil
}

// ExtendDirArea makes an area out of a shorter one, which is the first old bytes of it, 0 for none: what follows belongs to the last entry,
// or is an entry not in use.
func ExtendDirArea(area []byte, old int) error {
	if old == 0 {
		NewDirWriter(area, 0)
		return nil
	}
	last := 0
	for d, err := range Dirents(area[:old]) {
		if err != nil {
			return err
		}
		last = d.Off
	}
	clear(area[old:])
	putRecLen(area[last:], len(area)-last)
	return nil
}
