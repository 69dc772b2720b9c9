package ondisk

// The multiple-mount protection block: who has the file system open, and proof that he is alive.
const (
	MMPSize  = 1024
	MMPMagic = 0x004D4D50
)

// Values of MMP.Seq (mmp_seq). Whoever has the file system open counts up from 1 to MMPSeqMax and starts again.
const (
	MMPSeqClean = 0xFF4D4D50 // nobody has it open
	MMPSeqFsck  = 0xE24D4D50 // a checker is at work
	MMPSeqMax   = 0xE24D4D4F
)

// How often the owner writes the block, and how long an opener watches it, in seconds.
const (
	MMPUpdateInterval    = 5   // unless s_mmp_update_interval says otherwise
	MMPUpdateIntervalMax = 300 // largest that a super block or an MMP block may ask for
	MMPCheckIntervalMin  = 5
)

// MMP is the multiple-mount protection block (struct mmp_struct), at the block that s_mmp_block names.
type MMP struct {
	Magic         uint32
	Seq           uint32
	Time          uint64   // of the last write, seconds since 1970; for people only
	NodeName      [64]byte // of the machine that wrote last
	BdevName      [32]byte // by which it knows the device
	CheckInterval uint16   // seconds
	Pad1          uint16
	Pad2          [904]byte
	Checksum      uint32
}

func (m *MMP) fields(c *codec) {
	c.u32("mmp_magic", &m.Magic)
	c.u32("mmp_seq", &m.Seq)
	c.u64("mmp_time", &m.Time)
	c.bytes("mmp_nodename", m.NodeName[:])
	c.bytes("mmp_bdevname", m.BdevName[:])
	c.u16("mmp_check_interval", &m.CheckInterval)
	c.u16("mmp_pad1", &m.Pad1)
	c.bytes("mmp_pad2", m.Pad2[:])
	c.u32("mmp_checksum", &m.Checksum)
}

// Decode reads the block from the first MMPSize bytes of b.
func (m *MMP) Decode(b []byte) error { return decode(m, b, MMPSize) }

// Encode writes the block to the first MMPSize bytes of b.
func (m *MMP) Encode(b []byte) { encode(m, b, MMPSize) }

// Describe lists the fields of the block encoded in b.
func (m *MMP) Describe(b []byte) ([]Field, error) { return describe(m, b, MMPSize) }

// Check judges what a mount relies on. The checksum is not among it.
func (m *MMP) Check() error {
	if m.Magic != MMPMagic {
		return Corrupt("mmp block", "magic %#x, want %#x", m.Magic, MMPMagic)
	}
	return nil
}

// NextSeq is the sequence number that follows seq while the file system is open.
func NextSeq(seq uint32) uint32 {
	if seq >= MMPSeqMax {
		return 1
	}
	return seq + 1
}

// MMPCsum is the checksum that belongs in MMP block b; seed is the file system's.
func MMPCsum(seed uint32, b []byte) uint32 { return CRC32C(seed, b[:MMPSize-4]) }
