package alloc

import (
	"encoding/binary"

	"extant/internal/buffer"
	"extant/internal/journal"
	"extant/internal/ondisk"
)

// edit is a change of one bitmap and the descriptor of its group in one handle. Both may be written to from the start, so nothing
// of the change can fail half-way.
type edit struct {
	h      *journal.Handle
	g      *group
	buf    *buffer.Buffer // of the bitmap
	bitmap ondisk.Bitmap
	raw    []byte // of the descriptor
}

// editBlocksLocked begins a change of the block bitmap, writing it for the first time where it was not.
//
// +checklocks:g.mu
func (a *Allocator) editBlocksLocked(h *journal.Handle, g *group) (edit, error) {
	if !a.uninit(g, ondisk.GroupBlockUninit) {
		if g.blockBuf == nil {
			buf, err := a.cache.Read(g.desc.BlockBitmap())
			if err != nil {
				return edit{}, err
			}
			g.blockBuf = buf
		}
		return a.editLocked(h, g, g.blockBuf, false)
	}
	e, err := a.editNewLocked(h, g, g.desc.BlockBitmap())
	if err != nil {
		return edit{}, err
	}
	a.implied(g, e.bitmap)
	g.blockBuf = e.buf
	g.desc.Flags &^= ondisk.GroupBlockUninit
	return e, nil
}

// editInodesLocked does the same with the inode bitmap.
//
// +checklocks:g.mu
func (a *Allocator) editInodesLocked(h *journal.Handle, g *group) (edit, error) {
	if !a.uninit(g, ondisk.GroupInodeUninit) {
		return a.editLocked(h, g, g.inodeBuf, false)
	}
	e, err := a.editNewLocked(h, g, g.desc.InodeBitmap())
	if err != nil {
		return edit{}, err
	}
	e.bitmap.Pad(int(a.sb.InodesPerGroup))
	g.inodeBuf = e.buf
	g.desc.Flags &^= ondisk.GroupInodeUninit
	return e, nil
}

// +checklocks:g.mu
func (a *Allocator) editNewLocked(h *journal.Handle, g *group, b ondisk.Block) (edit, error) {
	return a.editLocked(h, g, a.cache.New(b), true)
}

// +checklocks:g.mu
func (a *Allocator) editLocked(h *journal.Handle, g *group, buf *buffer.Buffer, fresh bool) (edit, error) {
	e := edit{h: h, g: g, buf: buf}
	desc, err := h.Access(g.descBuf)
	if err != nil {
		return edit{}, err
	}
	_, off := a.sb.DescriptorBlock(g.num)
	e.raw = desc[off : off+a.sb.DescriptorSize()]
	if fresh {
		e.bitmap, err = h.Create(buf)
	} else {
		e.bitmap, err = h.Access(buf)
	}
	a.noteEditedLocked(g, buf.Block())
	return e, err
}

// noteEditedLocked notes a bitmap and the descriptor as blocks that must be on the device before anything that relies on them.
//
// +checklocks:g.mu
func (a *Allocator) noteEditedLocked(g *group, bitmap ondisk.Block) {
	which := editedBlocks
	if bitmap == g.desc.InodeBitmap() {
		which = editedInodes
	}
	if g.noted&which != 0 {
		return
	}
	g.noted |= which
	s := &a.space
	s.mu.Lock()
	defer s.mu.Unlock()
	s.edited[g.descBuf.Block()], s.edited[bitmap] = true, true
}

// Early reports whether a block holds a bitmap or descriptors that were changed. Without a journal they are written before the rest: what refers to
// a block must not reach the device before the block is marked as in use.
func (a *Allocator) Early(b ondisk.Block) bool {
	a.space.mu.Lock()
	defer a.space.mu.Unlock()
	return a.space.edited[b]
}

// finishBlocksLocked completes a change of the block bitmap after which so many clusters more are free.
// The group is locked, which the analyzer does not see behind the edit.
//
// +checklocksignore
func (a *Allocator) finishBlocksLocked(e edit, more int) {
	d := &e.g.desc
	d.SetFreeClusters(uint32(int(d.FreeClusters()) + more))
	if a.csum {
		d.SetBlockBitmapCsum(ondisk.BitmapCsum(a.seed, e.bitmap, uint32(a.perGroup)))
	}
	a.finishLocked(e)
}

// finishInodesLocked completes a change of the inode bitmap and of what the descriptor counts of inodes.
// The group is locked, which the analyzer does not see behind the edit.
//
// +checklocksignore
func (a *Allocator) finishInodesLocked(e edit) {
	if a.csum {
		e.g.desc.SetInodeBitmapCsum(ondisk.BitmapCsum(a.seed, e.bitmap, a.sb.InodesPerGroup))
	}
	a.finishLocked(e)
}

// finishLocked writes the descriptor and its checksum.
// The group is locked, which the analyzer does not see behind the edit.
//
// +checklocksignore
func (a *Allocator) finishLocked(e edit) {
	g := e.g
	g.desc.Encode(e.raw)
	if sum, ok := a.descCsum(g.num, e.raw); ok {
		g.desc.Checksum = sum
		binary.LittleEndian.PutUint16(e.raw[descCsumAt:], sum)
	}
	e.h.Dirty(e.buf)
	e.h.Dirty(g.descBuf)
}

const descCsumAt = 0x1E // bg_checksum
