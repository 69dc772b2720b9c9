package main

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// Tags of entries of a POSIX ACL in the form of the system call (struct posix_acl_xattr_entry).
const (
	aclUserObj  = 0x01
	aclUser     = 0x02
	aclGroupObj = 0x04
	aclGroup    = 0x08
	aclMask     = 0x10
	aclOther    = 0x20
)

const (
	aclVersion   = 2 // POSIX_ACL_XATTR_VERSION
	aclHeader    = 4 // bytes
	aclEntrySize = 8 // bytes
)

var aclTags = map[uint16]string{
	aclUserObj: "user:", aclUser: "user:%d", aclGroupObj: "group:", aclGroup: "group:%d", aclMask: "mask:", aclOther: "other:",
}

// aclText is an ACL in the short form of getfacl; false where b is none.
func aclText(b []byte) (string, bool) {
	if len(b) < aclHeader || (len(b)-aclHeader)%aclEntrySize != 0 || binary.LittleEndian.Uint32(b) != aclVersion {
		return "", false
	}
	var words []string
	for e := b[aclHeader:]; len(e) > 0; e = e[aclEntrySize:] {
		tag, ok := aclTags[binary.LittleEndian.Uint16(e)]
		if !ok {
			return "", false
		}
		if strings.Contains(tag, "%") {
			tag = fmt.Sprintf(tag, binary.LittleEndian.Uint32(e[4:]))
		}
		words = append(words, tag+":"+modeText(binary.LittleEndian.Uint16(e[2:]) & 7)[7:])
	}
	return strings.Join(words, ","), true
}
