package alloc

import (
	"math/rand/v2"
	"testing"

	"extant/internal/ondisk"
)

// slowFind is what find does, bit by bit.
func slowFind(m ondisk.Bitmap, size, from, n int) int {
	for at, run := from, 0; at < size; at++ {
		if run++; m.Test(at) {
			run = 0
		}
		if run == n {
			return at - n + 1
		}
	}
	return -1
}

func slowMost(m ondisk.Bitmap, size int) (most int) {
	for at, run := 0, 0; at < size; at++ {
		if run++; m.Test(at) {
			run = 0
		}
		most = max(most, run)
	}
	return most
}

// TestFreeMap compares the map with looking at every bit, through random changes.
func TestFreeMap(t *testing.T) {
	for _, size := range []int{1, 7, 255, 256, 257, 1000, 8192, 5000} {
		r := rand.New(rand.NewPCG(1, uint64(size)))
		plain := make(ondisk.Bitmap, (size+63)/64*8)
		plain.Pad(size)
		m := newFreeMap(append(ondisk.Bitmap(nil), plain...), size)
		for step := range 2000 {
			at := r.IntN(size)
			end := at + 1 + r.IntN(min(size-at, 1+r.IntN(600)))
			if r.IntN(5) < 3 {
				plain.SetRange(at, end)
				m.take(at, end)
			} else {
				plain.ClearRange(at, end)
				m.give(at, end)
			}
			if got, want := m.most(), slowMost(plain, size); got != want {
				t.Fatalf("size %d, step %d: longest run %d, want %d", size, step, got, want)
			}
			from, n := r.IntN(size), 1+r.IntN(1+r.IntN(400))
			if got, want := m.find(from, n), slowFind(plain, size, from, n); got != want {
				t.Fatalf("size %d, step %d: first run of %d from %d at %d, want %d", size, step, n, from, got, want)
			}
		}
	}
}

func BenchmarkFreeMapFind(b *testing.B) {
	const size = 32768
	m := newFreeMap(make(ondisk.Bitmap, size/8), size)
	for i := 0; i < size-100; i += 3 {
		m.take(i, i+1)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if m.find(i%1000, 50) < 0 {
			b.Fatal("not found")
		}
	}
}

func BenchmarkFreeMapTake(b *testing.B) {
	const size = 32768
	m := newFreeMap(make(ondisk.Bitmap, size/8), size)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		at := i * 37 % (size - 64)
		m.take(at, at+16)
		m.give(at, at+16)
	}
}
