package ondisk

import (
	"bytes"
	"encoding/binary"
	"iter"
)

// Sizes of directory entries, in bytes.
const (
	DirentHeaderSize = 8   // before the name
	DirentSizeMin    = 12  // of an entry that has a name
	NameMax          = 255 // in a name

	direntAlign    = 4
	direntHashSize = 8 // hash after a name that is encrypted and folded
)

// File types in a directory entry (EXT4_FT_...).
const (
	FileUnknown = 0 // also where the filetype feature is off
	FileRegular = 1
	FileDir     = 2
	FileChar    = 3
	FileBlk     = 4
	FileFIFO    = 5
	FileSocket  = 6
	FileSymlink = 7
	FileDirTail = 0xDE // not a file: see [DirTail]
)

// DirentHeader is a directory entry up to its name (struct ext4_dir_entry_2).
type DirentHeader struct {
	Inode    uint32 // 0 for an entry not in use
	RecLen   uint16 // from this entry to the next; see [RecLen]
	NameLen  uint8
	FileType uint8 // the high byte of the name's length, always 0, where the filetype feature is off
}

func (h *DirentHeader) fields(c *codec) {
	c.u32("inode", &h.Inode)
	c.u16("rec_len", &h.RecLen)
	c.u8("name_len", &h.NameLen)
	c.u8("file_type", &h.FileType)
}

// Decode reads the header from the start of an entry.
func (h *DirentHeader) Decode(b []byte) error { return decode(h, b, DirentHeaderSize) }

// Encode writes the header to the start of an entry.
func (h *DirentHeader) Encode(b []byte) { encode(h, b, DirentHeaderSize) }

// Describe lists the fields of the header at the start of an entry.
func (h *DirentHeader) Describe(b []byte) ([]Field, error) { return describe(h, b, DirentHeaderSize) }

// RecLen is the length in bytes that rec_len stands for in a directory area of the given size. A record of 64 KiB
// does not fit 16 bits and is stored as 65535 or 0.
func RecLen(raw uint16, area int) int {
	if area == 1<<16 && (raw == 0 || raw == 1<<16-1) {
		return area
	}
	return int(raw)
}

// rawRecLen is what is stored for a record of n bytes, 65536 at most.
func rawRecLen(n int) uint16 { return uint16(min(n, 1<<16-1)) }

// DirentSize is the size in bytes of an entry with a name of n bytes and nothing to spare.
func DirentSize(n int) int {
	return (DirentHeaderSize + n + direntAlign - 1) &^ (direntAlign - 1)
}

// Dirent is one entry of a directory area, in place.
type Dirent struct {
	Off  int    // bytes from the start of the area
	Len  int    // bytes to the next entry, or to the end of the area
	Ino  Ino    // 0 for an entry not in use
	Type uint8  // FileRegular, FileDir and so on
	Name []byte // aliases the area; of an entry not in use, whatever the record has room for
}

// DirentAt reads the entry at byte off of a directory area: a block, or one of the two areas of an inline directory. The
// entry it returns is at least 8 bytes long and ends within the area; otherwise the error is a *CorruptError. Entries
// not in use are held to no more than that, as what deleting left in them means nothing.
func DirentAt(area []byte, off int) (Dirent, error) {
	if off < 0 || off > len(area)-DirentHeaderSize {
		return Dirent{}, Corrupt("directory block", "entry at byte %d of %d, less than a header from the end", off, len(area))
	}
	b := area[off:]
	d := Dirent{
		Off:  off,
		Len:  RecLen(binary.LittleEndian.Uint16(b[4:]), len(area)),
		Ino:  Ino(binary.LittleEndian.Uint32(b)),
		Type: b[7],
	}
	name := int(b[6])
	switch {
	case d.Len < DirentHeaderSize || d.Len%direntAlign != 0 || d.Len > len(b):
		return Dirent{}, Corrupt("directory block", "entry at byte %d of %d has a record of %d bytes", off, len(area), d.Len)
	case d.Ino == 0:
		name = min(name, d.Len-DirentHeaderSize)
	case d.Len < DirentSizeMin || name > d.Len-DirentHeaderSize:
		return Dirent{}, Corrupt("directory block", "entry at byte %d for inode %d has a name of %d bytes in a record of %d",
			off, d.Ino, name, d.Len)
	}
	end := DirentHeaderSize + name
	d.Name = b[DirentHeaderSize:end:end]
	return d, nil
}

// Dirents yields the entries of a directory area in order, those not in use included, and stops after an error. An area that
// is a block with a checksum has, as its last entry, one not in use of type FileDirTail.
func Dirents(area []byte) iter.Seq2[Dirent, error] {
	return func(yield func(Dirent, error) bool) {
		for off := 0; off < len(area); {
			d, err := DirentAt(area, off)
			if !yield(d, err) || err != nil {
				return
			}
			off += d.Len
		}
	}
}

// soundDirent is the length of the record at byte off of a directory area where a glance shows that DirentAt has nothing against it: most of
// those that a search passes. 0 means that DirentAt is to be asked.
func soundDirent(area []byte, off int) int {
	if off > len(area)-DirentSizeMin {
		return 0
	}
	b := area[off:]
	n := int(binary.LittleEndian.Uint16(b[4:]))
	if n%direntAlign != 0 || n < DirentHeaderSize+int(b[6]) || n < DirentSizeMin || n > len(b) {
		return 0
	}
	return n
}

// FindDirent finds the entry for a name in a directory area; false says that the area has none.
func FindDirent(area, name []byte) (Dirent, bool, error) {
	for off := passOthers(area, 0, name); off < len(area); off = passOthers(area, off, name) {
		d, err := DirentAt(area, off)
		if err != nil {
			return Dirent{}, false, err
		}
		if d.Ino != 0 && bytes.Equal(d.Name, name) {
			return d, true, nil
		}
		off += d.Len
	}
	return Dirent{}, false, nil
}

// passOthers passes the records from byte off of a directory area on that a glance shows to be sound, as DirentAt would find them, and to have another
// name: all but a few of those that a search passes. It returns where it ended.
func passOthers(area []byte, off int, name []byte) int {
	// Names that lie together often begin alike, and end otherwise. Of one of less than eight bytes the last eight of the record begin in its header.
	k := len(name)
	end := min(k, 8)
	var tail [8]byte
	copy(tail[8-end:], name[k-end:])
	header := 64 - 8*end // bits
	want := binary.LittleEndian.Uint64(tail[:]) >> header
	for {
		n := soundDirent(area, off)
		if n == 0 {
			return off
		}
		if b := area[off:]; int(b[6]) == k && binary.LittleEndian.Uint64(b[k:])>>header == want {
			return off
		}
		off += n
	}
}

// DirentHash is the hash stored after the name of an entry in a directory both encrypted and casefolded, where
// it cannot be computed without the key (struct ext4_dir_entry_hash).
type DirentHash struct {
	Hash  uint32
	Minor uint32
}

func (h *DirentHash) fields(c *codec) {
	c.u32("hash", &h.Hash)
	c.u32("minor_hash", &h.Minor)
}

// Decode reads the hash from the first 8 bytes of b.
func (h *DirentHash) Decode(b []byte) error { return decode(h, b, direntHashSize) }

// Encode writes the hash to the first 8 bytes of b.
func (h *DirentHash) Encode(b []byte) { encode(h, b, direntHashSize) }

// Describe lists the fields of the hash encoded in b.
func (h *DirentHash) Describe(b []byte) ([]Field, error) { return describe(h, b, direntHashSize) }

// StoredHash is the hash that follows the name of an entry of area; false where the record has no room for one.
func (d Dirent) StoredHash(area []byte) (DirentHash, bool) {
	var h DirentHash
	at := DirentSize(len(d.Name))
	if at+direntHashSize > d.Len {
		return h, false
	}
	err := h.Decode(area[d.Off+at : d.Off+d.Len])
	return h, err == nil
}

// CheckName says why a name cannot be that of a directory entry; "" for a name that can. The entries "." and ".."
// pass: whoever walks or extracts a tree treats them apart.
func CheckName(name []byte) string {
	switch {
	case len(name) == 0:
		return "empty name"
	case len(name) > NameMax:
		return "name longer than 255 bytes"
	case bytes.IndexByte(name, '/') >= 0:
		return "slash in a name"
	case bytes.IndexByte(name, 0) >= 0:
		return "zero byte in a name"
	}
	return ""
}

// modeTypes pairs the file types of directory entries, as index, with those of inodes.
var modeTypes = [...]uint16{
	FileRegular: ModeRegular,
	FileDir:     ModeDir,
	FileChar:    ModeChar,
	FileBlk:     ModeBlock,
	FileFIFO:    ModeFIFO,
	FileSocket:  ModeSocket,
	FileSymlink: ModeSymlink,
}

// FileType is the type that the directory entry of an inode with this mode has; FileUnknown for a mode with none.
func FileType(mode uint16) uint8 {
	for ft, m := range modeTypes {
		if ft != FileUnknown && m == mode&ModeFmt {
			return uint8(ft)
		}
	}
	return FileUnknown
}

// ModeOfFileType is the file type, within ModeFmt, of the inode that a directory entry of this type names; 0 where the
// type says nothing.
func ModeOfFileType(ft uint8) uint16 {
	if int(ft) >= len(modeTypes) {
		return 0
	}
	return modeTypes[ft]
}
