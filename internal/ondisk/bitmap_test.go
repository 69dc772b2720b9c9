package ondisk_test

import (
	"math/rand/v2"
	"testing"

	"extant/internal/ondisk"
)

// TestBitmap compares every operation with a slice of bools.
func TestBitmap(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	for _, size := range []int{1, 7, 8, 9, 16, 31, 128} {
		m := ondisk.Bitmap(make([]byte, size))
		model := make([]bool, m.Len())
		for range 300 {
			i := rnd.IntN(m.Len())
			end := i + rnd.IntN(m.Len()-i+1)
			switch rnd.IntN(4) {
			case 0:
				m.Set(i)
				model[i] = true
			case 1:
				m.Clear(i)
				model[i] = false
			case 2:
				m.SetRange(i, end)
				fillBools(model[i:end], true)
			case 3:
				m.ClearRange(i, end)
				fillBools(model[i:end], false)
			}
			compareBitmap(t, m, model, rnd)
		}
	}
}

func fillBools(b []bool, v bool) {
	for i := range b {
		b[i] = v
	}
}

func compareBitmap(t *testing.T, m ondisk.Bitmap, model []bool, rnd *rand.Rand) {
	t.Helper()
	for i, v := range model {
		if m.Test(i) != v {
			t.Fatalf("bit %d is %v", i, !v)
		}
	}
	i := rnd.IntN(len(model) + 1)
	end := i + rnd.IntN(len(model)-i+1)
	set, clr, n := end, end, 0
	for k := end - 1; k >= i; k-- {
		if model[k] {
			set = k
			n++
		} else {
			clr = k
		}
	}
	if m.NextSet(i, end) != set || m.NextClear(i, end) != clr || m.Count(i, end) != n {
		t.Fatalf("%d to %d of %x: next set %d, clear %d, count %d, want %d %d %d",
			i, end, []byte(m), m.NextSet(i, end), m.NextClear(i, end), m.Count(i, end), set, clr, n)
	}
}

func TestBitmapPastEnd(t *testing.T) {
	m := ondisk.Bitmap(make([]byte, 9))
	if m.NextSet(0, 1000) != 1000 || m.Count(3, 1000) != 0 || m.NextSet(200, 300) != 300 {
		t.Error("bits past the end count")
	}
}

func TestBitmapPad(t *testing.T) {
	m := ondisk.Bitmap(make([]byte, 128))
	m.Pad(1001)
	if m.Count(0, 1001) != 0 || m.Count(1001, 1024) != 23 || !m.Padded(1001) || m.Padded(1000) {
		t.Errorf("%x", []byte(m))
	}
}

func BenchmarkBitmapNextClear(b *testing.B) {
	m := ondisk.Bitmap(make([]byte, 4096))
	m.SetRange(0, m.Len()-1)
	b.ReportAllocs()
	b.SetBytes(4096)
	for b.Loop() {
		if m.NextClear(0, m.Len()) != m.Len()-1 {
			b.Fatal("wrong bit")
		}
	}
}
