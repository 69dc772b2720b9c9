package ext4_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"extant/explore"
	"extant/ext4"
	"extant/sched"
)

// dataModes are the ways in which data is written.
var dataModes = []struct {
	name string
	o    ext4.Options
}{
	{"ordered", ext4.Options{}},
	{"nodelalloc", ext4.Options{NoDelalloc: true}},
	{"journal", ext4.Options{Data: ext4.DataJournal}},
	{"writeback", ext4.Options{Data: ext4.DataWriteback}},
	{"read_past", ext4.Options{ReadPast: true}},
	{"write_past", ext4.Options{ReadPast: true, WritePast: 1}},
	{"write_past_long", ext4.Options{WritePast: 4 << 10}},
	{"small_cache", ext4.Options{DataBytes: 1}},
}

// eachMode runs a test on each kind of file system in each mode.
func eachMode(t *testing.T, size int64, f func(t *testing.T, s *scratch)) {
	for _, k := range scratchKinds {
		for _, m := range dataModes {
			t.Run(k.name+"/"+m.name, func(t *testing.T) { f(t, newScratch(t, size, k.args, m.o)) })
		}
	}
}

// file makes a file in the root directory.
func (s *scratch) file(name string) *ext4.Inode {
	s.t.Helper()
	n, err := s.root().Create(name, ext4.NewAttr{Mode: 0o644})
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

// again is a file of the root directory as it is found now.
func (s *scratch) again(name string) *ext4.Inode {
	s.t.Helper()
	ino, err := s.root().Lookup(name)
	if err != nil {
		s.t.Fatal(err)
	}
	n, err := s.fs.Inode(ino)
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

// sameData compares a whole file with what it should hold.
func sameData(t testing.TB, n *ext4.Inode, want []byte) {
	t.Helper()
	if got := n.Attr().Size; got != int64(len(want)) {
		t.Fatalf("size %d, want %d", got, len(want))
	}
	got := make([]byte, len(want)+1)
	k, err := n.ReadAt(got, 0)
	if k != len(want) || err != io.EOF {
		t.Fatalf("read %d bytes of %d: %v", k, len(want), err)
	}
	if i := differs(got[:k], want); i >= 0 {
		t.Fatalf("byte %d of %d is %#x, want %#x", i, len(want), got[i], want[i])
	}
}

func differs(a, b []byte) int {
	if bytes.Equal(a, b) {
		return -1
	}
	for i := range a {
		if a[i] != b[i] {
			return i
		}
	}
	return len(a)
}

// shadow is a file and the bytes that it should hold.
type shadow struct {
	n    *ext4.Inode
	want []byte
}

func (f *shadow) grow(size int) {
	if size > len(f.want) {
		f.want = append(f.want, make([]byte, size-len(f.want))...)
	}
}

// step does something random to the file, and the same to the shadow, and returns what it was.
func (f *shadow) step(t *testing.T, r *rand.Rand, bs int) string {
	t.Helper()
	most := 40 * bs
	off := r.IntN(most)
	if r.IntN(3) == 0 {
		off = r.IntN(200)
	}
	length := 1 + r.IntN([]int{20, 200, 3 * bs, 12 * bs}[r.IntN(4)])
	if r.IntN(4) == 0 { // whole blocks
		off, length = off/bs*bs, (length+bs-1)/bs*bs
	}
	what := ""
	var err error
	switch op := r.IntN(12); op {
	case 0, 1, 2, 3:
		what = fmt.Sprintf("write %d %d", off, length)
		p := make([]byte, length)
		for i := range p {
			p[i] = byte(r.Uint32()) | 1
		}
		_, err = f.n.WriteAt(p, int64(off))
		f.grow(off + length)
		copy(f.want[off:], p)
	case 4:
		what = fmt.Sprintf("truncate %d", off)
		err = f.n.Truncate(int64(off))
		f.grow(off)
		f.want = f.want[:off:off]
	case 5:
		what = "truncate 0"
		err = f.n.Truncate(0)
		f.want = nil
	case 6:
		what = "fsync"
		err = f.n.Fsync()
	case 7:
		what = fmt.Sprintf("map %d %d", off, length)
		err = f.storeMapped(r, off, length)
	case 8, 9:
		what = fmt.Sprintf("falloc %d %d", off, length)
		what, err = f.fallocate(r, off, length, bs)
	default:
		what = fmt.Sprintf("read %d %d", off, length)
		p := make([]byte, length)
		k, e := f.n.ReadAt(p, int64(off))
		if e != nil && e != io.EOF {
			err = e
		}
		want := f.want[min(off, len(f.want)):min(off+length, len(f.want))]
		if !bytes.Equal(p[:k], want) {
			t.Fatalf("%s: differs at byte %d; %d bytes, want %d", what, differs(p[:k], want), k, len(want))
		}
	}
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	return what
}

// storeMapped stores through a mapping, within the file.
func (f *shadow) storeMapped(r *rand.Rand, off, length int) error {
	if off >= len(f.want) {
		return nil
	}
	length = min(length, len(f.want)-off)
	m, err := f.n.Map(0, int64(len(f.want)), ext4.MapWrite)
	if err != nil {
		return err
	}
	defer m.Close()
	p := make([]byte, length)
	for i := range p {
		p[i] = byte(r.Uint32()) | 1
	}
	copy(f.want[off:], p)
	_, err = m.WriteAt(p, int64(off))
	return err
}

func (f *shadow) fallocate(r *rand.Rand, off, length, bs int) (string, error) {
	mode := ext4.FallocMode(r.IntN(int(ext4.FallocInsert) + 1))
	if mode == ext4.FallocCollapse || mode == ext4.FallocInsert {
		const cluster = 16384
		off, length = off/cluster*cluster, cluster*(1+r.IntN(2))
		if mode == ext4.FallocCollapse && off+length >= len(f.want) || mode == ext4.FallocInsert && (off >= len(f.want) || len(f.want) > 60*bs) {
			return "nothing", nil
		}
	}
	what := fmt.Sprintf("falloc %d %d %d", mode, off, length)
	err := f.n.Fallocate(mode, int64(off), int64(length))
	if err == syscall.EOPNOTSUPP {
		return what, nil
	}
	end := min(off+length, len(f.want))
	switch mode {
	case ext4.FallocAllocate, ext4.FallocZero:
		if mode == ext4.FallocZero && off < end {
			clear(f.want[off:end])
		}
		f.grow(off + length)
	case ext4.FallocPunch, ext4.FallocZeroKeep:
		if off < end {
			clear(f.want[off:end])
		}
	case ext4.FallocCollapse:
		f.want = append(f.want[:off:off], f.want[off+length:]...)
	case ext4.FallocInsert:
		f.want = append(f.want[:off:off], append(make([]byte, length), f.want[off:]...)...)
	}
	return what, err
}

// TestRandomData does random things to files and compares, in memory and after each unmount.
func TestRandomData(t *testing.T) {
	rounds, steps := 3, 60
	if testing.Short() {
		rounds, steps = 1, 40
	}
	eachMode(t, 16<<20, func(t *testing.T, s *scratch) {
		for seed := range rounds {
			randomData(t, s, uint64(seed), steps)
		}
	})
}

func randomData(t *testing.T, s *scratch, seed uint64, steps int) {
	r := rand.New(rand.NewPCG(seed, 7))
	var files [3]shadow
	for i := range files {
		files[i].n = s.file(fmt.Sprint("file", seed, i))
	}
	var log []string
	defer func() {
		if t.Failed() {
			t.Log(log)
		}
	}()
	for k := range steps {
		i := r.IntN(len(files))
		what := files[i].step(t, r, s.fs.BlockSize())
		log = append(log, fmt.Sprint(i, " ", what))
		sameData(t, files[i].n, files[i].want)
		if k%20 != 19 {
			continue
		}
		s.unmount()
		s.check()
		s.mount()
		log = append(log, "mount")
		for i := range files {
			files[i].n = s.again(fmt.Sprint("file", seed, i))
			sameData(t, files[i].n, files[i].want)
		}
	}
}

func TestWriteErrors(t *testing.T) {
	s := newScratch(t, 16<<20, "-t ext4", ext4.Options{})
	n := s.file("f")
	if _, err := n.WriteAt([]byte("x"), -1); err != syscall.EINVAL {
		t.Errorf("before the start: %v", err)
	}
	if _, err := n.WriteAt([]byte("x"), 1<<44); err != syscall.EFBIG {
		t.Errorf("past the largest file: %v", err)
	}
	if _, err := s.root().WriteAt([]byte("x"), 0); err != syscall.EISDIR {
		t.Errorf("to a directory: %v", err)
	}
	if err := n.Truncate(-1); err != syscall.EINVAL {
		t.Errorf("truncate to less than nothing: %v", err)
	}
	if err := n.Truncate(1 << 60); !errors.Is(err, syscall.EFBIG) {
		t.Errorf("truncate to too much: %v", err)
	}
	s.unmount()
}

// TestSeekCached looks for data and holes in a file of which nothing has been written back yet, and again after it has been.
func TestSeekCached(t *testing.T) {
	s := newScratch(t, 16<<20, "-t ext4 -b 4096", ext4.Options{})
	n := s.file("f")
	for _, off := range []int64{3 << 12, 4 << 12, 10 << 12} {
		if _, err := n.WriteAt(bytes.Repeat([]byte{1}, 4096), off); err != nil {
			t.Fatal(err)
		}
	}
	if err := n.Truncate(20 << 12); err != nil {
		t.Fatal(err)
	}
	if err := n.Fallocate(ext4.FallocAllocate, 12<<12, 8<<12); err != nil {
		t.Fatal(err)
	}
	if _, err := n.WriteAt([]byte{1}, 14<<12); err != nil {
		t.Fatal(err)
	}
	for _, when := range []string{"before", "after"} {
		for _, c := range []struct{ off, data, hole int64 }{{0, 3, 0}, {3, 3, 5}, {4, 4, 5}, {5, 10, 5}, {11, 14, 11}, {14, 14, 15}} {
			d, err := n.SeekData(c.off << 12)
			h, err2 := n.SeekHole(c.off << 12)
			if err != nil || err2 != nil || d != c.data<<12 || h != c.hole<<12 {
				t.Errorf("%s: from %d data at %#x, hole at %#x, want %d and %d: %v, %v", when, c.off, d, h, c.data, c.hole, err, err2)
			}
		}
		if _, err := n.SeekData(15 << 12); err != syscall.ENXIO {
			t.Errorf("%s: data after the last: %v", when, err)
		}
		delayed := 0
		for m, err := range n.Mappings(0) {
			if err != nil {
				t.Fatal(err)
			}
			if m.Delayed {
				delayed++
			}
		}
		if want := map[string]int{"before": 2, "after": 0}[when]; delayed != want {
			t.Errorf("%s: %d delayed mappings, want %d", when, delayed, want)
		}
		if err := n.Fsync(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFlusher lets time pass, as the explorer has it: data that nobody syncs is on the device after a while.
func TestFlusher(t *testing.T) {
	base := raceImage(t, "-t ext4 -b 1024", 0)
	explore.Test(t, func() {
		dev := base.Snapshot()
		fs, err := ext4.Mount(dev, raceOptions(ext4.Options{Background: true}))
		explore.Assert(err == nil, "mount: %v", err)
		n := theFile(fs)
		_, err = n.WriteAt([]byte("data"), 0)
		explore.Assert(err == nil, "write: %v", err)
		sched.Sleep(20 * time.Second)
		early, err := ext4.Mount(dev.Snapshot(), ext4.Options{})
		explore.Assert(err == nil && len(content(theFile(early))) == 0, "written back at once: %v", err)
		sched.Sleep(30 * time.Second)
		late, err := ext4.Mount(dev.Snapshot(), ext4.Options{})
		explore.Assert(err == nil && string(content(theFile(late))) == "data", "not written back: %v", err)
		explore.Assert(fs.Close() == nil, "unmount fails")
	}, explore.Config{Strategy: explore.Random(1), Executions: 3, StepsMax: 40_000})
}

// TestInsertManyExtents puts holes into a file whose extents fill several leaves, at its start as well, and takes them out again.
func TestInsertManyExtents(t *testing.T) {
	s := newScratch(t, 16<<20, "-t ext4 -b 1024", ext4.Options{})
	f := shadow{n: s.file("f")}
	for i := range 400 {
		off := 20<<10 + i*3<<10
		p := bytes.Repeat([]byte{byte(i) | 1}, 1024)
		if _, err := f.n.WriteAt(p, int64(off)); err != nil {
			t.Fatal(err)
		}
		f.grow(off + 1024)
		copy(f.want[off:], p)
	}
	for _, off := range []int{0, 50 << 10, 300 << 10} {
		if err := f.n.Fallocate(ext4.FallocInsert, int64(off), 16<<10); err != nil {
			t.Fatal(err)
		}
		f.want = append(f.want[:off:off], append(make([]byte, 16<<10), f.want[off:]...)...)
		sameData(t, f.n, f.want)
	}
	for _, off := range []int{100 << 10, 0} {
		if err := f.n.Fallocate(ext4.FallocCollapse, int64(off), 10<<10); err != nil {
			t.Fatal(err)
		}
		f.want = append(f.want[:off:off], f.want[off+10<<10:]...)
		sameData(t, f.n, f.want)
	}
	s.remount()
	sameData(t, s.again("f"), f.want)
}

// TestFallocateMore asks for more than a group has at once, for a file that is small, and for more than there is.
func TestFallocateMore(t *testing.T) {
	s := newScratch(t, 64<<20, "-b 1024 -I 256", ext4.Options{})
	for i, want := range []error{nil, syscall.ENOSPC, nil} {
		n, err := s.root().Create(fmt.Sprint("f", i), ext4.NewAttr{Mode: 0o644, Hold: true})
		if err != nil {
			t.Fatal(err)
		}
		if err := n.Fallocate(ext4.FallocAllocate, 0, []int64{40 << 20, 1 << 40, 5000}[i]); err != want {
			t.Errorf("%d: %v, want %v", i, err, want)
		}
		if want != nil {
			if err := n.Truncate(0); err != nil {
				t.Fatal(err)
			}
		}
		if err := n.Release(); err != nil {
			t.Fatal(err)
		}
	}
}
