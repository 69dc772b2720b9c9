package ext4test_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"extant/internal/ext4test"
	"extant/internal/ondisk"
)

// sample is a small tree with one of everything that is compared.
func sample() *ext4test.Source {
	s := ext4test.NewSource()
	s.File("file", []byte("content"))
	s.Link("linked", "file")
	s.File("other", []byte("content"))
	s.Symlink("symlink", "target")
	s.Device("device", ondisk.ModeChar, 1, 3)
	s.Sparse("sparse", 1<<20, map[int64][]byte{100_000: []byte("data")})
	s.Xattr("file", "user.name", []byte("value"))
	return s
}

// TestCompareBites changes each property of a tree and expects to be told of just that.
func TestCompareBites(t *testing.T) {
	change := func(path string, change func(n *ext4test.Node)) func(ext4test.Tree) {
		return func(t ext4test.Tree) {
			n := t[path]
			change(&n)
			t[path] = n
		}
	}
	for _, c := range []struct {
		property string
		change   func(ext4test.Tree)
	}{
		{`"other": name: missing`, func(t ext4test.Tree) { delete(t, "other") }},
		{`"more": name: there`, func(t ext4test.Tree) { t["more"] = t["other"] }},
		{`"other": type`, change("other", func(n *ext4test.Node) { n.Mode = n.Mode&0o7777 | ondisk.ModeFIFO })},
		{`"file": permissions: 645, want 644`, change("file", func(n *ext4test.Node) { n.Mode++ })},
		{`"file": owner`, change("file", func(n *ext4test.Node) { n.UID++ })},
		{`"file": group`, change("file", func(n *ext4test.Node) { n.GID += 65536 })},
		{`"file": time of modification`, change("file", func(n *ext4test.Node) { n.MTime = n.MTime.Add(1) })},
		{`"file": time of access`, change("file", func(n *ext4test.Node) { n.ATime = n.ATime.Add(1) })},
		{`"file": number of names`, change("file", func(n *ext4test.Node) { n.Links++ })},
		{`"linked": first name`, change("linked", func(n *ext4test.Node) { n.First = "" })},
		{`"device": device`, change("device", func(n *ext4test.Node) { n.Minor++ })},
		{`"symlink": target`, change("symlink", func(n *ext4test.Node) { n.Target += "/" })},
		{`"file": size`, change("file", func(n *ext4test.Node) { n.Size++ })},
		{`"file": bytes`, change("file", func(n *ext4test.Node) { n.Sum[0]++ })},
		{`"sparse": data: [0-1048576], want [98304-102400]`, change("sparse", func(n *ext4test.Node) { n.Data = []ext4test.Range{{0, n.Size}} })},
		{`"sparse": data: []`, change("sparse", func(n *ext4test.Node) { n.Data = nil })},
		{`"file": xattr user.name: missing`, change("file", func(n *ext4test.Node) { n.Xattrs = nil })},
		{`"file": xattr user.name: "other"`, change("file", func(n *ext4test.Node) { n.Xattrs = map[string]string{"user.name": "other"} })},
		{`"other": xattr user.new: "", want missing`, change("other", func(n *ext4test.Node) { n.Xattrs = map[string]string{"user.new": ""} })},
	} {
		want := sample().Tree()
		got := maps.Clone(want)
		c.change(got)
		list := ext4test.Compare(got, want, ext4test.Losses{Block: 4096, ATimes: true})
		if len(list) != 1 || !strings.HasPrefix(list[0], c.property) {
			t.Errorf("%s: got %q", c.property, list)
		}
		if list := ext4test.Compare(want, want, ext4test.Losses{Block: 4096, ATimes: true}); len(list) != 0 {
			t.Errorf("a tree differs from itself: %q", list)
		}
	}
}

// TestLosses compares what differs by no more than a loss, and by more.
func TestLosses(t *testing.T) {
	want := sample().Tree()
	got := maps.Clone(want)
	n := got["file"]
	n.MTime = n.MTime.Truncate(time.Second)
	got["file"] = n
	n = got["sparse"]
	n.Data = nil
	got["sparse"] = n
	for _, c := range []struct {
		losses ext4test.Losses
		differ int
	}{
		{ext4test.Losses{Block: 4096}, 2},
		{ext4test.Losses{Block: 4096, MoreHoles: true}, 1},
		{ext4test.Losses{}, 1},
		{ext4test.Losses{MoreHoles: true, Time: ext4test.Seconds}, len(want) - 1}, // the others keep their nanoseconds
	} {
		list := ext4test.Compare(got, want, c.losses)
		if len(list) != c.differ {
			t.Errorf("%+v: %d differences, want %d: %q", c.losses, len(list), c.differ, list)
		}
	}
}

// TestTimes holds what becomes of times to examples.
func TestTimes(t *testing.T) {
	late, early := time.Unix(1<<31+7, 9), time.Unix(-1<<40, 9)
	for _, c := range []struct {
		name      string
		got, want time.Time
	}{
		{"seconds", ext4test.Seconds(time.Unix(-5, 7)), time.Unix(-5, 0)},
		{"short, late", ext4test.ShortSeconds(late), time.Unix(1<<31-1, 0)},
		{"short, early", ext4test.ShortSeconds(early), time.Unix(-1<<31, 0)},
		{"wrapped, late", ext4test.WrappedSeconds(late), time.Unix(-1<<31+7, 0)},
	} {
		if !c.got.Equal(c.want) {
			t.Errorf("%s: %v, want %v", c.name, c.got, c.want)
		}
	}
}

// TestSumWithoutHoles gives zeros the same sum whether they are written or left out, and anything else another.
func TestSumWithoutHoles(t *testing.T) {
	tree := func(data map[int64][]byte, size int64) [32]byte {
		s := ext4test.NewSource()
		s.Sparse("f", size, data)
		return s.Tree()["f"].Sum
	}
	const size = 100_001
	x := []byte("x")
	want := tree(map[int64][]byte{5000: x}, size)
	if tree(map[int64][]byte{0: make([]byte, 5000), 5000: x, 5001: make([]byte, size-5001)}, size) != want {
		t.Error("zeros count")
	}
	sums := [][32]byte{
		want, tree(nil, size), tree(map[int64][]byte{5001: x}, size), tree(map[int64][]byte{5000: []byte("y")}, size),
		tree(map[int64][]byte{5000 + 4096: x}, size), tree(map[int64][]byte{0: x, 5000: x}, size),
	}
	for i, s := range sums {
		if slices.Index(sums, s) != i {
			t.Errorf("file %d has the sum of another", i)
		}
	}
}

// TestFS makes an fs.FS of a rich tree and reads it back.
func TestFS(t *testing.T) {
	s := ext4test.Rich(ext4test.Room{Block: 4096, EAInode: true})
	s.Drop("sparse/far")
	got, err := ext4test.ReadFS(s.FS())
	if err != nil {
		t.Fatal(err)
	}
	ext4test.Same(t, got, s.Tree(), ext4test.PlainFS())
}
