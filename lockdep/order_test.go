package lockdep_test

import (
	"slices"
	"strings"
	"testing"

	"extant/lockdep"
	"extant/sched"
)

const testOrder = `
# The order of the tests.
class inode ordered  a file's size
class &ei->lock#2    a name with signs
freeze < dir, inode < folio   # two of one rank
folio < &ei->lock#2
`

func parse(t *testing.T, text string) *lockdep.Order {
	t.Helper()
	o, err := lockdep.ParseOrder(text)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestParseOrder(t *testing.T) {
	o := parse(t, testOrder)
	for _, tc := range []struct {
		outer, inner string
		want         bool
	}{
		{"freeze", "dir", true}, {"freeze", "folio", true}, {"inode", "&ei->lock#2", true},
		{"dir", "inode", false}, {"folio", "inode", false}, {"freeze", "unknown", false}, {"dir", "dir", false},
	} {
		if got := o.Allows(tc.outer, tc.inner); got != tc.want {
			t.Errorf("%s < %s: %v, want %v", tc.outer, tc.inner, got, tc.want)
		}
	}
	if c := o.Classes[0]; c.Name != "inode" || !c.Ordered || c.Doc != "a file's size" {
		t.Errorf("class %+v", c)
	}
	if len(o.Pairs()) != 5 {
		t.Errorf("pairs %v", o.Pairs())
	}
}

func TestParseOrderRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"a <":                      "line 1",
		"\n< b":                    "line 2",
		"a b < c":                  "not a class name",
		"a,, b < c":                "not a class name",
		"justaword":                "neither",
		"class  ":                  "neither",
		"class x one\nclass x two": "twice",
		"class x,y":                "not a class name",
		"a < b\nb < c\nc < a":      "c < a closes a circle",
		"a < a":                    "closes a circle",
	} {
		_, err := lockdep.ParseOrder(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one with %q", text, err, want)
		}
	}
}

func TestUndeclared(t *testing.T) {
	v, f := collect(t, lockdep.Config{Order: parse(t, testOrder)})
	m := mutexes("freeze", "inode", "folio", "stranger")
	nest(m[0], m[1], m[2])
	f.expect(t)
	nest(m[3], m[2])
	f.expect(t, lockdep.Undeclared)
	if r := f.all[0]; r.With.Class != "stranger" || r.Want.Class != "folio" || len(r.Stack) == 0 {
		t.Errorf("report %+v", r)
	}
	nest(m[2], m[1]) // against the order, and a circle with what was seen
	f.expect(t, lockdep.Undeclared, lockdep.Undeclared, lockdep.Circular)
	want := [][2]string{{"freeze", "dir"}, {"dir", "folio"}, {"folio", "&ei->lock#2"}}
	if got := parse(t, testOrder).Unseen(v.Graph()); !slices.Equal(got, want) {
		t.Errorf("unseen %v, want %v", got, want)
	}
}

// TestOrderOfLevels takes two levels of a class, which the order leaves to the class.
func TestOrderOfLevels(t *testing.T) {
	_, f := collect(t, lockdep.Config{Order: parse(t, testOrder)})
	c := class("dir")
	var parent, child sched.Mutex
	parent.Init(c)
	child.Init(c)
	parent.Lock()
	child.NestedLock(sched.Level(1))
	child.Unlock()
	parent.Unlock()
	f.expect(t)
}

func FuzzParseOrder(f *testing.F) {
	f.Add(testOrder)
	f.Fuzz(func(t *testing.T, text string) {
		o, err := lockdep.ParseOrder(text)
		if err != nil {
			return
		}
		for _, p := range o.Pairs() {
			if !o.Allows(p[0], p[1]) || o.Allows(p[1], p[0]) {
				t.Errorf("pair %v of %q", p, text)
			}
		}
	})
}
