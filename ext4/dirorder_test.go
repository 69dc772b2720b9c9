package ext4_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"extant/ext4"
	"extant/internal/ondisk"
)

// dirReader reads a directory a few entries at a time, from the cookie that the last one left.
type dirReader struct {
	t    testing.TB
	dir  *ext4.Inode
	next ext4.Cookie
	seen map[string]int
}

// read reads up to n entries, and reports whether there were that many.
func (r *dirReader) read(n int) bool {
	r.t.Helper()
	for e, err := range r.dir.ReadDir(r.next) {
		if err != nil {
			r.t.Fatal(err)
		}
		if e.Next <= r.next || e.Next >= 1<<63 {
			r.t.Fatalf("%q: cookie %#x after %#x", e.Name, e.Next, r.next)
		}
		r.next = e.Next
		r.seen[e.Name]++
		if n--; n == 0 {
			return true
		}
	}
	return false
}

// TestReadWhileSplit reads directories that grow meanwhile from an inode or a block to an index of many leaves, and shrink again: what is in
// them throughout is seen once.
func TestReadWhileSplit(t *testing.T) {
	eachKind(t, 64<<20, func(t *testing.T, s *scratch) {
		for _, stays := range []int{1, 4, 150} {
			dir, err := s.root().Mkdir(fmt.Sprint("dir", stays), ext4.NewAttr{Mode: 0o755})
			s.must("mkdir", err)
			var want []string
			for i := range stays {
				want = append(want, fmt.Sprintf("stays-%d", i))
				_, err := dir.Create(want[i], ext4.NewAttr{Mode: 0o600})
				s.must("create", err)
			}
			r := &dirReader{t: t, dir: dir, seen: map[string]int{}}
			names := 0
			for more := true; more; more = r.read(1 + stays/20) {
				for range min(4, 1200-names) {
					names++
					_, err := dir.Create(fmt.Sprintf("comes-%d%s", names, strings.Repeat("x", names*7%200)), ext4.NewAttr{Mode: 0o600})
					s.must("create", err)
				}
				if names%8 == 0 && names < 1200 {
					s.must("unlink", dir.Unlink(fmt.Sprintf("comes-%d%s", names/2, strings.Repeat("x", names/2*7%200)), nil))
				}
			}
			for _, name := range append(want, ".", "..") {
				if r.seen[name] != 1 {
					t.Errorf("%d names: %q was seen %d times", stays, name, r.seen[name])
				}
			}
		}
	})
}

// TestOrderedCookies goes on from every place, and wants the same from each, after a split too.
func TestOrderedCookies(t *testing.T) {
	for _, v := range []ondisk.HashVersion{ondisk.HashLegacy, ondisk.HashHalfMD4, ondisk.HashTEA} {
		s := newScratch(t, 16<<20, "-t ext4 -b 1024", ext4.Options{})
		s.unmount()
		s.editSuper(func(sb *ondisk.Super) { sb.DefHashVersion = uint8(v) })
		s.mount()
		dir, err := s.root().Mkdir("dir", ext4.NewAttr{Mode: 0o755})
		s.must("mkdir", err)
		sb := s.fs.Super()
		list := append(collisions(t, sb.HashVersion(uint8(v)), sb.HashSeed, 10), names(150)...)
		for _, name := range list {
			_, err := dir.Create(name, ext4.NewAttr{Mode: 0o600})
			s.must("create", err)
		}
		var all []ext4.DirEntry
		for e, err := range dir.ReadDir(0) {
			s.must("read", err)
			all = append(all, e)
		}
		if len(all) != len(list)+2 || all[0].Name != "." || all[1].Name != ".." {
			t.Fatalf("%v: %d entries, the first %q; want %d", v, len(all), all[0].Name, len(list)+2)
		}
		for i, e := range all {
			r := &dirReader{t: t, dir: dir, next: e.Next, seen: map[string]int{}}
			if r.read(1) != (i+1 < len(all)) || i+1 < len(all) && r.seen[all[i+1].Name] != 1 {
				t.Fatalf("%v: after %q comes %v", v, e.Name, r.seen)
			}
		}
	}
}

// TestPlaces wants names that hash alike to have places of their own.
func TestPlaces(t *testing.T) {
	same := ondisk.NameHash{Major: 0xfffffffc, Minor: 0xffffffff}
	below := ondisk.NameHash{Major: 0xfffffffa, Minor: 0xffffffff}
	got := ext4.Places([]ondisk.NameHash{same, below, same, same, below}, []string{"b", "x", "a", "c", "y"})
	slices.Sort(got)
	for i, c := range got {
		if c >= 1<<63 || i > 0 && c <= got[i-1] {
			t.Errorf("place %#x after %#x", c, got[max(i, 1)-1])
		}
		if i >= 2 && c <= ext4.PlaceOf(ondisk.NameHash{Major: 0xfffffffc}) || i < 2 && c >= ext4.PlaceOf(ondisk.NameHash{Major: 0xfffffffc}) {
			t.Errorf("place %#x is of another hash", c)
		}
	}
}

// TestReadWhileSpilled reads inline directories in pieces that become a block meanwhile, and are not read in the order of hashes: from every place on,
// there is after that what was before.
func TestReadWhileSpilled(t *testing.T) {
	for _, args := range []string{"-b 1024 -I 256", "-b 1024 -I 1024", "-b 4096 -I 512"} {
		s := newScratch(t, 16<<20, "-t ext4 -O inline_data,^dir_index "+args, ext4.Options{})
		for gone := range 6 { // leave gaps of many shapes
			dir, err := s.root().Mkdir(fmt.Sprint("dir", gone), ext4.NewAttr{Mode: 0o755})
			s.must("mkdir", err)
			create := func(name string) {
				_, err := dir.Create(name, ext4.NewAttr{Mode: 0o600})
				s.must("create", err)
			}
			for i := 0; dir.Attr().Size < 128 || i < 7; i++ {
				create(strings.Repeat(string(rune('a'+i)), 1+i*7%11))
			}
			for i := range 7 {
				if i%3 == gone%3 || i < gone-2 {
					s.must("unlink", dir.Unlink(strings.Repeat(string(rune('a'+i)), 1+i*7%11), nil))
				}
			}
			var all []ext4.DirEntry
			for e, err := range dir.ReadDir(0) {
				s.must("read", err)
				all = append(all, e)
			}
			inline := dir.Attr().Size
			for i := 0; dir.Attr().Size <= inline; i++ {
				create(fmt.Sprintf("more-%d%s", i, strings.Repeat("x", 60)))
			}
			for i := range all {
				r := &dirReader{t: t, dir: dir, next: all[i].Next, seen: map[string]int{}}
				r.read(1 << 20)
				for k, e := range all {
					if want := min(1, max(0, k-i)); r.seen[e.Name] != want {
						t.Errorf("%s, %d: after %q, %q was seen %d times", args, gone, all[i].Name, e.Name, r.seen[e.Name])
					}
				}
			}
		}
	}
}
