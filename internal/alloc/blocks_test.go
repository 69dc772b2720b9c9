package alloc_test

import (
	"errors"
	"math/rand/v2"
	"syscall"
	"testing"

	"extant/fsck"
	"extant/internal/alloc"
	"extant/internal/journal"
	"extant/internal/ondisk"
)

// model is what a file system's clusters are known to be by bookkeeping alone.
type model struct {
	im    *image
	r     *rand.Rand
	used  map[ondisk.Block]bool // by first block of a cluster: in use from the start, or given out
	held  map[ondisk.Block]bool // freed, not yet committed
	given []alloc.Run           // in clusters
	files []*alloc.Prealloc
}

// usedClusters reads the block bitmaps from the device.
func (im *image) usedClusters() map[ondisk.Block]bool {
	im.t.Helper()
	used := make(map[ondisk.Block]bool)
	ratio := uint64(im.sb.ClusterRatio())
	for g := range ondisk.Group(im.sb.Groups()) {
		d := im.desc(g)
		m := make(ondisk.Bitmap, im.sb.BlockSize())
		if d.Flags&ondisk.GroupBlockUninit == 0 || !im.flagged() {
			im.read(d.BlockBitmap(), m)
		} else {
			first, head := im.sb.GroupFirstBlock(g), im.sb.GroupHead(g)
			mark := func(b ondisk.Block, n uint64) {
				for i := range n {
					if h, at := im.sb.BlockGroup(b + ondisk.Block(i)); h == g {
						m.Set(int(uint64(at) / ratio))
					}
				}
			}
			mark(first, head)
			mark(d.BlockBitmap(), 1)
			mark(d.InodeBitmap(), 1)
			mark(d.InodeTable(), uint64(im.sb.ItableBlocks()))
		}
		for i := uint64(0); i*ratio < uint64(im.sb.GroupBlocks(g)); i++ {
			if m.Test(int(i)) {
				used[im.sb.GroupFirstBlock(g)+ondisk.Block(i*ratio)] = true
			}
		}
	}
	return used
}

func (im *image) flagged() bool {
	return im.sb.HasROCompat(ondisk.ROCompatMetadataCsum) || im.sb.HasROCompat(ondisk.ROCompatUninitBG)
}

func (im *image) read(b ondisk.Block, p []byte) {
	im.t.Helper()
	if _, err := im.dev.ReadAt(p, int64(b)*int64(im.sb.BlockSize())); err != nil {
		im.t.Fatal(err)
	}
}

func (im *image) desc(g ondisk.Group) (d ondisk.GroupDesc) {
	im.t.Helper()
	b, off := im.sb.DescriptorBlock(g)
	p := make([]byte, im.sb.BlockSize())
	im.read(b, p)
	if err := d.Decode(p[off : off+im.sb.DescriptorSize()]); err != nil {
		im.t.Fatal(err)
	}
	return d
}

func (m *model) alloc(h *journal.Handle) {
	t := m.im.t
	r := alloc.Request{Len: uint32(1 + m.r.IntN(1+m.r.IntN(300))), Inode: ondisk.Ino(11 + m.r.IntN(1000))}
	if m.r.IntN(2) == 0 {
		r.Goal = ondisk.Block(m.r.Uint64N(m.im.sb.Blocks()))
	}
	if m.r.IntN(3) > 0 {
		r.Prealloc = m.files[m.r.IntN(len(m.files))]
		r.Logical = ondisk.FileBlock(m.r.IntN(200)) * ondisk.FileBlock(m.im.a.Cluster())
		r.Size = uint64(r.Logical) + uint64(m.r.IntN(2000))
		if m.r.IntN(20) == 0 { // more at once than a small file has ever had, as by fallocate
			r.Len, r.Size = uint32(1+m.r.IntN(5000)), 1
		}
	}
	start, n, err := m.im.a.Blocks(h, r)
	if errors.Is(err, syscall.ENOSPC) {
		return
	}
	if err != nil || n < 1 || n > r.Len {
		t.Fatalf("%d of %d clusters at %d: %v", n, r.Len, start, err)
	}
	for i := range n {
		b := start + ondisk.Block(uint64(i)*m.im.a.Cluster())
		if m.used[b] || m.held[b] {
			t.Fatalf("block %d given out: in use %v, held %v", b, m.used[b], m.held[b])
		}
		m.used[b] = true
	}
	m.given = append(m.given, alloc.Run{Start: start, N: uint64(n)})
}

func (m *model) free(h *journal.Handle) {
	if len(m.given) == 0 {
		return
	}
	i := m.r.IntN(len(m.given))
	run := m.given[i]
	m.given[i] = m.given[len(m.given)-1]
	m.given = m.given[:len(m.given)-1]
	if cut := m.r.Uint64N(run.N); cut > 0 && m.r.IntN(2) == 0 {
		m.given = append(m.given, alloc.Run{Start: run.Start, N: cut})
		run = alloc.Run{Start: run.Start + ondisk.Block(cut*m.im.a.Cluster()), N: run.N - cut}
	}
	if err := m.im.a.FreeBlocks(h, run.Start, run.N); err != nil {
		m.im.t.Fatal(err)
	}
	for i := range run.N {
		b := run.Start + ondisk.Block(i*m.im.a.Cluster())
		delete(m.used, b)
		m.held[b] = true
	}
}

// commit makes all durable, and compares the device with the model.
func (m *model) commit() {
	m.im.t.Helper()
	m.im.flush()
	clear(m.held)
	for b := range m.im.usedClusters() {
		if !m.used[b] {
			m.im.t.Fatalf("block %d is marked as in use and is not", b)
		}
	}
	if got := len(m.im.usedClusters()); got != len(m.used) {
		m.im.t.Fatalf("%d clusters in use, want %d", got, len(m.used))
	}
}

// onlyMarked wants nothing wrong with the image but blocks that no file owns.
func (im *image) onlyMarked() {
	im.t.Helper()
	for _, f := range im.findings() {
		switch f.Code {
		case fsck.BlockMarked, fsck.GroupFreeBlocks, fsck.SuperFreeBlocks:
		default:
			im.t.Errorf("%v", f)
		}
	}
}

// TestBlocksAgainstModel gives out and takes back at random.
func TestBlocksAgainstModel(t *testing.T) {
	eachImage(t, func(t *testing.T, im *image) {
		m := &model{im: im, r: rand.New(rand.NewPCG(7, uint64(len(t.Name())))), used: im.usedClusters(), held: make(map[ondisk.Block]bool)}
		for range 5 {
			m.files = append(m.files, new(alloc.Prealloc))
		}
		for step := range 1500 {
			h := im.start()
			if m.r.IntN(5) < 3 {
				m.alloc(h)
			} else {
				m.free(h)
			}
			stop(t, h)
			switch {
			case step%300 == 299:
				m.commit()
				im.onlyMarked()
			case step%501 == 500:
				m.commit()
				im.mount(step%2 == 0)
				m.files = []*alloc.Prealloc{{}, {}}
			}
		}
		for len(m.given) > 0 {
			h := im.start()
			m.free(h)
			stop(t, h)
		}
		m.commit()
		im.check()
		free, _ := im.a.Free()
		if want := im.sb.BlocksFree() / im.a.Cluster(); free != want {
			t.Errorf("%d clusters free, the super block says %d", free, want)
		}
	})
}

func stop(t testing.TB, h *journal.Handle) {
	t.Helper()
	if err := h.Stop(); err != nil {
		t.Fatal(err)
	}
}
