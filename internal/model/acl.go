package model

import (
	"cmp"
	"encoding/binary"
	"slices"
	"syscall"
)

// Names of the attributes that are POSIX access control lists. Their values are in the form of the system call: a version, 2, in 4 bytes, then
// entries of a tag and a permission of 2 bytes each and an ID of 4.
const (
	ACLAccess  = "system.posix_acl_access"
	ACLDefault = "system.posix_acl_default"
)

// Tags of entries.
const (
	aclOwner    = 0x01
	aclUser     = 0x02
	aclOwning   = 0x04 // the owning group
	aclGroup    = 0x08
	aclMask     = 0x10
	aclOther    = 0x20
	aclVersion  = 2
	aclNobody   = 1<<32 - 1
	aclEntryLen = 8
)

type aclEntry struct {
	tag, perm uint16
	id        uint32
}

type acl []aclEntry

func isACL(name string) bool { return name == ACLAccess || name == ACLDefault }

// acl is a list of a node; nil where it has none.
func (n *node) acl(name string) acl {
	value, ok := n.xattrs[name]
	if !ok {
		return nil
	}
	list, _ := decodeACL([]byte(value))
	return list
}

func decodeACL(b []byte) (acl, error) {
	switch {
	case len(b) < 4:
		return nil, syscall.EINVAL
	case binary.LittleEndian.Uint32(b) != aclVersion:
		return nil, syscall.EOPNOTSUPP
	case (len(b)-4)%aclEntryLen != 0:
		return nil, syscall.EINVAL
	}
	var list acl
	for b = b[4:]; len(b) > 0; b = b[aclEntryLen:] {
		e := aclEntry{binary.LittleEndian.Uint16(b), binary.LittleEndian.Uint16(b[2:]), binary.LittleEndian.Uint32(b[4:])}
		if e.tag != aclUser && e.tag != aclGroup {
			e.id = aclNobody
		}
		list = append(list, e)
	}
	return list, nil
}

func (l acl) encode() string {
	b := binary.LittleEndian.AppendUint32(nil, aclVersion)
	for _, e := range l {
		b = binary.LittleEndian.AppendUint16(b, e.tag)
		b = binary.LittleEndian.AppendUint16(b, e.perm)
		b = binary.LittleEndian.AppendUint32(b, e.id)
	}
	return string(b)
}

// valid holds a list to the rules: one entry each of owner, owning group and others, all in order of tag, and a mask if any is
// for somebody named.
func (l acl) valid() bool {
	count := map[uint16]int{}
	for i, e := range l {
		count[e.tag]++
		if e.perm&^7 != 0 || i > 0 && l[i-1].tag > e.tag {
			return false
		}
	}
	named := count[aclUser] + count[aclGroup]
	known := count[aclOwner] + count[aclOwning] + count[aclOther] + count[aclMask] + named
	return known == len(l) && count[aclOwner] == 1 && count[aclOwning] == 1 && count[aclOther] == 1 &&
		count[aclMask] <= 1 && (named == 0 || count[aclMask] == 1)
}

func (l acl) find(tag uint16) *aclEntry {
	i := slices.IndexFunc(l, func(e aclEntry) bool { return e.tag == tag })
	if i < 0 {
		return nil
	}
	return &l[i]
}

// group is the entry that the group bits of a mode stand for.
func (l acl) group() *aclEntry {
	return cmp.Or(l.find(aclMask), l.find(aclOwning))
}

// mode is the permissions that stand for the list.
func (l acl) mode() uint32 {
	return uint32(l.find(aclOwner).perm)<<6 | uint32(l.group().perm)<<3 | uint32(l.find(aclOther).perm)
}

// minimal reports whether a mode says all that the list says.
func (l acl) minimal() bool { return len(l) == 3 }

// grants reports whether the list gives all of want to somebody who is not the owner. Of the entries for groups one must give it
// all: they do not add up.
func (l acl) grants(c Cred, n *node, want uint32) bool {
	mask := uint32(7)
	if m := l.find(aclMask); m != nil {
		mask = uint32(m.perm)
	}
	for _, e := range l {
		if e.tag == aclUser && e.id == c.UID {
			return uint32(e.perm)&mask&want == want
		}
	}
	found := false
	for _, e := range l {
		if e.tag == aclOwning && c.member(n.gid) || e.tag == aclGroup && c.member(e.id) {
			found = true
			if uint32(e.perm)&mask&want == want {
				return true
			}
		}
	}
	return !found && uint32(l.find(aclOther).perm)&want == want
}

func (f *FS) getACL(n *node, name string) ([]byte, error) {
	switch value, ok := n.xattrs[name]; {
	case f.c.NoACL || n.isLink():
		return nil, syscall.EOPNOTSUPP
	case !ok:
		return nil, errNoAttr
	default:
		return []byte(value), nil
	}
}

// mayACL says whether c may change a list of n.
func (f *FS) mayACL(c Cred, n *node) error {
	switch {
	case f.c.NoACL || n.isLink():
		return syscall.EOPNOTSUPP
	case n.flags&(Immutable|Append) != 0 || !c.owns(n):
		return syscall.EPERM
	}
	return nil
}

func (f *FS) setACL(c Cred, n *node, name string, value []byte) error {
	if len(value) == 0 {
		return f.removeACL(c, n, name)
	}
	list, err := decodeACL(value)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return f.removeACL(c, n, name)
	}
	switch err := f.mayACL(c, n); {
	case err == syscall.EOPNOTSUPP:
		return err
	case name == ACLDefault && !n.isDir():
		return syscall.EACCES
	case err != nil:
		return err
	case !list.valid():
		return syscall.EINVAL
	}
	_, had := n.xattrs[name]
	n.xattrs[name] = list.encode()
	mode := n.mode
	if name == ACLAccess {
		n.mode = mode&^modePerm | list.mode()
		if !c.keepsSetgid(n.gid) {
			n.mode &^= modeSetgid
		}
		if list.minimal() {
			delete(n.xattrs, name)
		}
	}
	if _, has := n.xattrs[name]; had || has || n.mode != mode {
		f.changed(n)
	}
	return nil
}

func (f *FS) removeACL(c Cred, n *node, name string) error {
	err := f.mayACL(c, n)
	switch {
	case err == syscall.EOPNOTSUPP:
		return err
	case name == ACLDefault && !n.isDir():
		return nil
	case err != nil:
		return err
	}
	if _, ok := n.xattrs[name]; ok {
		delete(n.xattrs, name)
		f.changed(n)
	}
	return nil
}

// chmodACL makes the access list say what the mode says.
func (f *FS) chmodACL(n *node) {
	list := n.acl(ACLAccess)
	if list == nil {
		return
	}
	list.find(aclOwner).perm = uint16(n.mode >> 6 & 7)
	list.group().perm = uint16(n.mode >> 3 & 7)
	list.find(aclOther).perm = uint16(n.mode & 7)
	n.xattrs[ACLAccess] = list.encode()
}

// inheritACL gives a new node what the default list of its directory says.
func (f *FS) inheritACL(dir, n *node) {
	list := dir.acl(ACLDefault)
	if list == nil || n.isLink() {
		return
	}
	if n.isDir() {
		n.xattrs[ACLDefault] = list.encode()
	}
	list.find(aclOwner).perm &= uint16(n.mode >> 6 & 7)
	list.group().perm &= uint16(n.mode >> 3 & 7)
	list.find(aclOther).perm &= uint16(n.mode & 7)
	n.mode = n.mode&^modePerm | list.mode()
	if !list.minimal() {
		n.xattrs[ACLAccess] = list.encode()
	}
}
