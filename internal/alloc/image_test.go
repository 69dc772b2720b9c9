package alloc_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"testing"
	"time"

	"extant/disk"
	"extant/fsck"
	"extant/internal/alloc"
	"extant/internal/buffer"
	"extant/internal/journal"
	"extant/internal/ondisk"
	"extant/mkfs"
)

// image is a file system fresh from mkfs with an allocator over it.
type image struct {
	t     testing.TB
	dev   disk.Device
	sb    ondisk.Super
	cache *buffer.Cache
	j     *journal.Journal
	a     *alloc.Allocator
	bad   []error

	mapsMax int
	discard func(ondisk.Block, uint64) error
}

const mib = 1 << 20

// matrix is the features that matter for allocation.
var matrix = []struct {
	name     string
	features string
	o        mkfs.Options
}{
	{"4k", "", mkfs.Options{Size: 600 * mib}},
	{"1k", "", mkfs.Options{Size: 100 * mib, BlockSize: 1024}},
	{"2k 32 bits", "^64bit", mkfs.Options{Size: 100 * mib, BlockSize: 2048}},
	{"no flex_bg", "^flex_bg,^resize_inode", mkfs.Options{Size: 100 * mib, BlockSize: 1024}},
	{"uninit_bg", "^metadata_csum,uninit_bg,^orphan_file,^metadata_csum_seed", mkfs.Options{Size: 100 * mib, BlockSize: 1024}},
	{"no checksums", "^metadata_csum,^uninit_bg,^64bit,^flex_bg,^extent,^orphan_file,^metadata_csum_seed,^huge_file", mkfs.Options{Size: 40 * mib, BlockSize: 1024}},
	{"meta_bg", "meta_bg,^resize_inode", mkfs.Options{Size: 300 * mib, BlockSize: 1024}},
	{"bigalloc", "bigalloc,^resize_inode", mkfs.Options{Size: 600 * mib, BlockSize: 1024, ClusterSize: 16 << 10}},
	{"bigalloc 4k", "bigalloc", mkfs.Options{Size: 1 << 30, ClusterSize: 64 << 10}},
	{"flex of 4", "", mkfs.Options{Size: 100 * mib, BlockSize: 1024, GroupsPerFlex: 4}},
	{"lazy tables", "", mkfs.Options{Size: 100 * mib, BlockSize: 1024, Extended: mkfs.Extended{LazyItableInit: new(bool), NoDiscard: true}}},
	{"packed", "", mkfs.Options{Size: 100 * mib, BlockSize: 1024, Extended: mkfs.Extended{PackedMetaBlocks: true}}},
}

// eachImage runs test on an image with each set of features.
func eachImage(t *testing.T, test func(t *testing.T, im *image)) {
	for _, m := range matrix {
		t.Run(m.name, func(t *testing.T) {
			test(t, newImage(t, m.features, m.o))
		})
	}
}

func newImage(t testing.TB, features string, o mkfs.Options) *image {
	t.Helper()
	edits, err := mkfs.ParseFeatures(features)
	if err != nil {
		t.Fatal(err)
	}
	o.Features, o.Now = edits, time.Unix(1700000000, 0)
	if o.Extended.LazyItableInit != nil {
		*o.Extended.LazyItableInit = true
	}
	dev := disk.NewMem(o.Size)
	if o.Extended.LazyItableInit != nil {
		soil(t, dev)
	}
	if _, err := mkfs.Format(dev, o); err != nil {
		t.Fatal(err)
	}
	im := &image{t: t, dev: dev}
	im.mount(true)
	return im
}

// soil fills a device with what is no file system.
func soil(t testing.TB, dev disk.Device) {
	dirt := bytes.Repeat([]byte{0xA5}, mib)
	for off := int64(0); off < dev.Size(); off += mib {
		if _, err := dev.WriteAt(dirt, off); err != nil {
			t.Fatal(err)
		}
	}
}

// mount starts over with an allocator that knows nothing.
func (im *image) mount(exact bool) {
	im.t.Helper()
	raw := make([]byte, ondisk.SuperSize)
	if _, err := im.dev.ReadAt(raw, ondisk.SuperOffset); err != nil {
		im.t.Fatal(err)
	}
	if err := im.sb.Decode(raw); err != nil {
		im.t.Fatal(err)
	}
	if im.j != nil {
		im.j.Close()
	}
	im.cache = buffer.New(im.dev, im.sb.BlockSize(), 64<<20)
	log, runs := im.log()
	var a *alloc.Allocator
	j, err := journal.New(journal.WriteConfig{
		Dev: im.dev, Cache: im.cache, Log: log, Early: func(b ondisk.Block) bool { return a.Early(b) },
		Checksums: im.sb.HasROCompat(ondisk.ROCompatMetadataCsum), Wide: im.sb.HasIncompat(ondisk.Incompat64Bit),
	})
	if err != nil {
		im.t.Fatal(err)
	}
	im.j = j
	a, err = alloc.New(alloc.Config{
		Super: &im.sb, Cache: im.cache, Journal: im.j, Exact: exact, Protected: runs, MapsMax: im.mapsMax,
		Corrupt: func(err error) { im.bad = append(im.bad, err) }, Discard: im.discard,
	})
	if err != nil {
		im.t.Fatal(err)
	}
	im.a = a
}

// log opens the journal where its inode has it in extents, and says where it is.
func (im *image) log() (*journal.Log, []alloc.Run) {
	im.t.Helper()
	node := make(ondisk.ExtentNode, 60)
	for i, w := range im.sb.JnlBlocks[:15] {
		binary.LittleEndian.PutUint32(node[4*i:], w)
	}
	if !im.sb.HasCompat(ondisk.CompatHasJournal) || !im.sb.HasIncompat(ondisk.IncompatExtents) || node.Depth() != 0 {
		return nil, nil
	}
	c := journal.Config{BlockSize: im.sb.BlockSize(), Blocks: im.sb.Blocks()}
	var runs []alloc.Run
	for i := range node.Len() {
		x := node.At(i)
		c.Extents = append(c.Extents, journal.Extent{Start: x.Start(), Count: uint32(x.Length())})
		runs = append(runs, alloc.Run{Start: x.Start(), N: uint64(x.Length())})
	}
	l, err := journal.Open(im.dev, c)
	if err != nil {
		im.t.Fatal(err)
	}
	return l, runs
}

func (im *image) start() *journal.Handle {
	h, err := im.j.Start(8)
	if err != nil {
		im.t.Fatal(err)
	}
	return h
}

// flush makes the device what the file system is.
func (im *image) flush() {
	im.t.Helper()
	if err := im.j.Flush(); err != nil {
		im.t.Fatal(err)
	}
	im.a.Super(&im.sb)
	im.sb.SetCsum()
	raw := make([]byte, ondisk.SuperSize)
	im.sb.Encode(raw)
	if _, err := im.dev.WriteAt(raw, ondisk.SuperOffset); err != nil {
		im.t.Fatal(err)
	}
}

// findings is what a check finds.
func (im *image) findings() []fsck.Finding {
	im.t.Helper()
	im.flush()
	r, err := fsck.Check(context.Background(), im.dev, fsck.Options{})
	if err != nil {
		im.t.Fatal(err)
	}
	return r.Findings
}

// check wants nothing wrong with the image.
func (im *image) check() {
	im.t.Helper()
	for _, f := range im.findings() {
		im.t.Errorf("%v", f)
	}
	for _, err := range im.bad {
		im.t.Error(err)
	}
	if n := im.j.Stats().Overdrawn; n > 0 {
		im.t.Errorf("%d blocks taken without a credit", n)
	}
}

var (
	mkfsSmall = mkfs.Options{Size: 16 * mib, BlockSize: 1024}
	mkfsFlex4 = mkfs.Options{Size: 200 * mib, BlockSize: 1024, GroupsPerFlex: 4}
)
