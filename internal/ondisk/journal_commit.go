package ondisk

// JournalCommitSize is the size in bytes of what is defined of a commit block.
const JournalCommitSize = 60

// JournalCommitBlock ends a transaction (struct commit_header).
type JournalCommitBlock struct {
	Header       JournalHeader
	ChecksumType uint8 // JournalCRC32 with the compat feature checksum, else 0
	ChecksumSize uint8 // bytes
	Padding      [2]byte
	Checksum     [8]uint32 // the first word: of the transaction (compat checksum) or of this block (versions 2 and 3)
	Sec          uint64    // time of the commit, since 1970
	Nsec         uint32
}

func (k *JournalCommitBlock) fields(c *codec) {
	k.Header.fields(c)
	c.u8("h_chksum_type", &k.ChecksumType)
	c.u8("h_chksum_size", &k.ChecksumSize)
	c.bytes("h_padding", k.Padding[:])
	c.u32s("h_chksum", k.Checksum[:])
	c.u64("h_commit_sec", &k.Sec)
	c.u32("h_commit_nsec", &k.Nsec)
}

// Decode reads the commit block from the first JournalCommitSize bytes of b.
func (k *JournalCommitBlock) Decode(b []byte) error { return decodeBig(k, b, JournalCommitSize) }

// Encode writes the commit block to the first JournalCommitSize bytes of b.
func (k *JournalCommitBlock) Encode(b []byte) { encodeBig(k, b, JournalCommitSize) }

// Describe lists the fields of the commit block encoded in b.
func (k *JournalCommitBlock) Describe(b []byte) ([]Field, error) {
	return describeBig(k, b, JournalCommitSize)
}

// SumsTransaction reports whether the block is right about a transaction whose CRC-32 is sum, under the compat feature
// checksum. A block without any checksum is right about every transaction.
func (k *JournalCommitBlock) SumsTransaction(sum uint32) bool {
	if k.ChecksumType == 0 && k.ChecksumSize == 0 && k.Checksum[0] == 0 {
		return true
	}
	return k.ChecksumType == JournalCRC32 && k.ChecksumSize == 4 && k.Checksum[0] == sum
}
