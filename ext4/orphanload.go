package ext4

import (
	"errors"
	"fmt"
	"syscall"

	"extant/internal/ondisk"
)

// load reads which orphans the device has. What damage to the orphan file or the list hides stays as it is; the damage is noted.
func (o *orphans) load(w *writer) error {
	o.w = w
	o.mu.Init(classOrphan)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.slots, o.held = map[ondisk.Ino]orphanSlot{}, map[ondisk.Ino]*Inode{}
	if err := o.loadFileLocked(); err != nil {
		return fmt.Errorf("orphan file: %w", err)
	}
	return o.loadListLocked()
}

// takeDamage returns the damage that load has met, once.
func (o *orphans) takeDamage() []error {
	o.mu.Lock()
	defer o.mu.Unlock()
	damage := o.damage
	o.damage = nil
	return damage
}

// left reports whether there are orphans, as far as can be told.
func (o *orphans) left() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.first != nil || o.rest != 0 || o.hidden || len(o.slots) > 0
}

// noteLocked notes err if it is damage to the orphan file or to an inode that is in it, and else returns it. o.mu is held as for loadFileLocked.
//
// +checklocksignore
func (o *orphans) noteLocked(err error) error {
	if !isDamage(err) {
		return err
	}
	o.damage, o.hidden = append(o.damage, err), true
	return nil
}

// isDamage reports whether err is about damage to the file system.
func isDamage(err error) bool {
	var c *CorruptError
	return errors.As(err, &c)
}

// loadFileLocked reads the orphan file. o.mu is held, which the analyzer does not see inside of a loop over a function.
//
// +checklocksignore
func (o *orphans) loadFileLocked() error {
	fs := o.w.fs
	if !fs.sb.HasCompat(ondisk.CompatOrphanFile) {
		return nil
	}
	file, err := o.file()
	if err != nil {
		return o.noteLocked(err)
	}
	o.seed = file.core().seed
	for r, err := range file.runs(0, file.blocksOfSize()) {
		if err == nil && r.state != written {
			err = file.corrupt("orphan file", "no data for blocks %d to %d", r.first, r.end()-1)
		}
		if err != nil {
			if err = o.noteLocked(err); err != nil {
				return err
			}
			continue
		}
		for fb := r.first; fb < r.end(); fb++ {
			if err := o.noteLocked(ondisk.Locate(o.loadBlockLocked(r.at(fb)), file.ino, r.at(fb))); err != nil {
				return err
			}
		}
	}
	return nil
}

// file is the orphan file.
func (o *orphans) file() (*Inode, error) {
	ino := ondisk.Ino(o.w.fs.sb.OrphanFileInum)
	n, err := o.w.fs.SystemInode(ino)
	switch {
	case err == syscall.ESTALE:
		return nil, ondisk.Corrupt("orphan file", "not in use").At(ino, 0)
	case err == nil && n.core().disk.Type() != ondisk.ModeRegular:
		return nil, n.corrupt("orphan file", "mode %#o is not a file's", n.core().disk.Mode)
	}
	return n, err
}

// loadBlockLocked reads one block of the orphan file. o.mu is held as for loadFileLocked.
//
// +checklocksignore
func (o *orphans) loadBlockLocked(b ondisk.Block) error {
	fs := o.w.fs
	buf, err := fs.metaBlock("orphan file", b)
	if err != nil {
		return err
	}
	data := ondisk.OrphanBlock(buf.Data())
	if err := data.Check(); err != nil {
		return err
	}
	var t ondisk.OrphanTail
	if err := t.Decode(data.TailBytes()); err != nil {
		return err
	}
	if want := data.Csum(o.seed, b); fs.csum && t.Checksum != want {
		return ondisk.Corrupt("orphan file", "checksum %#08x, not %#08x", t.Checksum, want)
	}
	i := len(o.blocks)
	o.blocks = append(o.blocks, orphanBlock{place: b, free: ondisk.OrphanSlots(fs.blockSize)})
	for slot, ino := range data.Orphans() {
		if err := o.noteLocked(o.loadSlotLocked(orphanSlot{i, slot}, ino)); err != nil {
			return err
		}
	}
	return nil
}

// loadSlotLocked notes the orphan in one slot of the orphan file, which is taken in any case. o.mu is held as for loadFileLocked.
//
// +checklocksignore
func (o *orphans) loadSlotLocked(at orphanSlot, ino ondisk.Ino) error {
	o.blocks[at.block].free--
	n, err := o.orphan(ino)
	if err != nil {
		return err
	}
	if _, twice := o.slots[ino]; twice {
		return n.corrupt("orphan file", "the inode is there twice")
	}
	o.slots[ino], o.held[ino] = at, n
	return nil
}

// orphan is the inode of a number that is said to be an orphan's.
func (o *orphans) orphan(ino ondisk.Ino) (*Inode, error) {
	if err := o.w.fs.checkNamed(ino); err != nil {
		return nil, ondisk.Locate(err, ino, 0)
	}
	n, err := o.w.fs.SystemInode(ino)
	switch {
	case err == syscall.ESTALE:
		return nil, ondisk.Corrupt("orphan", "the inode was never in use").At(ino, 0)
	case err == nil && ondisk.FileType(n.core().disk.Mode) == ondisk.FileUnknown:
		return nil, n.corrupt("orphan", "mode %#o has no file type", n.core().disk.Mode)
	}
	return n, err
}

// loadListLocked reads the list. Where it leads to what is no orphan, that and what may follow stays on the device.
//
// +checklocks:o.mu
func (o *orphans) loadListLocked() error {
	var last *Inode
	for ino := ondisk.Ino(o.w.fs.sb.LastOrphan); ino != 0; {
		n, err := o.orphan(ino)
		if err != nil {
			if !isDamage(err) {
				return fmt.Errorf("orphan list: %w", err)
			}
			o.damage, o.rest = append(o.damage, err), ino
			return nil
		}
		if _, in := o.slots[ino]; in || n.orphan.listed {
			o.damage = append(o.damage, n.corrupt("orphan list", "the inode is an orphan twice"))
			return nil // it ends here
		}
		n.orphan = orphanLink{listed: true, prev: last}
		if last == nil {
			o.first = n
		} else {
			last.orphan.next = n
		}
		last, ino = n, ondisk.Ino(n.core().disk.DTime)
	}
	return nil
}
