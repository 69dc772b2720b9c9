package ondisk

import "encoding/binary"

// DirTailSize is the size in bytes of the tail that ends a directory block under metadata_csum.
const DirTailSize = 12

// DirTail ends a directory block under metadata_csum, in the form of an entry not in use (struct ext4_dir_entry_tail).
type DirTail struct {
	Zero1    uint32
	RecLen   uint16 // DirTailSize
	Zero2    uint8
	FileType uint8 // FileDirTail
	Checksum uint32
}

func (t *DirTail) fields(c *codec) {
	c.u32("det_reserved_zero1", &t.Zero1)
	c.u16("det_rec_len", &t.RecLen)
	c.u8("det_reserved_zero2", &t.Zero2)
	c.u8("det_reserved_ft", &t.FileType)
	c.u32("det_checksum", &t.Checksum)
}

// Decode reads the tail from the first DirTailSize bytes of b.
func (t *DirTail) Decode(b []byte) error { return decode(t, b, DirTailSize) }

// Encode writes the tail to the first DirTailSize bytes of b.
func (t *DirTail) Encode(b []byte) { encode(t, b, DirTailSize) }

// Describe lists the fields of the tail encoded in b.
func (t *DirTail) Describe(b []byte) ([]Field, error) { return describe(t, b, DirTailSize) }

// DirTailOf is the tail of a directory block; false where the block does not end in one.
func DirTailOf(block []byte) (DirTail, bool) {
	var t DirTail
	if len(block) < DirTailSize || t.Decode(block[len(block)-DirTailSize:]) != nil {
		return t, false
	}
	return t, t.Zero1 == 0 && t.RecLen == DirTailSize && t.Zero2 == 0 && t.FileType == FileDirTail
}

// DirCsum is the checksum that belongs in the tail of a directory block; seed is the inode's.
func DirCsum(seed uint32, block []byte) uint32 { return CRC32C(seed, block[:len(block)-DirTailSize]) }

// SetDirTail writes the tail of a directory block, whose entries end where it starts.
func SetDirTail(seed uint32, block []byte) {
	t := DirTail{RecLen: DirTailSize, FileType: FileDirTail, Checksum: DirCsum(seed, block)}
	t.Encode(block[len(block)-DirTailSize:])
}

// CheckDirTail compares the tail of a directory block with its content; the error is a *CorruptError.
func CheckDirTail(seed uint32, block []byte) error {
	t, ok := DirTailOf(block)
	if !ok {
		return Corrupt("directory block", "no checksum at its end")
	}
	return checkCsum("directory block", t.Checksum, DirCsum(seed, block))
}

// DirWriter lays entries one after another into an empty directory area: a block without its tail, or an area of an inline
// directory. The last record always reaches the end of the area, so that the area is sound after every step.
type DirWriter struct {
	area []byte // without the tail
	last int    // start of the last entry
	end  int    // of the last entry's name
}

// NewDirWriter starts a directory area, which it clears; all of it but the last tail bytes (DirTailSize or 0) is for entries,
// DirentSizeMin bytes at least. The checksum of a tail is left for SetDirTail.
func NewDirWriter(area []byte, tail int) *DirWriter {
	clear(area)
	if tail > 0 {
		t := DirTail{RecLen: DirTailSize, FileType: FileDirTail}
		t.Encode(area[len(area)-DirTailSize:])
	}
	w := &DirWriter{area: area[:len(area)-tail]}
	putRecLen(w.area, len(w.area))
	return w
}

// Add appends an entry; false says that it does not fit, and changes nothing. The name has 1 to NameMax bytes.
func (w *DirWriter) Add(ino Ino, name []byte, fileType uint8) bool {
	if len(w.area)-w.end < DirentSize(len(name)) {
		return false
	}
	if w.end > 0 {
		putRecLen(w.area[w.last:], w.end-w.last)
	}
	b := w.area[w.end:]
	putDirent(b, ino, name, fileType, len(b))
	w.last, w.end = w.end, w.end+DirentSize(len(name))
	return true
}

// AddArea appends a whole area, in which entries keep their places; an empty one is nothing. The error is a *CorruptError for one
// that makes no sense or is too large, and nothing has changed then.
func (w *DirWriter) AddArea(area []byte) error {
	if len(area) == 0 {
		return nil
	}
	last := 0
	for d, err := range Dirents(area) {
		if err != nil {
			return err
		}
		last = w.end + d.Off
	}
	if len(w.area)-w.end < len(area) {
		return Corrupt("directory area", "%d bytes, with room for %d", len(area), len(w.area)-w.end)
	}
	if w.end > 0 {
		putRecLen(w.area[w.last:], w.end-w.last)
	}
	copy(w.area[w.end:], area)
	// Another area goes after this one, however little its last entry needs.
	w.last, w.end = last, w.end+len(area)
	putRecLen(w.area[last:], len(w.area)-last)
	return nil
}

// Left is the number of bytes after the last entry.
func (w *DirWriter) Left() int { return len(w.area) - w.end }

// InsertDirent adds an entry to a directory area that has others; false says that it does not fit, and changes nothing.
// The name is not there yet. tail is what NewDirWriter was given.
func InsertDirent(area []byte, tail int, ino Ino, name []byte, fileType uint8) (bool, error) {
	off, err := DirentRoom(area, tail, len(name))
	if err != nil || off < 0 {
		return false, err
	}
	return true, PutDirent(area, off, ino, name, fileType)
}

// RemoveDirent takes the entry at byte off out of a directory area: the record before it grows over it, or, where it is the
// first, it stays as one not in use. The bytes of the name are cleared. The error is a *CorruptError, and that there is no such entry.
func RemoveDirent(area []byte, off int) error {
	before := -1
	for at := 0; at < len(area); {
		d, err := DirentAt(area, at)
		if err != nil {
			return err
		}
		if at == off {
			joinDirent(area, before, d)
			return nil
		}
		before, at = at, at+d.Len
	}
	return Corrupt("directory block", "no entry starts at byte %d", off)
}

// joinDirent gives the room of d to the entry at byte before; -1 is none.
func joinDirent(area []byte, before int, d Dirent) {
	rec := area[d.Off : d.Off+d.Len]
	if before >= 0 {
		clear(rec)
		putRecLen(area[before:], d.Off+d.Len-before)
		return
	}
	raw := binary.LittleEndian.Uint16(rec[4:])
	clear(rec)
	binary.LittleEndian.PutUint16(rec[4:], raw)
}

// putDirent writes an entry with a record of n bytes and clears what the name leaves of it.
func putDirent(b []byte, ino Ino, name []byte, fileType uint8, n int) {
	h := DirentHeader{Inode: uint32(ino), RecLen: rawRecLen(n), NameLen: uint8(len(name)), FileType: fileType}
	h.Encode(b)
	clear(b[DirentHeaderSize+copy(b[DirentHeaderSize:], name) : n])
}

func putRecLen(b []byte, n int) { binary.LittleEndian.PutUint16(b[4:], rawRecLen(n)) }
