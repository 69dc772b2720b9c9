package ext4

import (
	"fmt"

	"extant/disk"
	"extant/internal/journal"
	"extant/internal/ondisk"
)

// journalEntriesMax bounds the memory for the index of a journal: about 50 bytes each.
const journalEntriesMax = 2 << 20

// recovered returns the file system as it is after recovery of its journal, which stays as it is on the device.
func (fs *FS) recovered(dev disk.Device, o Options) (*FS, error) {
	if !fs.sb.HasIncompat(ondisk.IncompatNeedsRecovery) {
		return fs, nil
	}
	if fs.sb.JournalInum == 0 {
		return nil, &UnsupportedError{
			Features: []string{"journal_dev"},
			Detail:   fmt.Sprintf("the journal is on a device of its own, %x: mount with NoLoad to read without it", fs.sb.JournalUUID),
		}
	}
	after, err := fs.recoverInto(dev, o)
	if err != nil {
		return nil, fmt.Errorf("the journal cannot be recovered (mount with NoLoad to read without it): %w", err)
	}
	return after, nil
}

func (fs *FS) recoverInto(dev disk.Device, o Options) (*FS, error) {
	extents, err := fs.journalExtents()
	if err != nil {
		return nil, err
	}
	log, err := journal.Open(dev, journal.Config{
		BlockSize: fs.blockSize, Blocks: fs.blocks, Extents: extents, EntriesMax: journalEntriesMax,
	})
	if err != nil {
		return nil, err
	}
	over, err := log.Recover()
	if err != nil {
		return nil, err
	}
	if over.Damage() != nil {
		return nil, over.Damage()
	}
	view := over.View(dev)
	l, err := readLayout(view, dev.Size(), o)
	if err != nil {
		return nil, err
	}
	after := newFS(l, view, o)
	if over.HasFastCommits() {
		after.fast, err = after.readFastCommits(over.FastCommits())
	}
	return after, err
}

// journalExtents says where the blocks of the journal lie, as far as recovery may matter.
func (fs *FS) journalExtents() ([]journal.Extent, error) {
	n, err := fs.SystemInode(ondisk.Ino(fs.sb.JournalInum))
	if err != nil {
		return nil, err
	}
	if n.core().disk.Type() != ondisk.ModeRegular || n.inline() {
		return nil, n.corrupt("journal", "mode %#o and flags %#x are not a journal's", n.core().disk.Mode, n.core().disk.Flags)
	}
	var extents []journal.Extent
	for r, err := range n.runs(0, min(n.blocksOfSize(), ondisk.FileBlocksMax)) {
		switch {
		case err != nil:
			return nil, err
		case r.state != written:
			return nil, n.corrupt("journal", "no data for blocks %d to %d", r.first, r.end()-1)
		}
		extents = append(extents, journal.Extent{Start: r.start, Count: uint32(r.count)})
	}
	return extents, nil
}
