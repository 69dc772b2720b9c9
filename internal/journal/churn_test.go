package journal_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"extant/disk"
	"extant/disk/disktest"
	"extant/internal/journal"
	"extant/internal/ondisk"
)

// A blockChurn changes blocks at random through a journal and remembers what each operation made of them, so that whatever is
// found after a crash can be judged. Block churnCounter says which operation was the last.
//
// Blocks are metadata, file data that is journaled, file data that is not, or free. What is freed is used for something else
// only after the transaction that freed it is durable, as an allocator must; but it may be created again in the same change.
type blockChurn struct {
	r   *rig
	rnd *rand.Rand

	mu     sync.Mutex // one operation at a time; never held by who commits
	now    state
	after  []state       // by operation
	tids   []journal.TID // by operation
	direct func(b ondisk.Block, p []byte) error

	free struct {
		sync.Mutex
		blocks []ondisk.Block // to be used again
	}
}

const (
	churnCounter = 5
	churnFirst   = 10
	churnLast    = 50
)

type kind uint8

const (
	unused kind = iota
	metadata
	logged
	plain
)

// cell is the content of a block: each half was last written by an operation, 0 for zeros.
type cell struct {
	kind   kind
	halves [2]int
}

type state map[ondisk.Block]cell

// bytes is the content of a block.
func (c cell) bytes(b ondisk.Block) []byte {
	p := make([]byte, craftSize)
	for i, op := range c.halves {
		half(p, i, b, op)
	}
	return p
}

// half writes what operation op puts into one half of block b; some blocks then look like records of the log.
func half(p []byte, i int, b ondisk.Block, op int) {
	p = p[i*craftSize/2:][:craftSize/2]
	if op == 0 {
		clear(p)
		return
	}
	for n := 0; n < len(p); n += 4 {
		binary.BigEndian.PutUint32(p[n:], uint32(op)<<12|uint32(b)<<1|uint32(i))
	}
	if (op+int(b))%3 == 0 {
		binary.BigEndian.PutUint32(p, ondisk.JournalMagic)
	}
}

func newChurn(r *rig, seed uint64) *blockChurn {
	c := &blockChurn{r: r, rnd: rand.New(rand.NewPCG(seed, 1)), now: state{}, after: []state{{}}, tids: []journal.TID{0}}
	for b := ondisk.Block(churnFirst); b < churnLast; b++ {
		c.free.blocks = append(c.free.blocks, b)
	}
	c.direct = func(b ondisk.Block, p []byte) error {
		_, err := r.dev.WriteAt(p, int64(b)*craftSize)
		return err
	}
	return c
}

// take takes a block that may be used for anything; false for none.
func (c *blockChurn) take() (ondisk.Block, bool) {
	c.free.Lock()
	defer c.free.Unlock()
	if len(c.free.blocks) == 0 {
		return 0, false
	}
	i := c.rnd.IntN(len(c.free.blocks))
	b := c.free.blocks[i]
	c.free.blocks = slices.Delete(c.free.blocks, i, i+1)
	return b, true
}

// some returns a block in use of the kinds given; false for none.
func (c *blockChurn) some(kinds ...kind) (ondisk.Block, bool) {
	var all []ondisk.Block
	for _, b := range slices.Sorted(maps.Keys(c.now)) {
		if b != churnCounter && slices.Contains(kinds, c.now[b].kind) {
			all = append(all, b)
		}
	}
	if len(all) == 0 {
		return 0, false
	}
	return all[c.rnd.IntN(len(all))], true
}

// step does one operation: a handle with some changes, and the counter.
func (c *blockChurn) step() (journal.TID, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 1 + c.rnd.IntN(5)
	h, err := c.r.Start(n + 1)
	if err != nil {
		return 0, err
	}
	tid, op := h.TID(), len(c.after)
	for range n {
		if err = c.change(h, op); err != nil {
			break
		}
	}
	if err == nil {
		err = c.count(h, op)
	}
	if e := h.Stop(); err == nil {
		err = e
	}
	c.after, c.tids = append(c.after, maps.Clone(c.now)), append(c.tids, tid)
	return tid, err
}

func (c *blockChurn) count(h *journal.Handle, op int) error {
	if _, ok := c.now[churnCounter]; !ok {
		return c.create(h, churnCounter, op)
	}
	if err := c.write(h, churnCounter, 0, op); err != nil {
		return err
	}
	return c.write(h, churnCounter, 1, op)
}

func (c *blockChurn) change(h *journal.Handle, op int) error {
	switch c.rnd.IntN(10) {
	case 0, 1:
		if b, ok := c.take(); ok {
			return c.create(h, b, op)
		}
	case 2:
		if b, ok := c.take(); ok {
			return c.logData(h, b, op)
		}
	case 3:
		if b, ok := c.take(); ok {
			return c.writeData(b, op)
		}
	case 4:
		if b, ok := c.some(metadata, logged, plain); ok {
			return c.release(h, b)
		}
	case 5:
		if b, ok := c.some(metadata, logged); ok { // freed, and created again in the same change
			if err := h.Forget(b); err != nil {
				return err
			}
			if c.rnd.IntN(3) == 0 {
				return c.logData(h, b, op)
			}
			return c.create(h, b, op)
		}
	case 6:
		if b, ok := c.some(logged); ok {
			return c.logData(h, b, op)
		}
	default:
		if b, ok := c.some(metadata); ok {
			return c.write(h, b, c.rnd.IntN(2), op)
		}
	}
	return nil
}

func (c *blockChurn) create(h *journal.Handle, b ondisk.Block, op int) error {
	buf := c.r.cache.New(b)
	data, err := h.Create(buf)
	if err != nil {
		return err
	}
	if !bytes.Equal(data, make([]byte, craftSize)) {
		return fmt.Errorf("block %d was created with content", b)
	}
	half(data, 0, b, op)
	h.Dirty(buf)
	c.now[b] = cell{metadata, [2]int{op, 0}}
	return nil
}

func (c *blockChurn) write(h *journal.Handle, b ondisk.Block, i, op int) error {
	buf, err := c.r.cache.Read(b)
	if err != nil {
		return err
	}
	data, err := h.Access(buf)
	if err != nil {
		return err
	}
	x := c.now[b]
	if !bytes.Equal(data, x.bytes(b)) {
		return fmt.Errorf("block %d has other content in memory than was written", b)
	}
	half(data, i, b, op)
	h.Dirty(buf)
	x.halves[i] = op
	c.now[b] = x
	return nil
}

func (c *blockChurn) logData(h *journal.Handle, b ondisk.Block, op int) error {
	x := cell{logged, [2]int{op, op}}
	if old, ok := c.now[b]; ok && c.rnd.IntN(2) == 0 {
		if p, ok := c.r.Pending(b); ok && !bytes.Equal(p, old.bytes(b)) {
			return fmt.Errorf("block %d is pending with other content than was logged", b)
		}
	}
	c.now[b] = x
	return h.Log(b, x.bytes(b))
}

// writeData writes file data that is not journaled.
func (c *blockChurn) writeData(b ondisk.Block, op int) error {
	x := cell{plain, [2]int{op, op}}
	c.now[b] = x
	return c.direct(b, x.bytes(b))
}

func (c *blockChurn) release(h *journal.Handle, b ondisk.Block) error {
	if c.now[b].kind != plain {
		if err := h.Forget(b); err != nil {
			return err
		}
	}
	delete(c.now, b)
	h.AfterCommit(func(err error) {
		if err == nil {
			c.free.Lock()
			defer c.free.Unlock()
			c.free.blocks = append(c.free.blocks, b)
		}
	})
	return nil
}

// judge says what is wrong with a device as recovery leaves it, after durable operations were acknowledged; nil for nothing.
func (c *blockChurn) judge(dev disk.Device, durable int) error {
	l, err := journal.Open(dev, c.r.config)
	if err != nil {
		return err
	}
	o, err := l.Recover()
	if err != nil {
		return err
	}
	if o.Damage() != nil {
		return o.Damage()
	}
	view, p := o.View(dev), make([]byte, craftSize)
	if _, err := view.ReadAt(p, churnCounter*craftSize); err != nil {
		return err
	}
	op := int(binary.BigEndian.Uint32(p[8:]) >> 12)
	if p[0] == churnCounter && p[8] == churnCounter {
		op = 0 // as it was at first
	}
	switch {
	case op >= len(c.after):
		return fmt.Errorf("operation %d of %d", op, len(c.after)-1)
	case op < durable:
		return fmt.Errorf("operation %d was durable, what is there is %d", durable, op)
	case op+1 < len(c.after) && op > 0 && c.tids[op] == c.tids[op+1]:
		return fmt.Errorf("operation %d is there without %d of the same transaction %d", op, op+1, c.tids[op])
	}
	for b, x := range c.after[op] {
		if _, err := view.ReadAt(p, int64(b)*craftSize); err != nil {
			return err
		}
		if !bytes.Equal(p, x.bytes(b)) {
			return fmt.Errorf("after operation %d (transaction %d) block %d, of kind %d, has other content than %v", op, c.tids[op], b, x.kind, x.halves)
		}
	}
	return nil
}

// mark notes in a trace that operation op is durable.
func mark(rec *disktest.Recorder, op int) { rec.Mark(fmt.Sprint(op)) }

// crashes judges the device after each operation of a trace, and after some that a crash may leave of the writes since the
// flush before: each of them, or a part of it, done or not.
func (c *blockChurn) crashes(t *testing.T, base *disk.Mem, trace disktest.Trace, samples int) (states int) {
	t.Helper()
	rnd := rand.New(rand.NewPCG(7, 7))
	durable, flushed := 0, base.Snapshot()
	dev := base
	epoch := disktest.Trace{}
	for i, op := range trace {
		switch {
		case op.Kind == disktest.Mark:
			var n int
			fmt.Sscan(op.Label, &n)
			durable = max(durable, n)
			continue
		case op.Kind == disktest.Flush:
			flushed, epoch = dev.Snapshot(), epoch[:0]
			continue
		}
		if err := op.Apply(dev); err != nil {
			t.Fatal(err)
		}
		epoch = append(epoch, op)
		if err := c.judge(dev, durable); err != nil {
			t.Fatalf("after %d of %d operations (%v): %v", i+1, len(trace), op, err)
		}
		states++
		for range min(samples, 1<<len(epoch)) {
			d := flushed.Snapshot()
			what := lose(t, rnd, d, epoch)
			if err := c.judge(d, durable); err != nil {
				t.Fatalf("after %d of %d operations, with %s since the flush: %v", i+1, len(trace), what, err)
			}
			states++
		}
	}
	return states
}

// lose does some of the writes of an epoch, and of some only sectors.
func lose(t *testing.T, rnd *rand.Rand, dev disk.Device, epoch disktest.Trace) string {
	t.Helper()
	var what []string
	for _, op := range epoch {
		switch rnd.IntN(3) {
		case 0:
			continue
		case 1:
			for n := 0; n < len(op.Data); n += 512 {
				if rnd.IntN(2) == 0 {
					if _, err := dev.WriteAt(op.Data[n:min(n+512, len(op.Data))], op.Off+int64(n)); err != nil {
						t.Fatal(err)
					}
				}
			}
			what = append(what, "part of "+op.String())
			continue
		}
		if err := op.Apply(dev); err != nil {
			t.Fatal(err)
		}
		what = append(what, op.String())
	}
	return fmt.Sprint(what)
}

// TestAnyCrashLeavesWholeTransactions churns in one task, and judges all that a crash may leave.
func TestAnyCrashLeavesWholeTransactions(t *testing.T) {
	steps, seeds := 150, 3
	if testing.Short() {
		steps, seeds = 60, 1
	}
	states := 0
	for _, f := range []ondisk.JournalIncompat{0, csum3} {
		for seed := range uint64(seeds) {
			base, config := blank(f)
			rec := disktest.NewRecorder(base.Snapshot())
			r := startJournal(t, rec, config, true)
			c := newChurn(r, seed)
			for i := 1; i <= steps; i++ {
				tid, err := c.step()
				if err != nil {
					t.Fatalf("seed %d, operation %d: %v", seed, i, err)
				}
				switch n := c.rnd.IntN(20); {
				case n < 6:
					err = r.Commit(tid)
				case n == 6:
					err = r.Flush()
				default:
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				mark(rec, i)
			}
			s := r.Stats()
			if s.Overdrawn != 0 || s.Checkpoints == 0 || s.Revoked == 0 {
				t.Errorf("seed %d: the test does not test what it should: %+v", seed, s)
			}
			states += c.crashes(t, base, rec.Trace(), 2)
		}
	}
	t.Logf("%d states", states)
}

// slow is a device that takes its time, so that others get to run meanwhile.
type slow struct{ disk.Device }

func (d slow) WriteAt(p []byte, off int64) (int, error) {
	time.Sleep(time.Microsecond)
	n, err := d.Device.WriteAt(p[:len(p)/2], off)
	if err != nil {
		return n, err
	}
	time.Sleep(50 * time.Microsecond)
	m, err := d.Device.WriteAt(p[len(p)/2:], off+int64(n))
	return n + m, err
}

func (d slow) Flush() error {
	time.Sleep(50 * time.Microsecond)
	return d.Device.Flush()
}

// TestCrashesBesideCommits churns while other tasks commit and flush.
func TestCrashesBesideCommits(t *testing.T) {
	steps := 400
	if testing.Short() {
		steps = 120
	}
	base, config := blank(csum3)
	rec := disktest.NewRecorder(base.Snapshot())
	r := startJournal(t, slow{rec}, config, true)
	c := newChurn(r, 11)
	done := make(chan struct{})
	var wg sync.WaitGroup
	for i := range 3 {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(i), 3))
			for {
				select {
				case <-done:
					return
				default:
				}
				c.mu.Lock()
				op := len(c.after) - 1
				tid := c.tids[op]
				c.mu.Unlock()
				var err error
				if rnd.IntN(10) == 0 {
					err = r.Flush()
				} else {
					err = r.Sync(tid)
				}
				if err != nil {
					t.Error(err)
					return
				}
				mark(rec, op)
			}
		})
	}
	for i := range steps {
		if _, err := c.step(); err != nil {
			t.Errorf("operation %d: %v", i, err)
			break
		}
	}
	close(done)
	wg.Wait()
	t.Logf("%d states, %+v", c.crashes(t, base, rec.Trace(), 1), r.Stats())
}
