package ondisk

// JournalSuperSize is the size of the journal's super block in bytes; it starts journal block 0.
const JournalSuperSize = 1024

// JournalUsersMax is the number of file systems that an external journal can serve.
const JournalUsersMax = 48

// JournalFastCommitDefault is the number of blocks of the fast-commit area where s_num_fc_blks is 0.
const JournalFastCommitDefault = 256

// JournalBlocksMin is the number of blocks a log needs (JBD2_MIN_JOURNAL_BLOCKS); a fast-commit area
// that would leave it fewer takes no room from it.
const JournalBlocksMin = 1024

// Checksum algorithms of a journal: JournalSuper.ChecksumType and JournalCommitBlock.ChecksumType.
const (
	JournalCRC32  = 1
	JournalMD5    = 2
	JournalSHA1   = 3
	JournalCRC32C = 4
)

// JournalSuper is the journal's super block (journal_superblock_t). In version 1 (JournalSuperV1) the fields from
// FeatureCompat on have no meaning.
type JournalSuper struct {
	Header    JournalHeader
	BlockSize uint32 // bytes
	MaxLen    uint32 // blocks of the journal, this one and the fast-commit area included
	First     uint32 // first block of the log

	Sequence uint32 // first transaction to expect in the log
	Start    uint32 // first block of the log in use; 0 where the log is empty
	Errno    uint32 // negative errno of an abort; 0 for none

	FeatureCompat   uint32
	FeatureIncompat uint32
	FeatureROCompat uint32
	UUID            [16]byte
	NrUsers         uint32
	DynSuper        uint32
	MaxTransaction  uint32 // blocks
	MaxTransData    uint32 // blocks
	ChecksumType    uint8
	Padding2        [3]byte
	NumFCBlocks     uint32 // size of the fast-commit area; see FastCommitBlocks
	Head            uint32 // where the next transaction goes; meaningful while Start is 0
	Padding         [40]uint32
	Checksum        uint32
	Users           [JournalUsersMax][16]byte
}

func (s *JournalSuper) fields(c *codec) {
	s.Header.fields(c)
	c.u32("s_blocksize", &s.BlockSize)
	c.u32("s_maxlen", &s.MaxLen)
	c.u32("s_first", &s.First)
	c.u32("s_sequence", &s.Sequence)
	c.u32("s_start", &s.Start)
	c.u32("s_errno", &s.Errno)
	c.u32("s_feature_compat", &s.FeatureCompat)
	c.u32("s_feature_incompat", &s.FeatureIncompat)
	c.u32("s_feature_ro_compat", &s.FeatureROCompat)
	c.bytes("s_uuid", s.UUID[:])
	c.u32("s_nr_users", &s.NrUsers)
	c.u32("s_dynsuper", &s.DynSuper)
	c.u32("s_max_transaction", &s.MaxTransaction)
	c.u32("s_max_trans_data", &s.MaxTransData)
	c.u8("s_checksum_type", &s.ChecksumType)
	c.bytes("s_padding2", s.Padding2[:])
	c.u32("s_num_fc_blks", &s.NumFCBlocks)
	c.u32("s_head", &s.Head)
	c.u32s("s_padding", s.Padding[:])
	c.u32("s_checksum", &s.Checksum)
	for i := range s.Users {
		name := "s_users"
		if c.mode == describing {
			name = indexed(name, i)
		}
		c.bytes(name, s.Users[i][:])
	}
}

// Decode reads the super block from the first JournalSuperSize bytes of b.
func (s *JournalSuper) Decode(b []byte) error { return decodeBig(s, b, JournalSuperSize) }

// Encode writes the super block to the first JournalSuperSize bytes of b.
func (s *JournalSuper) Encode(b []byte) { encodeBig(s, b, JournalSuperSize) }

// Describe lists the fields of the super block encoded in b.
func (s *JournalSuper) Describe(b []byte) ([]Field, error) {
	return describeBig(s, b, JournalSuperSize)
}

// Compat is the set of features a reader may ignore; version 1 has none.
func (s *JournalSuper) Compat() JournalCompat {
	if s.Header.BlockType == JournalSuperV1 {
		return 0
	}
	return JournalCompat(s.FeatureCompat)
}

// Incompat is the set of features a reader must know; version 1 has none.
func (s *JournalSuper) Incompat() JournalIncompat {
	if s.Header.BlockType == JournalSuperV1 {
		return 0
	}
	return JournalIncompat(s.FeatureIncompat)
}

// FastCommitBlocks is the number of blocks that the fast-commit area takes where the feature is on.
func (s *JournalSuper) FastCommitBlocks() uint32 {
	if s.NumFCBlocks == 0 {
		return JournalFastCommitDefault
	}
	return s.NumFCBlocks
}

// LogEnd is the block after the last one of the log: the size of the journal less the fast-commit area.
func (s *JournalSuper) LogEnd() uint32 {
	n := s.FastCommitBlocks()
	if !s.Incompat().Has(JournalIncompatFastCommit) || s.MaxLen < JournalBlocksMin || s.MaxLen-JournalBlocksMin < n {
		return s.MaxLen
	}
	return s.MaxLen - n
}

// CsumSeed is the value that the CRC-32C of every block of the log starts from.
func (s *JournalSuper) CsumSeed() uint32 { return CRC32C(^uint32(0), s.UUID[:]) }
