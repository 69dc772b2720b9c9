package mkfs

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
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

// parseTextACL reads the form "user::rwx,user:name:r-x:1000,mask::rwx", with commas or newlines. A name counts where no number
// follows it.
func (o *FillOptions) parseTextACL(b []byte) ([]aclEntry, error) {
	var acl []aclEntry
	for _, line := range bytes.FieldsFunc(b, func(r rune) bool { return r == ',' || r == '\n' }) {
		line, _, _ = bytes.Cut(line, []byte("#"))
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		e, err := o.parseACLLine(strings.Split(string(line), ":"))
		if err != nil {
			return nil, fmt.Errorf("%w: %.64q", err, line)
		}
		acl = append(acl, e)
	}
	if len(acl) == 0 || len(acl) > aclMax {
		return nil, errACL
	}
	return acl, nil
}

// aclMax is more entries than an xattr of the system can carry.
const aclMax = 8192

// aclTags are the tags by the words for them.
var aclTags = map[string]uint16{
	"user": aclUserObj, "group": aclGroupObj, "mask": aclMask, "other": aclOther,
	"u": aclUserObj, "g": aclGroupObj, "m": aclMask, "o": aclOther,
}

func (o *FillOptions) parseACLLine(part []string) (e aclEntry, err error) {
	e.tag = aclTags[part[0]]
	if len(part) == 2 && (e.tag == aclMask || e.tag == aclOther) {
		part = []string{part[0], "", part[1]}
	}
	if len(part) < 3 || e.tag == 0 {
		return e, errACL
	}
	if part[1] != "" {
		if e.tag != aclUserObj && e.tag != aclGroupObj {
			return e, errACL
		}
		e.tag <<= 1 // from the owner's tag to that of a named one
		if e.id, err = o.aclID(e.tag, part[1:]); err != nil {
			return e, err
		}
	}
	for _, c := range part[2] {
		bit := strings.IndexRune("xwr", c)
		if bit < 0 && c != '-' {
			return e, errACL
		}
		if bit >= 0 {
			e.perm |= 1 << bit
		}
	}
	return e, nil
}

// aclID finds the number of a named entry: in the fourth field, in place of the name, or by looking it up.
func (o *FillOptions) aclID(tag uint16, part []string) (uint32, error) {
	texts := part[:1]
	if len(part) > 2 {
		texts = []string{part[2], part[0]}
	}
	for _, text := range texts {
		if id, err := strconv.ParseUint(text, 10, 32); err == nil {
			return uint32(id), nil
		}
	}
	lookup := o.LookupUser
	if tag == aclGroup {
		lookup = o.LookupGroup
	}
	if lookup != nil {
		if id, ok := lookup(part[0]); ok {
			return id, nil
		}
	}
	return 0, errors.New("nobody knows the number of a name")
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
