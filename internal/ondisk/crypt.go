package ondisk

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"
)

// Where the encryption context of an inode is among its xattrs, and the sizes in bytes of its two forms.
const (
	CryptContextName   = "c" // with the name index of encryption, 9
	CryptContextSizeV1 = 28
	CryptContextSizeV2 = 40
)

// CryptMode is a cipher (FSCRYPT_MODE_...).
type CryptMode uint8

var cryptModes = [...]string{
	1:  "AES-256-XTS",
	4:  "AES-256-CBC-CTS",
	5:  "AES-128-CBC-ESSIV",
	6:  "AES-128-CBC-CTS",
	7:  "SM4-XTS",
	8:  "SM4-CBC-CTS",
	9:  "Adiantum",
	10: "AES-256-HCTR2",
}

// String is the cipher's usual name; empty for an unknown one.
func (m CryptMode) String() string {
	if int(m) >= len(cryptModes) {
		return ""
	}
	return cryptModes[m]
}

// Bits of CryptContext.Flags.
const (
	CryptPadMask     = 0x03 // names are padded to 4, 8, 16 or 32 bytes
	CryptDirectKey   = 0x04
	CryptIVInoLblk64 = 0x08
	CryptIVInoLblk32 = 0x10
)

// CryptContext says how an inode is encrypted and with which key (union fscrypt_context). The first form identifies the
// key by KeyDescriptor, the second by KeyIdentifier.
type CryptContext struct {
	Version       uint8 // 1 or 2: the form
	ContentsMode  CryptMode
	FilenamesMode CryptMode
	Flags         uint8

	LogDataUnit uint8 // unit of contents encryption as a power of two of bytes; 0 for the block size; second form only
	Reserved    [3]byte

	KeyDescriptor [8]byte
	KeyIdentifier [16]byte
	Nonce         [16]byte
}

func (x *CryptContext) fields(c *codec) {
	c.u8("version", &x.Version)
	c.u8("contents_encryption_mode", (*uint8)(&x.ContentsMode))
	c.u8("filenames_encryption_mode", (*uint8)(&x.FilenamesMode))
	c.u8("flags", &x.Flags)
	if x.Version == 1 {
		c.bytes("master_key_descriptor", x.KeyDescriptor[:])
	} else {
		c.u8("log2_data_unit_size", &x.LogDataUnit)
		c.bytes("__reserved", x.Reserved[:])
		c.bytes("master_key_identifier", x.KeyIdentifier[:])
	}
	c.bytes("nonce", x.Nonce[:])
}

// Decode reads the context from the value b of its xattr.
func (x *CryptContext) Decode(b []byte) error {
	size, err := cryptContextSize(b)
	if err != nil {
		return err
	}
	*x = CryptContext{}
	return decode(x, b, size)
}

// Size is the length of the encoded context in bytes.
func (x *CryptContext) Size() int {
	if x.Version == 1 {
		return CryptContextSizeV1
	}
	return CryptContextSizeV2
}

// Encode writes the context to the first Size bytes of b.
func (x *CryptContext) Encode(b []byte) { encode(x, b, x.Size()) }

// Describe lists the fields of the context encoded in b.
func (x *CryptContext) Describe(b []byte) ([]Field, error) {
	size, err := cryptContextSize(b)
	if err != nil {
		return nil, err
	}
	*x = CryptContext{}
	return describe(x, b, size)
}

// cryptContextSize is the size that a value must have by its first byte, which is checked.
func cryptContextSize(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, ErrShort
	}
	size := 0
	switch b[0] {
	case 1:
		size = CryptContextSizeV1
	case 2:
		size = CryptContextSizeV2
	default:
		return 0, &UnsupportedError{Detail: "encryption context of an unknown version"}
	}
	if len(b) != size {
		return 0, Corrupt("encryption context", "%d bytes, want %d", len(b), size)
	}
	return size, nil
}

// Sizes in bytes of the parts of a no-key name, and the shortest that an encrypted name can be: one block of the cipher.
const (
	noKeyHash    = 8
	noKeyBytes   = 149
	CryptNameMin = 16
)

// NoKeyName is what an encrypted name is shown as to who lacks the key (struct fscrypt_nokey_name). It identifies the
// name within its directory, so that it can be looked up and removed.
type NoKeyName struct {
	Hash      uint32 // of the directory entry, where its directory has hashes; else 0
	MinorHash uint32
	Bytes     []byte            // the encrypted name, or as much of it as fits
	Rest      [sha256.Size]byte // the SHA-256 of what did not fit
	Long      bool              // whether anything did not
}

// MakeNoKeyName makes the no-key name of an encrypted name as it is in a directory block, whose bytes it aliases. An encrypted
// symlink's target is shown in the same way, with hashes of 0. False for what is too short to be encrypted.
func MakeNoKeyName(name []byte, hash, minor uint32) (NoKeyName, bool) {
	if len(name) < CryptNameMin {
		return NoKeyName{}, false
	}
	n := NoKeyName{Hash: hash, MinorHash: minor, Bytes: name}
	if len(name) > noKeyBytes {
		n.Bytes, n.Rest, n.Long = name[:noKeyBytes], sha256.Sum256(name[noKeyBytes:]), true
	}
	return n, true
}

// String is the name as the kernel shows it: unpadded base64url of hash, bytes and rest, at most 252 bytes.
func (n NoKeyName) String() string {
	var buf [noKeyHash + noKeyBytes + sha256.Size]byte
	binary.LittleEndian.PutUint32(buf[0:], n.Hash)
	binary.LittleEndian.PutUint32(buf[4:], n.MinorHash)
	b := append(buf[:noKeyHash], n.Bytes...)
	if n.Long {
		b = append(b, n.Rest[:]...)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// ParseNoKeyName reads back what String gives; false for a text that it never gives.
func ParseNoKeyName(s string) (NoKeyName, bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(b) <= noKeyHash || strings.ContainsAny(s, "\r\n") { // which the decoder skips
		return NoKeyName{}, false
	}
	n := NoKeyName{Hash: binary.LittleEndian.Uint32(b[0:]), MinorHash: binary.LittleEndian.Uint32(b[4:])}
	n.Bytes = b[noKeyHash:]
	switch {
	case len(n.Bytes) <= noKeyBytes:
	case len(n.Bytes) == noKeyBytes+sha256.Size:
		n.Long = true
		copy(n.Rest[:], n.Bytes[noKeyBytes:])
		n.Bytes = n.Bytes[:noKeyBytes]
	default:
		return NoKeyName{}, false
	}
	return n, true
}

// Matches reports whether n is shown for the encrypted name of a directory entry.
func (n NoKeyName) Matches(name []byte) bool {
	if !n.Long {
		return bytes.Equal(n.Bytes, name)
	}
	return len(name) > noKeyBytes && bytes.Equal(n.Bytes, name[:noKeyBytes]) &&
		n.Rest == sha256.Sum256(name[noKeyBytes:])
}

// CryptSymlink is the encrypted target within b, the contents of an encrypted symlink (struct fscrypt_symlink_data).
func CryptSymlink(b []byte) ([]byte, error) {
	if len(b) < 2 {
		return nil, ErrShort
	}
	n := int(binary.LittleEndian.Uint16(b))
	if n < CryptNameMin || n > len(b)-2 {
		return nil, Corrupt("encrypted symlink", "target of %d bytes in %d", n, len(b)-2)
	}
	return b[2 : 2+n], nil
}
