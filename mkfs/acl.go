package mkfs

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// Versions of an ACL: as system calls carry it, and as ext4 keeps it. The second has no id where the tag needs none.
const (
	aclVersionSystem = 2
	aclVersionDisk   = 1
)

// Tags of ACL entries.
const (
	aclUserObj  = 0x01
	aclUser     = 0x02
	aclGroupObj = 0x04
	aclGroup    = 0x08
	aclMask     = 0x10
	aclOther    = 0x20
)

// aclEntry is one line of an ACL.
type aclEntry struct {
	tag, perm uint16
	id        uint32 // of a user or a group
}

var errACL = errors.New("not a POSIX ACL")

// parseSystemACL reads the value of system.posix_acl_access or system.posix_acl_default.
func parseSystemACL(b []byte) ([]aclEntry, error) {
	if len(b) < 4 || binary.LittleEndian.Uint32(b) != aclVersionSystem || (len(b)-4)%8 != 0 {
		return nil, errACL
	}
	var acl []aclEntry
	for b = b[4:]; len(b) > 0; b = b[8:] {
		acl = append(acl, aclEntry{binary.LittleEndian.Uint16(b), binary.LittleEndian.Uint16(b[2:]), binary.LittleEndian.Uint32(b[4:])})
	}
	return acl, nil
}

// parseTextACL reads the form "user::rwx,user:name:r-x:1000,mask::rwx", with commas or newlines. Names are of use only where
// a number follows them or stands in their place.
func parseTextACL(b []byte) ([]aclEntry, error) {
	var acl []aclEntry
	for _, line := range bytes.FieldsFunc(b, func(r rune) bool { return r == ',' || r == '\n' }) {
		line, _, _ = bytes.Cut(line, []byte("#"))
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		e, err := parseACLLine(bytes.Split(line, []byte(":")))
		if err != nil {
			return nil, fmt.Errorf("%w in %q", err, line)
		}
		acl = append(acl, e)
	}
	if len(acl) == 0 {
		return nil, errACL
	}
	return acl, nil
}

func parseACLLine(part [][]byte) (e aclEntry, err error) {
	if len(part) == 2 && (string(part[0]) == "other" || string(part[0]) == "mask") {
		part = [][]byte{part[0], nil, part[1]}
	}
	if len(part) < 3 {
		return e, errACL
	}
	named := len(part[1]) > 0
	switch string(part[0]) {
	case "user", "u":
		e.tag = aclUserObj
	case "group", "g":
		e.tag = aclGroupObj
	case "mask", "m":
		e.tag = aclMask
	case "other", "o":
		e.tag = aclOther
	default:
		return e, errACL
	}
	if named {
		if e.tag != aclUserObj && e.tag != aclGroupObj {
			return e, errACL
		}
		e.tag <<= 1 // from the owner's tag to that of a named one
		if e.id, err = aclID(part[1:]); err != nil {
			return e, err
		}
	}
	for _, c := range part[2] {
		bit, ok := map[byte]uint16{'r': 4, 'w': 2, 'x': 1, '-': 0}[c]
		if !ok {
			return e, errACL
		}
		e.perm |= bit
	}
	return e, nil
}

// aclID finds the number of a named entry: in the fourth field, or in place of the name.
func aclID(part [][]byte) (uint32, error) {
	text := part[0]
	if len(part) > 2 && len(part[2]) > 0 {
		text = part[2]
	}
	id, err := strconv.ParseUint(string(text), 10, 32)
	if err != nil {
		return 0, errors.New("no numeric id")
	}
	return uint32(id), nil
}

// minimal reports whether an ACL says no more than permission bits do.
func minimal(acl []aclEntry) bool {
	for _, e := range acl {
		if e.tag == aclUser || e.tag == aclGroup || e.tag == aclMask {
			return false
		}
	}
	return true
}

// diskACL is the form in which ext4 keeps an ACL, with the owners that the options give.
func (o *FillOptions) diskACL(acl []aclEntry) []byte {
	slices.SortStableFunc(acl, func(a, b aclEntry) int { return cmp.Or(cmp.Compare(a.tag, b.tag), cmp.Compare(a.id, b.id)) })
	b := binary.LittleEndian.AppendUint32(nil, aclVersionDisk)
	for _, e := range acl {
		b = binary.LittleEndian.AppendUint16(b, e.tag)
		b = binary.LittleEndian.AppendUint16(b, e.perm)
		switch e.tag {
		case aclUser:
			b = binary.LittleEndian.AppendUint32(b, mapID(o.MapUID, e.id))
		case aclGroup:
			b = binary.LittleEndian.AppendUint32(b, mapID(o.MapGID, e.id))
		}
	}
	return b
}

func mapID(f func(uint32) uint32, id uint32) uint32 {
	if f == nil {
		return id
	}
	return f(id)
}
