package journal_test

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"testing"
	"time"

	"extant/explore"
	"extant/internal/buffer"
	"extant/internal/journal"
	"extant/internal/ondisk"
	"extant/lockdep"
	"extant/sched"
)

// exploredDevice is a device that takes no locks: other tasks run before each operation and in the middle of a write, and the program itself is
// what an explorer orders.
type exploredDevice struct {
	data    []byte
	durable []byte // as of the last flush
	writes  []int  // since then: offset and end
	fail    bool   // an operation may fail
}

func (d *exploredDevice) Size() int64                { return int64(len(d.data)) }
func (d *exploredDevice) Discard(int64, int64) error { return nil }
func (d *exploredDevice) Close() error               { return nil }

func (d *exploredDevice) ReadAt(p []byte, off int64) (int, error) {
	return copy(p, d.data[off:]), nil
}

func (d *exploredDevice) WriteAt(p []byte, off int64) (int, error) {
	sched.Yield("device")
	if d.fail && sched.Fault("write") {
		return 0, errLost
	}
	d.writes = append(d.writes, int(off), int(off)+len(p))
	return copy(d.data[off:], p), nil
}

func (d *exploredDevice) Flush() error {
	sched.Yield("device")
	if d.fail && sched.Fault("flush") {
		return errLost
	}
	for i := 0; i < len(d.writes); i += 2 {
		copy(d.durable[d.writes[i]:d.writes[i+1]], d.data[d.writes[i]:])
	}
	d.writes = d.writes[:0]
	return nil
}

var errLost = errors.New("lost")

// explored is a journal under an explorer. What the tasks did is in acked, what a recovery of what is durable finds is to have it all.
type explored struct {
	dev    *exploredDevice
	config journal.Config
	*journal.Journal
	cache *buffer.Cache
}

// exploredBase is a device with an empty log that all executions start from: small, as each copies it.
var exploredBase, exploredConfig = func() ([]byte, journal.Config) {
	const total, at, size = 64, 20, 40
	p := make([]byte, total*craftSize)
	for n := range total {
		copy(p[n*craftSize:], bytes.Repeat([]byte{byte(n)}, craftSize))
	}
	clear(p[at*craftSize : (at+size)*craftSize])
	(&ondisk.JournalSuper{
		Header:    ondisk.JournalHeader{Magic: ondisk.JournalMagic, BlockType: ondisk.JournalSuperV2},
		BlockSize: craftSize, MaxLen: size, First: 1, Sequence: 1,
	}).Encode(p[at*craftSize:])
	return p, journal.Config{BlockSize: craftSize, Blocks: total, Extents: []journal.Extent{{Start: at, Count: size}}}
}()

func newExplored(log bool) *explored {
	x := &explored{dev: &exploredDevice{data: bytes.Clone(exploredBase), durable: bytes.Clone(exploredBase)}}
	x.config = exploredConfig
	x.cache = buffer.New(x.dev, craftSize, 0)
	w := journal.WriteConfig{Dev: x.dev, Cache: x.cache, Now: func() time.Time { return time.Unix(1, 0) }}
	var err error
	if log {
		w.Log, err = journal.Open(x.dev, x.config)
		explore.Assert(err == nil, "%v", err)
	}
	x.Journal, err = journal.New(w)
	explore.Assert(err == nil, "%v", err)
	return x
}

// add adds n to the first bytes of the first and to the last bytes of each block, which so stay equal in all of them, and lets others run in between.
func (x *explored) add(n byte, blocks ...ondisk.Block) (journal.TID, error) {
	h, err := x.Start(len(blocks))
	if err != nil {
		return 0, err
	}
	for _, b := range blocks {
		buf, err := x.cache.Read(b)
		explore.Assert(err == nil, "%v", err)
		data, err := h.Access(buf)
		if err != nil {
			_ = h.Stop()
			return 0, err
		}
		data[0] += n
		sched.Yield("device")
		data[craftSize-1] += n
		h.Dirty(buf)
	}
	tid := h.TID()
	return tid, h.Stop()
}

// recovered returns the first and last byte of blocks in what is durable, as recovery leaves it.
func (x *explored) recovered(blocks ...ondisk.Block) (got []byte) {
	dev := &exploredDevice{data: x.dev.durable}
	l, err := journal.Open(dev, x.config)
	explore.Assert(err == nil, "%v", err)
	o, err := l.Recover()
	explore.Assert(err == nil && o.Damage() == nil, "%v, %v", err, o.Damage())
	p := make([]byte, craftSize)
	for _, b := range blocks {
		_, err := o.View(dev).ReadAt(p, int64(b)*craftSize)
		explore.Assert(err == nil, "%v", err)
		got = append(got, p[0], p[craftSize-1])
	}
	return got
}

// whole asserts that the blocks, which begin and end alike in what no task has changed, have had the same added, and at least one of enough.
func (x *explored) whole(enough []byte, blocks ...ondisk.Block) {
	got := x.recovered(blocks...)
	for i, b := range blocks {
		explore.Assert(got[2*i]-byte(b) == got[0]-byte(blocks[0]) && got[2*i] == got[2*i+1], "blocks %v are %v: torn", blocks, got)
	}
	explore.Assert(slices.Contains(enough, got[0]-byte(blocks[0])), "%d was added, want one of %v", got[0]-byte(blocks[0]), enough)
}

// exploredPrograms are small: a few handles, a commit, a checkpoint.
var exploredPrograms = map[string]func(){
	"two commit": func() {
		x := newExplored(true)
		a := sched.Go("a", func() {
			tid, err := x.add(1, 10, 11)
			explore.Assert(err == nil && x.Commit(tid) == nil, "%v", err)
			x.whole([]byte{1, 3}, 10, 11)
		})
		b := sched.Go("b", func() {
			tid, err := x.add(2, 10, 11)
			explore.Assert(err == nil && x.Commit(tid) == nil, "%v", err)
			x.whole([]byte{2, 3}, 10, 11)
		})
		a.Wait()
		b.Wait()
	},
	"change beside a checkpoint": func() {
		x := newExplored(true)
		_, err := x.add(1, 10)
		explore.Assert(err == nil, "%v", err)
		a := sched.Go("flush", func() {
			explore.Assert(x.Flush() == nil, "flush")
			x.whole([]byte{1, 3}, 10)
		})
		b := sched.Go("change", func() {
			_, err := x.add(2, 10)
			explore.Assert(err == nil, "%v", err)
		})
		a.Wait()
		b.Wait()
		x.whole([]byte{1, 3}, 10)
		explore.Assert(x.Force() == nil, "force")
		x.whole([]byte{3}, 10)
	},
	"commit beside a checkpoint": func() {
		x := newExplored(true)
		_, err := x.add(1, 10)
		explore.Assert(err == nil, "%v", err)
		a := sched.Go("flush", func() { explore.Assert(x.Flush() == nil, "flush") })
		b := sched.Go("commit", func() {
			tid, err := x.add(2, 11)
			explore.Assert(err == nil && x.Commit(tid) == nil, "%v", err)
			explore.Assert(slices.Equal(x.recovered(10, 11), []byte{11, 11, 13, 13}), "%v after both", x.recovered(10, 11))
		})
		a.Wait()
		b.Wait()
		explore.Assert(slices.Equal(x.recovered(10, 11), []byte{11, 11, 13, 13}), "%v at the end", x.recovered(10, 11))
	},
	"no log": func() {
		x := newExplored(false)
		a := sched.Go("a", func() {
			tid, err := x.add(1, 10)
			explore.Assert(err == nil && x.Commit(tid) == nil, "%v", err)
		})
		_, err := x.add(2, 10)
		explore.Assert(err == nil && x.Force() == nil, "%v", err)
		a.Wait()
		explore.Assert(x.dev.durable[10*craftSize] == 13 && x.dev.durable[11*craftSize-1] == 13, "%d", x.dev.durable[10*craftSize])
	},
	"freed and used again": func() {
		x := newExplored(true)
		tid, err := x.add(1, 10)
		explore.Assert(err == nil && x.Commit(tid) == nil, "%v", err)
		a := sched.Go("flush", func() { explore.Assert(x.Flush() == nil, "flush") })
		h, err := x.Start(1)
		explore.Assert(err == nil && h.Forget(10) == nil, "%v", err)
		var used sched.Completion
		h.AfterCommit(func(err error) {
			explore.Assert(err == nil, "%v", err)
			x.dev.data[10*craftSize] = 99 // whoever has the block now writes to it
			x.dev.durable[10*craftSize] = 99
			used.Complete()
		})
		tid = h.TID()
		explore.Assert(h.Stop() == nil && x.Commit(tid) == nil, "stop")
		used.Wait()
		a.Wait()
		explore.Assert(x.dev.data[10*craftSize] == 99, "overwritten from memory")
		explore.Assert(x.recovered(10)[0] == 99, "overwritten by recovery")
	},
	"a write fails": func() {
		x := newExplored(true)
		x.dev.fail = true
		a := sched.Go("a", func() {
			tid, err := x.add(1, 10, 11)
			if err == nil && x.Commit(tid) == nil {
				x.whole([]byte{1, 3}, 10, 11)
			}
		})
		tid, err := x.add(2, 10, 11)
		if err == nil && x.Commit(tid) == nil {
			x.whole([]byte{2, 3}, 10, 11)
		}
		a.Wait()
		x.whole([]byte{0, 1, 2, 3}, 10, 11)
	},
}

// TestSchedules runs the small programs under every schedule, or as many as time allows, with the lock order validated in each.
func TestSchedules(t *testing.T) {
	text, err := os.ReadFile("../../LOCKS")
	must(t, err)
	order, err := lockdep.ParseOrder(string(text))
	must(t, err)
	limit := 2 * time.Second
	if testing.Short() {
		limit = 300 * time.Millisecond
	}
	for name, f := range exploredPrograms {
		t.Run(name, func(t *testing.T) {
			for _, s := range []explore.Strategy{explore.Preemptions(2), explore.POS(1)} {
				explore.Test(t, f, explore.Config{Strategy: s, Time: limit, Executions: 100_000, Faults: 1})
			}
			explore.Test(t, f, explore.Config{Strategy: explore.POS(2), Executions: 100, Faults: 1, Watch: func(under sched.Hook) sched.Hook {
				return lockdep.New(lockdep.Config{Under: under, Order: order, Report: func(r *lockdep.Report) { t.Error(r) }})
			}})
		})
	}
}
