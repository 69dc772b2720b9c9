package ondisk

import (
	"cmp"
	"slices"
	"strings"
)

// Sizes of the structures that hold xattrs, in bytes, and their limits.
const (
	XattrBodyHeaderSize = 4  // before the entries in an inode's slot
	XattrHeaderSize     = 32 // before the entries in a block
	XattrEntrySize      = 16 // before the name
	XattrMagic          = 0xEA020000
	XattrSizeMax        = 1 << 24 // of a value (EXT4_XATTR_SIZE_MAX); Linux lets nobody see more than 64 KiB
	XattrRefcountMax    = 1024    // inodes that share a block

	xattrEnd = 4 // zero bytes after the last entry
)

// Name indexes (e_name_index), which stand for the first part of an xattr's name.
const (
	XattrUser            = 1
	XattrACLAccess       = 2
	XattrACLDefault      = 3
	XattrTrusted         = 4
	XattrLustre          = 5
	XattrSecurity        = 6
	XattrSystem          = 7
	XattrRichACL         = 8
	XattrEncryption      = 9 // hidden: "c" holds the context
	XattrHurd            = 10
	XattrEncryptionName  = "c"
	XattrInlineDataName  = "data" // with index XattrSystem; hidden as well
	xattrInlineEntrySize = XattrEntrySize + 4
)

// xattrPrefixes are the first parts of names. One that does not end in a dot is the whole name.
var xattrPrefixes = [...]string{
	XattrUser:       "user.",
	XattrACLAccess:  "system.posix_acl_access",
	XattrACLDefault: "system.posix_acl_default",
	XattrTrusted:    "trusted.",
	XattrLustre:     "lustre.",
	XattrSecurity:   "security.",
	XattrSystem:     "system.",
	XattrRichACL:    "system.richacl",
	XattrHurd:       "gnu.",
}

// SplitXattrName takes a name as system calls use it apart; false where the format has no index for it.
func SplitXattrName(full string) (index uint8, name string, ok bool) {
	for i, p := range xattrPrefixes {
		whole := p != "" && !strings.HasSuffix(p, ".")
		if whole && full == p {
			return uint8(i), "", true
		}
	}
	for i, p := range xattrPrefixes {
		if rest, found := strings.CutPrefix(full, p); found && strings.HasSuffix(p, ".") && rest != "" {
			return uint8(i), rest, true
		}
	}
	return 0, "", false
}

// JoinXattrName is the name as system calls use it; false where there is none, as for the context of an encrypted file, for
// inline data, and for indexes that are unknown.
func JoinXattrName(index uint8, name []byte) (string, bool) {
	if int(index) >= len(xattrPrefixes) || xattrPrefixes[index] == "" {
		return "", false
	}
	p := xattrPrefixes[index]
	switch whole := !strings.HasSuffix(p, "."); {
	case whole != (len(name) == 0):
		return "", false
	case index == XattrSystem && string(name) == XattrInlineDataName:
		return "", false
	}
	return p + string(name), true
}

// XattrHeader opens a block of xattrs (struct ext4_xattr_header).
type XattrHeader struct {
	Magic    uint32
	Refcount uint32 // inodes that share the block
	Blocks   uint32 // always 1
	Hash     uint32 // over the hashes of all entries; 0 where one of them is 0, and the block not for sharing
	Checksum uint32
	Reserved [3]uint32
}

func (h *XattrHeader) fields(c *codec) {
	c.u32("h_magic", &h.Magic)
	c.u32("h_refcount", &h.Refcount)
	c.u32("h_blocks", &h.Blocks)
	c.u32("h_hash", &h.Hash)
	c.u32("h_checksum", &h.Checksum)
	c.u32s("h_reserved", h.Reserved[:])
}

// Decode reads the header from the start of a block.
func (h *XattrHeader) Decode(b []byte) error { return decode(h, b, XattrHeaderSize) }

// Encode writes the header to the start of a block.
func (h *XattrHeader) Encode(b []byte) { encode(h, b, XattrHeaderSize) }

// Describe lists the fields of the header at the start of a block.
func (h *XattrHeader) Describe(b []byte) ([]Field, error) { return describe(h, b, XattrHeaderSize) }

// XattrEntry is an entry up to its name (struct ext4_xattr_entry).
type XattrEntry struct {
	NameLen   uint8
	NameIndex uint8
	ValueOffs uint16 // from the first entry in an inode, from its start in a block
	ValueInum uint32 // inode that holds the value; 0 where the value is beside the entry
	ValueSize uint32
	Hash      uint32
}

func (e *XattrEntry) fields(c *codec) {
	c.u8("e_name_len", &e.NameLen)
	c.u8("e_name_index", &e.NameIndex)
	c.u16("e_value_offs", &e.ValueOffs)
	c.u32("e_value_inum", &e.ValueInum)
	c.u32("e_value_size", &e.ValueSize)
	c.u32("e_hash", &e.Hash)
}

// Decode reads the entry from the first XattrEntrySize bytes of b.
func (e *XattrEntry) Decode(b []byte) error { return decode(e, b, XattrEntrySize) }

// Encode writes the entry to the first XattrEntrySize bytes of b.
func (e *XattrEntry) Encode(b []byte) { encode(e, b, XattrEntrySize) }

// Describe lists the fields of the entry encoded in b.
func (e *XattrEntry) Describe(b []byte) ([]Field, error) { return describe(e, b, XattrEntrySize) }

// Xattr is one extended attribute as an area holds it.
type Xattr struct {
	Index    uint8  // XattrUser and so on
	Name     []byte // without the part that Index stands for
	Value    []byte // nil where ValueIno holds it
	ValueIno Ino    // 0 where Value holds it
	Size     uint32 // of the value in bytes, wherever it is
	Hash     uint32 // as stored
}

// Is reports whether the xattr has this name.
func (x *Xattr) Is(index uint8, name string) bool { return x.Index == index && string(x.Name) == name }

// CompareXattrs orders xattrs by name as the entries of a block are.
func CompareXattrs(a, b Xattr) int {
	return cmp.Or(cmp.Compare(a.Index, b.Index), cmp.Compare(len(a.Name), len(b.Name)), slices.Compare(a.Name, b.Name))
}
