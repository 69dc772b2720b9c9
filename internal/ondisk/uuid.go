package ondisk

import (
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"unicode/utf8"
)

// UUID identifies a file system, a journal or an encryption key (RFC 9562); its bytes are in the order in which it is written.
type UUID [16]byte

// ErrUUID says that a text is not a UUID.
var ErrUUID = errors.New("not a uuid: want 8-4-4-4-12 hexadecimal digits")

// ParseUUID reads a UUID from its usual form, 8-4-4-4-12 hexadecimal digits of either case.
func ParseUUID(s string) (u UUID, err error) {
	if len(s) != 36 {
		return UUID{}, ErrUUID
	}
	digits := make([]byte, 0, 32)
	for i := range len(s) {
		switch i {
		case 8, 13, 18, 23:
			if s[i] != '-' {
				return UUID{}, ErrUUID
			}
		default:
			digits = append(digits, s[i])
		}
	}
	if _, err := hex.Decode(u[:], digits); err != nil {
		return UUID{}, ErrUUID
	}
	return u, nil
}

// String is the usual form in lower case.
func (u UUID) String() string {
	var b [36]byte
	hex.Encode(b[0:], u[0:4])
	hex.Encode(b[9:], u[4:6])
	hex.Encode(b[14:], u[6:8])
	hex.Encode(b[19:], u[8:10])
	hex.Encode(b[24:], u[10:])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	return string(b[:])
}

// UUIDv4 makes a UUID of sixteen random bytes.
func UUIDv4(random [16]byte) UUID { return UUID(random).stamp(4) }

// UUIDv5 makes the UUID that belongs to a name within a name space: the same for the same two.
func UUIDv5(space UUID, name []byte) UUID {
	h := sha1.New()
	h.Write(space[:])
	h.Write(name)
	return UUID(h.Sum(nil)[:16]).stamp(5)
}

// stamp writes the version and the variant over their bits.
func (u UUID) stamp(version byte) UUID {
	u[6] = u[6]&0x0F | version<<4
	u[8] = u[8]&0x3F | 0x80
	return u
}

// LabelSize is the largest length of a volume name in bytes.
const LabelSize = 16

// MakeLabel pads a volume name for Super.VolumeName. One that is too long loses its end, never half
// a character, and whole is false.
func MakeLabel(name string) (label [LabelSize]byte, whole bool) {
	n := len(name)
	if n > LabelSize {
		for n = LabelSize; n > 0 && !utf8.RuneStart(name[n]); n-- {
		}
	}
	copy(label[:], name[:n])
	return label, n == len(name)
}
