package ext4_test

import (
	"bytes"
	"io"
	"syscall"
	"testing"
	"time"

	"extant/disk/disktest"
	"extant/explore"
	"extant/ext4"
	"extant/internal/ext4test"
	"extant/sched"
)

// promiseKinds are file systems that promise space to data, with and without clusters of several blocks.
var promiseKinds = []struct{ name, args string }{
	{"blocks", "-t ext4 -O quota -b 4096"},
	{"clusters", "-t ext4 -O quota,bigalloc -b 4096 -C 16384"},
}

// blocksFree is how many blocks are free and not promised.
func (s *scratch) blocksFree() uint64 {
	s.t.Helper()
	s.must("sync", s.fs.Sync())
	st, err := s.fs.StatFS()
	s.must("statfs", err)
	return st.BlocksFree
}

// blocksOf writes whole blocks, one for each letter.
func blocksOf(letters string) []byte {
	var p []byte
	for _, c := range []byte(letters) {
		p = append(p, bytes.Repeat([]byte{c}, 4096)...)
	}
	return p
}

// TestPromiseNotNeeded has fallocate give blocks to data that was promised some, or to its neighbours in a cluster: the promise is taken back when
// the data is written.
func TestPromiseNotNeeded(t *testing.T) {
	for _, k := range promiseKinds {
		for _, c := range []struct {
			name       string
			off        int64
			first, end uint64
		}{{"same", 0, 0, 3}, {"neighbour", 0, 1, 2}, {"later", 4096, 0, 1}} {
			t.Run(k.name+"/"+c.name, func(t *testing.T) {
				s := newScratch(t, 16<<20, k.args, ext4.Options{})
				n := s.file("f")
				before := s.blocksFree()
				_, err := n.WriteAt(blocksOf("AB"), c.off)
				s.must("write", err)
				s.must("fill", n.FillHoles(c.first, c.end))
				s.must("fsync", n.Fsync())
				if got := n.QuotaPending(); got != 0 {
					t.Errorf("%d bytes are pending of a file that was written back", got)
				}
				s.must("truncate", n.Truncate(0))
				if after := s.blocksFree(); after != before {
					t.Errorf("%d blocks free before, %d after", before, after)
				}
			})
		}
	}
}

// failing makes writes of data that begins with one letter fail while it is on.
type failing struct {
	letter byte
	on     bool
}

func (f *failing) String() string { return "failing" }

func (f *failing) Inject(op disktest.Op) disktest.Fault {
	if f.on && op.Kind == disktest.Write && len(op.Data) > 0 && op.Data[0] == f.letter {
		return disktest.Fault{Err: syscall.EIO}
	}
	return disktest.Fault{}
}

// TestPromiseAfterFailure has the device refuse data: it keeps its promise, also with those who pay, and gets its blocks later.
func TestPromiseAfterFailure(t *testing.T) {
	for _, k := range promiseKinds {
		t.Run(k.name, func(t *testing.T) {
			s := newScratch(t, 16<<20, k.args, ext4.Options{})
			fail := &failing{letter: 'A'}
			s.dev = disktest.NewFaulty(s.mem, fail)
			s.remount()
			n := s.file("f")
			before := s.blocksFree()
			_, err := n.WriteAt(blocksOf("A"), 0)
			s.must("write", err)
			pending := n.QuotaPending()
			fail.on = true
			if err := n.Fsync(); err != syscall.EIO {
				t.Fatalf("fsync: %v", err)
			}
			fail.on = false
			if got := n.QuotaPending(); got != pending || got == 0 {
				t.Errorf("%d bytes are pending after the failure, %d before", got, pending)
			}
			s.must("fsync", n.Fsync())
			sameData(t, n, blocksOf("A"))
			s.must("truncate", n.Truncate(0))
			if after := s.blocksFree(); after != before || n.QuotaPending() != 0 {
				t.Errorf("%d blocks free before, %d after; %d bytes pending", before, after, n.QuotaPending())
			}
		})
	}
}

// TestSizeOfWritten has the device refuse the second of two blocks: the first, which it took, is part of the file after an unmount.
func TestSizeOfWritten(t *testing.T) {
	s := newScratch(t, 16<<20, "-t ext4 -b 4096", ext4.Options{})
	fail := &failing{letter: 'B', on: true}
	s.dev = disktest.NewFaulty(s.mem, fail)
	s.remount()
	n := s.file("f")
	s.must("fallocate", n.Fallocate(ext4.FallocKeepSize, 0, 4096))
	_, err := n.WriteAt(blocksOf("AB"), 0)
	s.must("write", err)
	if err := n.Fsync(); err != syscall.EIO {
		t.Fatalf("fsync: %v", err)
	}
	s.must("commit", s.file("other").Fsync())
	if err := s.fs.Close(); err == nil {
		t.Error("unmount says nothing of the data that could not be written")
	}
	fail.on = false
	s.mount()
	sameData(t, s.again("f"), blocksOf("A"))
}

// TestJunkPastEnd grows a file whose last block has something else than zeros past its end on the device.
func TestJunkPastEnd(t *testing.T) {
	for name, grow := range map[string]func(n *ext4.Inode) error{
		"truncate": func(n *ext4.Inode) error { return n.Truncate(8192) },
		"fallocate": func(n *ext4.Inode) error {
			return n.Fallocate(ext4.FallocAllocate, 0, 8192)
		},
		"fallocate_behind": func(n *ext4.Inode) error { return n.Fallocate(ext4.FallocAllocate, 4096, 4096) },
		"zero":             func(n *ext4.Inode) error { return n.Fallocate(ext4.FallocZero, 4096, 4096) },
		"write": func(n *ext4.Inode) error {
			_, err := n.WriteAt([]byte{0}, 8191)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScratch(t, 16<<20, "-t ext4 -b 4096", ext4.Options{})
			n := s.file("f")
			_, err := n.WriteAt(bytes.Repeat([]byte{'a'}, 100), 0)
			s.must("write", err)
			s.must("fsync", n.Fsync())
			var at int64
			for m, err := range n.Mappings(0) {
				s.must("mappings", err)
				at = m.Dev
			}
			s.unmount()
			_, err = s.mem.WriteAt(bytes.Repeat([]byte{'j'}, 3000), at+100)
			s.must("junk", err)
			s.mount()
			s.must("grow", grow(s.again("f")))
			want := append(bytes.Repeat([]byte{'a'}, 100), make([]byte, 8092)...)
			sameData(t, s.again("f"), want)
			s.remount()
			sameData(t, s.again("f"), want)
		})
	}
}

// TestStoreFindsSpace stores through a mapping where all that is free was freed a moment ago, and comes back with the commit.
func TestStoreFindsSpace(t *testing.T) {
	for _, o := range []ext4.Options{{}, {NoDelalloc: true}} {
		s := newScratch(t, 8<<20, "-t ext4 -b 1024", o)
		n := s.file("sparse")
		s.must("truncate", n.Truncate(1<<20))
		full := s.file("full")
		for off := int64(0); ; {
			k, err := full.WriteAt(make([]byte, 1<<16), off)
			if off += int64(k); err == syscall.ENOSPC {
				break
			}
			s.must("fill", err)
		}
		s.must("sync", s.fs.Sync())
		s.must("truncate", full.Truncate(0))
		m, err := n.Map(0, 1<<20, ext4.MapWrite)
		s.must("map", err)
		s.must("store", m.Store(5000, 1, 7))
		s.must("close", m.Close())
	}
}

// TestLargestFile writes the last byte that a file can have.
func TestLargestFile(t *testing.T) {
	s := newScratch(t, 16<<20, "-t ext4 -b 4096", ext4.Options{})
	n := s.file("f")
	const last = (1<<32-1)<<12 - 1
	if k, err := n.WriteAt([]byte("x"), last); k != 1 || err != nil {
		t.Errorf("the last byte: %d, %v", k, err)
	}
	if k, err := n.WriteAt([]byte("xy"), last); k != 1 || err != syscall.EFBIG {
		t.Errorf("one byte too many: %d, %v", k, err)
	}
}

// TestMapFreed maps a file that was freed.
func TestMapFreed(t *testing.T) {
	s := newScratch(t, 16<<20, "-t ext4", ext4.Options{})
	n := s.file("f")
	s.must("unlink", s.root().Unlink("f", nil))
	if _, err := n.Map(0, 4096, 0); err != syscall.ESTALE {
		t.Errorf("a mapping of nothing: %v", err)
	}
}

// TestReadWhileComingHome reads data that is in the journal while it is written to its place.
func TestReadWhileComingHome(t *testing.T) {
	base := raceImage(t, "-t ext4 -b 1024", 0)
	want := bytes.Repeat([]byte{'b'}, 1024)
	explore.Test(t, func() {
		fs, err := ext4.Mount(base.Snapshot(), raceOptions(ext4.Options{Data: ext4.DataJournal}))
		explore.Assert(err == nil, "mount: %v", err)
		n := theFile(fs)
		for _, c := range "ab" {
			explore.Assert(fs.Freeze() == nil && fs.Thaw() == nil, "freezing fails")
			_, err := n.WriteAt(bytes.Repeat([]byte{byte(c)}, 1024), 0)
			explore.Assert(err == nil && n.Fsync() == nil, "write: %v", err)
		}
		n.DropCache()
		home := sched.Go("home", func() { explore.Assert(fs.Freeze() == nil && fs.Thaw() == nil, "freezing fails") })
		got := make([]byte, 1024)
		_, err = n.ReadAt(got, 0)
		explore.Assert(err == nil || err == io.EOF, "read: %v", err)
		explore.Assert(bytes.Equal(got, want), "%q was read", got[:4])
		home.Wait()
		explore.Assert(fs.Close() == nil, "unmount fails")
	}, explore.Config{Strategy: explore.Preemptions(1), Time: ext4test.RaceTime(t, 500*time.Millisecond, 150*time.Millisecond), StepsMax: 40_000})
}
