package ondisk

import "encoding/binary"

const (
	xattrNameShift  = 5
	xattrValueShift = 16
	xattrBlockShift = 16
)

// XattrHash is the hash that belongs in an entry whose value is beside it in a block. In an inode's slot such
// entries have 0.
func XattrHash(name, value []byte) uint32 {
	return xattrHash(name, value, false)
}

// XattrHashSigned is the hash as kernels on machines with signed characters computed it. It differs for names with bytes
// above 127, and readers take either.
func XattrHashSigned(name, value []byte) uint32 {
	return xattrHash(name, value, true)
}

// XattrInodeHash is the hash that belongs in an entry whose value an inode holds, in a slot as in a block. valueHash
// is the value's EAValueHash.
func XattrInodeHash(name []byte, valueHash uint32) uint32 {
	var b [4]byte
	binary.LittleEndian.PutUint32(b[:], valueHash)
	return xattrHash(name, b[:], false)
}

// XattrInodeHashSigned is XattrInodeHash for names taken as signed characters.
func XattrInodeHashSigned(name []byte, valueHash uint32) uint32 {
	var b [4]byte
	binary.LittleEndian.PutUint32(b[:], valueHash)
	return xattrHash(name, b[:], true)
}

// xattrHash takes the value in words, the last one filled up with zeros.
func xattrHash(name, value []byte, signed bool) uint32 {
	h := uint32(0)
	for _, c := range name {
		h = rotl(h, xattrNameShift) ^ char(c, signed)
	}
	for len(value) >= 4 {
		h = rotl(h, xattrValueShift) ^ binary.LittleEndian.Uint32(value)
		value = value[4:]
	}
	if len(value) > 0 {
		var last [4]byte
		copy(last[:], value)
		h = rotl(h, xattrValueShift) ^ binary.LittleEndian.Uint32(last[:])
	}
	return h
}

func rotl(n uint32, k uint) uint32 { return n<<k | n>>(32-k) }

// BlockHash is the hash that belongs in the header of a block with these entries, in their order there.
func (a XattrArea) BlockHash() (uint32, error) {
	h := uint32(0)
	for x, err := range a.All() {
		if err != nil {
			return 0, err
		}
		if x.Hash == 0 {
			return 0, nil
		}
		h = rotl(h, xattrBlockShift) ^ x.Hash
	}
	return h, nil
}

// EAValueHash is the hash of a value that an inode holds; seed is the file system's.
func EAValueHash(seed uint32, value []byte) uint32 { return CRC32C(seed, value) }

// EAHash is the hash of the value, where the inode holds that of an xattr (i_atime).
func (n *Inode) EAHash() uint32 { return n.ATime }

// SetEAHash sets i_atime.
func (n *Inode) SetEAHash(h uint32) { n.ATime = h }

// EARefcount is the number of entries that share the value, where the inode holds that of an xattr (i_ctime
// and i_version).
func (n *Inode) EARefcount() uint64 { return uint64(n.CTime)<<32 | uint64(n.VersionLo) }

// SetEARefcount sets i_ctime and the low half of i_version.
func (n *Inode) SetEARefcount(count uint64) { n.VersionLo, n.CTime = split(count) }

const xattrCsumOffset = 16

// XattrBlockCsum is the checksum that belongs in the header of xattr block b, which lies in block at; seed is the file system's.
func XattrBlockCsum(seed uint32, at Block, b []byte) uint32 {
	lo, hi := split(uint64(at))
	crc := crcNumber(crcNumber(seed, lo), hi)
	crc = CRC32C(crc, b[:xattrCsumOffset])
	crc = CRC32C(crc, zeros[:4])
	return CRC32C(crc, b[xattrCsumOffset+4:])
}

// SetXattrBlockCsum writes the checksum to the header of xattr block b.
func SetXattrBlockCsum(seed uint32, at Block, b []byte) {
	binary.LittleEndian.PutUint32(b[xattrCsumOffset:], XattrBlockCsum(seed, at, b))
}

// CheckXattrBlockCsum compares the checksum of xattr block b with its content; the error is a *CorruptError.
func CheckXattrBlockCsum(seed uint32, at Block, b []byte) error {
	if len(b) < XattrHeaderSize {
		return Corrupt("xattr block", "%d bytes, less than a header", len(b))
	}
	return checkCsum("xattr block", binary.LittleEndian.Uint32(b[xattrCsumOffset:]), XattrBlockCsum(seed, at, b))
}
