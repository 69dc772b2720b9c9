package disk_test

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"

	"extant/disk"
)

func TestMemSnapshotsAreIndependent(t *testing.T) {
	m := disk.NewMem(1 << 20)
	write(t, m, 5000, "before")
	s := m.Snapshot()
	write(t, m, 5000, "mother")
	write(t, s, 9000, "child")
	u := s.Snapshot()
	write(t, u, 5000, "gr")

	expect(t, m, 5000, "mother")
	expect(t, m, 9000, "\x00\x00\x00\x00\x00")
	expect(t, s, 5000, "before")
	expect(t, s, 9000, "child")
	expect(t, u, 5000, "grfore")
	expect(t, u, 9000, "child")
}

// TestMemFamily forks, changes and drops devices at random, each beside a plain
// copy of its content.
func TestMemFamily(t *testing.T) {
	const size = 300*4096 + 77
	type member struct {
		dev   *disk.Mem
		model []byte
	}
	rng := rand.New(rand.NewPCG(1, 2))
	base := bytes.Repeat([]byte("base"), size/4+1)[:size]
	family := []member{{disk.NewMemFrom(base), bytes.Clone(base)}}
	steps := 1500
	if testing.Short() {
		steps = 300
	}
	for step := range steps {
		i := rng.IntN(len(family))
		m := family[i]
		off := rng.Int64N(size)
		n := rng.Int64N(min(size-off, 1<<rng.IntN(21)) + 1)
		part := m.model[off : off+n]
		switch rng.IntN(6) {
		case 0:
			if len(family) < 12 {
				family = append(family, member{m.dev.Snapshot(), bytes.Clone(m.model)})
			} else {
				family[i] = family[0]
				family = family[1:]
			}
		case 1:
			clear(part)
			if err := m.dev.Discard(off, n); err != nil {
				t.Fatal(err)
			}
		default:
			for j := range part {
				part[j] = byte(step + j)
			}
			if _, err := m.dev.WriteAt(part, off); err != nil {
				t.Fatal(err)
			}
		}
		for j, m := range family {
			if (step+j)%10 == 0 {
				expect(t, m.dev, 0, string(m.model))
			}
		}
	}
	for i, b := range base {
		if b != "base"[i%4] {
			t.Fatalf("byte %d of the base was changed", i)
		}
	}
}

func TestMemSnapshotWhileWriting(t *testing.T) {
	m := disk.NewMem(64 << 12)
	var wg sync.WaitGroup
	defer wg.Wait()
	done := make(chan struct{})
	defer close(done)
	wg.Go(func() {
		for i := byte(1); ; i++ {
			select {
			case <-done:
				return
			default:
				m.WriteAt(bytes.Repeat([]byte{i}, 64<<12), 0)
			}
		}
	})
	one, two := make([]byte, 64<<12), make([]byte, 64<<12)
	for range 200 {
		s := m.Snapshot()
		s.ReadAt(one, 0)
		if one[0] != one[len(one)-1] {
			t.Fatal("a snapshot fell into a write")
		}
		s.ReadAt(two, 0)
		if !bytes.Equal(one, two) {
			t.Fatal("a snapshot changed")
		}
	}
}

func TestMemOfAnySize(t *testing.T) {
	for _, size := range []int64{1, 4096, 64 << 12, 64<<12 + 1, 16 << 40, math.MaxInt64} {
		m := disk.NewMem(size)
		write(t, m, size-1, "x")
		expect(t, m, size-1, "x")
		start, end, err := m.NextData(0)
		if start != (size-1)&^4095 || end != size || err != nil {
			t.Errorf("size %d: data from %d to %d, %v", size, start, end, err)
		}
		if n, err := m.Allocated(); n != 4096 || err != nil {
			t.Errorf("size %d: takes %d bytes, %v", size, n, err)
		}
		if err := m.Discard(0, size); err != nil {
			t.Fatal(err)
		}
		if n, _ := m.Allocated(); n != 0 {
			t.Errorf("size %d: takes %d bytes after all was discarded", size, n)
		}
		if _, _, err := m.NextData(0); err != io.EOF {
			t.Errorf("size %d: data after all was discarded: %v", size, err)
		}
	}
}

func TestMemFromSharesTheBase(t *testing.T) {
	base := []byte(strings.Repeat("0123456789abcdef", 1<<16))
	grown := allocatedBy(func() { disk.NewMemFrom(base) })
	if grown > len(base)/32 {
		t.Errorf("a device over %d bytes allocates %d", len(base), grown)
	}
}

// A snapshot may cost what its device has changed, and no more.
func TestMemSnapshotIsSmall(t *testing.T) {
	m := disk.NewMem(64 << 20)
	write(t, m, 0, strings.Repeat("x", 64<<20))
	if n := allocatedBy(func() { m.Snapshot() }); n > 512 {
		t.Errorf("a snapshot allocates %d bytes", n)
	}
	s := m.Snapshot()
	if n := allocatedBy(func() { write(t, s, 12345, "x") }); n > 8192 {
		t.Errorf("the first write to a snapshot allocates %d bytes", n)
	}
	if n := allocatedBy(func() { write(t, s, 12346, "x") }); n > 512 {
		t.Errorf("the second write to a page allocates %d bytes", n)
	}
}

// allocatedBy returns how many bytes f allocates.
func allocatedBy(f func()) int {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int(after.TotalAlloc - before.TotalAlloc)
}

func TestOverlayLeavesItsBaseAlone(t *testing.T) {
	base := disk.NewMem(16 << 40)
	write(t, base, 5000, "below below")
	o := disk.NewOverlay(base)
	write(t, o, 5006, "above")
	s := o.Snapshot()
	write(t, s, 5000, "fork!")
	if got := o.Changed(); got != 4096 {
		t.Errorf("%d bytes changed", got)
	}
	expect(t, o, 5000, "below above")
	expect(t, s, 5000, "fork! above")
	if err := o.Discard(100, 8<<40); err != nil {
		t.Fatal(err)
	}
	expect(t, o, 5000, strings.Repeat("\x00", 11))
	write(t, o, 5003, "again")
	expect(t, o, 5000, "\x00\x00\x00again\x00\x00\x00")
	expect(t, o, 4096+4096, "\x00")
	if got := o.Changed(); got != 3*4096 {
		t.Errorf("%d bytes changed, with the ends of what was discarded", got)
	}
	o.Flush()
	o.Close()
	expect(t, base, 5000, "below below")
	expect(t, s, 5000, "fork! above")
}

func write(t testing.TB, d disk.Device, off int64, s string) {
	t.Helper()
	if n, err := d.WriteAt([]byte(s), off); n != len(s) || err != nil {
		t.Fatalf("write of %d bytes at %d: %d, %v", len(s), off, n, err)
	}
}

func expect(t testing.TB, d disk.Device, off int64, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if _, err := d.ReadAt(got, off); err != nil {
		t.Fatalf("read of %d bytes at %d: %v", len(want), off, err)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("at %d: %.40q, want %.40q", off+int64(i), got[i:], want[i:])
		}
	}
}

// BenchmarkSnapshot is what a step of an explorer costs: fork, change four
// blocks, read four.
func BenchmarkSnapshot(b *testing.B) {
	for _, size := range []int64{1 << 20, 64 << 20} {
		m := disk.NewMem(size)
		m.WriteAt(bytes.Repeat([]byte("x"), int(size)), 0)
		p := make([]byte, 4096)
		b.Run(fmt.Sprintf("fork/%dMiB", size>>20), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				m.Snapshot()
			}
		})
		b.Run(fmt.Sprintf("fork, write 4, read 4/%dMiB", size>>20), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s := m.Snapshot()
				for i := range int64(4) {
					s.WriteAt(p, size/5*i&^4095)
				}
				for i := range int64(4) {
					s.ReadAt(p, size/5*i&^4095)
				}
			}
		})
	}
}

func BenchmarkMem(b *testing.B) {
	m := disk.NewMem(64 << 20)
	p := make([]byte, 1<<20)
	b.Run("write 1MiB", func(b *testing.B) {
		b.SetBytes(1 << 20)
		for i := int64(0); b.Loop(); i++ {
			m.WriteAt(p, i%64<<20)
		}
	})
	b.Run("read 4KiB", func(b *testing.B) {
		b.SetBytes(4096)
		for i := int64(0); b.Loop(); i++ {
			m.ReadAt(p[:4096], i%16384<<12)
		}
	})
}
