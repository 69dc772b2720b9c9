package alloc

import (
	"extant/internal/buffer"
	"extant/internal/journal"
	"extant/internal/ondisk"
	"extant/sched"
)

var (
	groupClass   = &sched.Class{Name: "alloc-group", Doc: "the bitmaps, the descriptor and the preallocations of one group"}
	spaceClass   = &sched.Class{Name: "alloc-space", Doc: "what is counted over all groups: a leaf", Wait: sched.Spinning}
	loadingClass = &sched.Class{Name: "alloc-loading", Doc: "looking at a block of descriptors for the first time"}
)

// Config is what an Allocator works on. All but Super and Cache may be left out.
type Config struct {
	Super   *ondisk.Super // checked; it is not kept
	Cache   *buffer.Cache
	Journal *journal.Journal // for Retry

	// Exact says that the counts in the super block can be believed: the file system was unmounted cleanly. Otherwise New
	// counts the descriptors.
	Exact bool

	// Protected are the blocks of the journal, which no file may come to own.
	Protected []Run

	// Corrupt is told of every group that is shut off.
	Corrupt func(error)

	// Discard is told which blocks are free for good; after an error it is asked no more.
	Discard func(first ondisk.Block, blocks uint64) error

	// MapsMax bounds how many groups are kept ready for searching, 16 bytes or so for every thousand blocks each; 0 means 1024.
	MapsMax int
}

// Run is n blocks from Start on.
type Run struct {
	Start ondisk.Block
	N     uint64
}

const mapsMaxDefault = 1024

// Allocator gives out blocks and inodes. It may be used from many goroutines at once.
type Allocator struct {
	sb       ondisk.Super // immutable: for its geometry
	cache    *buffer.Cache
	journal  *journal.Journal
	corrupt  func(error)
	journals []Run // Config.Protected
	mapsMax  int

	ratio      uint64 // blocks in a cluster
	perGroup   int    // clusters in a group
	groupCount ondisk.Group
	flex       ondisk.Group // groups in a flex group; 1 without
	csum       bool         // metadata_csum
	seed       uint32
	flags      bool  // flags of descriptors mean something
	forRoot    int64 // clusters
	headroom   int64 // clusters that only what must not fail may take

	discard sched.Pointer[func(ondisk.Block, uint64) error]
	refuse  func() bool // see RefuseWhen; nil for never

	loading sched.Mutex // guards no field: a block of descriptors is read for the first time by one task
	space   space
}

// New returns an allocator for the file system that c describes. Nothing is read of a group before it is used.
func New(c Config) (*Allocator, error) {
	sb := *c.Super
	a := &Allocator{
		sb: sb, cache: c.Cache, journal: c.Journal, corrupt: c.Corrupt, journals: c.Protected, mapsMax: c.MapsMax,
		ratio: uint64(sb.ClusterRatio()), groupCount: ondisk.Group(sb.Groups()), flex: 1,
		csum: sb.HasROCompat(ondisk.ROCompatMetadataCsum), seed: sb.CsumSeed(),
	}
	a.perGroup = int(uint64(sb.BlocksPerGroup) / a.ratio)
	a.flags = a.csum || sb.HasROCompat(ondisk.ROCompatUninitBG)
	if sb.HasIncompat(ondisk.IncompatFlexBG) && sb.LogGroupsPerFlex < 32 {
		a.flex = 1 << sb.LogGroupsPerFlex
	}
	if a.mapsMax <= 0 {
		a.mapsMax = mapsMaxDefault
	}
	if a.corrupt == nil {
		a.corrupt = func(error) {}
	}
	if c.Discard != nil {
		a.discard.Store(&c.Discard)
	}
	a.forRoot = int64(sb.BlocksReserved() / a.ratio)
	if sb.HasIncompat(ondisk.IncompatExtents) {
		a.headroom = int64(min(sb.Blocks()/a.ratio/50, headroomMax))
	}
	a.loading.Init(loadingClass)
	a.initSpace(&sb)
	if c.Exact {
		return a, nil
	}
	return a, a.recount()
}

// headroomMax is how many clusters, at most, are kept back where files have extents, so that the tree of a file can
// still be split when the disk is full: what the kernel keeps.
const headroomMax = 4096

func (a *Allocator) initSpace(sb *ondisk.Super) {
	s := &a.space
	s.mu.Init(spaceClass)
	s.mu.Lock()
	defer s.mu.Unlock()
	per := sb.DescriptorsPerBlock()
	s.spare = int64(sb.BlocksFree() / a.ratio)
	s.inodes = int64(sb.FreeInodesCount)
	s.spans = make([]sched.Pointer[span], a.spanCount())
	s.blocks = newRanking(int(a.groupCount), per)
	s.tables = newRanking(int(a.groupCount), per)
	s.batches = make(map[journal.TID]*batch)
	s.edited = make(map[ondisk.Block]bool)
}

func (a *Allocator) spanCount() int { return int(a.sb.DescriptorBlocks()) }

// Cluster is how many blocks a cluster has, the unit of everything that is counted here.
func (a *Allocator) Cluster() uint64 { return a.ratio }

// RefuseWhen has each request for space or an inode that may fail refused where refuse says so, as if there were none left: tests see with it what
// a full file system does in the middle of a change. It is called while nobody uses the allocator; nil ends it.
func (a *Allocator) RefuseWhen(refuse func() bool) { a.refuse = refuse }

func (a *Allocator) refused() bool { return a.refuse != nil && a.refuse() }

// InodeTable is the first block of a group's inode table. Mounted to write, nobody reads descriptors but through here.
func (a *Allocator) InodeTable(g ondisk.Group) (ondisk.Block, error) {
	sp, err := a.span(g)
	if err != nil {
		return 0, err
	}
	return sp.places[int(g)%a.sb.DescriptorsPerBlock()].inodeTable, nil
}

// Desc is the descriptor of a group as it is now. The error is a *ondisk.CorruptError where it cannot be believed.
func (a *Allocator) Desc(n ondisk.Group) (ondisk.GroupDesc, error) {
	g, err := a.group(n)
	if err != nil {
		return ondisk.GroupDesc{}, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	err = a.openLocked(g)
	return g.desc, err
}

// span returns the groups of the block with the descriptor of g.
func (a *Allocator) span(g ondisk.Group) (*span, error) {
	if g >= a.groupCount {
		return nil, ondisk.Corrupt("group number", "%d of %d groups", g, a.groupCount)
	}
	i := int(g) / a.sb.DescriptorsPerBlock()
	if sp := a.space.spans[i].Load(); sp != nil {
		return sp, nil
	}
	a.loading.Lock()
	defer a.loading.Unlock()
	if sp := a.space.spans[i].Load(); sp != nil {
		return sp, nil
	}
	sp, err := a.readSpan(i)
	if err != nil {
		return nil, err
	}
	sp.groups = make([]sched.Pointer[group], len(sp.counts))
	blocks, tables := make([]uint8, len(sp.counts)), make([]uint8, len(sp.counts))
	for j, c := range sp.counts {
		blocks[j], tables[j] = order(c.clusters), order(c.inodes)
	}
	s := &a.space
	s.mu.Lock()
	defer s.mu.Unlock()
	s.blocks.open(i, blocks)
	s.tables.open(i, tables)
	s.spans[i].Store(sp)
	return sp, nil
}

// readSpan reads the i-th block of descriptors. The caller holds loading, and the span is not known: nobody changes the block.
func (a *Allocator) readSpan(i int) (*span, error) {
	per := a.sb.DescriptorsPerBlock()
	n := min(per, int(a.groupCount)-i*per)
	at, _ := a.sb.DescriptorBlock(ondisk.Group(i * per))
	buf, err := a.cache.Read(at)
	if err != nil {
		return nil, err
	}
	sp := &span{places: make([]places, n), counts: make([]counts, n)}
	size := a.sb.DescriptorSize()
	for j := range n {
		var d ondisk.GroupDesc
		if err := d.Decode(buf.Data()[j*size : j*size+size]); err != nil {
			return nil, ondisk.Locate(err, 0, at)
		}
		sp.places[j] = places{d.BlockBitmap(), d.InodeBitmap(), d.InodeTable()}
		sp.counts[j] = counts{min(d.FreeClusters(), uint32(a.perGroup)), min(d.FreeInodes(), a.sb.InodesPerGroup), d.UsedDirs()}
	}
	return sp, nil
}

// group returns a group, made if this is its first use.
func (a *Allocator) group(n ondisk.Group) (*group, error) {
	sp, err := a.span(n)
	if err != nil {
		return nil, err
	}
	p := &sp.groups[int(n)%a.sb.DescriptorsPerBlock()]
	if g := p.Load(); g != nil {
		return g, nil
	}
	a.space.mu.Lock()
	defer a.space.mu.Unlock()
	g := p.Load()
	if g == nil {
		g = a.newGroup(n, sp)
		p.Store(g)
	}
	return g, nil
}
