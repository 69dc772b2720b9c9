package mkfs

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"iter"

	"extant/disk"
	"extant/internal/ondisk"
)

// Content is a source that was read once: its names and attributes are known, and how much room it needs. It is for one image
// at a time.
type Content struct {
	src   Source
	o     FillOptions
	warn  *warnings
	t     *tree
	order []nodeID // by inode number

	lost nodeID // lost+found

	digest *[32]byte    // of all names and attributes, once it was asked for
	random *[2][16]byte // identity and hash seed, where they are random
	dirs   dirFormat    // what the entries of directories are sorted for
}

// Scan reads the names and attributes of a source. The Content must be closed.
func Scan(ctx context.Context, src Source, o FillOptions) (*Content, error) {
	c := &Content{src: src, o: o, warn: newWarnings()}
	t, err := scan(ctx, src, &c.o, c.warn)
	if err == nil {
		c.t = t
		c.lost, err = t.lostFound()
	}
	if err != nil {
		src.close()
		return nil, err
	}
	c.order = t.number()
	return c, nil
}

// Close gives up what the scan opened.
func (c *Content) Close() error { return c.src.close() }

// Build makes a file system with the content on a device. It is flushed, not closed. The Report is of use with an error as well.
//
// When Build fails, or is interrupted, no file system is found on the device, neither the new one nor the one it held.
// Not enough room is a *TooSmallError, before anything is written.
func (c *Content) Build(ctx context.Context, dev disk.Device, o Options) (Report, error) {
	geo, err := c.plan(dev, o)
	if err != nil {
		return c.report(nil), err
	}
	p, err := c.lay(dev, geo)
	if err != nil {
		return c.report(nil), err
	}
	if err := p.fill(ctx); err != nil {
		return c.report(p), err
	}
	if err := p.im.finish(); err != nil {
		return c.report(p), err
	}
	return c.report(p), nil
}

// Plan works out what Build would make of a device of size bytes, and writes nothing. The super block of the Geometry counts what stays free.
// The Report is of use with an error as well.
func (c *Content) Plan(size int64, o Options) (*Geometry, Report, error) {
	geo, err := c.plan(void{size: size}, o)
	return geo, c.report(nil), err
}

// plan is planDevice for a content that fits.
func (c *Content) plan(dev disk.Device, o Options) (*Geometry, error) {
	o, err := c.identify(o)
	if err != nil {
		return nil, err
	}
	geo, err := c.planDevice(dev, o)
	if err == nil {
		var free uint64
		free, err = c.rehearse(geo)
		geo.Super.SetBlocksFree(free)
	}
	if err != nil {
		return nil, c.explain(err, dev.Size(), o)
	}
	return geo, nil
}

// Build makes a file system on a device and fills it from a source: [Scan] and [Content.Build] in one.
func Build(ctx context.Context, dev disk.Device, src Source, o Options, fill FillOptions) (Report, error) {
	c, err := Scan(ctx, src, fill)
	if err != nil {
		return Report{}, err
	}
	defer c.Close()
	return c.Build(ctx, dev, o)
}

// planDevice is PlanDevice with as many inodes as the content needs, where the options leave that open.
func (c *Content) planDevice(dev disk.Device, o Options) (*Geometry, error) {
	geo, err := PlanDevice(dev, o)
	if err != nil || o.Inodes != 0 || o.BytesPerInode != 0 {
		return geo, err
	}
	need := c.inodes(geo)
	if need <= uint64(geo.Super.InodesCount) {
		return geo, nil
	}
	if bytes, bs := need*uint64(geo.Super.InodeSize), uint64(geo.BlockSize); bytes >= geo.Blocks*bs {
		return nil, &NoSpaceError{What: "blocks", Need: bytes/bs + 1, Have: geo.Blocks}
	}
	o.Inodes = need
	return PlanDevice(dev, o)
}

// inodes is how many inodes the content needs, those of the file system itself included, at most.
func (c *Content) inodes(geo *Geometry) uint64 {
	const own = 2 // orphan file and project quota may have numbers after lost+found
	n := uint64(len(c.order)) + uint64(lostFoundIno) + own
	if geo.has(eaInode) {
		n += c.t.xattrs.largeCount(geo.BlockSize)
	}
	return n
}

// lay makes an image and gives everything its place in it.
func (c *Content) lay(dev disk.Device, geo *Geometry) (*plan, error) {
	geo.filled = true
	im, err := newImage(dev, geo)
	if err != nil {
		return nil, err
	}
	p := newPlan(c, im)
	return p, p.lay()
}

// rehearse lays everything out on a device that keeps nothing, and returns how many blocks that leaves.
func (c *Content) rehearse(geo *Geometry) (uint64, error) {
	p, err := c.lay(void{size: int64(geo.Blocks)*int64(geo.BlockSize) + geo.opts.Extended.Offset}, geo)
	if err != nil {
		return 0, err
	}
	err = p.im.writeQuotas()
	return p.im.space.free, err
}

// report says what is in the image, of which p is the plan if it came to one.
func (c *Content) report(p *plan) Report {
	var r Report
	for id := range c.all() {
		n := c.t.nodes.at(id)
		switch {
		case n.isDir():
			r.Dirs++
			continue
		case n.isSymlink():
			r.Symlinks++
		case n.isRegular():
			r.Files++
			r.Bytes += n.size
			r.Data += c.t.dataBytes(n)
		default:
			r.Specials++
		}
		r.Links += int64(n.links) - 1
	}
	all := newWarnings()
	all.merge(c.warn)
	if p != nil {
		all.merge(p.warn)
	}
	all.report(&r)
	return r
}

// identify settles the identities, once for however many plans: the hash seed decides how large directories are laid out.
func (c *Content) identify(o Options) (Options, error) {
	if c.o.Epoch != nil {
		return c.derive(o), nil
	}
	if c.random == nil {
		source := o.Rand
		if source == nil {
			source = rand.Reader
		}
		c.random = new([2][16]byte)
		for i := range c.random {
			if _, err := io.ReadFull(source, c.random[i][:]); err != nil {
				return o, err
			}
			c.random[i] = ondisk.UUIDv4(c.random[i])
		}
	}
	return o.withIdentity(c.random[0], c.random[1]), nil
}

// withIdentity fills in what the options leave open.
func (o Options) withIdentity(uuid, seed [16]byte) Options {
	if o.UUID == nil {
		o.UUID = &uuid
	}
	if o.Extended.HashSeed == nil {
		o.Extended.HashSeed = &seed
	}
	o.Rand = zeroReader{}
	return o
}

// derive makes identities follow from the content.
func (c *Content) derive(o Options) Options {
	if o.Now.IsZero() {
		o.Now = *c.o.Epoch
	}
	if c.digest == nil {
		sum := c.sum()
		c.digest = &sum
	}
	name := func(what string) [16]byte {
		return ondisk.UUIDv5(contentSpace, append([]byte(what), c.digest[:]...))
	}
	return o.withIdentity(name("uuid"), name("hash seed"))
}

// contentSpace is the name space of UUIDs that follow from the content of an image.
var contentSpace = ondisk.UUID{0x5c, 0x0e, 0x53, 0x5d, 0x42, 0x1f, 0x4c, 0x6b, 0x9b, 0x0f, 0x6d, 0x5e, 0x7c, 0x25, 0x90, 0x11}

// zeroReader stands for random numbers that nothing depends on.
type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// sum is a hash over all names and attributes, whatever order they were found in. It is taken before entries are sorted by hash.
func (c *Content) sum() [32]byte {
	t, h := c.t, sha256.New()
	var b []byte
	for id := range c.all() {
		n := t.nodes.at(id)
		b = t.describeNode(binary.LittleEndian.AppendUint32(b[:0], uint32(n.ino)), n)
		if n.isDir() {
			for _, e := range t.children(n) {
				b = binary.LittleEndian.AppendUint32(b, uint32(t.nodes.at(e.node).ino))
				b = append(append(b, t.entryName(&e)...), 0)
			}
		}
		h.Write(b)
	}
	return [32]byte(h.Sum(nil))
}

// all yields the root, lost+found, and then all others in the order of their inodes.
func (c *Content) all() iter.Seq[nodeID] {
	return func(yield func(nodeID) bool) {
		if !yield(rootNode) || !yield(c.lost) {
			return
		}
		for _, id := range c.order {
			if !yield(id) {
				return
			}
		}
	}
}

// describeNode appends the attributes of a node to b.
func (t *tree) describeNode(b []byte, n *node) []byte {
	for _, v := range []uint64{
		uint64(n.mode), uint64(n.uid), uint64(n.gid), uint64(n.links), uint64(n.size),
		uint64(n.mtime), uint64(n.mtimeNsec), uint64(n.atime), uint64(n.atimeNsec),
	} {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	switch n.kind() {
	case ondisk.ModeSymlink:
		b = append(b, t.target(n)...)
	case ondisk.ModeChar, ondisk.ModeBlock:
		b = binary.LittleEndian.AppendUint64(b, uint64(n.lo)<<32|uint64(n.hi))
	}
	if n.xattrs != 0 {
		b = append(b, t.xattrs.bytes(n.xattrs)...)
	}
	return b
}
