package page_test

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"extant/explore"
	"extant/internal/page"
	"extant/sched"
)

const size = 1024

func newFile(folios int) (*page.Pool, *page.File) {
	p := page.NewPool(size, int64(folios*size))
	f := &page.File{}
	f.Init(p)
	return p, f
}

// far are indices on all levels of the tree.
var far = []uint64{0, 1, 63, 64, 65, 4095, 4096, 1 << 18, 1<<24 + 5, 1<<32 - 2}

func TestTree(t *testing.T) {
	_, f := newFile(1000)
	for _, i := range far {
		if f.Find(i) != nil || f.Cached(i) {
			t.Fatalf("folio %d is there before it was made", i)
		}
		o := f.Lock(i)
		o.Data()[0] = byte(i)
		o.Set(page.Uptodate)
		o.Unlock()
	}
	var seen []uint64
	for o := f.Next(0, 1<<32); o != nil; o = f.Next(o.Index()+1, 1<<32) {
		if !o.Has(page.Uptodate) || o.Data()[0] != byte(o.Index()) {
			t.Errorf("folio %d has lost its content", o.Index())
		}
		seen = append(seen, o.Index())
		o.Unlock()
	}
	if !slices.Equal(seen, far) {
		t.Errorf("walk finds %d, want %d", seen, far)
	}
	for k, i := range far {
		f.Find(i).Drop()
		o := f.Next(0, 1<<32)
		switch {
		case k == len(far)-1 && o == nil:
		case k < len(far)-1 && o != nil && o.Index() == far[k+1]:
			o.Unlock()
		default:
			t.Fatalf("after dropping %d the first is %v", i, o)
		}
	}
}

// TestAgainstMap makes random folios dirty and clean and drops them, and compares with a map.
func TestAgainstMap(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	p, f := newFile(1 << 20)
	want := map[uint64]bool{} // dirty or clean
	for range 200_000 {
		i := uint64(r.IntN(300))
		if r.IntN(4) == 0 {
			i <<= r.IntN(24)
		}
		o := f.Find(i)
		if _, there := want[i]; (o != nil) != there {
			t.Fatalf("folio %d: there %v, want %v", i, o != nil, there)
		}
		if o == nil {
			o = f.Lock(i)
			want[i] = false
		}
		if o.Has(page.Dirty) != want[i] {
			t.Fatalf("folio %d: dirty %v, want %v", i, o.Has(page.Dirty), want[i])
		}
		switch r.IntN(3) {
		case 0:
			o.SetDirty()
			want[i] = true
		case 1:
			o.SetClean()
			want[i] = false
		default:
			o.Drop()
			delete(want, i)
			continue
		}
		o.Unlock()
	}
	dirty := 0
	at := uint64(0)
	for {
		i, ok := f.NextDirty(at, 1<<40)
		if !ok {
			break
		}
		if !want[i] {
			t.Fatalf("folio %d is said to be dirty", i)
		}
		dirty++
		at = i + 1
	}
	n := 0
	for _, d := range want {
		if d {
			n++
		}
	}
	if dirty != n || p.Dirty() != n || p.Folios() != len(want) || f.IsDirty() != (n > 0) {
		t.Errorf("%d dirty of %d folios, want %d of %d; found %d", p.Dirty(), p.Folios(), n, len(want), dirty)
	}
}

func TestReclaim(t *testing.T) {
	p, f := newFile(128)
	for i := range uint64(1000) {
		o := f.Lock(i)
		o.Data()[0] = 1
		if i < 40 {
			o.SetDirty()
		}
		o.Unlock()
	}
	if n := p.Folios(); n > 140 || n < 100 {
		t.Errorf("%d folios in memory, want about 128", n)
	}
	for i := range uint64(40) {
		if !f.Cached(i) {
			t.Fatalf("dirty folio %d was dropped", i)
		}
	}
}

// TestReclaimSparse makes sure that the trees of sparse files count.
func TestReclaimSparse(t *testing.T) {
	p, f := newFile(256)
	for i := range uint64(2000) {
		o := f.Lock(i << 12)
		o.Data()
		o.Unlock()
	}
	if n := p.Folios(); n > 150 {
		t.Errorf("%d folios far from each other in memory: their tree is larger than they are", n)
	}
}

func TestSideBySide(t *testing.T) {
	_, f := newFile(1000)
	list := f.Extend(nil, 10, 32)
	mem, n := page.Span(list)
	if len(list) != 32 || n != 32 || len(mem) != 32*size {
		t.Errorf("%d folios, the first %d with %d bytes side by side; want 32", len(list), n, len(mem))
	}
	if more := f.Extend(nil, 5, 32); len(more) != 5 {
		t.Errorf("%d folios before one that is there, want 5", len(more))
	}
}

// TestTogether runs lookups, drops and reclaim of the same folios under every schedule: no folio is lost, and none found twice.
func TestTogether(t *testing.T) {
	explore.Test(t, func() {
		_, f := newFile(4)
		put := func(b byte) {
			o := f.Lock(3)
			o.Data()[0] += b
			o.SetDirty()
			o.Unlock()
		}
		a := sched.Go("a", func() { put(1) })
		b := sched.Go("b", func() { put(2) })
		c := sched.Go("c", func() {
			if o := f.Find(3); o != nil {
				explore.Assert(o.Has(page.Dirty), "found before anything was put there")
				o.Unlock()
			}
		})
		a.Wait()
		b.Wait()
		c.Wait()
		o := f.Find(3)
		explore.Assert(o != nil && o.Data()[0] == 3, "a store was lost")
	})
}

func BenchmarkHit(b *testing.B) {
	_, f := newFile(1 << 15)
	for i := range uint64(1 << 14) {
		o := f.Lock(i)
		o.Data()
		o.Unlock()
	}
	i := uint64(0)
	b.ReportAllocs()
	for b.Loop() {
		o := f.Find(i & (1<<14 - 1))
		o.Unlock()
		i += 7919
	}
}

func TestFindRun(t *testing.T) {
	var f page.File
	f.Init(page.NewPool(1024, 1<<20))
	for _, i := range []uint64{0, 1, 2, 60, 61, 62, 63, 64, 65, 67} {
		f.Lock(i).Unlock()
	}
	for _, tc := range []struct {
		from uint64
		n    int
		want int
	}{{0, 10, 3}, {0, 2, 2}, {2, 10, 1}, {3, 10, 0}, {60, 10, 6}, {64, 1, 1}, {67, 10, 1}, {5000, 10, 0}} {
		list := f.FindRun(nil, tc.from, tc.n)
		if len(list) != tc.want {
			t.Errorf("%d folios from %d on, want %d", len(list), tc.from, tc.want)
		}
		for k, o := range list {
			if o.AssertLocked(); o.Index() != tc.from+uint64(k) {
				t.Errorf("folio %d in the place of %d", o.Index(), tc.from+uint64(k))
			}
			o.Unlock()
		}
	}
}

// TestFolioSize keeps a folio as large as what a processor brings in at once.
func TestFolioSize(t *testing.T) {
	if n := reflect.TypeFor[page.Folio]().Size(); n != 64 {
		t.Errorf("%d bytes", n)
	}
}
