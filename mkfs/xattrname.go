package mkfs

import (
	"errors"
	"slices"

	"extant/internal/ondisk"
)

// An xattrTaker turns the xattrs of files, as the system or an archive has them, into the form that ext4 keeps. It is used
// by one task.
type xattrTaker struct {
	o    *FillOptions
	list []ondisk.Xattr
}

var errXattrName = errors.New("ext4 has no such name space")

// xattrsMax is how many xattrs one file may have: more fit in no block.
const xattrsMax = 4096

// take adds the xattr of a full name. Values are copied.
func (t *xattrTaker) take(full string, value []byte) error {
	index, name, ok := ondisk.SplitXattrName(full)
	switch {
	case len(t.list) >= xattrsMax:
		return errors.New("the file has too many")
	case !ok, index == ondisk.XattrSystem, index == ondisk.XattrHurd:
		return errXattrName
	case len(name) > ondisk.NameMax:
		return errors.New("the name has more than 255 bytes")
	case index == ondisk.XattrACLAccess, index == ondisk.XattrACLDefault:
		acl, err := parseSystemACL(value)
		if err != nil {
			return err
		}
		t.takeACL(index, acl)
		return nil
	}
	t.put(ondisk.Xattr{Index: index, Name: []byte(name), Value: append([]byte(nil), value...)})
	return nil
}

// takeACL adds an ACL. An access ACL that says no more than the mode is none.
func (t *xattrTaker) takeACL(index uint8, acl []aclEntry) {
	if index == ondisk.XattrACLAccess && minimal(acl) {
		return
	}
	t.put(ondisk.Xattr{Index: index, Value: t.o.diskACL(acl)})
}

// put adds an xattr over one of the same name.
func (t *xattrTaker) put(x ondisk.Xattr) {
	for i := range t.list {
		if ondisk.CompareXattrs(t.list[i], x) == 0 {
			t.list[i] = x
			return
		}
	}
	t.list = append(t.list, x)
}

// has reports whether the file has an xattr of an index that stands for a whole name.
func (t *xattrTaker) has(index uint8) bool {
	return slices.ContainsFunc(t.list, func(x ondisk.Xattr) bool { return x.Index == index })
}

// reset starts a new file.
func (t *xattrTaker) reset() { t.list = nil }
