package ext4_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"extant/ext4"
	"extant/sched"
)

// TestDataStress lets many tasks do everything there is to do with the data of a few files, some of which begin inline, with a cache that is too
// small. It is for the race detector; the file system is checked in the end.
func TestDataStress(t *testing.T) {
	d := time.Second
	if testing.Short() {
		d = 300 * time.Millisecond
	}
	for _, m := range dataModes {
		for _, args := range []string{"-t ext4 -O inline_data", "-t ext4 -O bigalloc -C 16384"} {
			t.Run(m.name+args, func(t *testing.T) {
				m.o.Background = true
				m.o.DataBytes = 300 << 10
				s := newScratch(t, 32<<20, args, m.o)
				var files []*ext4.Inode
				for i := range 4 {
					files = append(files, s.file(fmt.Sprint("f", i)))
				}
				stress(t, s.fs, files, d)
			})
		}
	}
}

func stress(t *testing.T, fs *ext4.FS, files []*ext4.Inode, d time.Duration) {
	end := time.Now().Add(d)
	var wg sched.WaitGroup
	for k := range uint64(8) {
		wg.Go("stress", func() {
			r := rand.New(rand.NewPCG(k, 1))
			for time.Now().Before(end) {
				err := stressStep(fs, files[r.IntN(len(files))], r)
				if err != nil && err != io.EOF && !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, syscall.EINVAL) {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func stressStep(fs *ext4.FS, n *ext4.Inode, r *rand.Rand) error {
	off, length := int64(r.IntN(100_000)), 1+r.IntN(20_000)
	if r.IntN(2) == 0 {
		off, length = int64(r.IntN(150)), 1+r.IntN(60)
	}
	p := make([]byte, length)
	var err error
	switch r.IntN(10) {
	case 0, 1:
		_, err = n.WriteAt(p, off)
	case 2, 3:
		_, err = n.ReadAt(p, off)
	case 4:
		err = n.Truncate(off)
	case 5:
		err = n.Truncate(0)
	case 6:
		err = n.Fsync()
	case 7:
		err = n.Fallocate(ext4.FallocMode(r.IntN(7)), off/16384*16384, 16384)
	case 8:
		var m *ext4.MemoryMap
		if m, err = n.Map(0, 1<<17, ext4.MapWrite); err == nil {
			_, err = m.WriteAt(p, off)
			m.Close()
		}
	default:
		err = fs.Sync()
	}
	return err
}

// TestReadWhileShrinking reads a file that others make shorter and longer: nobody sees anything but its bytes, or zeros.
func TestReadWhileShrinking(t *testing.T) {
	s := newScratch(t, 16<<20, "-t ext4", ext4.Options{})
	n := s.file("f")
	p := make([]byte, 30_000)
	for i := range p {
		p[i] = 7
	}
	stop := sched.Event{}
	reader := sched.Go("reader", func() {
		b := make([]byte, 30_000)
		for !stop.IsSet() {
			k, err := n.ReadAt(b, 0)
			if err != nil && err != io.EOF {
				t.Error(err)
				return
			}
			for _, c := range b[:k] {
				if c != 7 && c != 0 {
					t.Errorf("a byte is %d", c)
					return
				}
			}
		}
	})
	for i := range 200 {
		if _, err := n.WriteAt(p, 0); err != nil {
			t.Fatal(err)
		}
		if err := n.Truncate(int64(i * 31)); err != nil {
			t.Fatal(err)
		}
	}
	stop.Fire()
	reader.Wait()
}
