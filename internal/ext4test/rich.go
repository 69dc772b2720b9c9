package ext4test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"extant/internal/ondisk"
)

// Room is how much a file system has for single things.
type Room struct {
	Block   int  // bytes: a symbolic link is shorter, and the xattrs of a file beyond the inode fit in one
	EAInode bool // large xattrs have inodes of their own
	Names   int  // that the large directory may have; 0 is 3,000
}

// Rich is a tree with one of everything that a file system with that room can hold.
func Rich(r Room) *Source {
	s := NewSource()
	s.Mode(".", 0o1775)
	s.Owner(".", 1000, 100)
	s.addSizes()
	s.addSparse()
	s.addNames()
	s.addMany(cmp.Or(r.Names, 3000))
	s.addLinks(r.Block)
	s.addOwners()
	s.addTimes()
	s.addXattrs(r)
	return s
}

// addSizes adds files on both sides of everything that depends on size: what an inode holds, blocks, direct blocks.
func (s *Source) addSizes() {
	s.Dir("sizes")
	sizes := []int{0, 1, 2, 400, 512, 12<<10 - 1, 12 << 10, 12<<10 + 1, 48 << 10, 48<<10 + 1, 268 << 10, 268<<10 + 1, 1<<20 + 7}
	for _, inode := range []int{60, 128, 160, 256, 416, 928, 1024, 1952, 4000} { // what an inode may have room for
		for n := inode - 3; n <= inode+3; n++ {
			sizes = append(sizes, n)
		}
	}
	for _, block := range []int{2048, 4096, 65536} {
		sizes = append(sizes, block-1, block, block+1, 3*block, 3*block+1)
	}
	slices.Sort(sizes)
	for _, n := range slices.Compact(sizes) {
		s.File(fmt.Sprintf("sizes/%d", n), Noise(uint64(n), n))
	}
	s.File("sizes/zeros", make([]byte, 200_000))
	s.File("sizes/a zero at the end", append(Noise(5, 99), 0))
}

// addSparse adds files with holes of every place, and with more pieces than an inode has room to map.
func (s *Source) addSparse() {
	const mib = 1 << 20
	s.Dir("sparse")
	s.Sparse("sparse/all", 5*mib+1, nil)
	s.Sparse("sparse/start", mib, map[int64][]byte{mib - 100: Noise(1, 100)})
	s.Sparse("sparse/middle", 3*mib, map[int64][]byte{0: Noise(2, 9000), 2*mib + 17: Noise(3, mib-17)})
	s.Sparse("sparse/end", 2*mib+333, map[int64][]byte{0: Noise(4, 5000)})
	s.Sparse("sparse/far", 1<<32+5, map[int64][]byte{1 << 32: []byte("past")}) // beyond what 32 bits of size, and two levels of indirect blocks, reach
	s.Sparse("sparse/small", 1000, nil)
	comb := func(pieces int, apart int64) map[int64][]byte {
		data := map[int64][]byte{}
		for i := range int64(pieces) {
			data[i*apart] = Noise(uint64(i), 1+int(i%3)*2000)
		}
		return data
	}
	s.Sparse("sparse/five", 5*4*65536, comb(5, 4*65536))
	s.Sparse("sparse/comb", 400*16384, comb(400, 16384)) // more than a leaf of 1 KiB maps
}

// addNames adds names of every length and byte, and depth.
func (s *Source) addNames() {
	s.Dir("names")
	s.File("names/"+strings.Repeat("n", 255), []byte("long"))
	s.File("names/"+strings.Repeat("ü", 127), []byte("long in UTF-8"))
	s.Dir("names/" + strings.Repeat("d", 255))
	for i, name := range []string{"\xff\xfe\x80", "line\nfeed", "\x01\x7f", " ", "back\\slash", "-rf", "~", "*", "\"'`$(x)", "...", ". .", "Grüße", "e\u0301", "\u00e9", "日本語", "a:b", "CON"} {
		s.File("names/"+name, []byte{byte(i)})
	}
	for n := 1; n <= 24; n++ {
		s.File(fmt.Sprintf("names/%0*d", n, 0), nil)
	}
	dir := "deep"
	s.Dir(dir)
	for i := range 40 {
		dir += fmt.Sprintf("/level %d %s", i, strings.Repeat("x", i))
		s.Dir(dir)
	}
	s.File(dir+"/bottom", []byte("bottom"))
	s.Dir("empty")
	for _, n := range []int{1, 2, 3, 4, 5, 6, 8, 12} { // directories on both sides of what an inode holds
		s.Dir(fmt.Sprintf("names/few %d", n))
		for i := range n {
			s.File(fmt.Sprintf("names/few %d/file%d", n, i), []byte{byte(i)})
		}
	}
}

// addMany adds a directory that needs an index, of two levels where blocks are small.
func (s *Source) addMany(names int) {
	s.Dir("many")
	for i := range names {
		name := fmt.Sprintf("many/%d %s", i, strings.Repeat("y", i%120))
		if i%16 == 0 {
			s.File(name, []byte(name))
			continue
		}
		s.File(name, nil)
	}
}

// addLinks adds all that is neither a regular file nor a directory, and files of several names.
func (s *Source) addLinks(block int) {
	s.Dir("links")
	for _, n := range []int{1, 2, 58, 59, 60, 61, 100, 159, 160, 161, 1023, 2047, 4095} {
		if n < block {
			s.Symlink(fmt.Sprintf("links/to %d", n), strings.Repeat("t", n))
		}
	}
	s.Symlink("links/absolute", "/etc/passwd")
	s.Symlink("links/up", "../../../..")
	s.Symlink("links/not UTF-8", "\xff\xfe")
	s.FIFO("links/fifo")
	s.Device("links/null", ondisk.ModeChar, 1, 3)
	s.Device("links/zero", ondisk.ModeChar, 0, 0)
	s.Device("links/disk", ondisk.ModeBlock, 8, 255)
	s.Device("links/wide", ondisk.ModeBlock, 259, 70_000)
	s.Device("links/widest", ondisk.ModeChar, ondisk.DeviceMajorMax, ondisk.DeviceMinorMax)
	s.Link("links/hard", "sizes/4097")
	s.Link("links/harder", "sizes/4097")
	s.Link("links/empty", "sizes/0")
	s.Link("links/inside", "sizes/61")
	s.Link("links/symlink", "links/to 59")
	s.Link("links/device", "links/null")
}

// addOwners adds owners beyond 16 bits and every kind of permission.
func (s *Source) addOwners() {
	s.Dir("owners")
	for i, id := range []uint32{0, 1, 1000, 65534, 65535, 65536, 70_000, 1<<31 + 5, 1<<32 - 2} {
		name := fmt.Sprintf("owners/%d", id)
		s.File(name, []byte(name))
		s.Owner(name, id, id/3+uint32(i))
	}
	for _, perm := range []uint16{0, 0o111, 0o222, 0o444, 0o777, 0o4755, 0o2755, 0o6711, 0o1644, 0o7777} {
		s.File(fmt.Sprintf("owners/mode %o", perm), nil)
		s.Mode(fmt.Sprintf("owners/mode %o", perm), perm)
		s.Dir(fmt.Sprintf("owners/dir %o", perm))
		s.Mode(fmt.Sprintf("owners/dir %o", perm), perm)
	}
	s.Owner("links/fifo", 70_001, 70_002)
	s.Owner("links/null", 70_003, 6)
	s.Owner("links/to 61", 70_004, 70_005)
	s.Owner("many", 12, 13)
}

// addTimes adds times at the edges of what an inode can hold.
func (s *Source) addTimes() {
	s.Dir("times")
	for i, t := range []time.Time{
		time.Unix(0, 0), time.Unix(0, 1), time.Unix(1, 999_999_999), time.Unix(1_700_000_000, 123_456_789),
		time.Unix(-1, 0), time.Unix(-1, 500_000_000), time.Unix(ondisk.TimeSecMin, 0), time.Unix(-1_000_000_000, 7),
		time.Unix(1<<31-1, 999_999_999), time.Unix(1<<31, 0), time.Unix(1<<32, 5), time.Unix(1<<33+9, 0), time.Unix(ondisk.TimeSecMax, 0),
	} {
		for _, name := range []string{fmt.Sprintf("times/file %d", i), fmt.Sprintf("times/dir %d", i)} {
			if strings.Contains(name, "dir") {
				s.Dir(name)
			} else {
				s.File(name, nil)
			}
			s.MTime(name, t)
		}
	}
	s.MTime("links/to 60", time.Unix(77, 88))
	s.MTime("links/fifo", time.Unix(1<<31+1, 3))
	s.MTime(".", time.Unix(1_111_111_111, 111_111_111))
}

// addXattrs adds xattrs of every size there is room for, and ACLs.
func (s *Source) addXattrs(r Room) {
	s.Dir("xattrs")
	sizes := []int{0, 1, 2, 3, 4, 5, 16, 40, 60, 61, 64, 80, 100, 128, 250, 500, 800, 900}
	for _, n := range []int{1900, 3900} {
		if n < r.Block {
			sizes = append(sizes, n)
		}
	}
	if r.EAInode {
		sizes = append(sizes, 4096, 5000, 20_000, 65_536)
	}
	for i, n := range sizes {
		name := fmt.Sprintf("xattrs/%d", n)
		s.File(name, Noise(uint64(i), 20*i))
		s.Xattr(name, "user.value", Noise(uint64(n)+1, n))
	}
	s.addXattrKinds()
	s.addACLs()
	for i := range 12 { // the same set on many files: one block, shared
		name := fmt.Sprintf("xattrs/shared %d", i)
		s.File(name, []byte{byte(i)})
		s.Xattr(name, "user.shared", Noise(99, 600))
	}
	s.File("xattrs/several", []byte("several"))
	for i := range 20 {
		s.Xattr("xattrs/several", fmt.Sprintf("user.number %d", i), Noise(uint64(i), i))
	}
	s.Xattr(".", "user.root", []byte("of the root"))
	s.Xattr("links/hard", "user.hard", []byte("by another name"))
}

// addXattrKinds adds xattrs of every name space, on every kind of file that may have them.
func (s *Source) addXattrKinds() {
	s.File("xattrs/kinds", nil)
	s.Xattr("xattrs/kinds", "user."+strings.Repeat("n", 200), []byte("a long name"))
	s.Xattr("xattrs/kinds", "user.\xff\x80", []byte("\x00\xff"))
	s.Xattr("xattrs/kinds", "trusted.one", []byte("1"))
	s.Xattr("xattrs/kinds", "security.two", []byte("22"))
	s.Xattr("xattrs/kinds", "security.capability", []byte("\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
	s.Xattr("links/to 59", "trusted.link", []byte("on a link in the inode"))
	s.Xattr("links/to 61", "trusted.link", []byte("on a link in a block"))
	s.Xattr("links/fifo", "trusted.fifo", []byte("on a fifo"))
	s.Xattr("links/null", "security.device", []byte("on a device"))
	s.Xattr("many", "user.many", []byte("on a large directory"))
	s.Xattr("names/few 2", "user.few", []byte("on a small directory"))
	s.Xattr("names/few 4", "user.few", Noise(4, 300))
}

// addACLs adds ACLs, default ones too. The group class of the permissions is the mask, as the system has it.
func (s *Source) addACLs() {
	acl := ACL(ACLEntry{ACLOwner, 7, 0}, ACLEntry{ACLUser, 6, 1000}, ACLEntry{ACLUser, 5, 70_000}, ACLEntry{ACLOwnerGroup, 5, 0},
		ACLEntry{ACLGroup, 4, 100}, ACLEntry{ACLGroup, 0, 1<<32 - 2}, ACLEntry{ACLMask, 6, 0}, ACLEntry{ACLOther, 1, 0})
	s.File("xattrs/acl", []byte("acl"))
	s.Mode("xattrs/acl", 0o761)
	s.Xattr("xattrs/acl", "system.posix_acl_access", acl)
	s.Dir("xattrs/default")
	s.Xattr("xattrs/default", "system.posix_acl_default", acl)
	s.Dir("xattrs/both")
	s.Mode("xattrs/both", 0o2761)
	s.Xattr("xattrs/both", "system.posix_acl_access", acl)
	s.Xattr("xattrs/both", "system.posix_acl_default", ACL(ACLEntry{ACLOwner, 7, 0}, ACLEntry{ACLOwnerGroup, 5, 0}, ACLEntry{ACLOther, 0, 0}))
	s.Xattr("xattrs/both", "user.beside", []byte("beside ACLs"))
	s.File("xattrs/both/inside", nil)
}
