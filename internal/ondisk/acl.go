package ondisk

import (
	"slices"
	"syscall"
)

// Tags of ACLEntry (e_tag), in the order in which an access control list has them.
const (
	ACLUserObj  = 0x01 // the owner
	ACLUser     = 0x02 // the user ID
	ACLGroupObj = 0x04 // the owning group
	ACLGroup    = 0x08 // the group ID
	ACLMask     = 0x10 // most that ACLUser, ACLGroupObj and ACLGroup grant
	ACLOther    = 0x20
)

const (
	aclVersionDisk  = 1 // EXT4_ACL_VERSION
	aclVersionXattr = 2 // POSIX_ACL_XATTR_VERSION
	aclNoID         = 1<<32 - 1
	aclHeaderSize   = 4
	aclEntryShort   = 4
	aclEntryLong    = 8
)

// ACLEntry is one entry of a POSIX access control list.
type ACLEntry struct {
	Tag  uint16
	Perm uint16 // bits as in a mode: 4 read, 2 write, 1 execute
	ID   uint32 // of ACLUser and ACLGroup; else not there on disk, and -1 in system calls
}

// named reports whether the entry is for a user or a group with an ID.
func (e *ACLEntry) named() bool { return e.Tag == ACLUser || e.Tag == ACLGroup }

// An aclForm is the list as one of two encodings has it: with all IDs, or only with those that mean something.
type aclForm struct {
	version uint32
	long    bool
	list    []ACLEntry
}

func (f *aclForm) fields(c *codec) {
	c.u32("a_version", &f.version)
	for i := 0; c.left() >= aclEntryShort; i++ {
		if i == len(f.list) {
			f.list = append(f.list, ACLEntry{ID: aclNoID})
		}
		e := &f.list[i]
		c.u16("e_tag", &e.Tag)
		c.u16("e_perm", &e.Perm)
		if (f.long || e.named()) && c.left() >= 4 {
			c.u32("e_id", &e.ID)
		}
	}
}

// ACL is a POSIX access control list.
type ACL []ACLEntry

// DecodeACL reads the list as an xattr's value on disk holds it, and checks it. The error is a *CorruptError.
func DecodeACL(b []byte) (ACL, error) {
	var f aclForm
	if err := decode(&f, b, aclHeaderSize); err != nil {
		return nil, Corrupt("access control list", "%d bytes, less than a header", len(b))
	}
	a := ACL(f.list)
	switch why := a.fault(); {
	case f.version != aclVersionDisk:
		return nil, Corrupt("access control list", "version %d, not %d", f.version, aclVersionDisk)
	case len(b) != a.size():
		return nil, Corrupt("access control list", "%d bytes, but its entries take %d", len(b), a.size())
	case why != "":
		return nil, Corrupt("access control list", "%s", why)
	}
	return a, nil
}

// DecodeXattrACL reads the list as the value that system calls take and give, and checks it. The error is
// EOPNOTSUPP for another version, as from the kernel, and EINVAL for anything else that is wrong.
func DecodeXattrACL(b []byte) (ACL, error) {
	f := aclForm{long: true}
	if decode(&f, b, aclHeaderSize) != nil {
		return nil, syscall.EINVAL
	}
	if f.version != aclVersionXattr {
		return nil, syscall.EOPNOTSUPP
	}
	if a := ACL(f.list); (len(b)-aclHeaderSize)%aclEntryLong == 0 && a.fault() == "" {
		return a.withoutIDs(), nil
	}
	return nil, syscall.EINVAL
}

// withoutIDs makes the IDs that mean nothing all alike.
func (a ACL) withoutIDs() ACL {
	for i := range a {
		if !a[i].named() {
			a[i].ID = aclNoID
		}
	}
	return a
}

// Encode is the value that goes on disk.
func (a ACL) Encode() []byte {
	f := aclForm{version: aclVersionDisk, list: a}
	b := make([]byte, a.size())
	encode(&f, b, aclHeaderSize)
	return b
}

// EncodeXattr is the value that system calls take and give.
func (a ACL) EncodeXattr() []byte {
	f := aclForm{version: aclVersionXattr, long: true, list: slices.Clone(a).withoutIDs()}
	b := make([]byte, aclHeaderSize+len(a)*aclEntryLong)
	encode(&f, b, aclHeaderSize)
	return b
}

// size is the number of bytes that the list takes on disk.
func (a ACL) size() int {
	n := aclHeaderSize
	for i := range a {
		if a[i].named() {
			n += aclEntryLong - aclEntryShort
		}
		n += aclEntryShort
	}
	return n
}

// fault says why the list grants nothing that makes sense; "" for a list that does, or is empty. Owner, owning group and others
// are there once, in the order of their tags and with the named ones between them, and with a mask where there are named ones.
func (a ACL) fault() string {
	seen, last := 0, 0
	for i := range a {
		tag := int(a[i].Tag)
		switch {
		case tag == 0 || tag&(tag-1) != 0 || tag > ACLOther:
			return "an entry has an unknown tag"
		case a[i].Perm > 7:
			return "an entry grants unknown permissions"
		case tag < last || tag == last && !a[i].named():
			return "entries are out of order"
		case a[i].named() && a[i].ID == aclNoID:
			return "an entry names nobody"
		}
		seen, last = seen|tag, tag
	}
	const all, named = ACLUserObj | ACLGroupObj | ACLOther, ACLUser | ACLGroup
	switch {
	case len(a) > 0 && seen&all != all:
		return "owner, owning group or others have no entry"
	case seen&named != 0 && seen&ACLMask == 0:
		return "entries for users or groups without a mask"
	}
	return ""
}
