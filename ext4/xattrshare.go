package ext4

import (
	"bytes"
	"syscall"

	"extant/internal/alloc"
	"extant/internal/journal"
	"extant/internal/ondisk"
	"extant/sched"
)

// shares knows the xattr blocks and the inodes with values that were written lately, so that equal ones are shared. What it remembers is
// a hint: each candidate is compared before it is shared.
type shares struct {
	mu sched.Mutex // excludes changes of counts of references
	// +checklocks:mu
	blocks memory[ondisk.Block]
	// +checklocks:mu
	values memory[ondisk.Ino]
}

var classShares = &sched.Class{Name: "xattr-share", Doc: "how many refer to a shared xattr block or value"}

func (s *shares) init() { s.mu.Init(classShares) }

// memory remembers where something with a hash lies, the last sharesMax of them.
type memory[P comparable] struct {
	at    map[uint32]P
	order []uint32 // hashes, the oldest first
}

const sharesMax = 4096

func (m *memory[P]) remember(hash uint32, p P) {
	if m.at == nil {
		m.at = map[uint32]P{}
	}
	if _, known := m.at[hash]; !known {
		if m.order = append(m.order, hash); len(m.order) > sharesMax {
			delete(m.at, m.order[0])
			m.order = m.order[1:]
		}
	}
	m.at[hash] = p
}

// forget says that p no longer has what the hash stands for.
func (m *memory[P]) forget(hash uint32, p P) {
	if m.at[hash] == p {
		var none P
		m.at[hash] = none
	}
}

// putBlock puts xattrs into a block for n: the one it has, if nobody shares it, one that holds the same, or a new one. The block is
// returned; syscall.ENOSPC changes nothing.
func (s *shares) putBlock(w *writer, h *journal.Handle, n *Inode, list []ondisk.Xattr) (ondisk.Block, error) {
	fs := n.fs
	content := make([]byte, fs.blockSize)
	if !ondisk.PutBlockXattrs(content, list) {
		return 0, syscall.ENOSPC
	}
	hash := xattrHeaderOf(content).Hash
	s.mu.Lock()
	defer s.mu.Unlock()
	if old := n.XattrBlock(); old != 0 {
		done, err := s.rewriteLocked(fs, h, old, content)
		if done || err != nil {
			return old, err
		}
	}
	b, err := s.joinLocked(fs, h, hash, content)
	if err == nil && b == 0 {
		b, err = s.newBlockLocked(w, h, n, content)
	}
	if err != nil {
		return 0, err
	}
	s.blocks.remember(hash, b)
	if old := n.XattrBlock(); old != 0 {
		err = s.leaveLocked(w, h, old)
	}
	return b, err
}

func xattrHeaderOf(block []byte) (h ondisk.XattrHeader) {
	h.Decode(block)
	return h
}

// rewriteLocked changes a block that has one owner; false says that it has more.
//
// +checklocks:s.mu
func (s *shares) rewriteLocked(fs *FS, h *journal.Handle, b ondisk.Block, content []byte) (bool, error) {
	buf, err := fs.metaBlock("xattr block", b)
	if err != nil {
		return false, err
	}
	before := xattrHeaderOf(buf.Data())
	if before.Refcount != 1 {
		return false, nil
	}
	data, err := h.Access(buf)
	if err != nil {
		return false, err
	}
	s.blocks.forget(before.Hash, b)
	copy(data, content)
	s.blocks.remember(xattrHeaderOf(content).Hash, b)
	fs.finishXattrs(data, b)
	h.Dirty(buf)
	return true, nil
}

// finishXattrs writes the checksum of an xattr block.
func (fs *FS) finishXattrs(data []byte, b ondisk.Block) {
	if fs.csum {
		ondisk.SetXattrBlockCsum(fs.seed, b, data)
	}
}

// checkXattrBlock verifies the checksum of an xattr block. The count of who shares it, which the checksum covers, changes under no lock of theirs.
func (fs *FS) checkXattrBlock(b ondisk.Block, data []byte) error {
	if !fs.csum {
		return nil
	}
	if w := fs.rw.Load(); w != nil {
		w.shares.mu.Lock()
		defer w.shares.mu.Unlock()
	}
	return ondisk.CheckXattrBlockCsum(fs.seed, b, data)
}

// joinLocked finds a block with that content that may be shared by one more, and counts it; 0 for none.
//
// +checklocks:s.mu
func (s *shares) joinLocked(fs *FS, h *journal.Handle, hash uint32, content []byte) (ondisk.Block, error) {
	b := s.blocks.at[hash]
	if b == 0 || hash == 0 {
		return 0, nil
	}
	buf, err := fs.metaBlock("xattr block", b)
	if err != nil {
		return 0, err
	}
	head := xattrHeaderOf(buf.Data())
	if head.Magic != ondisk.XattrMagic || head.Hash != hash || head.Refcount == 0 || head.Refcount >= ondisk.XattrRefcountMax ||
		!bytes.Equal(buf.Data()[ondisk.XattrHeaderSize:], content[ondisk.XattrHeaderSize:]) {
		return 0, nil
	}
	return b, s.countLocked(fs, h, b, head.Refcount+1)
}

// countLocked sets how many share a block.
//
// +checklocks:s.mu
func (s *shares) countLocked(fs *FS, h *journal.Handle, b ondisk.Block, count uint32) error {
	buf, data, err := fs.access(h, "xattr block", b)
	if err != nil {
		return err
	}
	head := xattrHeaderOf(data)
	head.Refcount = count
	head.Encode(data)
	fs.finishXattrs(data, b)
	h.Dirty(buf)
	return nil
}

// newBlockLocked puts the content into a new block.
//
// +checklocks:s.mu
func (s *shares) newBlockLocked(w *writer, h *journal.Handle, n *Inode, content []byte) (ondisk.Block, error) {
	b, _, err := w.alloc.Blocks(h, alloc.Request{Goal: w.alloc.Goal(n.ino, n.IsDir()), Len: 1, Inode: n.ino})
	if err != nil {
		return 0, err
	}
	buf, data, err := n.fs.create(h, "xattr block", b)
	if err != nil {
		return 0, err
	}
	copy(data, content)
	n.fs.finishXattrs(data, b)
	h.Dirty(buf)
	return b, nil
}

// dropBlock takes the xattr block b from n.
func (s *shares) dropBlock(w *writer, h *journal.Handle, n *Inode, b ondisk.Block) error {
	if b == 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.leaveLocked(w, h, b)
}

// leaveLocked counts one less that shares a block, and frees it after the last.
//
// +checklocks:s.mu
func (s *shares) leaveLocked(w *writer, h *journal.Handle, b ondisk.Block) error {
	buf, err := w.fs.metaBlock("xattr block", b)
	if err != nil {
		return err
	}
	head := xattrHeaderOf(buf.Data())
	if head.Refcount > 1 {
		return s.countLocked(w.fs, h, b, head.Refcount-1)
	}
	s.blocks.forget(head.Hash, b)
	if err := h.Forget(b); err != nil {
		return err
	}
	return w.alloc.FreeBlocks(h, w.fs.clusterOf(b), 1)
}

// clusterOf is the first block of the cluster that holds b.
func (l *layout) clusterOf(b ondisk.Block) ondisk.Block {
	return b - (b-ondisk.Block(l.sb.FirstDataBlock))%ondisk.Block(l.sb.ClusterRatio())
}

// putValue puts a value into an inode of its own, or finds one that holds it, and counts a reference. It returns the inode and the hash of the
// value. After syscall.ENOSPC an inode that is returned is to be evicted.
func (s *shares) putValue(w *writer, h *journal.Handle, n *Inode, value []byte) (*Inode, uint32, error) {
	hash := ondisk.EAValueHash(n.fs.seed, value)
	s.mu.Lock()
	defer s.mu.Unlock()
	if ino := s.values.at[hash]; ino != 0 {
		ea, err := s.joinValueLocked(h, n, ino, hash, value)
		if ea != nil || err != nil {
			return ea, hash, err
		}
	}
	ea, err := n.newValue(w, h, hash, value)
	if err == nil {
		s.values.remember(hash, ea.ino)
	}
	return ea, hash, err
}

// joinValueLocked counts a reference to an inode that holds the value; nil where that one no longer does.
//
// +checklocks:s.mu
func (s *shares) joinValueLocked(h *journal.Handle, n *Inode, ino ondisk.Ino, hash uint32, value []byte) (*Inode, error) {
	ea, err := n.fs.SystemInode(ino)
	if err == syscall.ESTALE {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	c := ea.core()
	if c.gone || c.disk.LinksCount == 0 || !c.disk.Has(ondisk.InodeEA) || c.disk.EAHash() != hash || c.size != int64(len(value)) {
		return nil, nil
	}
	have := make([]byte, len(value))
	if err := ea.readValue(have); err != nil {
		return nil, err
	}
	if !bytes.Equal(have, value) {
		return nil, nil
	}
	return ea, ea.update(h, func(e *edit) error {
		e.SetEARefcount(e.EARefcount() + 1)
		return nil
	})
}

// dropValue takes one reference from the inode that holds a value of n's, and returns it where that was the last and it is to be evicted.
func (s *shares) dropValue(w *writer, h *journal.Handle, n *Inode, ino ondisk.Ino) (*Inode, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ea, err := n.fs.SystemInode(ino)
	if err == nil && !ea.core().disk.Has(ondisk.InodeEA) {
		err = n.corrupt("xattr", "inode %d is not one for a value", ino)
	}
	if err != nil {
		return nil, err
	}
	last := false
	err = ea.update(h, func(e *edit) error {
		count := e.EARefcount()
		if count > 0 {
			count--
			e.SetEARefcount(count)
		}
		if last = count == 0; last {
			e.LinksCount = 0
		}
		return nil
	})
	if err == nil {
		err = w.quotas.addValue(h, n, ea.core().size, -1)
	}
	if err != nil || !last {
		return nil, err
	}
	s.values.forget(ea.core().disk.EAHash(), ino)
	return ea, w.orphans.add(h, ea)
}

// newValue makes an inode that holds a value of n's. After syscall.ENOSPC an inode that is returned is to be evicted.
func (n *Inode) newValue(w *writer, h *journal.Handle, hash uint32, value []byte) (*Inode, error) {
	d := &n.core().disk
	c := &creation{NewAttr: NewAttr{Mode: ondisk.ModeRegular | 0o600, UID: d.UID(), GID: d.GID()}}
	e, err := n.newSlot(w, c)
	if err != nil {
		return nil, err
	}
	e.Flags = e.Flags&ondisk.InodeExtents | ondisk.InodeEA
	e.SetEAHash(hash)
	e.SetEARefcount(1)
	e.size = int64(len(value))
	e.SetSize(uint64(e.size))
	ino, err := w.alloc.Inode(h, alloc.InodeRequest{Parent: n.ino, Hash: hash})
	if err != nil {
		return nil, err
	}
	ea, err := n.fs.setUp(h, ino, e)
	if err != nil {
		return nil, err
	}
	if err := ea.writeValue(h, value); err != nil {
		if undone(err) {
			err = ea.disown(w, h, err)
		}
		return ea, err
	}
	return ea, nil
}

// writeValue writes a value into the blocks of the inode that holds it. They are metadata.
func (n *Inode) writeValue(h *journal.Handle, value []byte) error {
	for fb := ondisk.FileBlock(0); len(value) > 0; fb++ {
		b, _, err := n.mapBlock(h, fb, true)
		if err != nil {
			return err
		}
		buf, data, err := n.fs.create(h, "xattr value", b)
		if err != nil {
			return err
		}
		value = value[copy(data, value):]
		h.Dirty(buf)
	}
	return nil
}

// readValue reads the value that the inode holds.
func (n *Inode) readValue(p []byte) error {
	for fb := uint64(0); len(p) > 0; fb++ {
		r, err := n.runOf(fb)
		if err != nil {
			return err
		}
		if r.state != written {
			return n.corrupt("xattr value", "no data for block %d", fb)
		}
		buf, err := n.fs.metaBlock("xattr value", r.at(fb))
		if err != nil {
			return ondisk.Locate(err, n.ino, 0)
		}
		p = p[copy(p, buf.Data()):]
	}
	return nil
}
