package ext4

import (
	"fmt"

	"extant/internal/buffer"
	"extant/internal/journal"
	"extant/internal/ondisk"
)

// edit is a change of an inode's slot under way: the fields, and a copy of the slot in which only what lies after them is changed.
type edit struct {
	ondisk.Inode
	slot []byte
	size int64 // i_size in bytes
	gone bool  // see core
	hurd bool  // the file system is the Hurd's

	bytes [slotUsual]byte // the memory of slot, where it is no longer
}

// edit begins a change of what c holds. It is to be put back to fs.edits.
func (fs *FS) edit(c *core) *edit {
	e := fs.edits.Get()
	if e == nil {
		e = &edit{}
	}
	e.Inode, e.size, e.gone, e.hurd = c.disk, c.size, c.gone, fs.hurd()
	e.slot = append(e.bytes[:0], c.slot...)
	return e
}

// hurd reports whether the file system is the Hurd's, which has the block of a file's translator where Linux counts changes.
func (fs *FS) hurd() bool { return fs.sb.CreatorOS == ondisk.CreatorHurd }

// newEdit begins the content of a slot: all zeros. It may be put back to fs.edits.
func (fs *FS) newEdit() *edit {
	e := fs.edits.Get()
	if e == nil {
		e = &edit{}
	}
	*e = edit{hurd: fs.hurd()}
	if e.slot = e.bytes[:]; fs.inodeSize > slotUsual {
		e.slot = make([]byte, fs.inodeSize)
	}
	e.slot = e.slot[:fs.inodeSize]
	return e
}

// update changes the slot of an inode, in its table and in memory, within h: both, or after an error neither. change sees what
// the slot holds and neither waits nor takes a lock; other changes of the inode wait for it.
func (n *Inode) update(h *journal.Handle, change func(*edit) error) error {
	buf, err := n.fs.metaBlock("inode table", n.table)
	if err != nil {
		return ondisk.Locate(err, n.ino, n.table)
	}
	data, err := h.Access(buf)
	if err != nil {
		return n.tableError(err)
	}
	n.state.Lock()
	old := n.core()
	c, err := n.changed(change)
	if err == nil {
		copy(data[n.off:], c.slot)
		n.now.Store(c)
	}
	n.state.Unlock()
	if err != nil {
		return err
	}
	h.Dirty(buf)
	if w := n.fs.rw.Load(); w != nil {
		if err := w.quotas.changed(h, n, old, c); err != nil {
			return half(err)
		}
	}
	n.touched(h, c.size != old.size || c.disk.BlocksLo != old.disk.BlocksLo || c.disk.IBlock != old.disk.IBlock || c.disk.Inline())
	return nil
}

// touched notes for fsync that h has changed what belongs to the inode; data says that it may be needed to find data.
func (n *Inode) touched(h *journal.Handle, data bool) {
	n.changedIn.Store(int64(h.TID()))
	if data {
		n.dataIn.Store(int64(h.TID()))
	}
}

func (n *Inode) tableError(err error) error {
	return fmt.Errorf("inode table in block %d: %w", n.table, err)
}

// changed is the content that the slot is to have after change.
func (n *Inode) changed(change func(*edit) error) (*core, error) {
	old := n.core()
	e := n.fs.edit(old)
	defer n.fs.edits.Put(e)
	if err := change(e); err != nil {
		return nil, err
	}
	if e.size != old.size {
		e.SetSize(uint64(e.size))
	}
	return n.fs.sealed(n.ino, e), nil
}

// sealed writes the fields of e into its slot, and the checksum.
func (fs *FS) sealed(ino ondisk.Ino, e *edit) *core {
	e.Inode.Encode(e.slot)
	if fs.csum {
		sum := ondisk.InodeCsum(fs.seed, ino, e.slot)
		e.ChecksumLo, e.ChecksumHi = uint16(sum), 0
		if e.HasExtra(checksumHiEnd) {
			e.ChecksumHi = uint16(sum >> 16)
		}
		ondisk.SetInodeCsum(fs.seed, ino, e.slot)
	}
	c := copyCore(e.slot)
	c.disk, c.gone = e.Inode, e.gone
	fs.measureCore(ino, c)
	return c
}

// checksumHiEnd is where i_checksum_hi ends in the slot.
const checksumHiEnd = 0x84

// setUp writes the first content of the slot of an inode whose number was just given out, and returns the inode. Nobody else knows
// it yet.
func (fs *FS) setUp(h *journal.Handle, ino ondisk.Ino, e *edit) (*Inode, error) {
	at, err := fs.InodeSlot(ino)
	if err != nil {
		return nil, err
	}
	buf, err := fs.metaBlock("inode table", at.Block)
	if err != nil {
		return nil, ondisk.Locate(err, ino, at.Block)
	}
	data, err := h.Access(buf)
	if err != nil {
		return nil, fmt.Errorf("inode table in block %d: %w", at.Block, err)
	}
	c := fs.sealed(ino, e)
	copy(data[at.Offset:], c.slot)
	h.Dirty(buf)
	fs.inodes.Drop(ino)
	return fs.inodes.Add(ino, func() *Inode {
		n := fs.makeInode(ino, c)
		n.table, n.off = at.Block, at.Offset
		n.touched(h, true)
		return n
	}), nil
}

// access reads a block of metadata and says that it is about to be changed. The bytes are changed in the slice returned.
func (fs *FS) access(h *journal.Handle, structure string, b ondisk.Block) (*buffer.Buffer, []byte, error) {
	buf, err := fs.metaBlock(structure, b)
	if err != nil {
		return nil, nil, err
	}
	data, err := h.Access(buf)
	if err != nil {
		return nil, nil, fmt.Errorf("%s in block %d: %w", structure, b, err)
	}
	return buf, data, nil
}

// create returns a block of metadata that was just allocated, all zeros, to be filled in.
func (fs *FS) create(h *journal.Handle, structure string, b ondisk.Block) (*buffer.Buffer, []byte, error) {
	buf := fs.cache.New(b)
	buf.SetGoodForNothing()
	data, err := h.Create(buf)
	if err != nil {
		return nil, nil, fmt.Errorf("%s in block %d: %w", structure, b, err)
	}
	return buf, data, nil
}
