package ondisk

// QuotaKind says whose use of space a quota file records.
type QuotaKind uint8

// The kinds of quota file, in the order of the super block's features.
const (
	QuotaUser QuotaKind = iota
	QuotaGroup
	QuotaProject
)

func (k QuotaKind) String() string {
	return [...]string{"user", "group", "project"}[k]
}

// Magic is the number that opens a quota file of the kind (dqh_magic).
func (k QuotaKind) Magic() uint32 {
	return [...]uint32{0xD9C01F11, 0xD9C01927, 0xD9C03F14}[k]
}

// QuotaVersion is dqh_version of the format with 64-bit numbers, "vfsv1", which is the only one ext4 keeps in hidden files.
const QuotaVersion = 1

// Sizes and places in a quota file in bytes, and in its own blocks, whose size is fixed.
const (
	QuotaBlockSize   = 1 << 10
	QuotaHeaderSize  = 32 // QuotaHeader, in block 0
	QuotaTreeRoot    = 1  // number of the tree's root block
	quotaLeafHeader  = 16
	QuotaEntrySize   = 72
	quotaLeafEntries = (QuotaBlockSize - quotaLeafHeader) / QuotaEntrySize
)

// QuotaGrace is how long a soft limit may be passed, in seconds, unless an administrator says otherwise: a week.
const QuotaGrace = 7 * 24 * 60 * 60

// QuotaHeader opens a quota file (struct v2_disk_dqheader and struct v2_disk_dqinfo after it).
type QuotaHeader struct {
	Magic      uint32
	Version    uint32
	BlockGrace uint32 // seconds that a soft limit of space may be passed
	InodeGrace uint32 // and one of inodes
	Flags      uint32
	Blocks     uint32 // of the file, in QuotaBlockSize
	FreeBlock  uint32 // first of the list of free blocks; 0 for none
	FreeEntry  uint32 // first of the list of leaves with room; 0 for none
}

func (h *QuotaHeader) fields(c *codec) {
	c.u32("dqh_magic", &h.Magic)
	c.u32("dqh_version", &h.Version)
	c.u32("dqi_bgrace", &h.BlockGrace)
	c.u32("dqi_igrace", &h.InodeGrace)
	c.u32("dqi_flags", &h.Flags)
	c.u32("dqi_blocks", &h.Blocks)
	c.u32("dqi_free_blk", &h.FreeBlock)
	c.u32("dqi_free_entry", &h.FreeEntry)
}

// Decode reads the header from the first QuotaHeaderSize bytes of b.
func (h *QuotaHeader) Decode(b []byte) error { return decode(h, b, QuotaHeaderSize) }

// Encode writes the header to the first QuotaHeaderSize bytes of b.
func (h *QuotaHeader) Encode(b []byte) { encode(h, b, QuotaHeaderSize) }

// Describe lists the fields of the header encoded in b.
func (h *QuotaHeader) Describe(b []byte) ([]Field, error) { return describe(h, b, QuotaHeaderSize) }

// Check judges what a reader of the tree relies on.
func (h *QuotaHeader) Check(kind QuotaKind) error {
	if h.Magic != kind.Magic() {
		return Corrupt("quota file", "%s magic %#x, want %#x", kind, h.Magic, kind.Magic())
	}
	if h.Version != QuotaVersion {
		return &UnsupportedError{Detail: "quota file of another version than vfsv1"}
	}
	if h.Blocks <= QuotaTreeRoot {
		return Corrupt("quota file", "%d blocks leave no room for a tree", h.Blocks)
	}
	return nil
}

// QuotaLeaf opens a block of entries of a quota file (struct qt_disk_dqdbheader).
type QuotaLeaf struct {
	NextFree uint32 // list of leaves with room, or of free blocks
	PrevFree uint32
	Entries  uint16 // in use
	Pad1     uint16
	Pad2     uint32
}

func (l *QuotaLeaf) fields(c *codec) {
	c.u32("dqdh_next_free", &l.NextFree)
	c.u32("dqdh_prev_free", &l.PrevFree)
	c.u16("dqdh_entries", &l.Entries)
	c.u16("dqdh_pad1", &l.Pad1)
	c.u32("dqdh_pad2", &l.Pad2)
}

// Decode reads the leaf's header from the start of b.
func (l *QuotaLeaf) Decode(b []byte) error { return decode(l, b, quotaLeafHeader) }

// Encode writes the leaf's header to the start of b.
func (l *QuotaLeaf) Encode(b []byte) { encode(l, b, quotaLeafHeader) }

// Describe lists the fields of the leaf's header encoded in b.
func (l *QuotaLeaf) Describe(b []byte) ([]Field, error) { return describe(l, b, quotaLeafHeader) }

// QuotaEntry is what one user, group or project uses and may use (struct v2r1_disk_dqblk). A limit of 0 is none.
type QuotaEntry struct {
	ID         uint32
	Pad        uint32
	InodesHard uint64
	InodesSoft uint64
	Inodes     uint64 // in use
	BlocksHard uint64 // KiB
	BlocksSoft uint64 // KiB
	Space      uint64 // in use, bytes
	BlockTime  uint64 // when the grace for space ends, seconds since 1970; 0 while below the soft limit
	InodeTime  uint64 // and that for inodes
}

func (e *QuotaEntry) fields(c *codec) {
	c.u32("dqb_id", &e.ID)
	c.u32("dqb_pad", &e.Pad)
	c.u64("dqb_ihardlimit", &e.InodesHard)
	c.u64("dqb_isoftlimit", &e.InodesSoft)
	c.u64("dqb_curinodes", &e.Inodes)
	c.u64("dqb_bhardlimit", &e.BlocksHard)
	c.u64("dqb_bsoftlimit", &e.BlocksSoft)
	c.u64("dqb_curspace", &e.Space)
	c.u64("dqb_btime", &e.BlockTime)
	c.u64("dqb_itime", &e.InodeTime)
}

// Decode reads the entry from the first QuotaEntrySize bytes of b.
func (e *QuotaEntry) Decode(b []byte) error { return decode(e, b, QuotaEntrySize) }

// Encode writes the entry to the first QuotaEntrySize bytes of b.
func (e *QuotaEntry) Encode(b []byte) { encode(e, b, QuotaEntrySize) }

// Describe lists the fields of the entry encoded in b.
func (e *QuotaEntry) Describe(b []byte) ([]Field, error) { return describe(e, b, QuotaEntrySize) }

// An entry of zeros is an empty slot. The entry of id 0 that uses nothing and has no limit would look like
// one, so on disk it has InodeTime 1, which means nothing else.
var quotaZeroID = QuotaEntry{InodeTime: 1}

// stored is the entry as the disk has it.
func (e QuotaEntry) stored() QuotaEntry {
	if e == (QuotaEntry{}) {
		return quotaZeroID
	}
	return e
}

// meant is the entry that a stored one stands for.
func (e QuotaEntry) meant() QuotaEntry {
	if e == quotaZeroID {
		return QuotaEntry{}
	}
	return e
}
