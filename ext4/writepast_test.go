package ext4_test

import (
	"bytes"
	"testing"
	"time"

	"extant/disk"
	"extant/explore"
	"extant/ext4"
	"extant/internal/ext4test"
	"extant/sched"
)

// pastOptions have all that makes whole blocks written and read past the cache.
var pastOptions = ext4.Options{ReadPast: true, WritePast: 1}

// together is one task that does what those do, one after the other.
func together(tasks ...raceTask) raceTask {
	return raceTask{"together", func(n *ext4.Inode) error {
		for _, t := range tasks {
			if err := t.do(n); err != nil {
				return err
			}
		}
		return nil
	}}
}

// commit commits what has changed of the file so far, and writes nothing back.
var commit = raceTask{"commit", func(n *ext4.Inode) error { return n.SyncMeta() }}

// TestWritePastRaces has whole blocks written past the cache while it is used for the same ones.
func TestWritePastRaces(t *testing.T) {
	limit := ext4test.RaceTime(t, 400*time.Millisecond, 150*time.Millisecond)
	for _, r := range []race{
		{"store", 4096, []raceTask{write('w', 2048, 1024), store('m', 1500)}, []string{"1024a2048w1024a", "1024a476wm1571w1024a"}},
		{"part", 4096, []raceTask{write('w', 2048, 1024), write('v', 100, 1100)}, []string{"1024a2048w1024a", "1024a76w100v1872w1024a"}},
		{"two", 4096, []raceTask{write('w', 2048, 1024), write('v', 2048, 0)}, []string{"2048v1024w1024a", "1024v2048w1024a"}},
		{"cluster", 1024, []raceTask{write('w', 1024, 5120), together(write('v', 100, 4096), syncTask)}, []string{"1024a3072z100v924z1024w"}},
		{"cut", 1500, []raceTask{write('w', 2048, 2048), truncate(1000), syncTask}, []string{"1000a", "1000a1048z2048w"}},
		{"grow", 1500, []raceTask{write('w', 2048, 2048), write('v', 100, 1500), syncTask}, []string{"1500a100v448z2048w"}},
	} {
		for _, args := range []string{"-t ext4 -b 1024", "-t ext4 -b 1024 -O bigalloc -C 4096", "-t ext3 -b 1024"} {
			t.Run(r.name+args, func(t *testing.T) {
				base := raceImage(t, args, r.size)
				explore.Test(t, func() { r.run(base, pastOptions) }, explore.Config{
					Strategy: explore.Portfolio(1, explore.POS(1), explore.Preemptions(2), explore.Random(1)), Time: limit / 3, StepsMax: 40_000, Watch: watchLocks(t),
				})
			})
		}
	}
}

// halves is a device that writes in two steps.
type halves struct{ disk.Device }

func (d halves) WriteAt(p []byte, off int64) (int, error) {
	k, err := d.Device.WriteAt(p[:len(p)/2], off)
	if err == nil {
		_, err = d.Device.WriteAt(p[k:], off+int64(k))
	}
	return len(p), err
}

// TestWritePastWhole has somebody read what is being written past the cache: it is the old or the new.
func TestWritePastWhole(t *testing.T) {
	base := raceImage(t, "-t ext4 -b 1024", 1024)
	explore.Test(t, func() {
		fs, err := ext4.Mount(halves{base.Snapshot()}, raceOptions(pastOptions))
		explore.Assert(err == nil, "mount: %v", err)
		n := theFile(fs)
		w := sched.Go("write", func() { explore.Assert(write('w', 1024, 0).do(n) == nil, "write fails") })
		got := content(n)
		explore.Assert(bytes.Equal(got, bytes.Repeat(got[:1], 1024)), "read %q", got)
		w.Wait()
		explore.Assert(fs.Close() == nil, "unmount fails")
	}, explore.Config{Strategy: explore.Portfolio(1, explore.POS(1), explore.Preemptions(2)), Time: 150 * time.Millisecond, StepsMax: 40_000})
}

// TestWritePastCrashes loses what was written past the cache, and what the cache has beside it.
func TestWritePastCrashes(t *testing.T) {
	either := []string{"-t ext4 -b 1024", "-t ext3 -b 1024"}
	for _, c := range []struct {
		name string
		args []string
		do   []raceTask
		want []string
	}{
		{"overwrite", either, []raceTask{write('w', 1024, 0)}, []string{"1500a", "1024w476a"}},
		{"last_block", either, []raceTask{write('w', 1024, 1024)}, []string{"1500a", "1024a476w", "1024a1024w"}},
		{"grow", either, []raceTask{write('w', 2048, 2048)}, []string{"1500a", "1500a548z2048w"}},
		{"grow_from_cached", either, []raceTask{write('v', 100, 1500), write('w', 2048, 2048), commit}, []string{"1500a", "1500a100v", "1500a100v448z2048w"}},
		{"hole", either, []raceTask{truncate(8192), write('w', 2048, 4096)}, []string{"1500a", "1500a6692z", "1500a2596z2048w2048z"}},
		{"unwritten", either[:1], []raceTask{{"falloc", func(n *ext4.Inode) error { return n.Fallocate(ext4.FallocAllocate, 4096, 4096) }}, write('w', 2048, 4096)},
			[]string{"1500a", "1500a6692z", "1500a2596z2048w2048z"}},
	} {
		for _, args := range c.args {
			t.Run(c.name+args, func(t *testing.T) {
				base := disk.NewMemFrom(bytes.Repeat([]byte{0xAA}, 4<<20))
				formatRace(t, noDiscard{base}, args, 1500)
				crashes(t, base, pastOptions, together(c.do...).do, c.want)
			})
		}
	}
}

// TestWritePastOutOfOrder writes pieces of a file not quite in order, as a kernel sends them: it lies in a few pieces all the same.
func TestWritePastOutOfOrder(t *testing.T) {
	s := newScratch(t, 64<<20, "-t ext4", pastOptions)
	n := s.file("f")
	p := bytes.Repeat([]byte{1}, 256<<10)
	const pieces = 64
	for i := range pieces {
		if err := write(byte(i), len(p), int64(i^1)*int64(len(p))).do(n); err != nil {
			t.Fatal(err)
		}
	}
	var list []ext4.Mapping
	for m, err := range n.Mappings(0) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, m)
	}
	if len(list) > 8 { // the first two pieces, and where a group ends
		t.Errorf("%d mappings: %v", len(list), list)
	}
}
