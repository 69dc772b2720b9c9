package ondisk

import "strings"

// JournalMagic starts every block of the log that is not data (JBD2_MAGIC_NUMBER). A data block that
// happens to start with it is escaped: its first four bytes are zero in the log.
const JournalMagic = 0xC03B3998

// JournalHeaderSize is the size of a JournalHeader in bytes.
const JournalHeaderSize = 12

// Kinds of journal block in JournalHeader.BlockType (h_blocktype).
const (
	JournalDescriptor = 1 // says where the data blocks after it belong
	JournalCommit     = 2 // ends a transaction
	JournalSuperV1    = 3
	JournalSuperV2    = 4
	JournalRevoke     = 5 // lists blocks whose older copies in the log are dead
)

// JournalHeader starts every block of the journal but data (journal_header_t).
type JournalHeader struct {
	Magic     uint32
	BlockType uint32
	Sequence  uint32 // transaction
}

func (h *JournalHeader) fields(c *codec) {
	c.u32("h_magic", &h.Magic)
	c.u32("h_blocktype", &h.BlockType)
	c.u32("h_sequence", &h.Sequence)
}

// Decode reads the header from the first JournalHeaderSize bytes of b.
func (h *JournalHeader) Decode(b []byte) error { return decodeBig(h, b, JournalHeaderSize) }

// Encode writes the header to the first JournalHeaderSize bytes of b.
func (h *JournalHeader) Encode(b []byte) { encodeBig(h, b, JournalHeaderSize) }

// Describe lists the fields of the header encoded in b.
func (h *JournalHeader) Describe(b []byte) ([]Field, error) {
	return describeBig(h, b, JournalHeaderSize)
}

// JournalCompat is a set of journal features that a reader may ignore (the journal's s_feature_compat).
type JournalCompat uint32

// JournalIncompat is a set of journal features without which the log may not be read (the journal's
// s_feature_incompat). It decides the layout of tags and revoke records.
type JournalIncompat uint32

// Journal features.
const (
	JournalCompatChecksum JournalCompat = 0x01 // commit blocks sum their transaction with a CRC-32

	JournalIncompatRevoke      JournalIncompat = 0x01
	JournalIncompat64Bit       JournalIncompat = 0x02
	JournalIncompatAsyncCommit JournalIncompat = 0x04 // a commit block may be older on disk than its transaction
	JournalIncompatCsumV2      JournalIncompat = 0x08
	JournalIncompatCsumV3      JournalIncompat = 0x10
	JournalIncompatFastCommit  JournalIncompat = 0x20

	// JournalIncompatKnown is every feature the format defines.
	JournalIncompatKnown = JournalIncompatRevoke | JournalIncompat64Bit | JournalIncompatAsyncCommit |
		JournalIncompatCsumV2 | JournalIncompatCsumV3 | JournalIncompatFastCommit
)

// JournalCompatNames and JournalIncompatNames name every known bit as dumpe2fs does.
var (
	JournalCompatNames = []FeatureName{
		{0x01, "journal_checksum"},
	}
	JournalIncompatNames = []FeatureName{
		{0x01, "journal_incompat_revoke"},
		{0x02, "journal_64bit"},
		{0x04, "journal_async_commit"},
		{0x08, "journal_checksum_v2"},
		{0x10, "journal_checksum_v3"},
		{0x20, "fast_commit"},
	}
)

// Names lists the names of the set features; an unknown one is named by its bit, as in FEATURE_C31.
func (f JournalCompat) Names() []string { return names(uint32(f), JournalCompatNames, 'C') }

// Names lists the names of the set features; an unknown one is named by its bit, as in FEATURE_I31.
func (f JournalIncompat) Names() []string { return names(uint32(f), JournalIncompatNames, 'I') }

func (f JournalCompat) String() string   { return strings.Join(f.Names(), ",") }
func (f JournalIncompat) String() string { return strings.Join(f.Names(), ",") }

// Has reports whether all the given features are set.
func (f JournalIncompat) Has(g JournalIncompat) bool { return f&g == g }

// Sums reports whether every block of the log carries a CRC-32C: checksum version 2 or 3.
func (f JournalIncompat) Sums() bool { return f&(JournalIncompatCsumV2|JournalIncompatCsumV3) != 0 }

// tailSize is the number of bytes at the end of descriptor and revoke blocks that hold their checksum.
func (f JournalIncompat) tailSize() int {
	if f.Sums() {
		return 4
	}
	return 0
}
