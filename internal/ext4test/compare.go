package ext4test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"extant/internal/ondisk"
)

// Losses says in what a tree may differ from its source: what a file system has no room for, or what the program that filled it
// leaves behind. The zero value forgives nothing but times of access.
type Losses struct {
	// Time is what becomes of a time; nil keeps it.
	Time func(time.Time) time.Time
	// Block is the size of a block in bytes: only holes of whole blocks can be kept. 0 leaves holes unseen.
	Block int64
	// MoreHoles allows holes in place of zeros.
	MoreHoles bool
	// Root leaves the owner, permissions, times and xattrs of the root unseen.
	Root bool
	// Owners, Links, Specials and Xattrs leave unseen what a snapshot by way of io/fs does not show.
	Owners, Links, Specials, Xattrs bool
	// ATimes compares times of access as well, where the source has any.
	ATimes bool
}

// Of io/fs: what ReadFS does not see.
var fsLosses = Losses{Owners: true, Links: true, Specials: true, Xattrs: true}

// PlainFS is what snapshots of two fs.FS have in common.
func PlainFS() Losses { return fsLosses }

// Seconds is a loss of what is less than a second.
func Seconds(t time.Time) time.Time { return t.Truncate(time.Second) }

// ShortSeconds is the loss of inodes of 128 bytes: seconds in 32 bits, of what lies beyond the nearest.
func ShortSeconds(t time.Time) time.Time {
	return time.Unix(min(max(t.Unix(), ondisk.TimeSecMin), ondisk.TimeSecMaxShort), 0)
}

// WrappedSeconds is the loss of mke2fs -d: seconds in 32 bits, of what lies beyond the remainder.
func WrappedSeconds(t time.Time) time.Time { return time.Unix(int64(int32(t.Unix())), 0) }

// Compare lists each property in which a tree differs from the one that is wanted, in order of paths. It does not list
// what losses forgive.
func Compare(got, want Tree, losses Losses) []string {
	c := comparison{losses: losses}
	for _, p := range slices.Sorted(maps.Keys(want)) {
		g, ok := got[p]
		if !ok {
			c.differ(p, "name", "missing", "there")
			continue
		}
		c.node(p, g, want[p])
	}
	for _, p := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[p]; !ok {
			c.differ(p, "name", "there", "missing")
		}
	}
	return c.list
}

// Same fails a test unless two trees are the same but for losses. It shows the first differences.
func Same(t testing.TB, got, want Tree, losses Losses) {
	t.Helper()
	const show = 12
	list := Compare(got, want, losses)
	for i, d := range list {
		if i == show {
			t.Errorf("and %d more differences", len(list)-show)
			return
		}
		t.Error(d)
	}
	if len(want) < 2 {
		t.Error("the source is empty")
	}
}

// comparison is one Compare under way.
type comparison struct {
	losses Losses
	list   []string
}

func (c *comparison) differ(path, property string, got, want any) {
	c.list = append(c.list, fmt.Sprintf("%s: %s: %v, want %v", shortened(path), property, got, want))
}

// shortened is a path that can be printed.
func shortened(path string) string {
	s := fmt.Sprintf("%q", path)
	if len(s) > 120 {
		return s[:60] + "..." + s[len(s)-50:]
	}
	return s
}

// check compares one property.
func check[T comparable](c *comparison, path, property string, got, want T) {
	if got != want {
		c.differ(path, property, got, want)
	}
}

func (c *comparison) node(p string, g, w Node) {
	check(c, p, "type", g.Type(), w.Type())
	if p != "." || !c.losses.Root {
		c.attributes(p, &g, &w)
	}
	if !c.losses.Links {
		check(c, p, "number of names", g.Links, w.Links)
		check(c, p, "first name of the file", g.First, w.First)
	}
	if !c.losses.Specials {
		check(c, p, "device", [2]uint32{g.Major, g.Minor}, [2]uint32{w.Major, w.Minor})
	}
	if g.Target != w.Target {
		c.differ(p, "target", shortened(g.Target), shortened(w.Target))
	}
	check(c, p, "size", g.Size, w.Size)
	if g.Sum != w.Sum {
		c.differ(p, "bytes", fmt.Sprintf("sha256 %x", g.Sum[:6]), fmt.Sprintf("%x", w.Sum[:6]))
	}
	if c.losses.Block > 0 && g.Size == w.Size {
		c.holes(p, &g, &w)
	}
}

// attributes compares what the root may have of its own.
func (c *comparison) attributes(p string, g, w *Node) {
	if g.Mode&^ondisk.ModeFmt != w.Mode&^ondisk.ModeFmt {
		c.differ(p, "permissions", fmt.Sprintf("%o", g.Mode&0o7777), fmt.Sprintf("%o", w.Mode&0o7777))
	}
	if !c.losses.Owners {
		check(c, p, "owner", g.UID, w.UID)
		check(c, p, "group", g.GID, w.GID)
	}
	c.time(p, "time of modification", g.MTime, w.MTime)
	if c.losses.ATimes && !w.ATime.IsZero() {
		c.time(p, "time of access", g.ATime, w.ATime)
	}
	if !c.losses.Xattrs {
		c.xattrs(p, g.Xattrs, w.Xattrs)
	}
}

func (c *comparison) time(p, property string, got, want time.Time) {
	if c.losses.Time != nil {
		want = c.losses.Time(want)
	}
	if !got.Equal(want) {
		c.differ(p, property, got.UTC().Format(time.RFC3339Nano), want.UTC().Format(time.RFC3339Nano))
	}
}

func (c *comparison) xattrs(p string, got, want map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(want)) {
		g, ok := got[name]
		switch {
		case !ok:
			c.differ(p, "xattr "+name, "missing", fmt.Sprintf("%d bytes", len(want[name])))
		case g != want[name]:
			c.differ(p, "xattr "+name, excerpt(g), excerpt(want[name]))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[name]; !ok {
			c.differ(p, "xattr "+name, excerpt(got[name]), "missing")
		}
	}
}

// excerpt shows a value, or the beginning of a long one.
func excerpt(value string) string {
	const most = 24
	if len(value) <= most {
		return fmt.Sprintf("%q", value)
	}
	return fmt.Sprintf("%d bytes %s...", len(value), strings.TrimSuffix(fmt.Sprintf("%q", value[:most]), `"`))
}

func (c *comparison) holes(p string, g, w *Node) {
	got, want := roundOut(g.Data, c.losses.Block, g.Size), roundOut(w.Data, c.losses.Block, w.Size)
	if slices.Equal(got, want) || c.losses.MoreHoles && within(got, want) {
		return
	}
	c.differ(p, "data", ranges(got), ranges(want))
}

// ranges shows ranges, the first few of many.
func ranges(list []Range) string {
	const most = 6
	var b strings.Builder
	for i, r := range list {
		if i == most {
			fmt.Fprintf(&b, " and %d more", len(list)-most)
			break
		}
		fmt.Fprintf(&b, " %d-%d", r.Start, r.End)
	}
	return fmt.Sprintf("[%s]", strings.TrimSpace(b.String()))
}
