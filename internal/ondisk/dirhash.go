package ondisk

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// HashVersion says which function hashes the names of an indexed directory, and whether it takes bytes above 127 as
// negative numbers, which early kernels did or not as the machine's C compiler pleased.
type HashVersion uint8

// Hash versions. Indexes store one of the first three, or HashSip; FlagUnsignedHash says which of the variants is meant.
const (
	HashLegacy           HashVersion = 0
	HashHalfMD4          HashVersion = 1
	HashTEA              HashVersion = 2
	HashLegacyUnsigned   HashVersion = 3
	HashHalfMD4Unsigned  HashVersion = 4
	HashTEAUnsigned      HashVersion = 5
	HashSip              HashVersion = 6 // keyed, of names both encrypted and casefolded; stored after each name
	hashUnsignedDistance             = HashLegacyUnsigned - HashLegacy
)

var hashNames = [...]string{"legacy", "half_md4", "tea", "legacy_unsigned", "half_md4_unsigned", "tea_unsigned", "siphash"}

func (v HashVersion) String() string {
	if int(v) < len(hashNames) {
		return hashNames[v]
	}
	return fmt.Sprintf("hash version %d", uint8(v))
}

// HashVersion is the function meant by the version that the root of an index stores.
func (s *Super) HashVersion(stored uint8) HashVersion {
	v := HashVersion(stored)
	if v <= HashTEA && s.Flags&FlagUnsignedHash != 0 {
		v += hashUnsignedDistance
	}
	return v
}

// hashEOF is the hash that means the end of a directory, so no name may have it.
const hashEOF = 1<<32 - 2

// hashStart is what half-MD4 and TEA start from where s_hash_seed is all zeros.
var hashStart = [4]uint32{0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476}

// A NameHash is the hash of a name in an indexed directory.
type NameHash struct {
	Major uint32 // what the index is sorted by; even, as bit 0 there marks a run of equal hashes that goes on
	Minor uint32 // tells names of equal Major apart when a directory is read in order of hashes
}

// HashName hashes a name. seed is Super.HashSeed. In a casefolded directory the name is the folded one. A version that is
// unknown or needs a key is an *UnsupportedError.
func HashName(v HashVersion, seed [4]uint32, name []byte) (NameHash, error) {
	if seed == [4]uint32{} {
		seed = hashStart
	}
	var h NameHash
	switch v {
	case HashLegacy, HashLegacyUnsigned:
		h.Major = hashLegacy(name, v == HashLegacy)
	case HashHalfMD4, HashHalfMD4Unsigned:
		h = hashHalfMD4(seed, name, v == HashHalfMD4)
	case HashTEA, HashTEAUnsigned:
		h = hashTEA(seed, name, v == HashTEA)
	default:
		return h, &UnsupportedError{Detail: "directory index hashed with " + v.String()}
	}
	h.Major &^= 1
	if h.Major == hashEOF {
		h.Major -= 2
	}
	return h, nil
}

// char is a byte of a name as the number it counts as.
func char(c byte, signed bool) uint32 {
	if signed {
		return uint32(int32(int8(c)))
	}
	return uint32(c)
}

func hashLegacy(name []byte, signed bool) uint32 {
	h, before := uint32(0x12A3FE2D), uint32(0x37ABE8F9)
	for _, c := range name {
		next := before + (h ^ char(c, signed)*7152373)
		if next>>31 != 0 {
			next -= 1<<31 - 1
		}
		h, before = next, h
	}
	return h << 1
}

// hashWords fills words with the bytes of a name, four to a word and the first one highest, and the rest with
// its length in every byte. A signed byte above 127 borrows from the bytes before it in its word.
func hashWords(words []uint32, name []byte, signed bool) {
	pad := uint32(len(name)) | uint32(len(name))<<8
	pad |= pad << 16
	for i := range words {
		w := pad
		if len(name) >= 4 && !signed {
			w, name = binary.BigEndian.Uint32(name), name[4:]
		} else {
			k := min(4, len(name))
			for _, c := range name[:k] {
				w = w<<8 + char(c, signed)
			}
			name = name[k:]
		}
		words[i] = w
	}
}

// hashHalfMD4 runs three rounds of eight of MD4's steps over every 32 bytes of a name.
func hashHalfMD4(seed [4]uint32, name []byte, signed bool) NameHash {
	s := seed
	for len(name) > 0 {
		var in [8]uint32
		hashWords(in[:], name, signed)
		halfMD4(&s, &in)
		name = name[min(32, len(name)):]
	}
	return NameHash{Major: s[1], Minor: s[2]}
}

func halfMD4(s *[4]uint32, in *[8]uint32) {
	const (
		sqrt2 = 0x5A827999 // 2^30 times the square root of 2, as in MD4
		sqrt3 = 0x6ED9EBA1
	)
	a, b, c, d := s[0], s[1], s[2], s[3]
	for i := 0; i < 8; i += 4 {
		a = bits.RotateLeft32(a+choose(b, c, d)+in[i], 3)
		d = bits.RotateLeft32(d+choose(a, b, c)+in[i+1], 7)
		c = bits.RotateLeft32(c+choose(d, a, b)+in[i+2], 11)
		b = bits.RotateLeft32(b+choose(c, d, a)+in[i+3], 19)
	}
	for i := 1; i >= 0; i-- { // the odd words, then the even ones
		a = bits.RotateLeft32(a+majority(b, c, d)+in[i]+sqrt2, 3)
		d = bits.RotateLeft32(d+majority(a, b, c)+in[i+2]+sqrt2, 5)
		c = bits.RotateLeft32(c+majority(d, a, b)+in[i+4]+sqrt2, 9)
		b = bits.RotateLeft32(b+majority(c, d, a)+in[i+6]+sqrt2, 13)
	}
	for i := 2; i >= 0; i -= 2 { // 3 7 2 6, then 1 5 0 4
		a = bits.RotateLeft32(a+(b^c^d)+in[i+1]+sqrt3, 3)
		d = bits.RotateLeft32(d+(a^b^c)+in[i+5]+sqrt3, 9)
		c = bits.RotateLeft32(c+(d^a^b)+in[i]+sqrt3, 11)
		b = bits.RotateLeft32(b+(c^d^a)+in[i+4]+sqrt3, 15)
	}
	s[0], s[1], s[2], s[3] = s[0]+a, s[1]+b, s[2]+c, s[3]+d
}

// choose takes each bit from y where x has it set, and else from z.
func choose(x, y, z uint32) uint32 { return z ^ x&(y^z) }

// majority takes each bit that at least two of the three have.
func majority(x, y, z uint32) uint32 { return x&y | (x^y)&z }

// hashTEA runs sixteen rounds of the Tiny Encryption Algorithm over every 16 bytes of a name.
func hashTEA(seed [4]uint32, name []byte, signed bool) NameHash {
	x, y := seed[0], seed[1]
	for len(name) > 0 {
		var key [4]uint32
		hashWords(key[:], name, signed)
		v, w := tea(x, y, &key)
		x, y = x+v, y+w
		name = name[min(16, len(name)):]
	}
	return NameHash{Major: x, Minor: y}
}

func tea(x, y uint32, key *[4]uint32) (uint32, uint32) {
	const golden = 0x9E3779B9 // 2^32 divided by the golden ratio
	sum := uint32(0)
	for range 16 {
		sum += golden
		x += (y<<4 + key[0]) ^ (y + sum) ^ (y>>5 + key[1])
		y += (x<<4 + key[2]) ^ (x + sum) ^ (x>>5 + key[3])
	}
	return x, y
}
