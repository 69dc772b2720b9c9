package fsck

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"extant/internal/ondisk"
)

// Place says where a finding is. What is zero does not apply, but for a group or a file block next to other things.
type Place struct {
	Group  ondisk.Group
	Ino    ondisk.Ino       // whose it is; of an entry, the directory
	Block  ondisk.Block     // on the device
	File   ondisk.FileBlock // within the file
	Offset int              // bytes from the start of the block, the slot or the area
	Name   string           // of an entry or xattr
}

func (p Place) String() string {
	var parts []string
	add := func(on bool, format string, v any) {
		if on {
			parts = append(parts, fmt.Sprintf(format, v))
		}
	}
	add(p.Ino != 0, "inode %d", p.Ino)
	add(p.Ino == 0 && p.Block == 0, "group %d", p.Group)
	add(p.Block != 0, "block %d", p.Block)
	add(p.File != 0, "file block %d", p.File)
	add(p.Offset != 0, "byte %d", p.Offset)
	add(p.Name != "", "%q", p.Name)
	return strings.Join(parts, ", ")
}

// Proposal is what a repair would do about a finding.
type Proposal struct {
	Action Action
	Want   uint64 // the right number, or the flags in question, where there is one
}

// Finding is one thing that is wrong.
type Finding struct {
	Code     Code
	Severity Severity
	Place    Place
	Detail   string // what is wrong, with the numbers
	Bytes    []byte // the bytes that show it, bytesMax of them at most; nil where the detail says all
	Repair   Proposal

	rank rank
}

// bytesMax is the largest number of bytes kept with a finding.
const bytesMax = 64

func (f Finding) String() string {
	return fmt.Sprintf("%s: %s: %s", f.Code, f.Place, f.Detail)
}

// want sets the right value.
func (f *Finding) want(v uint64) *Finding {
	f.Repair.Want = v
	return f
}

// show keeps a copy of the bytes that show what is wrong.
func (f *Finding) show(b []byte) *Finding {
	f.Bytes = slices.Clone(b[:min(len(b), bytesMax)])
	return f
}

// compareFindings orders findings for the report, without ties between different ones.
func compareFindings(a, b Finding) int {
	return cmp.Or(
		cmp.Compare(a.rank.area, b.rank.area),
		cmp.Compare(a.Place.Group, b.Place.Group),
		cmp.Compare(a.Place.Ino, b.Place.Ino),
		cmp.Compare(a.Place.File, b.Place.File),
		cmp.Compare(a.Place.Block, b.Place.Block),
		cmp.Compare(a.Place.Offset, b.Place.Offset),
		cmp.Compare(a.rank.code, b.rank.code),
		cmp.Compare(a.Place.Name, b.Place.Name),
		cmp.Compare(a.Detail, b.Detail),
	)
}
