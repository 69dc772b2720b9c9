package ext4

import (
	"slices"

	"extant/internal/buffer"
	"extant/internal/journal"
	"extant/internal/ondisk"
	"extant/sched"
)

// quotaFile is one of the hidden files that record who uses how much. It is a tree of blocks of 1 KiB. An entry, once it is there, stays where it
// is, so that only adding one changes the tree.
type quotaFile struct {
	fs      *FS              // immutable
	kind    ondisk.QuotaKind // immutable
	n       *Inode           // immutable: the file
	entries *sched.Mutex     // immutable: quotas.mu, which guards the bytes of leaves

	tree sched.Mutex // taken in a handle
	// +checklocks:tree
	head ondisk.QuotaHeader
}

var classQuotaTree = &sched.Class{Name: "quota-tree", Doc: "which entries a quota file has"}

// openQuotaFile reads the header of a quota file.
func (fs *FS) openQuotaFile(kind ondisk.QuotaKind, ino ondisk.Ino, entries *sched.Mutex) (*quotaFile, error) {
	n, err := fs.SystemInode(ino)
	if err != nil {
		return nil, err
	}
	q := &quotaFile{fs: fs, kind: kind, n: n, entries: entries}
	q.tree.Init(classQuotaTree)
	q.tree.Lock()
	defer q.tree.Unlock()
	b, err := q.read(0)
	if err != nil {
		return nil, err
	}
	if err := q.head.Decode(b.data); err != nil {
		return nil, ondisk.Locate(err, ino, b.buf.Block())
	}
	err = q.head.Check(kind)
	if most := n.core().size / ondisk.QuotaBlockSize; err == nil && int64(q.head.Blocks) > most {
		err = ondisk.Corrupt("quota file", "%d blocks in a file of %d", q.head.Blocks, most)
	}
	return q, ondisk.Locate(err, ino, b.buf.Block())
}

// quotaBlock is a block of a quota file: a part of a block of the file system.
type quotaBlock struct {
	buf  *buffer.Buffer
	off  int
	data []byte
}

func (b *quotaBlock) slots() ondisk.QuotaSlots { return b.data }

func (b *quotaBlock) index() ondisk.QuotaIndex { return b.data }

// read returns a block to look at.
func (q *quotaFile) read(nr uint32) (b quotaBlock, err error) {
	per := uint64(q.fs.blockSize / ondisk.QuotaBlockSize)
	r, err := q.n.mapped(uint64(nr) / per)
	if err == nil && r.state != written {
		err = q.n.corrupt("quota file", "no data for block %d", nr)
	}
	if err != nil {
		return b, err
	}
	b.off = int(uint64(nr)%per) * ondisk.QuotaBlockSize
	if b.buf, err = q.fs.metaBlock("quota file", r.at(uint64(nr)/per)); err != nil {
		return b, ondisk.Locate(err, q.n.ino, 0)
	}
	b.data = b.buf.Data()[b.off : b.off+ondisk.QuotaBlockSize]
	return b, nil
}

// access returns a block to change.
func (q *quotaFile) access(h *journal.Handle, nr uint32) (quotaBlock, error) {
	b, err := q.read(nr)
	if err != nil {
		return b, err
	}
	data, err := h.Access(b.buf)
	if err != nil {
		return b, err
	}
	h.Dirty(b.buf)
	b.data = data[b.off : b.off+ondisk.QuotaBlockSize]
	return b, nil
}

// followLocked reads the block that a reference leads to.
//
// +checklocks:q.tree
func (q *quotaFile) followLocked(from, ref uint32) (quotaBlock, error) {
	if ref <= ondisk.QuotaTreeRoot || ref >= q.head.Blocks {
		return quotaBlock{}, q.n.corrupt("quota tree", "block %d refers to block %d of %d", from, ref, q.head.Blocks)
	}
	return q.read(ref)
}

// quotaPath is the way from the root towards an id.
type quotaPath struct {
	index [ondisk.QuotaDepth]uint32
	depth int    // how many index blocks there are
	leaf  uint32 // 0 for none
}

// pathLocked finds the way to an id, as far as there is one.
//
// +checklocks:q.tree
func (q *quotaFile) pathLocked(id uint32) (p quotaPath, err error) {
	nr := uint32(ondisk.QuotaTreeRoot)
	b, err := q.read(nr)
	for err == nil {
		level := p.depth
		p.index[level] = nr
		p.depth++
		ref := b.index().Ref(id, level)
		if ref == 0 {
			break
		}
		if b, err = q.followLocked(nr, ref); err == nil && p.depth == ondisk.QuotaDepth {
			p.leaf = ref
			break
		}
		nr = ref
	}
	return p, err
}

// quotaSlot is where an entry is.
type quotaSlot struct {
	buf  *buffer.Buffer
	off  int // of the leaf
	slot int
}

// find looks for the entry of an id; the slot is nil if there is none.
func (q *quotaFile) find(id uint32) (e ondisk.QuotaEntry, at *quotaSlot, err error) {
	q.tree.Lock()
	defer q.tree.Unlock()
	p, err := q.pathLocked(id)
	if err != nil || p.leaf == 0 {
		return e, nil, err
	}
	b, err := q.read(p.leaf)
	if err != nil {
		return e, nil, err
	}
	q.entries.Lock()
	defer q.entries.Unlock()
	b.data = b.buf.Data()[b.off : b.off+ondisk.QuotaBlockSize]
	i, e, ok := b.slots().Find(id)
	if !ok {
		return e, nil, ondisk.Corrupt("quota tree", "leaf %d has no entry of id %d", p.leaf, id).At(q.n.ino, b.buf.Block())
	}
	return e, &quotaSlot{b.buf, b.off, i}, nil
}

// quotaInsertCredits is what adding an entry may change: header, index blocks, leaf and its neighbour in the list, and what it takes to make the
// file longer.
const quotaInsertCredits = 4 + ondisk.QuotaDepth + (ondisk.QuotaDepth+1)*mapCredits + slotCredits

// insert adds an empty entry for an id unless it has one. An error that is not half leaves the entries as they were.
func (q *quotaFile) insert(h *journal.Handle, id uint32) error {
	q.tree.Lock()
	defer q.tree.Unlock()
	p, err := q.pathLocked(id)
	if err != nil || p.leaf != 0 {
		return err
	}
	leaf, err := q.roomLocked()
	if err != nil {
		return err
	}
	fresh := ondisk.QuotaDepth - p.depth
	if leaf == 0 {
		fresh++
	}
	free, err := q.freeLocked(fresh)
	if err == nil {
		err = q.growLocked(h, fresh-len(free))
	}
	if err != nil {
		return err
	}
	return half(q.addLocked(h, id, p, leaf, free))
}

// roomLocked is the first leaf with room; 0 for none.
//
// +checklocks:q.tree
func (q *quotaFile) roomLocked() (uint32, error) {
	nr := q.head.FreeEntry
	if nr == 0 {
		return 0, nil
	}
	b, err := q.followLocked(0, nr)
	if err != nil {
		return 0, err
	}
	q.entries.Lock()
	_, ok := b.slots().Room()
	head := b.slots().Header()
	q.entries.Unlock()
	if !ok || head.Entries >= ondisk.QuotaEntriesMax {
		return 0, ondisk.Corrupt("quota file", "leaf %d is said to have room and has %d entries", nr, head.Entries).At(q.n.ino, b.buf.Block())
	}
	if head.NextFree != 0 {
		_, err = q.followLocked(nr, head.NextFree)
	}
	return nr, err
}

// freeLocked lists up to n free blocks of the file.
//
// +checklocks:q.tree
func (q *quotaFile) freeLocked(n int) (list []uint32, err error) {
	from := uint32(0)
	for nr := q.head.FreeBlock; nr != 0 && len(list) < n; {
		if slices.Contains(list, nr) {
			return nil, q.n.corrupt("quota file", "block %d is twice in the list of free blocks", nr)
		}
		b, err := q.followLocked(from, nr)
		if err != nil {
			return nil, err
		}
		list = append(list, nr)
		from, nr = nr, b.slots().Header().NextFree
	}
	return list, nil
}

// growLocked makes sure that the file has room for n blocks past those that it counts.
//
// +checklocks:q.tree
func (q *quotaFile) growLocked(h *journal.Handle, n int) error {
	if n <= 0 {
		return nil
	}
	per := uint64(q.fs.blockSize / ondisk.QuotaBlockSize)
	end := (uint64(q.head.Blocks) + uint64(n) + per - 1) / per
	for fb := uint64(q.n.core().size) >> q.fs.blockBits; fb < end; fb++ {
		if err := q.growBlock(h, fb); err != nil {
			return err
		}
	}
	return nil
}

// growBlock makes the file a block of the file system longer, which is all zeros.
func (q *quotaFile) growBlock(h *journal.Handle, fb uint64) error {
	b, fresh, err := q.n.mapBlock(h, ondisk.FileBlock(fb), true)
	if err != nil {
		return err
	}
	if fresh {
		buf, _, err := q.fs.create(h, "quota file", b)
		if err != nil {
			return half(err)
		}
		h.Dirty(buf)
	}
	size := int64(fb+1) << q.fs.blockBits
	err = q.n.update(h, func(e *edit) error {
		e.size = size
		return nil
	})
	if err == nil {
		q.n.size.Store(size)
	}
	return half(err)
}

// addLocked adds the entry, from the leaf up. Everything was made ready for it.
//
// +checklocks:q.tree
func (q *quotaFile) addLocked(h *journal.Handle, id uint32, p quotaPath, leaf uint32, free []uint32) (err error) {
	if leaf == 0 {
		if leaf, err = q.takeLocked(h, &free); err != nil {
			return err
		}
	}
	if err := q.fillLocked(h, leaf, id); err != nil {
		return err
	}
	child := leaf
	for level := ondisk.QuotaDepth - 1; level >= p.depth; level-- {
		nr, err := q.takeLocked(h, &free)
		if err == nil {
			err = q.referLocked(h, nr, id, level, child)
		}
		if err != nil {
			return err
		}
		child = nr
	}
	if err := q.referLocked(h, p.index[p.depth-1], id, p.depth-1, child); err != nil {
		return err
	}
	b, err := q.access(h, 0)
	if err != nil {
		return err
	}
	q.head.Encode(b.data)
	return nil
}

// referLocked makes an index block refer to a child.
//
// +checklocks:q.tree
func (q *quotaFile) referLocked(h *journal.Handle, nr, id uint32, level int, child uint32) error {
	b, err := q.access(h, nr)
	if err == nil {
		b.index().SetRef(id, level, child)
	}
	return err
}

// takeLocked takes a block for use, all zeros: one of the free ones, or the next of the file.
//
// +checklocks:q.tree
func (q *quotaFile) takeLocked(h *journal.Handle, free *[]uint32) (uint32, error) {
	nr := q.head.Blocks
	if len(*free) > 0 {
		nr, *free = (*free)[0], (*free)[1:]
	} else {
		q.head.Blocks++
	}
	b, err := q.access(h, nr)
	if err != nil {
		return 0, err
	}
	if nr == q.head.FreeBlock {
		q.head.FreeBlock = b.slots().Header().NextFree
	}
	clear(b.data)
	return nr, nil
}

// fillLocked adds an empty entry to a leaf, which leaves the list of those with room when it is full.
//
// +checklocks:q.tree
func (q *quotaFile) fillLocked(h *journal.Handle, nr, id uint32) error {
	b, err := q.access(h, nr)
	if err != nil {
		return err
	}
	q.entries.Lock()
	leaf := b.slots()
	slot, _ := leaf.Room()
	leaf.Put(slot, ondisk.QuotaEntry{ID: id})
	head := leaf.Header()
	head.Entries++
	full := head.Entries >= ondisk.QuotaEntriesMax
	next := head.NextFree
	if full {
		head.NextFree, head.PrevFree = 0, 0
	}
	leaf.SetHeader(head)
	q.entries.Unlock()
	switch {
	case !full:
		q.head.FreeEntry = nr
		return nil
	case next == 0:
		q.head.FreeEntry = 0
		return nil
	}
	q.head.FreeEntry = next
	if b, err = q.access(h, next); err != nil {
		return err
	}
	q.entries.Lock()
	defer q.entries.Unlock()
	head = b.slots().Header()
	head.PrevFree = 0
	b.slots().SetHeader(head)
	return nil
}
